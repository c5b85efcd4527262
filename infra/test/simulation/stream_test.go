package simulation

import (
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

// wake tells the feeder that there are changes.
func (f *feeder) wake() {
	if !f.busy {
		f.busy = true
		f.w.after(100*time.Millisecond, f.poll)
	}
}

func (f *feeder) ahead() []store.Change { return f.w.mem.stream[f.shard][f.after:] }

// poll looks for changes.
func (f *feeder) poll() {
	if len(f.ahead()) == 0 {
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
	ahead := f.ahead()
	n := min(len(ahead), 20)
	if f.size > 0 {
		n = min(n, f.size)
	}
	batch := ahead[:n]
	e := events.DynamoDBEvent{Records: make([]events.DynamoDBEventRecord, n)}
	for i := range batch {
		e.Records[i] = streams.Record(&batch[i], strconv.Itoa(f.shard), "stream")
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
		done = position(res.BatchItemFailures[0].ItemIdentifier) - f.after - 1
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
