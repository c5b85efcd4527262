package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"deskmove/shared/local/asl"

	"github.com/google/go-cmp/cmp"
)

const (
	limit      = 256 << 10 // bytes of a state's input or output
	runtimeErr = "States.Runtime"
)

func TestChoice(t *testing.T) {
	for _, c := range []struct{ state, input, want string }{
		{"Begin", `{"step": "list"}`, "RUNNING List"},
		{"Begin", `{"step": "List"}`, "RUNNING Fence"},
		{"Begin", `{"step": true}`, "RUNNING Fence"},
		{"Begin", `{"step": null}`, "RUNNING Fence"},
		{"Begin", `{"step": {}}`, "RUNNING Fence"},
		{"Begin", `{"more": false}`, "FAILED Begin " + runtimeErr},
		{"Begin", `[]`, "FAILED Begin " + runtimeErr},
		{"Begin", `null`, "FAILED Begin " + runtimeErr},
		{"Drained", `{"yield": false, "more": false, "again": true}`, "RUNNING List"},
		{"Drained", `{"yield": false, "more": false, "again": 1}`, "RUNNING Finish"},
	} {
		w := newWorld(t)
		if e := w.step(w.at(c.state, c.input)); summary(e) != c.want {
			t.Errorf("%s of %s: %s; want %s", c.state, c.input, summary(e), c.want)
		} else if e.Status == asl.Running && string(e.Input) != c.input {
			t.Errorf("%s of %s passes on %s", c.state, c.input, e.Input)
		}
	}
}

func TestWait(t *testing.T) {
	for input, want := range map[string]string{
		`{"wait": 90}`: "1m30s", `{"wait": 0}`: "0s", `{"wait": 99999999}`: "27777h46m39s",
		`{"wait": -1}`: runtimeErr, `{"wait": 1.5}`: runtimeErr, `{"wait": "1"}`: runtimeErr, `{"wait": null}`: runtimeErr,
		`{"wait": 100000000}`: runtimeErr, `{}`: runtimeErr, `1`: runtimeErr,
	} {
		w := newWorld(t)
		w.answer("", errors.New("stop"))
		e := w.run(w.at("DrainWait", input))
		got := w.now.Sub(noon).String()
		if e.State == "DrainWait" {
			got = e.Error
		}
		if got != want {
			t.Errorf("a wait of %s: %s; want %s", input, got, want)
		}
	}
	w := newWorld(t)
	e := w.at("DrainWait", `{"wait": 90}`)
	w.now = w.now.Add(time.Minute) // nobody ran it
	if e = w.step(e); e.WakeAt.Sub(noon) != 90*time.Second {
		t.Errorf("a wait that is taken up after a minute ends at %s; want 90 s after it began", e.WakeAt)
	}
}

// TestCatch reads what the catcher adds to the input.
func TestCatch(t *testing.T) {
	for name, c := range map[string]struct {
		err         error
		error, says string
	}{
		"named":            {&asl.TaskError{Name: "Mine", Cause: "because"}, "Mine", "because"},
		"a pointer":        {&busyError{}, "busyError", `{"errorMessage":"busy","errorType":"busyError"}`},
		"a value":          {context.DeadlineExceeded, "deadlineExceededError", `{"errorMessage":"context deadline exceeded","errorType":"deadlineExceededError"}`},
		"wrapped":          {fmt.Errorf("x: %w", &busyError{}), "wrapError", `{"errorMessage":"x: busy","errorType":"wrapError"}`},
		"joined":           {errors.Join(&busyError{}), "joinError", `{"errorMessage":"busy","errorType":"joinError"}`},
		"wrapped name":     {fmt.Errorf("x: %w", &asl.TaskError{Name: "Mine", Cause: "y"}), "wrapError", `{"errorMessage":"x: Mine: y","errorType":"wrapError"}`},
		"a panic":          {asl.FunctionError("boundsError", "x", []string{"y"}), "boundsError", `{"errorMessage":"x","errorType":"boundsError","stackTrace":["y"]}`},
		"the longest text": {&asl.TaskError{Name: "Mine", Cause: strings.Repeat("x", 32_768)}, "Mine", strings.Repeat("x", 32_768)},
		"too long a text":  {&asl.TaskError{Name: "Mine", Cause: "x" + strings.Repeat("é", 32_768)}, "Mine", "x" + strings.Repeat("é", 16_383)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.answer("", c.err)
			e := w.step(w.at("Drain", `{"id":12345678901234567890}`))
			var got struct {
				ID    json.Number
				Error struct{ Error, Cause string }
			}
			if err := json.Unmarshal(e.Input, &got); err != nil || summary(e) != "RUNNING Broken" {
				t.Fatalf("%s with %.100s: %v", summary(e), e.Input, err)
			}
			if got.ID != "12345678901234567890" || got.Error.Error != c.error || got.Error.Cause != c.says {
				t.Errorf("input of Broken: %.300s", e.Input)
			}
		})
	}
}

// TestUncaught: these end the execution, although the state catches
// States.ALL.
func TestUncaught(t *testing.T) {
	for name, c := range map[string]struct {
		input, result string
		err           error
		want          string
	}{
		"result at the limit":    {`{}`, `{"x":"` + strings.Repeat("x", limit-8) + `"}`, nil, "RUNNING Drained"},
		"result above the limit": {`{}`, `{"x":"` + strings.Repeat("x", limit-7) + `"}`, nil, "FAILED Drain States.DataLimitExceeded"},
		"catch above the limit":  {`{"x":"` + strings.Repeat("x", limit-8) + `"}`, "", &busyError{}, "FAILED Drain States.DataLimitExceeded"},
		"no JSON":                {`{}`, `{`, nil, "FAILED Drain " + runtimeErr},
		"nothing":                {`{}`, ``, nil, "FAILED Drain " + runtimeErr},
		"catch into an array":    {`[1]`, "", &busyError{}, "FAILED Drain States.ResultPathMatchFailure"},
		"catch into null":        {`null`, "", &busyError{}, "FAILED Drain States.ResultPathMatchFailure"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.answer(c.result, c.err)
			if e := w.step(w.at("Drain", c.input)); summary(e) != c.want {
				t.Errorf("%s; want %s", summary(e), c.want)
			}
		})
	}
}

