package asl

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"
)

// runTask makes one attempt at a Task. Its error is ctx's: the attempt does
// not count.
func (t *turn) runTask(ctx context.Context) error {
	raw, failure := t.taskInput()
	if failure != nil {
		t.handle(failure)
		return nil
	}
	if !t.record(2) { // …Scheduled, …Started
		return nil
	}
	result, failure, err := t.invoke(ctx, raw)
	if err != nil {
		return err
	}
	if t.expired() {
		t.timeOut()
		return nil
	}
	if !t.record(1) { // …Succeeded, …Failed or …TimedOut
		return nil
	}
	var out any
	if failure == nil {
		out, failure = t.taskOutput(result)
	}
	if failure == nil {
		failure = t.leave(out, t.state.next)
	}
	if failure != nil {
		t.handle(failure)
	}
	return nil
}

func (t *turn) taskInput() (json.RawMessage, *TaskError) {
	in, failure := t.effectiveInput()
	if failure != nil {
		return nil, failure
	}
	raw, err := encode(in)
	if err != nil {
		return nil, t.tooBig("effective input", err)
	}
	return raw, nil
}

func (t *turn) taskOutput(result json.RawMessage) (any, *TaskError) {
	if result == nil {
		result = json.RawMessage("null")
	}
	if len(result) > maxData {
		return nil, t.tooBig("result", errTooBig)
	}
	v, err := decode(result)
	if err != nil {
		return nil, t.runtime("the task's result is not JSON: %v", err)
	}
	var failure *TaskError
	if s := t.state.resultSelector; s != nil {
		if v, failure = s.fill(t.resolver(v)); failure != nil {
			return nil, failure
		}
	}
	if v, failure = t.merge(v); failure != nil {
		return nil, failure
	}
	return t.outputOf(v)
}

// invoke runs the task within its time and the execution's. Its error is
// ctx's, if that is why the task failed.
func (t *turn) invoke(ctx context.Context, input json.RawMessage) (json.RawMessage, *TaskError, error) {
	limit := t.state.task.timeout
	if rest := t.deadline.Sub(t.now); t.limited && (limit == 0 || rest < limit) {
		limit = rest
	}
	within, cancel := ctx, context.CancelFunc(func() {})
	if limit > 0 {
		within, cancel = context.WithTimeout(ctx, limit)
	}
	defer cancel()
	result, failure := t.call(within, input)
	// A result is kept, even if ctx has been cancelled meanwhile; the reason
	// of an error can no longer be told.
	if err := ctx.Err(); err != nil && failure != nil {
		return nil, nil, err
	}
	start := t.now
	t.now = t.runner.now()
	// The timer runs in real time and the clock may be a simulated one:
	// either can say that time is up.
	if limit > 0 && (errors.Is(within.Err(), context.DeadlineExceeded) && ctx.Err() == nil || t.now.Sub(start) >= limit) {
		if limit != t.state.task.timeout && t.now.Before(t.deadline) {
			t.now = t.deadline // it was the execution's time
		}
		return nil, &TaskError{Name: errTimeout}, nil
	}
	return result, failure, nil
}

// call runs the task, and reports its panic as Lambda does: one poisoned input
// must not take down the process, and with it everybody's executions.
func (t *turn) call(ctx context.Context, input json.RawMessage) (result json.RawMessage, failure *TaskError) {
	defer func() {
		if v := recover(); v != nil {
			result, failure = nil, named(panicError(v))
		}
	}()
	result, err := t.runner.Task(ctx, t.state.task.resource, input)
	if err != nil {
		return nil, named(asTaskError(err))
	}
	return result, nil
}

// named gives an error without a name, of a type without one, that of an
// error Lambda cannot tell.
func named(e *TaskError) *TaskError {
	if e.Name == "" {
		return &TaskError{Name: "Lambda.Unknown", Cause: e.Cause}
	}
	return e
}

// handle retries the task, or goes where the error is caught, or fails the
// execution. The first retrier that names the error decides, even if it has
// no attempts left.
func (t *turn) handle(failure *TaskError) {
	for i, r := range t.state.task.retriers {
		if !matches(r.errors, failure.Name) {
			continue
		}
		if n := t.retries(i); n < r.maxAttempts {
			t.wake(t.now.Add(r.delay(n, t.runner.random)))
			t.countRetry(i)
			return
		}
		break
	}
	for _, c := range t.state.task.catchers {
		if !matches(c.errors, failure.Name) {
			continue
		}
		out, second := t.putAt(c.resultPath, map[string]any{
			"Error": failure.Name, "Cause": shortened(failure.Cause),
		})
		// A catcher's output is not for OutputPath, and its own failure is
		// not for the catchers.
		if second == nil {
			second = t.leave(out, c.next)
		}
		if second != nil {
			t.end(Failed, second)
		}
		return
	}
	t.end(Failed, failure)
}

// delay is how long to wait before retry n, which counts from 0.
func (r retrier) delay(n int, random func() float64) time.Duration {
	d := r.interval.Seconds() * math.Pow(r.backoff, float64(n))
	d = min(d, r.maxDelay.Seconds())
	if r.jitter {
		d *= random()
	}
	return time.Duration(d * float64(time.Second))
}

func (t *turn) retries(i int) int {
	if i < len(t.ex.Retries) {
		return t.ex.Retries[i]
	}
	return 0
}

func (t *turn) countRetry(i int) {
	counts := make([]int, len(t.state.task.retriers))
	copy(counts, t.ex.Retries) // not in place: the caller still has them
	counts[i]++
	t.ex.Retries = counts
}

// retryCount is the number of all retries of the state so far.
func (t *turn) retryCount() json.Number {
	n := 0
	for c := range slices.Values(t.ex.Retries) {
		n += c
	}
	return json.Number(strconv.Itoa(n))
}
