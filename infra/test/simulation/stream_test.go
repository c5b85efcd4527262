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

// feeder drives the function from one shard of the stream: one batch at a
// time, in order, again until it succeeds or is given up.
type feeder struct {
	w       *world
	shard   int
	after   int // changes done
	tries   int // at the changes that are next
	size    int // of the next batch; 0 is the usual one
	batches int
	busy    bool
}

// wake tells the feeder that there may be changes.
func (f *feeder) wake() {
	if !f.busy && len(f.ahead(1)) > 0 {
		f.busy = true
		f.w.after(100*time.Millisecond, f.poll)
	}
}

// ahead are the changes that are next, at most so many.
func (f *feeder) ahead(most int) []store.Change {
	changes, _ := f.w.mem.Changes(context.Background(), strconv.Itoa(f.shard), strconv.Itoa(f.after), most)
	return changes
}

// poll looks for changes.
func (f *feeder) poll() {
	if len(f.ahead(1)) == 0 {
		f.busy = false
		return
	}
	f.batches++
	c := newChance(f.w.seed, f.name())
	if f.tries == 0 && f.w.faults.strikes(f.w.sim, stall, c, f.name()) {
		f.w.after(c.span(5*time.Second, 90*time.Second), f.deliver)
		return
	}
	f.deliver()
}

func (f *feeder) name() string { return fmt.Sprintf("stream%d/%d", f.shard, f.batches) }

// deliver hands over the changes that are next.
func (f *feeder) deliver() {
	batch := f.ahead(min(cmp.Or(f.size, 20), 20))
	n := len(batch)
	var e events.DynamoDBEvent
	for i := range batch {
		if lost := f.w.mutant.unstreamed; lost == nil || !lost(batch[i]) {
			e.Records = append(e.Records, streams.Record(&batch[i], strconv.Itoa(f.shard), "stream"))
		}
	}
	name := f.name()
	var res events.DynamoDBEventResponse
	f.w.invoke(f.w.redirect, name, func(ctx context.Context, p *process) (err error) {
		r, err := p.Redirect.Handle(ctx, e)
		res = r
		return err
	}, func(err error) { f.ended(name, n, res, err) })
}

// ended goes on after an attempt at n changes.
func (f *feeder) ended(name string, n int, res events.DynamoDBEventResponse, err error) {
	done := n
	if err != nil {
		done = 0
	} else if len(res.BatchItemFailures) > 0 {
		failed, _ := strconv.Atoi(res.BatchItemFailures[0].ItemIdentifier)
		done = failed - f.after - 1
	}
	c := newChance(f.w.seed, name+" ended")
	switch {
	case done == n && f.w.faults.strikes(f.w.sim, replay, c, name):
		f.w.after(time.Second, f.poll)
		return
	case done > 0:
		f.after += done
		f.tries, f.size = 0, 0
	default:
		f.tries++
		if n > 1 {
			f.size = (n + 1) / 2 // bisect
			break
		}
		if f.tries > f.w.limits.Stream.Retries+3 {
			f.giveUp(n)
		}
	}
	f.w.after(min(time.Duration(f.tries)*time.Second, 10*time.Second), f.poll)
}

// giveUp leaves changes behind for the on-failure queue.
func (f *feeder) giveUp(n int) {
	first, last := strconv.Itoa(f.after+1), strconv.Itoa(f.after+n)
	f.w.log("stream%d gives up %s to %s", f.shard, first, last)
	body, _ := json.Marshal(map[string]any{"DDBStreamBatchInfo": map[string]string{ // strings only: cannot fail
		"shardId": strconv.Itoa(f.shard), "startSequenceNumber": first, "endSequenceNumber": last,
	}})
	f.w.failures.send(string(body))
	f.after += n
	f.tries, f.size = 0, 0
}
