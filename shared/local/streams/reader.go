package streams

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/function"
	"deskmove/shared/store"
)

// maxBegun is how often a batch may be under way when the process dies, until
// that counts as its failure.
const maxBegun = 3

// reader feeds the function from one shard, one batch at a time.
type reader struct {
	*Mapping
	shard string
	log   *slog.Logger

	position
	saved   atomic.Pointer[string] // position.after, as the file has it
	changes []store.Change         // those of position.batches
	oldest  atomic.Int64           // when the first of them was made, in ms since 1970; 0 if it need not be done now
}

// setOldest notes how old the changes are that are to be done now.
func (r *reader) setOldest() {
	if len(r.changes) == 0 {
		r.oldest.Store(0)
		return
	}
	r.oldest.Store(r.changes[0].At.UnixMilli())
}

func newReader(m *Mapping, shard string) *reader {
	r := &reader{Mapping: m, shard: shard, log: m.Host.Logger().With("table", m.Table, "shard", shard, "function", m.Function.Name)}
	r.saved.Store(new(string))
	return r
}

// run goes on until ctx is done.
func (r *reader) run(ctx context.Context) {
	r.untilDone(ctx, "stream position not loaded", r.load)
	for ctx.Err() == nil {
		var news <-chan struct{}
		if r.News != nil {
			news = r.News() // before it reads, so that it misses none
		}
		r.untilDone(ctx, "changes not read", r.read)
		if len(r.batches) == 0 {
			r.untilDone(ctx, "stream position not saved", r.saveProgress)
			r.Host.Clock.Wait(ctx, r.Poll, news)
			if news != nil {
				r.Host.Clock.Wait(ctx, gatherFor, nil)
			}
			continue
		}
		for len(r.batches) > 0 && ctx.Err() == nil {
			r.tryFirst(ctx)
		}
	}
	// Without this, what was done since the last save would be done again.
	if err := r.saveProgress(context.WithoutCancel(ctx)); err != nil {
		r.log.ErrorContext(ctx, "stream position not saved", "err", err)
	}
}

// untilDone does f until it succeeds or ctx is done. Errors are logged.
func (r *reader) untilDone(ctx context.Context, message string, f func(context.Context) error) {
	for pause := 100 * time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 30*time.Second) {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		r.log.ErrorContext(ctx, message, "err", err)
		r.Host.Clock.Wait(ctx, pause, nil)
	}
}

func (r *reader) load(ctx context.Context) error {
	err := r.position.load(ctx, r.DB, r.Function.Name, r.shard)
	r.setSaved()
	return err
}

func (r *reader) save(ctx context.Context) error {
	err := r.position.save(ctx, r.DB, r.Function.Name, r.shard)
	if err == nil {
		r.setSaved()
	}
	return err
}

func (r *reader) setSaved() {
	after := r.after
	r.saved.Store(&after)
}

// saveProgress saves the position if a change is done since it was saved.
func (r *reader) saveProgress(ctx context.Context) error {
	if *r.saved.Load() == r.after {
		return nil
	}
	return r.save(ctx)
}

// read reads the changes of the next batch or, after a restart, of the batches
// that were under way.
func (r *reader) read(ctx context.Context) error {
	r.changes = nil
	for after := r.after; ; after = r.changes[len(r.changes)-1].Sequence {
		more, err := r.Stream.Changes(ctx, r.shard, after, r.BatchSize)
		if err != nil {
			return err
		}
		r.changes = append(r.changes, more...)
		if len(r.batches) == 0 || len(more) == 0 || r.index(r.batches[len(r.batches)-1].To) >= 0 {
			break
		}
	}
	if slices.ContainsFunc(r.batches, func(b batch) bool { return r.index(b.To) < 0 }) {
		r.batches = nil // the stream does not have them any more
	}
	if len(r.batches) == 0 && len(r.changes) > 0 {
		r.batches = []batch{{To: r.changes[len(r.changes)-1].Sequence}}
	}
	r.setOldest()
	return nil
}

// index is where the change of a sequence number is in r.changes, or -1.
func (r *reader) index(sequence string) int {
	return slices.IndexFunc(r.changes, func(c store.Change) bool { return c.Sequence == sequence })
}

// tryFirst has the function handle the first batch once, if the filter leaves
// anything of it.
func (r *reader) tryFirst(ctx context.Context) {
	first := &r.batches[0]
	changes := slices.Clone(r.changes[:r.index(first.To)+1])
	changes = slices.DeleteFunc(changes, func(c store.Change) bool { return !r.Filter(c) })
	if len(changes) == 0 {
		r.done(first.To)
		return
	}
	// Unlike on AWS, every change is tried: a computer may have slept for long.
	if first.Failed > 0 && len(changes) == 1 && r.tooOld(changes[0]) {
		r.giveUp(ctx, &changes[0], "RecordAgeExceeded")
		return
	}
	first.Begun++
	r.untilDone(ctx, "stream position not saved", r.save)
	if ctx.Err() != nil {
		return
	}
	if first.Begun > maxBegun {
		r.failed(ctx, changes, 0, errors.New("the process has died during every attempt"))
		return
	}
	done, err := r.invoke(ctx, changes)
	switch {
	case err == nil:
		r.done(first.To)
	case ctx.Err() != nil && done == 0:
		// Shutting down may be why it failed.
	default:
		r.failed(ctx, changes, done, err)
	}
}

// done leaves everything up to a sequence number of the first batch behind.
func (r *reader) done(through string) {
	r.after = through
	r.changes = r.changes[r.index(through)+1:]
	r.setOldest()
	if r.batches[0].To == through {
		r.batches = r.batches[1:]
	}
}

var (
	errUnknownChange = errors.New("function reports the failure of a change that it was not given")
	errPartial       = errors.New("function reports failures")
)

// invoke has the function handle changes. If there is an error, the first of
// them are done all the same.
func (r *reader) invoke(ctx context.Context, changes []store.Change) (done int, err error) {
	e := events.DynamoDBEvent{Records: make([]events.DynamoDBEventRecord, len(changes))}
	for i := range changes {
		e.Records[i] = Record(&changes[i], r.shard, r.arn())
	}
	res, err := function.Invoke(ctx, r.Host, r.Function, nil, e)
	if err != nil || len(res.BatchItemFailures) == 0 {
		return 0, err
	}
	// The stream goes on at the first failure, whatever came after it.
	done = len(changes)
	for _, failure := range res.BatchItemFailures {
		i := slices.IndexFunc(changes, func(c store.Change) bool { return c.Sequence == failure.ItemIdentifier })
		if i < 0 {
			return 0, errUnknownChange
		}
		done = min(done, i)
	}
	return done, errPartial
}
