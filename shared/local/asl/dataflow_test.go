package asl_test

import (
	"strings"
	"testing"
)

// Each state gets an input and, if it is a Task, its task a result. want is
// the output or the error, call the input that the task saw.
func TestDataFlow(t *testing.T) {
	for name, c := range map[string]struct{ state, input, result, call, want string }{
		"input path":            {`{"Type": "Pass", "InputPath": "$.a.b", "End": true}`, `{"a":{"b":[1]}}`, "", "", `[1]`},
		"input path element":    {`{"Type": "Pass", "InputPath": "$.a[1].b", "End": true}`, `{"a":[0,{"b":2}]}`, "", "", `2`},
		"input path root":       {`{"Type": "Pass", "InputPath": "$[1]", "End": true}`, `[1,2]`, "", "", `2`},
		"input path null":       {`{"Type": "Pass", "InputPath": null, "End": true}`, `{"a":1}`, "", "", `{}`},
		"input path missing":    {`{"Type": "Pass", "InputPath": "$.b", "End": true}`, `{"a":1}`, "", "", `FAILED States.Runtime`},
		"input path beyond":     {`{"Type": "Pass", "InputPath": "$.a[1]", "End": true}`, `{"a":[1]}`, "", "", `FAILED States.Runtime`},
		"input path of text":    {`{"Type": "Pass", "InputPath": "$.a.b", "End": true}`, `{"a":"b"}`, "", "", `FAILED States.Runtime`},
		"input path to null":    {`{"Type": "Pass", "InputPath": "$.a", "End": true}`, `{"a":null}`, "", "", `null`},
		"name with a hyphen":    {`{"Type": "Pass", "InputPath": "$.error-info", "End": true}`, `{"error-info":1}`, "", "", `1`},
		"output path":           {`{"Type": "Pass", "OutputPath": "$.a", "End": true}`, `{"a":1}`, "", "", `1`},
		"output path null":      {`{"Type": "Pass", "OutputPath": null, "End": true}`, `{"a":1}`, "", "", `{}`},
		"output path missing":   {`{"Type": "Pass", "OutputPath": "$.b", "End": true}`, `{"a":1}`, "", "", `FAILED States.Runtime`},
		"pass result":           {`{"Type": "Pass", "Result": {"r": 1}, "End": true}`, `{"a":1}`, "", "", `{"r":1}`},
		"pass result null":      {`{"Type": "Pass", "Result": null, "End": true}`, `{"a":1}`, "", "", `null`},
		"pass result literal":   {`{"Type": "Pass", "Result": {"r.$": "$.a"}, "End": true}`, `{"a":1}`, "", "", `{"r.$":"$.a"}`},
		"pass result at path":   {`{"Type": "Pass", "Result": 2, "ResultPath": "$.b.c", "End": true}`, `{"a":1}`, "", "", `{"a":1,"b":{"c":2}}`},
		"result path null":      {`{"Type": "Pass", "Result": 2, "ResultPath": null, "End": true}`, `{"a":1}`, "", "", `{"a":1}`},
		"result over":           {`{"Type": "Pass", "Result": 2, "ResultPath": "$.a", "End": true}`, `{"a":{"b":1}}`, "", "", `{"a":2}`},
		"result into itself":    {`{"Type": "Pass", "ResultPath": "$.a.b", "End": true}`, `{"a":{"c":1}}`, "", "", `{"a":{"b":{"a":{"c":1}},"c":1}}`},
		"result into raw":       {`{"Type": "Pass", "InputPath": "$.a", "ResultPath": "$.b", "End": true}`, `{"a":1}`, "", "", `{"a":1,"b":1}`},
		"result into number":    {`{"Type": "Pass", "Result": 2, "ResultPath": "$.a.b", "End": true}`, `{"a":1}`, "", "", `FAILED States.ResultPathMatchFailure`},
		"result into null":      {`{"Type": "Pass", "Result": 2, "ResultPath": "$.a.b", "End": true}`, `{"a":null}`, "", "", `FAILED States.ResultPathMatchFailure`},
		"result into array":     {`{"Type": "Pass", "Result": 2, "ResultPath": "$.a", "End": true}`, `[1]`, "", "", `FAILED States.ResultPathMatchFailure`},
		"result into text":      {`{"Type": "Pass", "Result": 2, "ResultPath": "$.a", "End": true}`, `"x"`, "", "", `FAILED States.ResultPathMatchFailure`},
		"parameters":            {`{"Type": "Pass", "Parameters": {"n": 1, "o": {"a.$": "$.a", "l": [{"b.$": "$"}, 2]}}, "End": true}`, `{"a":3}`, "", "", `{"n":1,"o":{"a":3,"l":[{"b":{"a":3}},2]}}`},
		"parameters fixed":      {`{"Type": "Pass", "Parameters": {"n": [1, {"$": "$.a"}]}, "End": true}`, `{"a":3}`, "", "", `{"n":[1,{"$":"$.a"}]}`},
		"parameters after":      {`{"Type": "Pass", "InputPath": "$.a", "Parameters": {"b.$": "$.b"}, "End": true}`, `{"a":{"b":1}}`, "", "", `{"b":1}`},
		"parameters missing":    {`{"Type": "Pass", "Parameters": {"b.$": "$.b"}, "End": true}`, `{"a":3}`, "", "", `FAILED States.Runtime`},
		"parameters no element": {`{"Type": "Pass", "Parameters": {"l": [{"b.$": "$.b"}]}, "End": true}`, `{"a":3}`, "", "", `FAILED States.Runtime`},
		"task":                  {`{"Type": "Task", "Resource": "f", "End": true}`, `{"a":1}`, `{"r":1}`, `{"a":1}`, `{"r":1}`},
		"task result none":      {`{"Type": "Task", "Resource": "f", "End": true}`, `{"a":1}`, ``, `{"a":1}`, `null`},
		"task no JSON":          {`{"Type": "Task", "Resource": "f", "End": true}`, `{}`, `{`, `{}`, `FAILED States.Runtime`},
		"task two values":       {`{"Type": "Task", "Resource": "f", "End": true}`, `{}`, `{} {}`, `{}`, `FAILED States.Runtime`},
		"task everything":       {`{"Type": "Task", "Resource": "f", "InputPath": "$.in", "Parameters": {"x.$": "$.a"}, "ResultSelector": {"y.$": "$.r"}, "ResultPath": "$.out", "OutputPath": "$.out.y", "End": true}`, `{"in":{"a":1}}`, `{"r":[2],"s":3}`, `{"x":1}`, `[2]`},
		"selector missing":      {`{"Type": "Task", "Resource": "f", "ResultSelector": {"y.$": "$.r"}, "End": true}`, `{}`, `{"s":1}`, `{}`, `FAILED States.Runtime`},
		"selector context":      {`{"Type": "Task", "Resource": "f", "ResultSelector": {"n.$": "$$.State.Name"}, "End": true}`, `{}`, `{"s":1}`, `{}`, `{"n":"A"}`},
		"large numbers":         {`{"Type": "Task", "Resource": "f", "ResultPath": "$.r", "End": true}`, `{"a":12345678901234567890}`, `1.50`, `{"a":12345678901234567890}`, `{"a":12345678901234567890,"r":1.50}`},
		"no added escapes":      {`{"Type": "Task", "Resource": "f", "ResultPath": "$.r", "End": true}`, `{"a":"<&>"}`, `"\u003c"`, `{"a":"<&>"}`, `{"a":"<&>","r":"<"}`},
		"succeed":               {`{"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"}`, `{"a":{"b":1}}`, "", "", `1`},
		"succeed missing":       {`{"Type": "Succeed", "OutputPath": "$.b"}`, `{"a":{"b":1}}`, "", "", `FAILED States.Runtime`},
		"wait":                  {`{"Type": "Wait", "Seconds": 1, "InputPath": "$.a", "OutputPath": "$.b", "End": true}`, `{"a":{"b":1}}`, "", "", `1`},
		"fail":                  {`{"Type": "Fail", "Error": "Mine", "Cause": "why"}`, `{}`, "", "", `FAILED Mine`},
		"fail silently":         {`{"Type": "Fail"}`, `{}`, "", "", `FAILED `},
		"execution context":     {`{"Type": "Task", "Resource": "f", "Parameters": {"id.$": "$$.Execution.Id", "n.$": "$$.Execution.Name", "i.$": "$$.Execution.Input.a[0]", "t.$": "$$.Execution.StartTime"}, "End": true}`, `{"a":["x"]}`, `1`, `{"i":"x","id":"move-1","n":"move-1","t":"2026-11-23T12:00:00.000Z"}`, `1`},
		"state context":         {`{"Type": "Task", "Resource": "f", "Parameters": {"s.$": "$$.State.Name", "t.$": "$$.State.EnteredTime", "r.$": "$$.State.RetryCount", "m.$": "$$.StateMachine.Id"}, "End": true}`, `{}`, `1`, `{"m":"local","r":0,"s":"A","t":"2026-11-23T12:00:00.000Z"}`, `1`},
		"context as input":      {`{"Type": "Pass", "InputPath": "$$.Execution.Input", "End": true}`, `{"a":1}`, "", "", `{"a":1}`},
		"context missing":       {`{"Type": "Pass", "InputPath": "$$.Execution.Input.b", "End": true}`, `{"a":1}`, "", "", `FAILED States.Runtime`},
		"context as output":     {`{"Type": "Succeed", "OutputPath": "$$.Execution.Name"}`, `{"a":1}`, "", "", `"move-1"`},
		"version and language":  {`{"Type": "Succeed", "QueryLanguage": "JSONPath", "Comment": "x"}`, `{}`, "", "", `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).answers(c.result)
			got := summary(w.run(one(c.state), c.input))
			if got != c.want {
				t.Errorf("%s of %s = %s; want %s", c.state, c.input, got, c.want)
			}
			if call := strings.Join(w.calls, " "); call != c.call {
				t.Errorf("%s of %s calls its task with %q; want %q", c.state, c.input, call, c.call)
			}
		})
	}
}

// The causes that a person must act on name the state, the field and the path,
// and quote no data.
func TestRuntimeCauseNamesThePlace(t *testing.T) {
	e := newWorld(t).run(one(`{"Type": "Pass", "Parameters": {"b.$": "$.b"}, "End": true}`), `{"secret":1}`)
	const want = "An error occurred while executing the state 'A'. The JSONPath '$.b' specified for the field 'b.$' could not be found in the input"
	if e.Cause != want {
		t.Errorf("Cause = %q; want %q", e.Cause, want)
	}
}

func TestWait(t *testing.T) {
	for name, c := range map[string]struct{ state, input, waited, want string }{
		"seconds":        {`{"Type": "Wait", "Seconds": 90, "End": true}`, `{}`, "1m30s", `{}`},
		"zero":           {`{"Type": "Wait", "Seconds": 0, "End": true}`, `{}`, "0s", `{}`},
		"path":           {`{"Type": "Wait", "SecondsPath": "$.s", "End": true}`, `{"s":60}`, "1m0s", `{"s":60}`},
		"path of input":  {`{"Type": "Wait", "InputPath": "$.in", "SecondsPath": "$.s", "End": true}`, `{"in":{"s":5}}`, "5s", `{"s":5}`},
		"path zero":      {`{"Type": "Wait", "SecondsPath": "$.s", "End": true}`, `{"s":0}`, "0s", `{"s":0}`},
		"path longest":   {`{"Type": "Wait", "SecondsPath": "$.s", "End": true}`, `{"s":99999999}`, "27777h46m39s", `{"s":99999999}`},
		"path missing":   {`{"Type": "Wait", "SecondsPath": "$.s", "End": true}`, `{}`, "0s", "FAILED States.Runtime"},
		"path text":      {`{"Type": "Wait", "SecondsPath": "$.s", "End": true}`, `{"s":"5"}`, "0s", "FAILED States.Runtime"},
		"path fraction":  {`{"Type": "Wait", "SecondsPath": "$.s", "End": true}`, `{"s":1.5}`, "0s", "FAILED States.Runtime"},
		"path negative":  {`{"Type": "Wait", "SecondsPath": "$.s", "End": true}`, `{"s":-1}`, "0s", "FAILED States.Runtime"},
		"path too large": {`{"Type": "Wait", "SecondsPath": "$.s", "End": true}`, `{"s":100000000}`, "0s", "FAILED States.Runtime"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			got := summary(w.run(one(c.state), c.input))
			if waited := w.now.Sub(noon).String(); got != c.want || waited != c.waited {
				t.Errorf("%s of %s = %s after %s; want %s after %s", c.state, c.input, got, waited, c.want, c.waited)
			}
		})
	}
}
