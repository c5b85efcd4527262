package asl_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/local/asl"

	"github.com/google/go-cmp/cmp"
)

// caught is a Task that catches names, each to the state of the same number.
func caught(names ...string) string {
	var catchers, states strings.Builder
	for i, name := range names {
		if i > 0 {
			catchers.WriteString(", ")
		}
		fmt.Fprintf(&catchers, `{"ErrorEquals": [%q], "Next": "%d"}`, name, i)
		fmt.Fprintf(&states, `, "%d": {"Type": "Succeed"}`, i)
	}
	return one(`{"Type": "Task", "Resource": "f", "TimeoutSeconds": 10, "Catch": [` + catchers.String() + `], "End": true}` + states.String())
}

// What each ErrorEquals catches. The failures that a task reports itself stand
// for those of the same name that the machine reports.
func TestMatching(t *testing.T) {
	for name, c := range map[string]struct {
		catch  []string
		answer any
		path   string
	}{
		"name":                     {[]string{"E"}, named("E"), "A 0"},
		"other name":               {[]string{"F"}, named("E"), "A"},
		"case counts":              {[]string{"e"}, named("E"), "A"},
		"second":                   {[]string{"F", "E"}, named("E"), "A 1"},
		"first of two":             {[]string{"States.TaskFailed", "E"}, named("E"), "A 0"},
		"all":                      {[]string{"States.ALL"}, named("E"), "A 0"},
		"task failed":              {[]string{"States.TaskFailed"}, named("E"), "A 0"},
		"timeout":                  {[]string{"States.Timeout"}, 10 * time.Second, "A 0"},
		"all timeout":              {[]string{"States.ALL"}, 10 * time.Second, "A 0"},
		"task failed no timeout":   {[]string{"States.TaskFailed"}, 10 * time.Second, "A"},
		"in time":                  {[]string{"States.Timeout"}, 9 * time.Second, "A"},
		"lambda":                   {[]string{"busyError"}, &busyError{}, "A 0"},
		"lambda wrapped":           {[]string{"busyError"}, fmt.Errorf("x: %w", &busyError{}), "A"},
		"lambda wrap":              {[]string{"wrapError"}, fmt.Errorf("x: %w", &busyError{}), "A 0"},
		"lambda join":              {[]string{"joinError"}, errors.Join(&busyError{}), "A 0"},
		"runtime by all":           {[]string{"States.ALL"}, `{`, "A"},
		"runtime by task failed":   {[]string{"States.TaskFailed"}, `{`, "A"},
		"data limit":               {[]string{"States.DataLimitExceeded"}, strings.Repeat("1", 256<<10+1), "A 0"},
		"data limit by all":        {[]string{"States.ALL"}, strings.Repeat("1", 256<<10+1), "A"},
		"data limit by failed":     {[]string{"States.TaskFailed"}, strings.Repeat("1", 256<<10+1), "A"},
		"unnamed type":             {[]string{"Lambda.Unknown"}, struct{ error }{errors.New("x")}, "A 0"},
		"permissions":              {[]string{"States.Permissions"}, named("States.Permissions"), "A 0"},
		"result path match by all": {[]string{"States.ALL"}, named("States.ResultPathMatchFailure"), "A 0"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).answers(c.answer)
			e := w.run(caught(c.catch...), `{}`)
			if w.visited() != c.path {
				t.Errorf("an error caught by %q goes by %q; want %q (%s)", c.catch, w.visited(), c.path, summary(e))
			}
		})
	}
}

func TestResultPathFailureIsCaught(t *testing.T) {
	definition := one(`{"Type": "Task", "Resource": "f", "ResultPath": "$.a.b",
		"Catch": [{"ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "B"}], "End": true}, "B": {"Type": "Succeed"}`)
	if got := summary(newWorld(t).run(definition, `{"a":1}`)); !strings.Contains(got, `"Error":"States.ResultPathMatchFailure"`) {
		t.Errorf("a ResultPath that does not fit = %s; want it caught", got)
	}
}

