package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// rig is the handlers, with a state machine that can be out of order.
type rig struct {
	*apptest.Rig
	wrong error // what is wrong with the tables
}

func newRig(t testing.TB) *rig { return newRigOn(t, &storetest.Memory{}) }

// newRigOn is a rig on another engine.
func newRigOn(t testing.TB, e store.Engine) *rig {
	t.Helper()
	r := &rig{}
	r.Rig = apptest.New(t, e, func(p *app.Platform) { p.Check = func(context.Context) error { return r.wrong } })
	r.Configure(t, apptest.Setup())
	return r
}

// put stores conversations of the channel mail, begun an hour ago.
func (r *rig) put(t testing.TB, ids ...string) {
	t.Helper()
	at := r.Time.Add(-time.Hour)
	var cs []desk.Conversation
	for _, id := range ids {
		c := desk.Conversation{
			Account: "acme", ID: id, Origin: "mail", Channel: "mail", Status: desk.Open, Started: at, TakenIn: at, Joined: at,
			ChangedAt: at, Version: 1, Home: desk.Inbox,
		}
		if strings.HasPrefix(id, "bad") {
			c.Started = time.Time{} // nobody knows: it cannot be converted
		}
		cs = append(cs, c)
	}
	if err := r.Conversations.Import(t.Context(), cs); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) step(t testing.TB, s handler.Step, run move.Run) move.Run {
	t.Helper()
	r.Time = r.Time.Add(5 * time.Second)
	next, err := s.Handle(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// metrics are the values of the lines written since it was last called.
func (r *rig) metrics(t *testing.T) map[string]int64 {
	t.Helper()
	defer r.Measured.Reset()
	all := map[string]int64{}
	for line := range strings.Lines(r.Measured.String()) {
		var values map[string]any
		if err := json.Unmarshal([]byte(line), &values); err != nil {
			t.Fatal(err)
		}
		for name, v := range values {
			if n, ok := v.(float64); ok && name != string(metrics.BatchTime) {
				all[name] += int64(n)
			}
		}
	}
	return all
}

func (r *rig) want(t *testing.T, want map[string]int64) {
	t.Helper()
	if got := r.metrics(t); !reflect.DeepEqual(got, want) {
		t.Errorf("metrics = %v, want %v", got, want)
	}
}

func (r *rig) sweep(t *testing.T) error {
	t.Helper()
	_, err := r.Sweep.Handle(t.Context(), events.EventBridgeEvent{})
	return err
}

// TestStartThatFailsAfterTheLock: the move is there, its execution is not, and
// the sweeper starts it.
func TestStartThatFailsAfterTheLock(t *testing.T) {
	r := newRig(t)
	r.StartErr = errors.New("Step Functions is out of reach")
	m := r.StartMove(t, apptest.History())
	if m.ID == "" || len(r.Runs) > 0 {
		t.Fatalf("move %+v, running %v", m, r.Runs)
	}
	r.Time = r.Time.Add(time.Minute)
	if err := r.sweep(t); err == nil || !strings.Contains(err.Error(), m.ID) {
		t.Errorf("sweep = %v", err)
	}
	r.want(t, map[string]int64{})
	r.StartErr = nil
	if err := r.sweep(t); err != nil {
		t.Fatal(err)
	}
	if run := r.LastRun(t); run.Run != 1 || !run.History || run.Move != m.ID {
		t.Errorf("executions = %+v", r.Runs)
	}
	r.want(t, map[string]int64{"MovesRestarted": 1})
	if err := r.sweep(t); err != nil {
		t.Fatal(err)
	}
	r.want(t, map[string]int64{})
}

func TestSweepTellsOfWrongTables(t *testing.T) {
	r := newRig(t)
	r.StartErr = errors.New("out of reach")
	r.StartMove(t, apptest.History())
	r.StartErr, r.wrong = nil, errors.New("table control has no index")
	r.Time = r.Time.Add(time.Minute)
	if err := r.sweep(t); err == nil || !strings.Contains(err.Error(), "no index") {
		t.Errorf("sweep = %v", err)
	}
	if len(r.Runs) != 1 {
		t.Error("it swept not")
	}
}

// TestMetricsOfAMove counts a move with a conversation that cannot be
// converted, and its retry.
func TestMetricsOfAMove(t *testing.T) {
	r := newRig(t)
	r.put(t, "c1", "c2", "bad1")
	r.StartMove(t, apptest.History())
	run := r.step(t, r.Fence, r.LastRun(t))
	run = r.step(t, r.List, run)
	r.want(t, map[string]int64{})
	run = r.step(t, r.Drain, run)
	r.want(t, map[string]int64{"Planned": 3, "Done": 0, "Remaining": 3, "OpenBatches": 1})
	r.convert(t)
	r.want(t, map[string]int64{"Converted": 2, "Failed": 1})
	run = r.step(t, r.Drain, run)
	r.want(t, map[string]int64{"Planned": 3, "Done": 3, "Remaining": 0, "OpenBatches": 0})
	r.put(t, "c3") // the listing has missed it
	run = r.step(t, r.Reconcile, run)
	r.want(t, map[string]int64{"Missing": 1})
	r.convert(t)
	r.metrics(t)
	run = r.step(t, r.Drain, run)
	r.metrics(t)
	run = r.step(t, r.Reconcile, run)
	r.want(t, map[string]int64{"Missing": 0})
	run = r.step(t, r.Finish, run)
	r.want(t, map[string]int64{"MovesDone": 0, "MovesAtAttention": 1})
	r.step(t, r.Finish, run)
	r.want(t, map[string]int64{}) // it has ended already
}

// convert delivers what was sent, in one event.
func (r *rig) convert(t *testing.T) {
	t.Helper()
	var e events.SQSEvent
	for i, b := range r.Sent {
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: fmt.Sprint(i), Body: b.JSON(), Attributes: map[string]string{"ApproximateReceiveCount": "1"},
		})
	}
	r.Sent = nil
	res, err := r.Convert.Handle(t.Context(), e)
	if err != nil || len(res.BatchItemFailures) > 0 {
		t.Fatalf("%+v, %v", res, err)
	}
}

