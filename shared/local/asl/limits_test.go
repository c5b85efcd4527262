package asl_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"deskmove/shared/local/asl"
)

const limit = 256 << 10

// text is a JSON string of n bytes.
func text(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }

func TestDataLimit(t *testing.T) {
	task := func(more string) string { return one(`{"Type": "Task", "Resource": "f", "End": true` + more + `}`) }
	caught := one(`{"Type": "Task", "Resource": "f", "End": true,
		"Catch": [{"ErrorEquals": ["States.DataLimitExceeded"], "ResultPath": null, "Next": "B"}]}, "B": {"Type": "Succeed"}`)
	for name, c := range map[string]struct{ definition, input, result, want string }{
		"result at limit":          {task(``), `{}`, text(limit), ""},
		"result above":             {task(``), `{}`, text(limit + 1), "States.DataLimitExceeded"},
		"result discarded":         {task(`, "ResultPath": null`), `{}`, text(limit + 1), "States.DataLimitExceeded"},
		"result caught":            {caught, `{}`, text(limit + 1), ""},
		"output at limit":          {task(`, "ResultPath": "$.r"`), `{}`, text(limit - len(`{"r":}`)), ""},
		"output above":             {task(`, "ResultPath": "$.r"`), `{}`, text(limit - len(`{"r":}`) + 1), "States.DataLimitExceeded"},
		"output in escapes":        {task(`, "ResultPath": "$.r"`), `{}`, `"` + strings.Repeat(`\n`, limit/2-2) + `"`, "States.DataLimitExceeded"},
		"output of a choice":       {one(`{"Type": "Choice", "InputPath": "$$.Execution.Input", "Choices": [{"Variable": "$", "IsNull": false, "Next": "B"}]}, "B": {"Type": "Succeed"}`), text(limit), "", ""},
		"effective input":          {task(`, "Parameters": {"a.$": "$", "b.$": "$"}`), text(limit / 2), `1`, "States.DataLimitExceeded"},
		"effective escapes":        {task(`, "Parameters": {"a.$": "$", "b": 1}`), `"` + strings.Repeat(`\n`, limit/2-2) + `"`, `1`, "States.DataLimitExceeded"},
		"effective input ok":       {task(`, "Parameters": {"a.$": "$"}`), text(limit / 2), `1`, ""},
		"effective array":          {task(`, "Parameters": {"l": [{"a.$": "$"}, {"b.$": "$"}, {"c.$": "$"}]}`), text(limit / 2), `1`, "States.DataLimitExceeded"},
		"selected":                 {task(`, "ResultSelector": {"a.$": "$", "b.$": "$"}`), `{}`, text(limit / 2), "States.DataLimitExceeded"},
		"pass parameters at limit": {one(`{"Type": "Pass", "Parameters": {"a.$": "$"}, "End": true}`), text(limit - len(`{"a":}`)), "", ""},
		"pass parameters":          {one(`{"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "ResultPath": null, "End": true}`), text(limit / 2), "", "States.DataLimitExceeded"},
		"pass output":              {one(`{"Type": "Pass", "ResultPath": "$.r", "End": true}`), `{"a":` + text(limit/2) + `}`, "", "States.DataLimitExceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).answers(c.result)
			e := w.run(c.definition, c.input)
			if e.Error != c.want || (e.Status == asl.Succeeded) != (c.want == "") {
				t.Errorf("ends %s %q; want %q", e.Status, e.Error, c.want)
			}
		})
	}
}

// A template that repeats one large value is refused before it is written out.
func TestDataLimitBoundsMemory(t *testing.T) {
	many := strings.Builder{}
	for i := range 1000 {
		fmt.Fprintf(&many, `, "p%d.$": "$"`, i)
	}
	for _, state := range []string{
		`{"Type": "Task", "Resource": "f", "Parameters": {"x": 1` + many.String() + `}, "End": true}`,
		`{"Type": "Task", "Resource": "f", "ResultSelector": {"x": 1` + many.String() + `}, "End": true}`,
		`{"Type": "Pass", "Parameters": {"x": 1` + many.String() + `}, "End": true}`,
	} {
		w := newWorld(t).answers(text(limit))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		e := w.run(one(state), text(limit))
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; e.Error != "States.DataLimitExceeded" || used > 50 {
			t.Errorf("%.60s… ends %s after %d MiB; want States.DataLimitExceeded after a few", state, e.Error, used)
		}
	}
}

// What a catcher makes of an error may be too large itself; nothing catches
// that.
func TestCatchOutputTooLarge(t *testing.T) {
	definition := one(`{"Type": "Task", "Resource": "f", "End": true,
		"Catch": [{"ErrorEquals": ["E", "States.DataLimitExceeded"], "ResultPath": "$.e", "Next": "B"}]}, "B": {"Type": "Succeed"}`)
	e := newWorld(t).answers(named("E")).run(definition, `{"a":`+text(limit-10)+`}`)
	if e.Error != "States.DataLimitExceeded" {
		t.Errorf("ends %s; want States.DataLimitExceeded", summary(e))
	}
}