func TestCatchOutput(t *testing.T) {
	const failure = `{"Cause":"because","Error":"E"}`
	for name, c := range map[string]struct{ catcher, input, want string }{
		"default":   {``, `{"a":1}`, failure},
		"root":      {`, "ResultPath": "$"`, `{"a":1}`, failure},
		"path":      {`, "ResultPath": "$.error.last"`, `{"a":1}`, `{"a":1,"error":{"last":` + failure + `}}`},
		"null":      {`, "ResultPath": null`, `{"a":1}`, `{"a":1}`},
		"no fit":    {`, "ResultPath": "$.a.b"`, `{"a":1}`, `FAILED States.ResultPathMatchFailure`},
		"no object": {`, "ResultPath": "$.a"`, `[1]`, `FAILED States.ResultPathMatchFailure`},
	} {
		t.Run(name, func(t *testing.T) {
			// The state's own paths are not for the catcher's output.
			definition := one(`{"Type": "Task", "Resource": "f", "InputPath": "$", "ResultPath": "$.x", "OutputPath": "$.x",
				"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"` + c.catcher + `}], "End": true}, "B": {"Type": "Succeed"}`)
			if got := summary(newWorld(t).answers(named("E")).run(definition, c.input)); got != c.want {
				t.Errorf("catcher {%s} of %s = %s; want %s", c.catcher, c.input, got, c.want)
			}
		})
	}
}

// Lambda shows Step Functions an error as JSON, and a panic as an error with a
// stack trace.
func TestCauseIsLambdas(t *testing.T) {
	w := newWorld(t)
	w.task = func(int, string, string) (string, error) { return "", &busyError{} }
	e := w.run(one(`{"Type": "Task", "Resource": "f", "End": true}`), `{}`)
	if want := `{"errorMessage":"busy","errorType":"busyError"}`; e.Error != "busyError" || e.Cause != want {
		t.Errorf("an error = %s, %s; want busyError, %s", e.Error, e.Cause, want)
	}
	w.task = func(_ int, _, input string) (string, error) { return input[100:], nil }
	e = w.run(one(`{"Type": "Task", "Resource": "f", "End": true}`), `{}`)
	if !strings.Contains(e.Cause, "slice bounds out of range") || !strings.Contains(e.Cause, "stackTrace") || e.Error != "boundsError" {
		t.Errorf("a panic = %s, %s; want boundsError with its message and stack", e.Error, e.Cause)
	}
	w.task = func(int, string, string) (string, error) {
		return "", &asl.TaskError{Name: "E", Cause: "x" + strings.Repeat("é", 32_768)}
	}
	e = w.run(one(`{"Type": "Task", "Resource": "f", "End": true}`), `{}`)
	if want := "x" + strings.Repeat("é", 16_383); e.Cause != want {
		t.Errorf("a cause of 64 KiB has %d bytes; want %d", len(e.Cause), len(want))
	}
	longest := strings.Repeat("x", 32_768)
	w.task = func(int, string, string) (string, error) { return "", &asl.TaskError{Name: "E", Cause: longest} }
	if e = w.run(one(`{"Type": "Task", "Resource": "f", "End": true}`), `{}`); e.Cause != longest {
		t.Errorf("a cause of 32 KiB has %d bytes", len(e.Cause))
	}
}

func TestFailureWithoutAName(t *testing.T) {
	var nothing *asl.TaskError
	w := newWorld(t)
	w.task = func(int, string, string) (string, error) { return "", nothing }
	e := w.run(one(`{"Type": "Task", "Resource": "f", "End": true}`), `{}`)
	if e.Status != asl.Failed || e.Error == "" {
		t.Errorf("a nil *TaskError = %s; want it to fail with a name", summary(e))
	}
}

// pauses are the times between the calls of a task, as far as w saved them.
func (w *world) pauses() []string {
	var ps []string
	last := noon
	for _, e := range w.saved {
		if !e.WakeAt.IsZero() {
			ps = append(ps, e.WakeAt.Sub(last).String())
			last = e.WakeAt
		}
	}
	return ps
}

