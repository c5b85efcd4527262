package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/function"
)

// maxPayload is the most that Lambda takes in one event.
const maxPayload = 6 << 20

// Function is a handler of messages.
type Function = function.Function[events.SQSEvent, events.SQSEventResponse]

// Mapping is an event source mapping: it has a function handle the messages
// of a queue.
type Mapping struct {
	Function       Function
	BatchSize      int           // 10 if 0; above 10 needs a Window
	Window         time.Duration // how long to wait for a full batch
	Concurrency    int           // most invocations at a time, 2 to 1000; 10 if 0
	ReportFailures bool          // the function's answer names the messages that failed
}

// Check refuses what AWS refuses.
func (m Mapping) Check(q *Queue) error {
	var err error
	switch {
	case m.BatchSize < 0 || m.BatchSize > 10_000:
		err = fmt.Errorf("batch size is %d: use 1 to 10000", m.BatchSize)
	case m.BatchSize > 10 && m.Window < time.Second:
		err = fmt.Errorf("batch size is %d: above 10 it needs a window of a second or more", m.BatchSize)
	case m.Window < 0 || m.Window > 5*time.Minute:
		err = fmt.Errorf("window is %v: use at most 5m", m.Window)
	case m.Concurrency < 0 || m.Concurrency == 1 || m.Concurrency > 1000:
		err = fmt.Errorf("concurrency is %d: use 2 to 1000", m.Concurrency)
	case q.config.Visibility < m.Function.Limit():
		err = fmt.Errorf("visibility time-out %v is less than the function's time-out %v", q.config.Visibility, m.Function.Limit())
	}
	if err != nil {
		return fmt.Errorf("queue %s to function %s: %w", q.config.Name, m.Function.Name, err)
	}
	return nil
}

// Poll has the mapping's function handle messages until ctx is done, and then
// waits for the invocations under way.
func (q *Queue) Poll(ctx context.Context, h *function.Host, m Mapping) error {
	if err := m.Check(q); err != nil {
		return err
	}
	if m.BatchSize == 0 {
		m.BatchSize = 10
	}
	if m.Concurrency == 0 {
		m.Concurrency = 10
	}
	p := poller{queue: q, host: h, mapping: m}
	slots := make(chan struct{}, m.Concurrency)
	var running sync.WaitGroup
	defer running.Wait()
	pause := time.Second
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		batch, err := p.collect(ctx)
		if len(batch) == 0 {
			<-slots
		}
		if err != nil && ctx.Err() == nil {
			h.Logger().ErrorContext(ctx, "messages not received", "queue", q.config.Name, "err", err)
			h.Clock.Wait(ctx, pause, nil)
			pause = min(2*pause, 30*time.Second)
		}
		if len(batch) == 0 {
			continue
		}
		pause = time.Second
		running.Go(func() {
			defer func() { <-slots }()
			p.handle(ctx, batch)
		})
	}
}

type poller struct {
	queue   *Queue
	host    *function.Host
	mapping Mapping
}

// collect receives a batch: what there is, or with a window, what comes
// within it.
func (p poller) collect(ctx context.Context) ([]Message, error) {
	batch, err := p.queue.Receive(ctx, p.mapping.BatchSize, 20*time.Second)
	if err != nil || len(batch) == 0 || p.mapping.Window == 0 {
		return batch, err
	}
	end := p.host.Clock.Now().Add(p.mapping.Window)
	for len(batch) < p.mapping.BatchSize {
		rest := end.Sub(p.host.Clock.Now())
		if rest <= 0 {
			break
		}
		more, err := p.queue.Receive(ctx, p.mapping.BatchSize-len(batch), rest)
		if err != nil {
			break // what was received is handled all the same
		}
		batch = append(batch, more...)
	}
	return batch, nil
}

// handle invokes the function with a batch, split if too large for one event,
// and deletes what it has done.
func (p poller) handle(ctx context.Context, batch []Message) {
	for len(batch) > 0 {
		n, size := 0, 0
		for n < len(batch) && (n == 0 || size+len(batch[n].Body) <= maxPayload) {
			size += len(batch[n].Body)
			n++
		}
		p.invoke(ctx, batch[:n])
		batch = batch[n:]
	}
}

func (p poller) invoke(ctx context.Context, batch []Message) {
	log := p.host.Logger().With("queue", p.queue.config.Name, "function", p.mapping.Function.Name)
	res, err := function.Invoke(ctx, p.host, p.mapping.Function, nil, p.event(batch))
	if err != nil {
		log.ErrorContext(ctx, "function failed on messages", "messages", len(batch), "err", err)
		return
	}
	done, err := p.done(batch, res)
	if err != nil {
		log.ErrorContext(ctx, "function gave a bad answer to messages", "messages", len(batch), "err", err)
		return
	}
	if len(done) == 0 {
		return
	}
	// What is done is done, also while shutting down.
	if err := p.queue.Delete(context.WithoutCancel(ctx), done); err != nil {
		log.ErrorContext(ctx, "messages handled but not deleted", "messages", len(done), "err", err)
	}
}

// done is the receipts of the messages that did not fail. As on AWS, an answer
// that names no message of the batch fails all of it.
func (p poller) done(batch []Message, res events.SQSEventResponse) ([]string, error) {
	failed := map[string]bool{}
	if p.mapping.ReportFailures {
		for _, f := range res.BatchItemFailures {
			failed[f.ItemIdentifier] = true
		}
	}
	receipts := make([]string, 0, len(batch))
	known := 0
	seen := map[string]bool{}
	for _, m := range batch {
		if !failed[m.ID] {
			receipts = append(receipts, m.Receipt)
		} else if !seen[m.ID] {
			seen[m.ID] = true
			known++
		}
	}
	if known != len(failed) {
		return nil, errors.New("it reports the failure of a message that it was not given")
	}
	return receipts, nil
}

func (p poller) event(batch []Message) events.SQSEvent {
	e := events.SQSEvent{Records: make([]events.SQSMessage, len(batch))}
	for i, m := range batch {
		attributes := map[string]string{
			"ApproximateReceiveCount":          strconv.Itoa(m.Receives),
			"SentTimestamp":                    strconv.FormatInt(m.Sent.UnixMilli(), 10),
			"SenderId":                         function.Account,
			"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.FirstReceived.UnixMilli(), 10),
		}
		if m.Source != "" {
			attributes["DeadLetterQueueSourceArn"] = arn(m.Source)
		}
		e.Records[i] = events.SQSMessage{
			MessageId:         m.ID,
			ReceiptHandle:     m.Receipt,
			Body:              m.Body,
			Md5OfBody:         md5Of(m.Body),
			Attributes:        attributes,
			MessageAttributes: map[string]events.SQSMessageAttribute{},
			EventSource:       "aws:sqs",
			EventSourceARN:    p.queue.ARN(),
			AWSRegion:         function.Region,
		}
	}
	return e
}
