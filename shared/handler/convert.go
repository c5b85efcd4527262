package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/desk"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
)

// Convert works on the batches that SQS delivers.
type Convert struct {
	Use     func(ctx context.Context, b move.Batch, receives int) (move.Found, error)
	Log     *slog.Logger
	Metrics *metrics.Writer // nil discards metrics
	// StandBack is how long to wait after a store was too busy for a batch, so that
	// live traffic has what there is.
	StandBack time.Duration
}

// Handle converts all batches concurrently, and returns the IDs of the messages
// that SQS must deliver again.
func (h Convert) Handle(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	failed := make([]bool, len(e.Records))
	var wg sync.WaitGroup
	for i, m := range e.Records {
		wg.Go(func() {
			if b, err := h.convert(ctx, m); err != nil {
				h.Log.ErrorContext(ctx, "batch not converted", "messageId", m.MessageId, "account", b.Account, "move", b.Move, "err", err)
				failed[i] = true
				if desk.Temporary(err) {
					h.standBack(ctx)
				}
			}
		})
	}
	wg.Wait()
	// An empty list rather than null, which some runtimes do not take for success.
	res := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for i, m := range e.Records {
		if failed[i] {
			res.BatchItemFailures = append(res.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return res, nil
}

// standBack waits, but not until the function's time is up.
func (h Convert) standBack(ctx context.Context) {
	wait := h.StandBack
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)-time.Second)
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
}

// convert returns the batch of a message, as far as it could be read.
func (h Convert) convert(ctx context.Context, m events.SQSMessage) (b move.Batch, _ error) {
	if err := json.Unmarshal([]byte(m.Body), &b); err != nil {
		return b, fmt.Errorf("message is not a valid batch: %w", err)
	}
	if b.Account == "" || b.Move == "" || b.Job == "" || b.Entry == "" {
		return b, fmt.Errorf("message is not a valid batch: it lacks an account, move, job or entry")
	}
	receives, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	if err != nil {
		return b, fmt.Errorf("receive count: %w", err)
	}
	begun := time.Now()
	n, err := h.Use(ctx, b, receives)
	if err != nil {
		return b, err
	}
	values := []metrics.Value{
		{Name: metrics.Failed, Value: n.Failed}, {Name: metrics.BatchTime, Value: time.Since(begun).Milliseconds()},
	}
	switch {
	case b.Late():
		values = append(values, metrics.Value{Name: metrics.FoundLate, Value: n.Landed})
	case b.Kind == move.Compare:
		values = append(values, metrics.Value{Name: metrics.Compared, Value: n.Found}, metrics.Value{Name: metrics.Missing, Value: n.Landed})
	case b.Kind == move.Rehearse:
		values = append(values, metrics.Value{Name: metrics.Compared, Value: n.Found})
	default:
		values = append(values, metrics.Value{Name: metrics.Converted, Value: n.Created + n.AsIs + n.Live + n.Stayed})
	}
	h.Metrics.Emit(metrics.OfMove(b.Account, b.Move), values...)
	return b, nil
}
