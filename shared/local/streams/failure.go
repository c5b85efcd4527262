package streams

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"deskmove/shared/store"
)

// failed decides what becomes of the first batch, whose changes failed but for
// the first that are done: it is split, tried again later or given up.
func (r *reader) failed(ctx context.Context, changes []store.Change, done int, why error) {
	first := &r.batches[0]
	r.log.WarnContext(ctx, "function failed on changes", "changes", len(changes), "done", done, "attempt", first.Failed+1, "err", why)
	first.Begun = 0
	switch {
	case done > 0:
		r.done(changes[done-1].Sequence)
		return
	case len(changes) > 1:
		r.splitFirst(changes[len(changes)/2-1].Sequence)
		return
	}
	first.Failed++
	if first.Failed > r.Retries {
		r.giveUp(ctx, &changes[0], "RetryAttemptsExhausted")
		return
	}
	r.untilDone(ctx, "stream position not saved", r.save)
	r.oldest.Store(0)
	r.Host.Clock.Wait(ctx, backoff(first.Failed), nil)
	r.setOldest()
}

// backoff is the pause before retry n, from 1.
func backoff(n int) time.Duration {
	return min(time.Minute, time.Second<<min(n-1, 6))
}

func (r *reader) tooOld(c store.Change) bool {
	return c.At.Before(r.Host.Clock.Now().Add(-r.MaxAge))
}

// giveUp reports the only change of the first batch and leaves it behind.
func (r *reader) giveUp(ctx context.Context, c *store.Change, condition string) {
	r.log.ErrorContext(ctx, "change given up", "condition", condition, "sequence", c.Sequence)
	body, err := json.Marshal(r.report(c, condition))
	if err != nil {
		r.log.ErrorContext(ctx, "on-failure message not made", "err", err)
	} else {
		r.untilDone(ctx, "on-failure message not sent", func(ctx context.Context) error {
			return r.OnFailure(ctx, []string{string(body)})
		})
		if ctx.Err() != nil {
			return // not reported, so not done
		}
	}
	r.done(r.batches[0].To)
}

// report is the on-failure message of a stream. It tells where the changes
// are, not what they hold.
type report struct {
	Request  requestContext  `json:"requestContext"`
	Response responseContext `json:"responseContext"`
	Version  string          `json:"version"`
	Time     time.Time       `json:"timestamp"`
	Batch    batchInfo       `json:"DDBStreamBatchInfo"`
}

type requestContext struct {
	ID          string `json:"requestId"`
	FunctionARN string `json:"functionArn"`
	Condition   string `json:"condition"` // RetryAttemptsExhausted or RecordAgeExceeded
	Invoked     int    `json:"approximateInvokeCount"`
}

type responseContext struct {
	StatusCode int    `json:"statusCode"`
	Version    string `json:"executedVersion"`
	Error      string `json:"functionError"`
}

type batchInfo struct {
	Shard         string    `json:"shardId"`
	StartSequence string    `json:"startSequenceNumber"`
	EndSequence   string    `json:"endSequenceNumber"`
	FirstArrival  time.Time `json:"approximateArrivalOfFirstRecord"`
	LastArrival   time.Time `json:"approximateArrivalOfLastRecord"`
	Size          int       `json:"batchSize"`
	StreamARN     string    `json:"streamArn"`
}

func (r *reader) report(c *store.Change, condition string) report {
	arrival := c.At.UTC().Truncate(time.Second)
	return report{
		Request: requestContext{
			ID: uuid.NewString(), FunctionARN: r.Function.ARN(), Condition: condition, Invoked: r.batches[0].Failed,
		},
		Response: responseContext{StatusCode: 200, Version: "$LATEST", Error: "Unhandled"},
		Version:  "1.0",
		Time:     r.Host.Clock.Now().UTC(),
		Batch: batchInfo{
			Shard:         r.shard,
			StartSequence: c.Sequence,
			EndSequence:   c.Sequence,
			FirstArrival:  arrival,
			LastArrival:   arrival,
			Size:          1,
			StreamARN:     r.arn(),
		},
	}
}
