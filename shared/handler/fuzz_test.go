package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// secret stands for what a customer wrote.
const secret = "dont-log-me"

// fuzzRig is an account in the middle of a move. Every input finds it
// so: an input that fails once fails again.
type fuzzRig struct {
	*apptest.Rig
	restore func(apptest.T)
	run     move.Run
	live    desk.Conversation // it has just begun
}

func newFuzzRig(f *testing.F) *fuzzRig {
	f.Helper()
	r := &fuzzRig{}
	r.Rig = apptest.On(f, r)
	r.Import("mail", 2)
	r.Undated("mail")
	r.StartMove(apptest.History("mail"))
	r.run = r.ListLast()
	r.live = r.Import("mail", 1)[0]
	r.restore = r.Snapshot()
	return r
}

// Between makes a rig a stream with one change left.
func (r *fuzzRig) Between(_ context.Context, _, first, _ string) ([]store.Change, error) {
	if first == "1" {
		is := header(r.live)
		return []store.Change{{Sequence: "1", Key: is.Key, New: is.New}}, nil
	}
	return nil, nil
}

// try gives an input to the handlers, and checks that they take no more memory
// than is their due, and log no secret.
func (r *fuzzRig) try(t *testing.T, size int, do func()) {
	t.Helper()
	r.restore(t)
	before := allocated()
	do()
	if n := allocated() - before; n > 64<<20+500*uint64(size) {
		t.Errorf("%d bytes took %d bytes of memory", size, n)
	}
	if log := r.Logged.String(); strings.Contains(log, secret) || len(log) > 10_000+10*size {
		t.Errorf("it logged %s", log)
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
	again := r.Sent[0]
	again.Again, again.IDs = true, append(again.IDs, again.IDs[0], "gone", "", "#", "c\x003")
	bodies := []string{r.Sent[0].JSON(), "", "null", "[]", `{"account":"acme","move":"m","job":"m","entry":"e","count":-1,"ids":null}`,
		`{"account":"acme","move":"` + again.Move + `","entry":"e","ids":["c1"],"retry":true}`} // of the layout before
	for _, again.Kind = range []move.Kind{move.Convert, move.Retry, move.Compare, move.Rehearse, "reconcile"} {
		bodies = append(bodies, again.JSON())
		late := again
		late.Job, late.Pass = again.Move+".audit", "1.1"
		bodies = append(bodies, late.JSON())
	}
	for _, body := range bodies {
		f.Add(body, "1")
		f.Add(body, "3")
		f.Add(strings.ReplaceAll(body, "acme", "zoo"), "x")
	}
	f.Fuzz(func(t *testing.T, body, receives string) {
		r.try(t, len(body), func() {
			e := events.SQSEvent{Records: []events.SQSMessage{{
				MessageId: "1", Body: planted(body), Attributes: map[string]string{"ApproximateReceiveCount": receives},
			}}}
			res, err := r.Convert.Handle(t.Context(), e)
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
	replied := r.live
	replied.Subject, replied.Rev = "x", 2
	is := header(replied)
	change := record("1", is.Key, nil, is.New).Change
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
		r.try(t, len(raw), func() {
			res, err := r.Redirect.Event(t.Context(), raw)
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
		Account: "a", ID: "i", Channel: "c", Origin: "o", Owner: "w", Home: desk.Inbox, Status: desk.Open, LastEdit: "l",
		Ticket: desk.Ticket{Provenance: desk.Live, Status: "s", Owner: "w", Move: "m", LostOwner: "w", Clocks: desk.Clocks{Policy: "p"}, Edited: desk.LastEdit{By: "w"}},
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
	changed := func(old, new string) []byte {
		if !bytes.Contains(begin, []byte(old)) {
			f.Fatalf("%s has no %s", begin, old)
		}
		return bytes.ReplaceAll(begin, []byte(old), []byte(new))
	}
	for i := range 4 {
		f.Add(byte(i), begin)
		f.Add(byte(i), changed(`"more":false`, `"more":true,"cursor":"1.x","after":"WyJhIl0"`))
		f.Add(byte(i), changed(`"began":0,"pass":0`, `"began":2,"wait":-9,"pass":-1,"turns":1500`))
		f.Add(byte(i), changed(`"late":""`, `"late":"audit","step":"audit","pass":9`))
		f.Add(byte(i), changed(`"late":""`, `"late":"repair","step":"list","repair":"repair-1","pass":1`))
		f.Add(byte(i), changed(`"began":0,"pass":0`, `"began":-9,"pass":7`))
		// Of the layout before, in which compared who is called reconcile.
		f.Add(byte(i), []byte(`{"account":"acme","move":"`+r.run.Move+`","run":1,"history":true,"rehearsal":false,"retry":false,"step":"reconcile",`+
			`"pages":3,"page":100000,"after":"WyJhIl0","audit":2,"more":true,"wait":5}`))
	}
	f.Fuzz(func(t *testing.T, which byte, raw []byte) {
		var run move.Run
		if json.Unmarshal(raw, &run) != nil {
			return // Lambda refuses it
		}
		r.try(t, len(raw), func() {
			step := []handler.Step{r.Fence, r.List, r.Drain, r.Finish}[int(which)%4]
			next, err := step.Handle(t.Context(), run)
			if err == nil && (next.Wait < 0 || next.Wait > int((25*time.Hour).Seconds())) && next.Wait != run.Wait {
				t.Errorf("step %s waits %d s", step.Name, next.Wait)
			}
			m, err := r.Moves.Get(t.Context(), "acme", r.run.Move)
			if err != nil || m.Status == desk.Done && step.Name != "finish" {
				t.Errorf("the move is %s, %v", m.Status, err)
			}
		})
	})
}
