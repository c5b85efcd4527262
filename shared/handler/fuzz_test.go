package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// secret stands for what a customer wrote.
const secret = "dont-log-me"

// fuzzRig is the handlers in the middle of a move, of which every input finds
// the same: an input that fails once fails again.
type fuzzRig struct {
	first *storetest.Memory
	now   time.Time
	run   move.Run
	batch move.Batch
}

func newFuzzRig(f *testing.F) *fuzzRig {
	f.Helper()
	first := &storetest.Memory{}
	r := newRigOn(f, first)
	r.put(f, "c1", "c2", "bad1")
	r.StartMove(f, apptest.History())
	run := r.step(f, r.List, r.step(f, r.Fence, r.LastRun(f)))
	r.put(f, "c3")
	return &fuzzRig{first: first, now: r.Time, run: run, batch: r.Sent[0]}
}

// silent is a machine and a queue that do nothing, and a stream with no
// changes left.
type silent struct{ store.Stream }

func (silent) Start(context.Context, string, move.Run) error { return nil }
func (silent) Running(context.Context, string) (bool, error) { return true, nil }
func (silent) Send(context.Context, []move.Batch) error      { return nil }
func (silent) Between(_ context.Context, _, first, _ string) ([]store.Change, error) {
	if first == "1" {
		c3 := header(desk.Conversation{Account: "acme", ID: "c3", Channel: "mail"})
		return []store.Change{{Sequence: "1", Key: c3.Key, New: c3.New}}, nil
	}
	return nil, nil
}

// try gives an input to new handlers of the same move, and checks that they
// take no more memory than is their due, and log no secret.
func (r *fuzzRig) try(t *testing.T, size int, do func(h *app.App)) {
	t.Helper()
	var log bytes.Buffer
	h := app.New(app.Platform{
		Engine: r.first.Copy(), Queue: silent{}, Machine: silent{}, Stream: silent{}, Now: func() time.Time { return r.now },
		Log: slog.New(slog.NewJSONHandler(&log, nil)),
	})
	before := allocated()
	do(h)
	if n := allocated() - before; n > 64<<20+500*uint64(size) {
		t.Errorf("%d bytes took %d bytes of memory", size, n)
	}
	if strings.Contains(log.String(), secret) || log.Len() > 10_000+10*size {
		t.Errorf("it logged %s", log.String())
	}
}

// allocated is how many bytes the program has ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// seeds are the events that Lambda sends.
func seeds(f *testing.F, prefix string) [][]byte {
	f.Helper()
	names, err := filepath.Glob("../../events/" + prefix + "*.json")
	if err != nil || len(names) == 0 {
		f.Fatalf("%d events, %v", len(names), err)
	}
	var all [][]byte
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
}

// FuzzConvert delivers a message of the queue. Whatever it is, it is either
// named as failed or was a batch.
func FuzzConvert(f *testing.F) {
	r := newFuzzRig(f)
	again := r.batch
	again.Again, again.Retry, again.IDs = true, true, []string{"c1", "c1", "gone", "", "#", "c\x003"}
	for _, body := range []string{r.batch.JSON(), again.JSON(), "", "null", "[]", `{"account":"acme","move":"m","entry":"e","count":-1,"ids":null}`} {
		f.Add(body, "1")
		f.Add(body, "3")
		f.Add(strings.ReplaceAll(body, "acme", "zoo"), "x")
	}
	f.Fuzz(func(t *testing.T, body, receives string) {
		r.try(t, len(body), func(h *app.App) {
			e := events.SQSEvent{Records: []events.SQSMessage{{
				MessageId: "1", Body: planted(body), Attributes: map[string]string{"ApproximateReceiveCount": receives},
			}}}
			res, err := h.Convert.Handle(t.Context(), e)
			if err != nil || len(res.BatchItemFailures) > 1 {
				t.Errorf("%+v, %v", res, err)
			}
			var b move.Batch
			if json.Unmarshal([]byte(body), &b) != nil && len(res.BatchItemFailures) == 0 {
				t.Errorf("%q passes for a batch", body)
			}
		})
	})
}

// planted adds to a JSON object what its reader does not know.
func planted(body string) string {
	var o map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &o) != nil || o == nil {
		return body
	}
	o["note"] = json.RawMessage(`"` + secret + `"`)
	if b, err := json.Marshal(o); err == nil {
		return string(b)
	}
	return body
}