func TestRetry(t *testing.T) {
	a, b, c := named("A"), named("B"), named("C")
	for name, tc := range map[string]struct {
		retry  string
		script []any
		pauses []string
		want   string
	}{
		"defaults": {
			`{"ErrorEquals": ["A"]}`, []any{a, a, a, a},
			[]string{"1s", "2s", "4s"}, "FAILED A",
		},
		"succeeds": {
			`{"ErrorEquals": ["A"]}`, []any{a, a, `"ok"`},
			[]string{"1s", "2s"}, `"ok"`,
		},
		"all fields": {
			`{"ErrorEquals": ["A"], "IntervalSeconds": 3, "BackoffRate": 1.5, "MaxAttempts": 4, "MaxDelaySeconds": 6, "JitterStrategy": "NONE"}`,
			[]any{a, a, a, a, a}, []string{"3s", "4.5s", "6s", "6s"}, "FAILED A",
		},
		"jitter": {
			`{"ErrorEquals": ["A"], "IntervalSeconds": 4, "MaxDelaySeconds": 10, "JitterStrategy": "FULL"}`,
			[]any{a, a, a, a}, []string{"1s", "2s", "2.5s"}, "FAILED A",
		},
		"no attempts": {
			`{"ErrorEquals": ["A"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}`,
			[]any{a}, nil, "FAILED A",
		},
		"other error": {
			`{"ErrorEquals": ["B"]}`, []any{a}, nil, "FAILED A",
		},
		// The example of the developer guide.
		"counted per retrier": {
			`{"ErrorEquals": ["A", "B"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 2}, {"ErrorEquals": ["C"], "IntervalSeconds": 5}`,
			[]any{a, b, c, b}, []string{"1s", "2s", "5s"}, "FAILED B",
		},
		"timeout": {
			`{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}`,
			[]any{10 * time.Second, `"ok"`}, []string{"11s"}, `"ok"`,
		},
		"runtime": {
			`{"ErrorEquals": ["States.ALL"]}`, []any{`{`}, nil, "FAILED States.Runtime",
		},
		"long": {
			`{"ErrorEquals": ["A"], "BackoffRate": 1e300, "MaxAttempts": 2}`,
			[]any{a, a, a}, []string{"1s", "8784h0m0s"}, "FAILED A",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).answers(tc.script...)
			if name == "jitter" {
				w.rand = 0.25
			}
			e := w.run(one(`{"Type": "Task", "Resource": "f", "TimeoutSeconds": 10, "Retry": [`+tc.retry+`], "End": true}`), `{}`)
			if got := summary(e); got != tc.want || !slices.Equal(w.pauses(), tc.pauses) {
				t.Errorf("retry %s = %s after %q; want %s after %q", tc.retry, got, w.pauses(), tc.want, tc.pauses)
			}
			if len(w.calls) != len(tc.script) {
				t.Errorf("retry %s made %d calls; want %d", tc.retry, len(w.calls), len(tc.script))
			}
		})
	}
}

// Counts begin anew when a state is left, also to itself, and $$.State shows
// them.
func TestRetryCountsAreReset(t *testing.T) {
	definition := one(`{"Type": "Task", "Resource": "f",
		"Parameters": {"n.$": "$$.State.RetryCount", "t.$": "$$.State.EnteredTime"}, "ResultPath": "$.r",
		"Retry": [{"ErrorEquals": ["A"], "MaxAttempts": 1, "IntervalSeconds": 7}, {"ErrorEquals": ["B"]}],
		"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "A"}], "Next": "B"}, "B": {"Type": "Succeed"}`)
	w := newWorld(t).answers(named("A"), named("B"), named("A"), named("A"), `"ok"`)
	e := w.run(definition, `{}`)
	want := []string{
		`{"n":0,"t":"2026-11-23T12:00:00.000Z"}`, // A: retried
		`{"n":1,"t":"2026-11-23T12:00:00.000Z"}`, // B: retried
		`{"n":2,"t":"2026-11-23T12:00:00.000Z"}`, // A: caught, back to A
		`{"n":0,"t":"2026-11-23T12:00:08.000Z"}`, // A: retried again
		`{"n":1,"t":"2026-11-23T12:00:08.000Z"}`,
	}
	if diff := cmp.Diff(want, w.calls); diff != "" {
		t.Errorf("calls: -want +got\n%s", diff)
	}
	if e.Status != asl.Succeeded || w.visited() != "A A B" {
		t.Errorf("ends %s by %s; want it to succeed by A A B", summary(e), w.visited())
	}
}
