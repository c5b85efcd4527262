package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app"
	"deskmove/shared/handler"
	"deskmove/shared/local/asl"
	"deskmove/shared/local/clock"
	"deskmove/shared/move"
)

// queue stands for SQS between those who send batches and the converter.
type queue struct {
	messages chan string
	sends    atomic.Int64 // requests, as they are billed
}

// A SendMessageBatch takes ten messages and is billed by 64 KB.
const (
	perSend   = 10
	perCharge = 64 << 10
)

// Send implements move.Queue.
func (q *queue) Send(ctx context.Context, bs []move.Batch) error {
	for some := range slices.Chunk(bs, perSend) {
		size := 0
		for _, b := range some {
			body := b.JSON()
			size += len(body)
			select {
			case q.messages <- body:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		q.sends.Add(int64((size + perCharge - 1) / perCharge))
	}
	return nil
}

// convert hands messages to the converter until ctx is done, one an invocation
// as the event source mapping does, workers invocations at a time.
func (q *queue) convert(ctx context.Context, h handler.Convert, workers int, log *slog.Logger) (invocations int64) {
	var n atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				var body string
				select {
				case body = <-q.messages:
				case <-ctx.Done():
					return
				}
				n.Add(1)
				res, err := h.Handle(ctx, events.SQSEvent{Records: []events.SQSMessage{{
					MessageId: "0", Body: body, Attributes: map[string]string{"ApproximateReceiveCount": "1"},
				}}})
				if err != nil || len(res.BatchItemFailures) > 0 {
					// The drain sends them again.
					log.WarnContext(ctx, "batch failed", "err", err)
				}
			}
		})
	}
	wg.Wait()
	return n.Load()
}

// machine stands for Step Functions. It runs one execution at a time.
type machine struct {
	starts      chan json.RawMessage
	transitions atomic.Int64
}

// Start implements move.Machine.
func (m *machine) Start(ctx context.Context, _ string, r move.Run) error {
	input, err := json.Marshal(r)
	if err != nil {
		return err
	}
	select {
	case m.starts <- input:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Running implements move.Machine.
func (m *machine) Running(context.Context, string) (bool, error) { return true, nil }

// run runs executions until ctx is done.
func (m *machine) run(ctx context.Context, h *app.App) error {
	definition, err := asl.Parse(move.StateMachine)
	if err != nil {
		return err
	}
	steps := map[string]handler.Step{
		"${FenceFunctionArn}": h.Fence, "${ListFunctionArn}": h.List, "${DrainFunctionArn}": h.Drain, "${FinishFunctionArn}": h.Finish,
	}
	runner := asl.Runner{
		Machine: definition,
		Task: func(ctx context.Context, resource string, input json.RawMessage) (json.RawMessage, error) {
			var r move.Run
			if err := json.Unmarshal(input, &r); err != nil {
				return nil, err
			}
			next, err := steps[resource].Handle(ctx, r)
			if err != nil {
				return nil, err
			}
			return json.Marshal(next)
		},
		Now:  time.Now,
		Rand: rand.Float64,
		Save: func(_ context.Context, x asl.Execution) error {
			if x.WakeAt.IsZero() { // it has left its state
				m.transitions.Add(1)
			}
			return nil
		},
		Sleep: func(ctx context.Context, until time.Time) error { return clock.Sleep(ctx, time.Until(until)) },
	}
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case input := <-m.starts:
			x, err := definition.Start("bench-"+strconv.Itoa(n), input, time.Now())
			if err != nil {
				return err
			}
			if x, err = runner.Run(ctx, x); err != nil && ctx.Err() == nil {
				return err
			}
			if x.Status == asl.Failed {
				return fmt.Errorf("the execution ended with %s: %s", x.Status, x.Error)
			}
		}
	}
}
