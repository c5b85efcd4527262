package asl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

type task struct {
	Comment        string `asl:"optional"`
	Type           string
	Resource       string
	TimeoutSeconds count
	Retry          []retrier `asl:"optional"`
	Catch          []catcher `asl:"optional"`
	Next           string
}

type retrier struct {
	ErrorEquals     []string
	IntervalSeconds count
	BackoffRate     float64
	MaxAttempts     count
	MaxDelaySeconds count
	JitterStrategy  string
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *retrier) UnmarshalJSON(raw []byte) error {
	err := readObject(raw, r)
	switch {
	case err != nil:
		return err
	case r.BackoffRate < 1:
		return fmt.Errorf("BackoffRate: %g is below 1", r.BackoffRate)
	case r.MaxDelaySeconds <= r.IntervalSeconds:
		return errors.New("MaxDelaySeconds: must be greater than IntervalSeconds")
	case r.JitterStrategy != "FULL":
		return fmt.Errorf("JitterStrategy: %q is not supported: use FULL", r.JitterStrategy)
	}
	return checkErrorNames(r.ErrorEquals)
}

type catcher struct {
	ErrorEquals []string
	ResultPath  path
	Next        string
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *catcher) UnmarshalJSON(raw []byte) error {
	if err := readObject(raw, c); err != nil {
		return err
	}
	return checkErrorNames(c.ErrorEquals)
}

// checkErrorNames refuses the reserved names that no task reports here.
func checkErrorNames(names []string) error {
	for _, name := range names {
		if strings.HasPrefix(name, "States.") && name != errAll && name != errTimeout {
			return fmt.Errorf("ErrorEquals: %q is not supported: use %s, %s or the name of a function's error", name, errAll, errTimeout)
		}
	}
	return nil
}

func (s *task) targets() []string {
	names := []string{s.Next}
	for _, c := range s.Catch {
		names = append(names, c.Next)
	}
	return names
}

// run makes one attempt at the task.
func (s *task) run(ctx context.Context, t *transition) error {
	if !t.countEvents(2) { // …Scheduled, …Started
		return nil
	}
	result, failure, err := s.call(ctx, t)
	if err != nil {
		return err
	}
	if !t.countEvents(1) { // …Succeeded, …Failed or …TimedOut
		return nil
	}
	switch {
	case failure != nil:
		s.handle(failure, t)
	case !json.Valid(result):
		t.end(Failed, t.runtimeError("The task's result is not JSON."))
	default:
		t.leave(result, s.Next)
	}
	return nil
}

// call runs the task for as long as it may take. The error is ctx's: then the
// attempt does not count.
func (s *task) call(ctx context.Context, t *transition) (json.RawMessage, *TaskError, error) {
	limit := s.TimeoutSeconds.seconds()
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	result, err := t.runner.Task(within, s.Resource, t.next.Input)
	// A result is kept although ctx was cancelled. An error may have come from
	// that.
	if err != nil && ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	started := t.now
	t.now = t.runner.Now()
	// The timer runs in real time, the clock may be simulated: either can say
	// that the time is up.
	timedOut := within.Err() != nil && ctx.Err() == nil
	switch {
	case timedOut, t.now.Sub(started) >= limit:
		return nil, &TaskError{Name: errTimeout}, nil
	case err != nil:
		return nil, asTaskError(err), nil
	}
	return result, nil, nil
}

// handle plans a retry, goes where the error is caught, or fails the
// execution. The first retrier that names the error decides, even if it has no
// attempts left.
func (s *task) handle(failure *TaskError, t *transition) {
	for i, r := range s.Retry {
		if !matches(r.ErrorEquals, failure.Name) {
			continue
		}
		retries := make([]int, len(s.Retry))
		copy(retries, t.next.Retries) // the caller still has the old slice
		if retries[i] >= int(r.MaxAttempts) {
			break
		}
		t.next.WakeAt = inUTC(t.now.Add(r.delay(retries[i], t.runner.Rand())))
		retries[i]++
		t.next.Retries = retries
		return
	}
	for _, c := range s.Catch {
		if matches(c.ErrorEquals, failure.Name) {
			c.catch(failure, t)
			return
		}
	}
	t.end(Failed, failure)
}

func (c catcher) catch(failure *TaskError, t *transition) {
	detail, _ := json.Marshal(struct{ Error, Cause string }{failure.Name, shortened(failure.Cause)}) // strings cannot fail
	output, err := c.ResultPath.set(t.next.Input, detail)
	if err != nil {
		t.end(Failed, &TaskError{errResultPath, fmt.Sprintf("The input of the state '%s' cannot have a field '%s'.", t.next.State, c.ResultPath)})
		return
	}
	t.leave(output, c.Next)
}

// delay returns how long to wait before a retry; n retries came before it.
// Random is from [0,1).
func (r retrier) delay(n int, random float64) time.Duration {
	longest := r.IntervalSeconds.seconds().Seconds() * math.Pow(r.BackoffRate, float64(n))
	return time.Duration(min(longest, r.MaxDelaySeconds.seconds().Seconds()) * random * float64(time.Second))
}

// matches reports whether ErrorEquals names an error.
func matches(errorEquals []string, name string) bool {
	return slices.Contains(errorEquals, name) || slices.Contains(errorEquals, errAll)
}