func TestAuditFound(t *testing.T) {
	r := newRig(t)
	m := r.StartMove(t, apptest.History())
	run := r.step(t, r.Fence, r.LastRun(t))
	run = r.step(t, r.List, run)
	run = r.step(t, r.Drain, run)
	run = r.step(t, r.Reconcile, run)
	run = r.step(t, r.Finish, run)
	r.metrics(t)
	fence := m.StartedAt.Add(5 * time.Second)
	late := desk.Conversation{
		Account: "acme", ID: "late", Origin: "mail", Channel: "mail", Status: desk.Open, Started: fence, TakenIn: fence, Joined: fence.Add(-time.Second),
		ChangedAt: fence, Version: 1, Home: desk.Inbox,
	}
	if err := r.Conversations.Import(t.Context(), []desk.Conversation{late}); err != nil {
		t.Fatal(err)
	}
	r.step(t, r.Audit, run)
	r.want(t, map[string]int64{"AuditFound": 1})
	r.step(t, r.Audit, run)
	r.want(t, map[string]int64{})
}

// TestRehearsalsAreNoMoves: they are counted nowhere.
func TestRehearsalsAreNoMoves(t *testing.T) {
	r := newRig(t)
	r.put(t, "c1")
	choices := apptest.History()
	choices.Rehearsal = true
	r.StartMove(t, choices)
	run := r.step(t, r.Reconcile, r.LastRun(t))
	r.step(t, r.Finish, run)
	r.want(t, map[string]int64{})
}

// TestRedirectMeasures tells apart what stayed in the inbox, what was
// redirected and what failed.
func TestRedirectMeasures(t *testing.T) {
	var b bytes.Buffer
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	h := handler.Redirect{Log: quiet, Now: func() time.Time { return now }}
	h.Metrics = &metrics.Writer{W: &b, Namespace: "deskmove", Now: h.Now}
	begun := func(id, sequence string, changed time.Time) events.DynamoDBEventRecord {
		new := header(desk.Conversation{Account: "acme", ID: id, Version: 1, ChangedAt: changed})
		return record(sequence, new.Key, nil, new.New)
	}
	e := events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{begun("c1", "1", now.Add(-time.Second)), begun("c2", "2", now.Add(-3*time.Second)), begun("c3", "3", now)}}
	for name, c := range map[string]struct {
		redirected int
		errs       map[string]error
		line       string // its end
		first      string // failure
	}{
		"all stay":     {0, nil, "", ""},
		"one moves":    {1, nil, `"Redirected":1,"RedirectFailed":0,"RedirectLag":3000}` + "\n", ""},
		"some fail":    {1, map[string]error{"c3": errors.New("no"), "c2": errors.New("no")}, `"Redirected":1,"RedirectFailed":2,"RedirectLag":3000}` + "\n", "2"},
		"nothing goes": {0, map[string]error{"c1": store.ErrThrottled}, `"Redirected":0,"RedirectFailed":1,"RedirectLag":3000}` + "\n", "1"},
	} {
		b.Reset()
		h.Use = func(_ context.Context, cs []desk.Conversation) (int, map[string]error) {
			if len(cs) != 3 {
				t.Errorf("%s: %d conversations", name, len(cs))
			}
			return c.redirected, c.errs
		}
		res, err := h.Handle(t.Context(), e)
		first := ""
		for _, f := range res.BatchItemFailures {
			first += f.ItemIdentifier
		}
		if err != nil || first != c.first || !strings.HasSuffix(b.String(), c.line) || (c.line == "") != (b.Len() == 0) {
			t.Errorf("%s: failed %q, %v, wrote %q", name, first, err, b.String())
		}
	}
}