// TestOtherHandlers changes the names that the states retry and catch.
func TestOtherHandlers(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		calls    int
		want     string
	}{
		"nothing catches":      {"States.ALL", "Other", 11, "FAILED Drain BusyError"},
		"a second retrier too": {service, busy, 11, "FAILED Broken StepFailed"},
		"nothing retries":      {busy, "Other", 1, "FAILED Broken StepFailed"},
	} {
		w := newWorld(t)
		var err error
		if w.machine, err = asl.Parse([]byte(strings.ReplaceAll(definition, c.old, c.new))); err != nil {
			t.Fatal(err)
		}
		w.play(times(c.calls, "Drain "+busy)...)
		if e := w.run(w.at("Drain", "{}")); summary(e) != c.want || e.Cause == "" || len(w.calls) != c.calls {
			t.Errorf("%s: %s (%s) after %d calls; want %s after %d", name, summary(e), e.Cause, len(w.calls), c.want, c.calls)
		}
	}
}

// TestEvents counts the events of steps as executions recorded on AWS have
// them.
func TestEvents(t *testing.T) {
	for _, c := range []struct {
		state string
		err   error
		want  int
	}{
		{"Begin", nil, 2}, {"DrainWait", nil, 0}, {"Done", nil, 2}, {"Broken", nil, 1}, {"Drain", nil, 5},
		{"Drain", &busyError{}, 5}, {"Drain", &asl.TaskError{Name: busy}, 3},
		{"Drain", struct{ error }{errors.New("x")}, 3}, // Lambda.Unknown, which is retried
	} {
		w := newWorld(t)
		w.answer("{}", c.err)
		before := w.at(c.state, `{"step": "list", "wait": 9}`)
		if after := w.step(before); after.Events-before.Events != c.want {
			t.Errorf("%s with error %v: %d events; want %d", c.state, c.err, after.Events-before.Events, c.want)
		}
	}
}

// TestHistoryLimit: an execution ends with event 25,000 at the latest.
func TestHistoryLimit(t *testing.T) {
	for _, c := range []struct {
		state  string
		events int
		want   string
	}{
		{"Done", 24_998, "SUCCEEDED Done"}, {"Done", 24_999, "FAILED Done " + runtimeErr},
		{"Broken", 24_999, "FAILED Broken StepFailed"},
		{"Begin", 24_997, "RUNNING List"}, {"Begin", 24_998, "FAILED Begin " + runtimeErr},
		{"Drain", 24_994, "RUNNING Drained"}, {"Drain", 24_995, "FAILED Drain " + runtimeErr},
		{"Drain", 24_997, "FAILED Drain " + runtimeErr}, {"Drain", 24_998, "FAILED Drain " + runtimeErr},
	} {
		w := newWorld(t)
		calls := 0
		w.task = func(context.Context, string, json.RawMessage) (json.RawMessage, error) {
			calls++
			return json.RawMessage("{}"), nil
		}
		e := w.at(c.state, `{"step": "list"}`)
		e.Events = c.events
		e = w.step(e)
		if summary(e) != c.want || e.Ended() != (e.Events == 25_000) {
			t.Errorf("%s after %d events: %s with %d; want %s", c.state, c.events, summary(e), e.Events, c.want)
		}
		if called := calls > 0; called != (c.state == "Drain" && c.events < 24_998) {
			t.Errorf("%s after %d events: %d calls", c.state, c.events, calls)
		}
	}
	w := newWorld(t)
	w.answer(`{"yield": false, "more": true}`, nil)
	if e := w.run(w.at("List", "{}")); e.Error != runtimeErr || e.Events != 25_000 {
		t.Errorf("an endless loop: %s after %d events", summary(e), e.Events)
	}
}

func TestStart(t *testing.T) {
	m := moveMachine(t)
	text := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	for name, c := range map[string]struct{ name, input, want string }{
		"at the limit":    {"m", text(limit), ""},
		"above the limit": {"m", text(limit + 1), "execution m: input: larger than 256 KiB"},
		"not JSON":        {"m", `{`, "execution m: input: not JSON"},
		"no input":        {"m", ``, "execution m: input: not JSON"},
		"no name":         {"", `1`, "execution name has 0 characters: use 1 to 80"},
		"80 characters":   {strings.Repeat("é", 80), `1`, ""},
		"81 characters":   {strings.Repeat("é", 81), `1`, "execution name has 81 characters: use 1 to 80"},
		"slash":           {"a/b", `1`, `execution name "a/b" has a forbidden character at 1: use letters, digits, - and _`},
		"space":           {"a b", `1`, `execution name "a b" has a forbidden character at 1: use letters, digits, - and _`},
		"not UTF-8":       {"a\xff", `1`, `execution name "a\xff" has a forbidden character at 1: use letters, digits, - and _`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := m.Start(c.name, json.RawMessage(c.input), noon.In(time.FixedZone("", 3600)))
			if c.want != "" {
				if err == nil || err.Error() != c.want {
					t.Errorf("Start = %v; want %s", err, c.want)
				}
				return
			}
			want := asl.Execution{Name: c.name, Status: asl.Running, State: "Begin", Input: json.RawMessage(c.input), Events: 2, EnteredAt: noon}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("Start: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}