// The counts of histories that were recorded on AWS, or follow from its rules.
func TestEventsAreCountedAsAWSDoes(t *testing.T) {
	const b = `, "B": {"Type": "Pass", "End": true}`
	task := func(more string) string { return `{"Type": "Task", "Resource": "f", "TimeoutSeconds": 5` + more + `}` }
	catch := `, "End": true, "Catch": [{"ErrorEquals": ["E", "States.DataLimitExceeded"], "Next": "B"}]`
	for name, c := range map[string]struct {
		definition string
		script     []any
		want       int
	}{
		"pass":                     {one(`{"Type": "Pass", "End": true}`), nil, 4},
		"wait":                     {one(`{"Type": "Wait", "Seconds": 1, "End": true}`), nil, 4},
		"wait for nonsense":        {one(`{"Type": "Wait", "SecondsPath": "$.s", "End": true}`), nil, 3},
		"fail":                     {one(`{"Type": "Fail"}`), nil, 3},
		"choice and succeed":       {one(`{"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": false, "Next": "S"}]}, "S": {"Type": "Succeed"}`), nil, 6},
		"task":                     {one(task(`, "End": true`)), []any{`1`}, 7},
		"task fails":               {one(task(`, "End": true`)), []any{named("E")}, 6},
		"task times out":           {one(task(`, "End": true`)), []any{5 * time.Second}, 6},
		"task without its input":   {one(task(`, "Parameters": {"a.$": "$.a"}, "End": true`)), nil, 3},
		"task caught":              {one(task(catch) + b), []any{named("E")}, 9},
		"task caught for its size": {one(task(catch) + b), []any{text(limit + 1)}, 9},
		"task retried":             {one(task(`, "End": true, "Retry": [{"ErrorEquals": ["E"]}]`)), []any{named("E"), named("E"), `1`}, 13},
	} {
		t.Run(name, func(t *testing.T) {
			e := newWorld(t).answers(c.script...).run(c.definition, `{}`)
			if e.Events != c.want {
				t.Errorf("%d events; want %d (%s)", e.Events, c.want, summary(e))
			}
		})
	}
}

// An execution that has so many events already goes on until 25,000, which
// must be its end.
func TestHistoryLimit(t *testing.T) {
	task := one(`{"Type": "Task", "Resource": "f", "End": true, "Retry": [{"ErrorEquals": ["States.ALL"]}]}`)
	for name, c := range map[string]struct {
		definition string
		events     int
		calls      int
		want       string
	}{
		"pass ends in time":  {one(`{"Type": "Pass", "End": true}`), 24_998, 0, "SUCCEEDED"},
		"pass does not":      {one(`{"Type": "Pass", "End": true}`), 24_999, 0, "FAILED"},
		"pass goes on":       {one(`{"Type": "Pass", "Next": "B"}, "B": {"Type": "Fail", "Error": "Mine"}`), 24_997, 0, "FAILED Mine"},
		"pass goes too far":  {one(`{"Type": "Pass", "Next": "B"}, "B": {"Type": "Fail", "Error": "Mine"}`), 24_998, 0, "FAILED"},
		"fail":               {one(`{"Type": "Fail", "Error": "Mine"}`), 24_999, 0, "FAILED Mine"},
		"task ends in time":  {task, 24_995, 1, "SUCCEEDED"},
		"task cannot leave":  {task, 24_996, 1, "FAILED"},
		"task cannot answer": {task, 24_997, 1, "FAILED"},
		"task cannot start":  {task, 24_998, 0, "FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			m := machine(t, c.definition)
			e, err := m.Start("move-1", nil, w.now)
			if err != nil {
				t.Fatal(err)
			}
			e.Events = c.events
			if e, err = w.runner(m).Run(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			want, cause := c.want, ""
			if want == "FAILED" {
				want, cause = "FAILED States.Runtime", "The execution reached the maximum number of history events (25000)."
			}
			got := string(e.Status)
			if e.Error != "" {
				got += " " + e.Error
			}
			if got != want || e.Cause != cause || e.Events != 25_000 || len(w.calls) != c.calls {
				t.Errorf("from %d events: %s (%s) with %d events and %d calls; want %s (%s) with 25000 and %d",
					c.events, got, e.Cause, e.Events, len(w.calls), want, cause, c.calls)
			}
		})
	}
}

func TestEndlessLoopEnds(t *testing.T) {
	w := newWorld(t)
	e := w.run(one(`{"Type": "Pass", "Next": "B"}, "B": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "C"}], "Default": "A"}, "C": {"Type": "Succeed"}`), `{}`)
	if e.Error != "States.Runtime" || e.Events != 25_000 || len(w.path) != 12_499 {
		t.Errorf("a loop ends %s after %d events and %d states; want States.Runtime after 25000 and 12499", summary(e), e.Events, len(w.path))
	}
}

