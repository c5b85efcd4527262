package handler_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/metrics"
	"deskmove/shared/store"
	"deskmove/shared/support"
	"deskmove/shared/support/filetest"
)

var quiet = slog.New(slog.DiscardHandler)

func sweep(r *apptest.Rig) error {
	r.Measured.Reset()
	_, err := r.Sweep.Handle(r.Context(), events.EventBridgeEvent{})
	return err
}

// TestStartThatFailsAfterTheLock: the move is there, its execution is not, and
// the sweeper starts it.
func TestStartThatFailsAfterTheLock(t *testing.T) {
	r := apptest.New(t)
	r.StartErr = errors.New("Step Functions is out of reach")
	m := r.StartMove(apptest.History("mail"))
	if m.ID == "" || len(r.Runs) > 0 {
		t.Fatalf("move %+v, started %v", m, r.Runs)
	}
	r.Time = r.Time.Add(time.Minute)
	if err := sweep(r); err == nil || !strings.Contains(err.Error(), m.ID) || !strings.Contains(r.Measured.String(), `"SecondsStuck":58,`) || strings.Contains(r.Measured.String(), "MovesRestarted") {
		t.Errorf("sweep = %v, measured %s", err, &r.Measured)
	}
	r.StartErr = nil
	if err := sweep(r); err != nil || !strings.Contains(r.Measured.String(), `"MovesRestarted":1,`) {
		t.Fatalf("sweep = %v, measured %s", err, &r.Measured)
	}
	if run := r.LastRun(); run.Run != 1 || run.Move != m.ID {
		t.Errorf("started = %+v", r.Runs)
	}
	if err := sweep(r); err != nil || strings.Contains(r.Measured.String(), "MovesRestarted") {
		t.Errorf("another sweep = %v, measured %s", err, &r.Measured)
	}
}

// TestSweepDeletesFiles that nobody names. An error with them keeps no move from being
// started again, and is told.
func TestSweepDeletesFiles(t *testing.T) {
	r := apptest.New(t)
	data := []byte("hello")
	f := filetest.File("acme", data, r.Time)
	if _, err := r.Files.Announce(t.Context(), "acme", []support.NewFile{{SHA256: f.SHA256, Size: f.Size, Data: data}}); err != nil {
		t.Fatal(err)
	}
	if err := sweep(r); err != nil || r.Bytes.Len() != 1 {
		t.Errorf("at once: %v, %d files are left", err, r.Bytes.Len())
	}
	r.StartErr = errors.New("out of reach")
	r.StartMove(apptest.History("mail"))
	r.StartErr, r.Time = nil, r.Time.Add(25*time.Hour)
	r.Bytes.Before = func(string, desk.File) error { return errors.New("no bucket") }
	if err := sweep(r); err == nil || !strings.Contains(err.Error(), "files: ") || !strings.Contains(err.Error(), "no bucket") || !strings.Contains(r.Measured.String(), `"MovesRestarted":1,`) {
		t.Errorf("sweep = %v, measured %s", err, &r.Measured)
	}
	r.Bytes.Before = nil
	if err := sweep(r); err != nil || r.Bytes.Len() != 0 {
		t.Errorf("sweep = %v, %d files are left", err, r.Bytes.Len())
	}
}

func TestSweepTellsOfWrongTables(t *testing.T) {
	r := apptest.New(t)
	r.StartErr = errors.New("out of reach")
	r.StartMove(apptest.History("mail"))
	r.StartErr, r.CheckErr = nil, errors.New("table control has no index")
	r.Time = r.Time.Add(time.Minute)
	if err := sweep(r); err == nil || !strings.Contains(err.Error(), "no index") {
		t.Errorf("sweep = %v", err)
	}
	if len(r.Runs) != 1 {
		t.Error("it swept not")
	}
}

// TestRedirectMeasures tells apart what stayed in the inbox, what was
// redirected and what failed.
func TestRedirectMeasures(t *testing.T) {
	var b bytes.Buffer
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	h := handler.Redirect{Log: quiet, Now: func() time.Time { return now }}
	h.Metrics = &metrics.Writer{W: &b, Namespace: "deskmove", Now: h.Now}
	begun := func(id, sequence string, changed time.Time) events.DynamoDBEventRecord {
		new := header(desk.Conversation{Account: "acme", ID: id, Rev: 1, ChangedAt: changed, Home: desk.Inbox})
		return record(sequence, new.Key, nil, new.New)
	}
	e := events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{begun("c1", "1", now.Add(-time.Second)), begun("c2", "2", now.Add(-3*time.Second)), begun("c3", "3", now)}}
	for name, c := range map[string]struct {
		redirected int
		errs       map[string]error
		line       string // its beginning
		first      string // failure
	}{
		"all stay":     {0, nil, "", ""},
		"one moves":    {1, nil, `{"RedirectFailed":0,"RedirectLag":3000,"Redirected":1,`, ""},
		"some fail":    {1, map[string]error{"c3": errors.New("no"), "c2": errors.New("no")}, `{"RedirectFailed":2,"RedirectLag":3000,"Redirected":1,`, "2"},
		"nothing goes": {0, map[string]error{"c1": store.ErrThrottled}, `{"RedirectFailed":1,"RedirectLag":3000,"Redirected":0,`, "1"},
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
		if err != nil || first != c.first || !strings.HasPrefix(b.String(), c.line) || (c.line == "") != (b.Len() == 0) {
			t.Errorf("%s: failed %q, %v, wrote %q", name, first, err, b.String())
		}
	}
}
