package simulation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/streams"
	"deskmove/shared/store"
)

// shardReader is the event source mapping of one shard of the stream: it invokes
// the function with one batch at a time, in order, until that succeeds or is
// given up.
type shardReader struct {
	w        *world
	shard    int
	done     int // changes processed
	attempts int // at the next batch
	size     int // of the next batch; 0 means the default
	batches  int
	busy     bool
}

// wake starts polling if there are changes.
func (f *shardReader) wake() {
	if !f.busy && len(f.pending(1)) > 0 {
		f.busy = true
		f.w.after(100*time.Millisecond, f.poll)
	}
}

// pending returns up to most changes that are not processed yet.
func (f *shardReader) pending(most int) []store.Change {
	changes, _ := f.w.memory.Changes(context.Background(), strconv.Itoa(f.shard), strconv.Itoa(f.done), most)
	return changes
}

// poll looks for changes and delivers them.
func (f *shardReader) poll() {
	if len(f.pending(1)) == 0 {
		f.busy = false
		return
	}
	f.batches++
	c := newRandom(f.w.seed, f.name())
	if f.attempts == 0 && f.w.faults.injects(f.w.scheduler, shardStalled, c, f.name()) {
		f.w.after(c.between(5*time.Second, 90*time.Second), f.deliver)
		return
	}
	f.deliver()
}

func (f *shardReader) name() string { return fmt.Sprintf("stream%d/%d", f.shard, f.batches) }

// deliver invokes the function with the next batch.
func (f *shardReader) deliver() {
	batch := f.pending(min(cmp.Or(f.size, 20), 20))
	n := len(batch)
	var e events.DynamoDBEvent
	for i := range batch {
		if !f.loses(batch[i]) {
			e.Records = append(e.Records, streams.Record(&batch[i], strconv.Itoa(f.shard), "stream"))
		}
	}
	name := f.name()
	var res events.DynamoDBEventResponse
	f.w.invoke(invocation{function: f.w.redirect, name: name}, func(ctx context.Context, p *process) (err error) {
		r, err := p.Redirect.Handle(ctx, e)
		res = r
		return err
	}, func(err error) { f.ended(name, n, res, err) })
}

// ended continues after an invocation with n changes.
func (f *shardReader) ended(name string, n int, res events.DynamoDBEventResponse, err error) {
	done := n
	if err != nil {
		done = 0
	} else if len(res.BatchItemFailures) > 0 {
		failed, _ := strconv.Atoi(res.BatchItemFailures[0].ItemIdentifier)
		done = failed - f.done - 1
	}
	c := newRandom(f.w.seed, name+" ended")
	switch {
	case done == n && f.w.faults.injects(f.w.scheduler, changesReplayed, c, name):
		f.w.after(time.Second, f.poll)
		return
	case done > 0:
		f.pass(done)
		f.attempts, f.size = 0, 0
	default:
		f.attempts++
		if n > 1 {
			f.size = (n + 1) / 2 // bisect
			break
		}
		if f.attempts > f.w.limits.Stream.Retries+3 {
			f.giveUp(n)
		}
	}
	f.w.after(min(time.Duration(f.attempts)*time.Second, 10*time.Second), f.poll)
}

// giveUp sends n changes to the on-failure queue and continues after them.
func (f *shardReader) giveUp(n int) {
	first, last := strconv.Itoa(f.done+1), strconv.Itoa(f.done+n)
	f.w.log("stream%d gives up %s to %s", f.shard, first, last)
	body, _ := json.Marshal(map[string]any{"DDBStreamBatchInfo": map[string]string{ // strings only: cannot fail
		"shardId": strconv.Itoa(f.shard), "startSequenceNumber": first, "endSequenceNumber": last,
	}})
	f.w.failures.send(string(body))
	f.done += n
	f.attempts, f.size = 0, 0
}

// loses reports whether a change is never delivered, by a fault or a mutant.
func (f *shardReader) loses(c store.Change) bool {
	if hidden := f.w.mutant.hidesChange; hidden != nil && hidden(c) {
		return true
	}
	name := fmt.Sprintf("stream%d change %s", f.shard, c.Sequence)
	if lost, known := f.w.lost[name]; known {
		return lost
	}
	f.w.lost[name] = f.w.faults.injects(f.w.scheduler, changeLost, newRandom(f.w.seed, name), name)
	return f.w.lost[name]
}

// pass goes on after n changes, which have been dealt with: the conversation of
// each that came after the fence has landed, or has a reason not to.
func (f *shardReader) pass(n int) {
	for _, c := range f.pending(n) {
		is, ok := store.ReadConversation(c.Key, c.New)
		lost := f.w.lost[fmt.Sprintf("stream%d change %s", f.shard, c.Sequence)]
		if fenced, moves := f.w.invariants.fenced[is.Account+"#"+is.Channel]; ok && !lost && moves && fenced < c.At.Sub(epoch) {
			if why := f.w.notSettled(is.Account, is.ID, is.Channel); why != "" {
				f.w.violate("passed by: the stream has passed a change of %s, which %s", describe(is), why)
			}
		}
	}
	f.done += n
}