// FuzzRedirect delivers an event of the stream, or of the queue of its
// failures, as Lambda does: as JSON.
func FuzzRedirect(f *testing.F) {
	r := newFuzzRig(f)
	for _, raw := range seeds(f, "redirect") {
		f.Add(raw)
		f.Add(bytes.ReplaceAll(raw, []byte(`"S"`), []byte(`"N"`)))
	}
	c3 := header(desk.Conversation{Account: "acme", ID: "c3", Channel: "mail", Subject: "x", Version: 2})
	change := record("1", c3.Key, nil, c3.New).Change
	keys, err := json.Marshal(change.Keys)
	if err != nil {
		f.Fatal(err)
	}
	image, err := json.Marshal(change.NewImage)
	if err != nil {
		f.Fatal(err)
	}
	event := func(source, image string) []byte {
		return []byte(`{"Records":[{"eventSource":"` + source + `","messageId":"1","body":"{\"DDBStreamBatchInfo\":{\"shardId\":\"s\",\"startSequenceNumber\":\"1\",\"endSequenceNumber\":\"1\"}}",` +
			`"eventName":"INSERT","dynamodb":{"SequenceNumber":"1","Keys":` + string(keys) + `,"NewImage":` + image + `}}]}`)
	}
	f.Add(event("aws:dynamodb", string(image)))
	f.Add(event("aws:dynamodb", strings.ReplaceAll(strings.ReplaceAll(string(image), `{"S":"x"}`, `{"B":"x"}`), `{"N":"2"}`, `{"N":"1e5"}`)))
	f.Add(event("aws:dynamodb", `{"a":{"L":[{"M":{"b":{"NULL":true}}}]}}`))
	f.Add(event("aws:sqs", `{}`))
	f.Add([]byte(`{"Records":` + strings.Repeat("[", 5000)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = plantedImages(raw)
		r.try(t, len(raw), func(h *app.App) {
			res, err := h.Redirect.Event(t.Context(), raw)
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error, which Lambda logs, is %v", err)
			}
			if _, err := json.Marshal(res); err != nil {
				t.Error(err)
			}
		})
	})
}

// ids are the attributes of an image that are no secret: the log may name them.
func ids() []string {
	names := []string{store.PK, store.SK}
	for _, a := range header(desk.Conversation{
		Account: "a", ID: "i", Channel: "c", Origin: "o", Owner: "w", Move: "m", Ticket: "t", Home: desk.Inbox, Status: desk.Open,
	}).New {
		names = append(names, a.Name)
	}
	return names
}

// plantedImages puts the secret into all other texts of an event's images.
func plantedImages(raw []byte) []byte {
	var e map[string]any
	if json.Unmarshal(raw, &e) != nil {
		return raw
	}
	known := ids()
	records, _ := e["Records"].([]any)
	for _, r := range records {
		record, _ := r.(map[string]any)
		change, _ := record["dynamodb"].(map[string]any)
		for _, image := range []string{"OldImage", "NewImage"} {
			attributes, _ := change[image].(map[string]any)
			for name, v := range attributes {
				value, _ := v.(map[string]any)
				for kind, text := range value {
					if _, ok := text.(string); ok && !slices.Contains(known, name) {
						value[kind] = secret
					}
				}
			}
		}
	}
	if planted, err := json.Marshal(e); err == nil {
		return planted
	}
	return raw
}

// FuzzSteps gives the steps of the state machine a run that none of them
// returned. They must come to an end, and ask for a wait that Step Functions
// takes.
func FuzzSteps(f *testing.F) {
	r := newFuzzRig(f)
	begin, err := json.Marshal(r.run)
	if err != nil {
		f.Fatal(err)
	}
	for i := range 6 {
		f.Add(byte(i), begin)
		f.Add(byte(i), bytes.ReplaceAll(begin, []byte(`"more":false`), []byte(`"more":true,"cursor":"1.x","after":"WyJhIl0"`)))
		f.Add(byte(i), bytes.ReplaceAll(begin, []byte(`"retry":false`), []byte(`"retry":true,"wait":-9,"pass":-1,"page":100000,"turns":1500`)))
	}
	f.Fuzz(func(t *testing.T, which byte, raw []byte) {
		var run move.Run
		if json.Unmarshal(raw, &run) != nil {
			return // Lambda refuses it
		}
		r.try(t, len(raw), func(h *app.App) {
			step := []handler.Step{h.Fence, h.List, h.Drain, h.Reconcile, h.Finish, h.Audit}[int(which)%6]
			next, err := step.Handle(t.Context(), run)
			if err == nil && (next.Wait < 0 || next.Wait > int((25*time.Hour).Seconds())) && next.Wait != run.Wait {
				t.Errorf("step %s waits %d s", step.Name, next.Wait)
			}
			m, err := h.Moves.Get(t.Context(), "acme", r.run.Move)
			if err != nil || m.Status == desk.Done && step.Name != "finish" {
				t.Errorf("the move is %s, %v", m.Status, err)
			}
		})
	})
}
