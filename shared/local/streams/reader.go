package streams

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/store"
)

const (
	// maxPayload is about the most that Lambda takes in one event; JSON adds
	// to the size of a change.
	maxPayload = 4 << 20
	// maxInterrupted is how often a batch may be under way when the process
	// dies, until that counts as its failure.
	maxInterrupted = 3
)

// segment is a part of what was read that is handled by itself: the changes
// up to To.
type segment struct {
	To     string `json:"to"`
	Failed int    `json:"failed,omitempty"` // attempts that failed
	Begun  int    `json:"begun,omitempty"`  // attempts since the last that failed
}

// reader feeds one function from one shard, one batch at a time.
type reader struct {
	feed    *Feed
	mapping Mapping
	shard   string
	mark    *mark
	log     *slog.Logger

	after string         // sequence number of the last change that is done
	saved string         // after, as the file has it
	ahead []store.Change // those read behind after
	work  []segment      // of ahead, none empty
}

func newReader(f *Feed, m Mapping, shard string, k *mark) *reader {
	m.BatchSize = cmp.Or(m.BatchSize, 100)
	m.MaxAge = cmp.Or(m.MaxAge, 24*time.Hour)
	log := f.Host.Logger().With("table", f.Table, "shard", shard, "function", m.Function.Name)
	return &reader{feed: f, mapping: m, shard: shard, mark: k, log: log}
}

// run goes on until ctx is done. Errors of the stream or the file are logged
// and tried again.
func (r *reader) run(ctx context.Context) {
	r.retry(ctx, "stream position not loaded", r.load)
	for ctx.Err() == nil {
		bell := r.feed.bell()
		r.retry(ctx, "changes not read", r.read)
		if len(r.ahead) == 0 {
			r.retry(ctx, "stream position not saved", r.settle)
			r.feed.Host.Clock.Wait(ctx, cmp.Or(r.feed.Poll, 250*time.Millisecond), bell)
			continue
		}
		for len(r.work) > 0 && ctx.Err() == nil {
			r.advance(ctx)
		}
	}
	// Without this, what was done since the last save would be done again.
	if err := r.settle(context.WithoutCancel(ctx)); err != nil {
		r.log.ErrorContext(ctx, "stream position not saved", "err", err)
	}
}

// retry does f until it succeeds or ctx is done.
func (r *reader) retry(ctx context.Context, message string, f func(context.Context) error) {
	for pause := 100 * time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 30*time.Second) {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		r.log.ErrorContext(ctx, message, "err", err)
		r.feed.Host.Clock.Wait(ctx, pause, nil)
	}
}

// load takes up the position from the file.
func (r *reader) load(ctx context.Context) error {
	r.after, r.work = "", nil
	err := r.feed.DB.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT after, work FROM stream_position WHERE mapping = ? AND shard = ?", func(row db.Row) error {
			r.after = row.Text(0)
			return json.Unmarshal([]byte(row.Text(1)), &r.work)
		}, r.mapping.Function.Name, r.shard)
	})
	r.saved = r.after
	r.mark.set(r.after)
	return err
}

// save puts the position into the file.
func (r *reader) save(ctx context.Context) error {
	work, err := json.Marshal(r.work)
	if err != nil {
		return err
	}
	err = r.feed.DB.Do(ctx, func(tx db.Tx) error {
		return tx.Exec(`INSERT INTO stream_position (mapping, shard, after, work) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET after = excluded.after, work = excluded.work`,
			r.mapping.Function.Name, r.shard, r.after, string(work))
	})
	if err == nil {
		r.saved = r.after
		r.mark.set(r.after)
	}
	return err
}

// settle saves the position if it has changed.
func (r *reader) settle(ctx context.Context) error {
	if r.saved == r.after {
		return nil
	}
	return r.save(ctx)
}

// read reads ahead: the next batch or, after a restart, the changes that were
// under way.
func (r *reader) read(ctx context.Context) error {
	r.ahead = nil
	for {
		after := r.after
		if n := len(r.ahead); n > 0 {
			after = r.ahead[n-1].Sequence
		}
		changes, err := r.feed.Stream.Changes(ctx, r.shard, after, r.mapping.BatchSize)
		if err != nil {
			return err
		}
		r.ahead = append(r.ahead, changes...)
		if len(r.work) == 0 || len(changes) == 0 || r.holds(r.work[len(r.work)-1].To) {
			break
		}
	}
	for i := range r.work {
		if !r.holds(r.work[i].To) {
			r.work = nil // the stream does not have it any more
		}
	}
	if len(r.work) == 0 && len(r.ahead) > 0 {
		r.work = []segment{{To: r.ahead[len(r.ahead)-1].Sequence}}
	}
	return nil
}

func (r *reader) holds(sequence string) bool { return r.index(sequence) >= 0 }

func (r *reader) index(sequence string) int {
	return slices.IndexFunc(r.ahead, func(c store.Change) bool { return c.Sequence == sequence })
}

