package queue

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/function"
)

// Function is a handler of messages. Its answer names those that failed.
type Function = function.Function[events.SQSEvent, events.SQSEventResponse]

// pollEvery is how long to wait for a message before looking again.
const pollEvery = 20 * time.Second

// Poll has a function handle the messages, one an invocation and so many
// invocations at a time, until ctx is done; then it waits for those under way.
func (q *Queue) Poll(ctx context.Context, f Function, concurrency int) error {
	slots := make(chan struct{}, concurrency)
	var running sync.WaitGroup
	defer running.Wait()
	pause := time.Second
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		if q.config.Ready != nil {
			q.config.Ready(ctx)
		}
		m, next, err := q.Receive(ctx)
		switch {
		case m != nil:
			pause = time.Second
			running.Go(func() {
				defer func() { <-slots }()
				q.handle(ctx, f, m)
			})
			continue
		case ctx.Err() != nil:
		case err != nil:
			q.host.Logger().ErrorContext(ctx, "messages not received", "queue", q.config.Name, "err", err)
			q.host.Clock.Wait(ctx, pause, nil)
			pause = min(2*pause, 30*time.Second)
		default:
			wait := pollEvery
			if !next.IsZero() {
				wait = min(wait, next.Sub(q.host.Clock.Now()))
			}
			q.host.Clock.Wait(ctx, wait, q.sent)
		}
		<-slots
	}
}

// handle has the function handle a message, which is deleted if it succeeds
// and otherwise received again after its visibility time-out.
func (q *Queue) handle(ctx context.Context, f Function, m *Message) {
	log := q.host.Logger().With("queue", q.config.Name, "function", f.Name, "message", m.ID)
	res, err := function.Invoke(ctx, q.host, f, nil, q.event(m))
	switch {
	case err != nil:
		log.ErrorContext(ctx, "function failed on a message", "err", err)
		return
	case len(res.BatchItemFailures) > 0:
		return
	}
	// What is done is done, also while shutting down.
	if err := q.Delete(context.WithoutCancel(ctx), m); err != nil {
		log.ErrorContext(ctx, "message handled but not deleted", "err", err)
	}
}

// event is a message as Lambda gets it.
func (q *Queue) event(m *Message) events.SQSEvent {
	return events.SQSEvent{Records: []events.SQSMessage{{
		MessageId:     m.ID,
		ReceiptHandle: m.ID + "." + strconv.FormatInt(m.Receives, 10),
		Body:          m.Body,
		Attributes: map[string]string{
			"ApproximateReceiveCount":          strconv.FormatInt(m.Receives, 10),
			"SentTimestamp":                    strconv.FormatInt(m.Sent, 10),
			"SenderId":                         function.Account,
			"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.FirstReceived, 10),
		},
		MessageAttributes: map[string]events.SQSMessageAttribute{},
		EventSource:       "aws:sqs",
		EventSourceARN:    "arn:aws:sqs:" + function.Region + ":" + function.Account + ":" + q.config.Name,
		AWSRegion:         function.Region,
	}}}
}