func TestExecutionTimeout(t *testing.T) {
	limited := func(state string) string {
		return strings.Replace(one(state), "{", `{"TimeoutSeconds": 60, `, 1)
	}
	task := func(more string) string {
		return limited(`{"Type": "Task", "Resource": "f", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}], "End": true` + more + `}, "B": {"Type": "Succeed"}`)
	}
	for name, c := range map[string]struct {
		definition string
		script     []any
		want       string
		after      time.Duration
	}{
		"in time":          {limited(`{"Type": "Wait", "Seconds": 59, "End": true}`), nil, `{}`, 59 * time.Second},
		"wait":             {limited(`{"Type": "Wait", "Seconds": 3600, "End": true}`), nil, "TIMED_OUT States.Timeout", time.Minute},
		"wait as long":     {limited(`{"Type": "Wait", "Seconds": 60, "End": true}`), nil, "TIMED_OUT States.Timeout", time.Minute},
		"task":             {task(``), []any{time.Minute}, "TIMED_OUT States.Timeout", time.Minute},
		"task with limit":  {task(`, "TimeoutSeconds": 90`), []any{time.Minute}, "TIMED_OUT States.Timeout", time.Minute},
		"task within":      {task(`, "TimeoutSeconds": 30`), []any{31 * time.Second}, `{"Cause":"","Error":"States.Timeout"}`, 31 * time.Second},
		"retry":            {task(`, "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 90}]`), []any{named("E")}, "TIMED_OUT States.Timeout", time.Minute},
		"second in a loop": {limited(`{"Type": "Wait", "Seconds": 40, "Next": "C"}, "C": {"Type": "Wait", "Seconds": 40, "End": true}`), nil, "TIMED_OUT States.Timeout", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).answers(c.script...)
			e := w.run(c.definition, `{}`)
			if got := summary(e); got != c.want || w.now.Sub(noon) != c.after || !e.StoppedAt.Equal(w.now) {
				t.Errorf("ends %s after %s, stopped at %s; want %s after %s", got, w.now.Sub(noon), e.StoppedAt, c.want, c.after)
			}
		})
	}
}

// Time that passed while nobody ran the execution counts.
func TestExecutionTimeoutWhileDown(t *testing.T) {
	w := newWorld(t)
	m := machine(t, `{"TimeoutSeconds": 60, "StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}`)
	e, err := m.Start("move-1", nil, w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	if e, err = w.runner(m).Run(t.Context(), e); err != nil || e.Status != asl.TimedOut || e.Events != 3 {
		t.Errorf("after an hour: %s, %d events, %v; want TIMED_OUT, 3 events", e.Status, e.Events, err)
	}
}

func TestStart(t *testing.T) {
	m := machine(t, one(`{"Type": "Succeed"}`))
	for name, c := range map[string]struct{ name, input, want string }{
		"no input":           {"move-1", ``, `{}`},
		"compacted":          {"move_1.A", ` { "a" : [ 1 ] } `, `{"a":[1]}`},
		"at limit":           {"m", text(limit), text(limit)},
		"above":              {"m", text(limit + 1), "execution m: input: larger than 256 KiB"},
		"above with a space": {"m", text(limit) + " ", "execution m: input: larger than 256 KiB"},
		"grows":              {"m", `"` + strings.Repeat("\u2028", limit/4) + `"`, "execution m: input: larger than 256 KiB"},
		"no JSON":            {"m", `{`, "execution m: input: unexpected EOF"},
		"two values":         {"m", `1 2`, "execution m: input: more than one JSON value"},
		"no name":            {"", `1`, "execution name has 0 characters: use 1 to 80"},
		"long name":          {strings.Repeat("é", 81), `1`, "execution name has 81 characters: use 1 to 80"},
		"80 characters":      {strings.Repeat("é", 80), `1`, "1"},
		"slash":              {"a/b", `1`, `execution name "a/b" has a forbidden character at 1: use letters, digits, - and _`},
		"first":              {"/a", `1`, `execution name "/a" has a forbidden character at 0: use letters, digits, - and _`},
		"space":              {"a b", `1`, `execution name "a b" has a forbidden character at 1: use letters, digits, - and _`},
		"not UTF-8":          {"a\xff", `1`, `execution name "a\xff" has a forbidden character at 1: use letters, digits, - and _`},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := m.Start(c.name, json.RawMessage(c.input), noon.In(time.FixedZone("", 3600)))
			got := string(e.Input)
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("Start(%q, %.20s) = %.90s; want %.90s", c.name, c.input, got, c.want)
			}
			if err == nil && (e.Status != asl.Running || e.State != "A" || e.Events != 2 || e.StartedAt != noon || e.EnteredAt != noon) {
				t.Errorf("Start(%q) = %+v", c.name, e)
			}
		})
	}
}
