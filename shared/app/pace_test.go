package app_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/handler"
	"deskmove/shared/local/streams"
	"deskmove/shared/store"
)

// TestR22AFunctionHearsOfAnothersLateness has two functions, which share their tables
// alone, redirect a change that is late and convert a channel.
func TestR22AFunctionHearsOfAnothersLateness(t *testing.T) { synctest.Test(t, hearsOfLateness) }

func hearsOfLateness(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 3)
	r.StartMove(apptest.History("mail"))
	run := r.Runs[0]
	for _, step := range []handler.Step{r.Fence, r.List} {
		var err error
		if run, err = step.Handle(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	batches := r.Sent
	key := store.HeaderKey("acme", r.TakeIn("mail", "<live>").ID)
	items, err := r.Memory.Get(t.Context(), store.Conversations, []store.Key{key}, store.Strong)
	if err != nil || len(items) != 1 || len(batches) == 0 {
		t.Fatalf("%v, %v; batches %v", items, err, batches)
	}
	r.Platform.LateAfter = 2 * time.Second
	redirects, converts := app.New(r.Platform), app.New(r.Platform)
	took := func() time.Duration {
		began := time.Now()
		r.App, r.Sent = converts, batches
		convert(t, r)
		return time.Since(began)
	}
	if d := took(); d != 0 {
		t.Errorf("a batch takes %v, though nothing was late", d)
	}
	for _, age := range []time.Duration{0, 3 * time.Second} {
		time.Sleep(time.Second)
		change := streams.Record(&store.Change{Sequence: "1", At: r.Time.Add(-age), Key: key, New: items[0].Attrs}, "shard", "stream")
		if res, err := redirects.Redirect.Handle(t.Context(), events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{change}}); err != nil || len(res.BatchItemFailures) > 0 {
			t.Fatalf("%+v, %v", res, err)
		}
		if d := took(); d > 0 != (age > 0) {
			t.Errorf("a batch takes %v, though a live change was %v old", d, age)
		}
	}
}