// advance makes one attempt at the first segment.
func (r *reader) advance(ctx context.Context) {
	batch := r.ahead[:r.index(r.work[0].To)+1]
	if r.mapping.Filter != nil {
		batch = slices.DeleteFunc(slices.Clone(batch), func(c store.Change) bool { return !r.mapping.Filter(c) })
	}
	if len(batch) == 0 {
		r.finish(r.work[0].To)
		return
	}
	if n := fitting(batch); n < len(batch) {
		r.split(batch[n-1].Sequence)
		return
	}
	// Unlike on AWS, every change is tried: a computer may have slept for long.
	if r.work[0].Failed > 0 && r.expired(ctx, batch) {
		return
	}
	r.work[0].Begun++
	r.retry(ctx, "stream position not saved", r.save)
	if ctx.Err() != nil {
		return
	}
	if r.work[0].Begun > maxInterrupted {
		r.failed(ctx, batch, 0, &function.Failure{Name: function.Exited, Message: "the process has died with it every time"})
		return
	}
	done, err := r.invoke(ctx, batch)
	switch {
	case err == nil:
		r.finish(r.work[0].To)
	case ctx.Err() != nil && done == 0:
		// Shutting down may be why it failed.
	default:
		r.failed(ctx, batch, done, err)
	}
}

// fitting is how many changes of a batch go into one event, at least one.
func fitting(batch []store.Change) int {
	size := 0
	for i := range batch {
		size += sizeOf(batch[i].Old) + sizeOf(batch[i].New)
		if size > maxPayload && i > 0 {
			return i
		}
	}
	return len(batch)
}

// finish is done with everything up to a sequence number.
func (r *reader) finish(through string) {
	r.after = through
	r.ahead = r.ahead[r.index(through)+1:]
	if r.work[0].To == through {
		r.work = r.work[1:]
	}
}

// split makes two segments of the first, the one up to a sequence number and
// the rest.
func (r *reader) split(at string) {
	rest := r.work[0]
	first := rest
	first.To = at
	r.work = append([]segment{first, rest}, r.work[1:]...)
}

// errUnknown says that an answer names a change that was not in the batch.
var errUnknown = errors.New("function reports the failure of a change that it was not given")

// errPartial says that a function reported failures.
var errPartial = errors.New("function reports failures")

// invoke has the function handle a batch. If there is an error, the first
// done changes of the batch are done all the same.
func (r *reader) invoke(ctx context.Context, batch []store.Change) (done int, err error) {
	res, err := function.Invoke(ctx, r.feed.Host, r.mapping.Function, nil, r.event(batch))
	if err != nil {
		return 0, err
	}
	if !r.mapping.ReportFailures || len(res.BatchItemFailures) == 0 {
		return 0, nil
	}
	// The stream goes on at the first failure, whatever came after it.
	done = len(batch)
	for _, failure := range res.BatchItemFailures {
		i := slices.IndexFunc(batch, func(c store.Change) bool { return c.Sequence == failure.ItemIdentifier })
		if i < 0 {
			return 0, errUnknown
		}
		done = min(done, i)
	}
	return done, errPartial
}

// failed decides what becomes of a batch of which only the first changes are
// done: it is tried again, in two parts if possible, or given up.
func (r *reader) failed(ctx context.Context, batch []store.Change, done int, why error) {
	r.log.WarnContext(ctx, "function failed on changes", "changes", len(batch), "done", done, "attempt", r.work[0].Failed+1, "err", why)
	if done > 0 {
		r.finish(batch[done-1].Sequence)
	}
	head := &r.work[0]
	head.Begun = 0
	switch {
	case r.mapping.Bisect && done > 0:
		// The batch is split where it failed; that is no attempt.
		return
	case r.mapping.Bisect && len(batch) > 1:
		r.split(batch[len(batch)/2-1].Sequence)
		return
	default:
		head.Failed++
	}
	if head.Failed > r.mapping.Retries {
		r.giveUp(ctx, batch[done:], head.Failed, "RetryAttemptsExhausted")
		return
	}
	r.retry(ctx, "stream position not saved", r.save)
	r.feed.Host.Clock.Wait(ctx, backoff(head.Failed), nil)
}

// backoff is the pause before retry n, from 1.
func backoff(n int) time.Duration {
	return min(time.Minute, time.Second<<min(n-1, 6))
}

// expired gives up the changes that are too old to be tried again, and reports
// whether there were any.
func (r *reader) expired(ctx context.Context, batch []store.Change) bool {
	oldest := r.feed.Host.Clock.Now().Add(-r.mapping.MaxAge)
	n := 0
	for n < len(batch) && batch[n].At.Before(oldest) {
		n++
	}
	if n == 0 {
		return false
	}
	if n < len(batch) {
		r.split(batch[n-1].Sequence)
	}
	r.giveUp(ctx, batch[:n], r.work[0].Failed, "RecordAgeExceeded")
	return true
}

// giveUp reports the changes of the first segment and leaves them behind.
func (r *reader) giveUp(ctx context.Context, batch []store.Change, attempts int, condition string) {
	r.log.ErrorContext(ctx, "changes given up", "condition", condition, "changes", len(batch),
		"first", batch[0].Sequence, "last", batch[len(batch)-1].Sequence)
	if r.mapping.OnFailure != nil {
		body, err := json.Marshal(r.report(batch, attempts, condition))
		if err != nil {
			r.log.ErrorContext(ctx, "on-failure message not made", "err", err)
		} else {
			r.retry(ctx, "on-failure message not sent", func(ctx context.Context) error {
				return r.mapping.OnFailure(ctx, []string{string(body)})
			})
			if ctx.Err() != nil {
				return // not reported, so not done
			}
		}
	}
	r.finish(r.work[0].To)
}

// event is a batch as Lambda gets it.
func (r *reader) event(batch []store.Change) events.DynamoDBEvent {
	e := events.DynamoDBEvent{Records: make([]events.DynamoDBEventRecord, len(batch))}
	for i := range batch {
		e.Records[i] = Record(&batch[i], r.shard, r.feed.arn())
	}
	return e
}
