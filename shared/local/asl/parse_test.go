package asl_test

import (
	"os"
	"strings"
	"testing"

	"deskmove/shared/local/asl"

	"github.com/google/go-cmp/cmp"
)

// Each definition is refused with exactly these problems: where, field, what
// to do.
func TestParseRefuses(t *testing.T) {
	const end = `"End": true`
	task := func(more string) string {
		return one(`{"Type": "Task", "Resource": "f", ` + end + more + `}`)
	}
	pass := func(more string) string { return one(`{"Type": "Pass", ` + end + more + `}`) }
	choice := func(rule string) string {
		return one(`{"Type": "Choice", "Choices": [` + rule + `]}, "B": {"Type": "Succeed"}`)
	}
	retry := func(more string) string { return task(`, "Retry": [{"ErrorEquals": ["E"]` + more + `}]`) }
	machine := func(more string) string {
		return `{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}` + more + `}`
	}
	for name, c := range map[string]struct{ definition, want string }{
		"nothing":                     {``, "the definition is not JSON: unexpected EOF"},
		"not JSON":                    {`{`, "the definition is not JSON: unexpected EOF"},
		"cut off":                     {`{"StartAt"`, "the definition is not JSON: unexpected EOF"},
		"trailing comma":              {`{"a": 1,}`, "the definition is not JSON: invalid character"},
		"number as name":              {`{1: 2}`, "the definition is not JSON: invalid character"},
		"cut off in array":            {`{"a": [1, `, "the definition is not JSON: unexpected EOF"},
		"more than JSON":              {machine("") + `{}`, "the definition is not JSON: more follows after offset"},
		"too deep":                    {strings.Repeat("[", 1000), "the definition is not JSON: nested deeper than 100"},
		"too deep an array":           {pass(`, "Result": ` + strings.Repeat("[", 99) + strings.Repeat("]", 99)), "the definition is not JSON: nested deeper than 100 at offset"},
		"too deep an object":          {pass(`, "Result": ` + strings.Repeat(`{"a":`, 98) + "1" + strings.Repeat("}", 98)), "the definition is not JSON: nested deeper than 100 at offset"},
		"too long":                    {machine("") + strings.Repeat(" ", 1<<20), "bytes, AWS takes 1048576: shorten it"},
		"no object":                   {`[]`, "the state machine: want a JSON object"},
		"empty":                       {`{}`, "the state machine: StartAt: missing\nthe state machine: States: missing"},
		"no states":                   {`{"StartAt": "A", "States": {}}`, "the state machine: States: missing"},
		"unknown field":               {machine(`, "Timeout": 3`), "the state machine: Timeout: not a field of a state machine here: remove it"},
		"version":                     {machine(`, "Version": "2.0"`), `the state machine: Version: "2.0" is not supported: use 1.0`},
		"JSONata":                     {machine(`, "QueryLanguage": "JSONata"`), `the state machine: QueryLanguage: "JSONata" is not supported: use JSONPath`},
		"JSONata state":               {pass(`, "QueryLanguage": "JSONata"`), `state "A": QueryLanguage: "JSONata" is not supported: use JSONPath`},
		"machine timeout":             {machine(`, "TimeoutSeconds": 0`), "the state machine: TimeoutSeconds: want a whole number from 1 to 99999999"},
		"comment":                     {machine(`, "Comment": 1`), "the state machine: Comment: want a string"},
		"StartAt nowhere":             {`{"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}`, `the state machine: StartAt: there is no state "B": add it, or name another`},
		"duplicate state":             {one(`{"Type": "Succeed"}, "A": {"Type": "Succeed"}`), "the state machine: States: A: appears twice: remove one"},
		"duplicate field":             {pass(`, "Comment": "a", "Comment": "b"`), "the state machine: States: A: Comment: appears twice: remove one"},
		"state no object":             {one(`1`), `state "A": want a JSON object`},
		"long name":                   {`{"StartAt": "` + strings.Repeat("é", 81) + `", "States": {"` + strings.Repeat("é", 81) + `": {"Type": "Succeed"}}}`, "name: has 81 characters, AWS takes 1 to 80: rename it"},
		"no type":                     {one(`{"End": true}`), `state "A": Type: missing`},
		"Map":                         {one(`{"Type": "Map", "End": true}`), `state "A": Type: Map is not supported: use a loop of Task and Choice states`},
		"Parallel":                    {one(`{"Type": "Parallel", "End": true}`), `state "A": Type: Parallel is not supported: use a loop of Task and Choice states`},
		"unknown type":                {one(`{"Type": "task", "End": true}`), `state "A": Type: "task" is not supported: use Task, Choice, Wait, Pass, Succeed or Fail`},
		"no next":                     {one(`{"Type": "Pass"}`), `state "A": Next: missing: Next or "End": true is needed`},
		"next and end":                {pass(`, "Next": "A"`), `state "A": End: Next is there too: remove one`},
		"end false":                   {one(`{"Type": "Pass", "End": false}`), `state "A": End: false says nothing: use true, or Next`},
		"end text":                    {one(`{"Type": "Pass", "End": "true"}`), "state \"A\": End: want true or false\nstate \"A\": End: false says nothing"},
		"next nowhere":                {one(`{"Type": "Pass", "Next": "B"}`), `state "A": Next: there is no state "B": add it, or name another`},
		"catch nowhere":               {task(`, "Catch": [{"ErrorEquals": ["E"], "Next": "B"}]`), `state "A": Next: there is no state "B"`},
		"default nowhere":             {one(`{"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "C"}], "Default": "B"}, "C": {"Type": "Succeed"}`), `state "A": Next: there is no state "B"`},
		"rule nowhere":                {choice(`{"Variable": "$", "IsNull": true, "Next": "C"}`), `state "A": Next: there is no state "C"`},
		"unreachable":                 {one(`{"Type": "Succeed"}, "B": {"Type": "Succeed"}`), `state "B": name: no transition leads to it: remove it, or name it in a Next`},
		"unreachable beside a choice": {one(`{"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "B"}]}, "B": {"Type": "Succeed"}, "C": {"Type": "Succeed"}`), `state "C": name: no transition leads to it`},
		"no end":                      {one(`{"Type": "Pass", "Next": "A"}`), `the state machine: States: no state ends the execution: add a Succeed, a Fail or "End": true`},
		"succeed next":                {one(`{"Type": "Succeed", "Next": "A"}`), `state "A": Next: not a field of a Succeed state here: remove it`},
		"fail input":                  {one(`{"Type": "Fail", "InputPath": "$"}`), `state "A": InputPath: not a field of a Fail state here: remove it`},
		"fail path":                   {one(`{"Type": "Fail", "ErrorPath": "$.e", "CausePath": "$.c"}`), "state \"A\": CausePath: not supported: use Cause\nstate \"A\": ErrorPath: not supported: use Error"},
		"no resource":                 {one(`{"Type": "Task", "End": true}`), `state "A": Resource: missing`},
		"empty resource":              {one(`{"Type": "Task", "Resource": "", "End": true}`), `state "A": Resource: missing`},
		"resource number":             {one(`{"Type": "Task", "Resource": 1, "End": true}`), `state "A": Resource: want a string`},
		"sync":                        {one(`{"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": true}`), `state "A": Resource: .sync is not supported: call a function`},
		"sync:2":                      {one(`{"Type": "Task", "Resource": "x.sync:2", "End": true}`), `state "A": Resource: .sync:2 is not supported: call a function`},
		"callback":                    {one(`{"Type": "Task", "Resource": "x.waitForTaskToken", "End": true}`), `state "A": Resource: .waitForTaskToken is not supported: call a function`},
		"heartbeat":                   {task(`, "HeartbeatSeconds": 3`), `state "A": HeartbeatSeconds: not supported: a function sends no heartbeats, use TimeoutSeconds`},
		"timeout path":                {task(`, "TimeoutSecondsPath": "$.t"`), `state "A": TimeoutSecondsPath: not supported: use TimeoutSeconds`},
		"timeout zero":                {task(`, "TimeoutSeconds": 0`), `state "A": TimeoutSeconds: want a whole number from 1 to 99999999`},
		"timeout fraction":            {task(`, "TimeoutSeconds": 1.5`), `state "A": TimeoutSeconds: want a whole number`},
		"timeout text":                {task(`, "TimeoutSeconds": "1"`), `state "A": TimeoutSeconds: want a whole number`},
		"credentials":                 {task(`, "Credentials": {}`), `state "A": Credentials: not supported: remove it, functions run with their own role`},
		"variables":                   {task(`, "Assign": {}`), `state "A": Assign: not supported: there are no variables, use ResultPath`},
		"parameters array":            {task(`, "Parameters": []`), `state "A": Parameters: want a JSON object`},
		"selector text":               {task(`, "ResultSelector": "$"`), `state "A": ResultSelector: want a JSON object`},
		"intrinsic":                   {task(`, "Parameters": {"a.$": "States.UUID()"}`), `state "A": Parameters.a.$: intrinsic functions are not supported: compute the value in a function`},
		"path in array":               {task(`, "Parameters": {"a": [{"b.$": "x"}]}`), `state "A": Parameters.a.b.$: "x" is not a path: start it with $`},
		"path no string":              {task(`, "ResultSelector": {"a.$": 1}`), `state "A": ResultSelector.a.$: want a path: a name that ends in .$ takes one`},
		"member twice":                {task(`, "Parameters": {"a.$": "$", "a": 1}`), `state "A": Parameters: "a" and "a.$" are the same member: remove one`},
		"wildcard":                    {pass(`, "InputPath": "$.a[*]"`), `state "A": InputPath: path "$.a[*]" is not supported: use $, $.a.b or $.a[0]`},
		"descent":                     {pass(`, "InputPath": "$..a"`), `state "A": InputPath: path "$..a" is not supported`},
		"slice":                       {pass(`, "OutputPath": "$.a[0:1]"`), `state "A": OutputPath: path "$.a[0:1]" is not supported`},
		"negative index":              {pass(`, "OutputPath": "$.a[-1]"`), `state "A": OutputPath: path "$.a[-1]" is not supported`},
		"filter":                      {pass(`, "OutputPath": "$.a[?(@.b)]"`), `state "A": OutputPath: path "$.a[?(@.b)]" is not supported`},
		"quoted name":                 {pass(`, "OutputPath": "$['a']"`), `state "A": OutputPath: path "$['a']" is not supported`},
		"trailing dot":                {pass(`, "OutputPath": "$."`), `state "A": OutputPath: path "$." is not supported`},
		"huge index":                  {pass(`, "OutputPath": "$.a[99999999999999999999]"`), `state "A": OutputPath: path`},
		"variable path":               {pass(`, "OutputPath": "$a"`), `state "A": OutputPath: path "$a" is not supported`},
		"whole context":               {pass(`, "InputPath": "$$"`), `state "A": InputPath: context path "$$" is not supported: use one of $$.Execution.Input, `},
		"half context":                {pass(`, "InputPath": "$$.Execution"`), `state "A": InputPath: context path "$$.Execution" is not supported`},
		"longer context":              {pass(`, "InputPath": "$$.Execution.Name.a"`), `state "A": InputPath: context path "$$.Execution.Name.a" is not supported`},
		"other context":               {pass(`, "InputPath": "$$.Execution.Inputs"`), `state "A": InputPath: context path "$$.Execution.Inputs" is not supported`},
		"task token":                  {task(`, "Parameters": {"t.$": "$$.Task.Token"}`), `state "A": Parameters.t.$: context path "$$.Task.Token" is not supported`},
		"retry count":                 {pass(`, "Parameters": {"n.$": "$$.State.RetryCount"}`), `state "A": Parameters.n.$: $$.State.RetryCount is there in a Task only: remove it`},
		"path number":                 {pass(`, "InputPath": 1`), `state "A": InputPath: want a path or null`},
		"result to context":           {task(`, "ResultPath": "$$.State.Name"`), `state "A": ResultPath: context paths are not supported here`},
		"result to element":           {task(`, "ResultPath": "$.a[0]"`), `state "A": ResultPath: an array element cannot be written: use a path of names`},
		"result too big":              {pass(`, "Result": "` + strings.Repeat("x", 256<<10) + `"`), `state "A": Result: larger than 256 KiB: shorten it`},
		"wait for nothing":            {one(`{"Type": "Wait", "End": true}`), `state "A": Seconds: missing: Seconds or SecondsPath is needed`},
		"wait twice":                  {one(`{"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "End": true}`), `state "A": SecondsPath: Seconds is there too: remove one`},
		"wait negative":               {one(`{"Type": "Wait", "Seconds": -1, "End": true}`), `state "A": Seconds: want a whole number from 0 to 99999999`},
		"wait until":                  {one(`{"Type": "Wait", "Timestamp": "2026-11-23T00:00:00Z", "End": true}`), `state "A": Timestamp: not supported: use Seconds or SecondsPath`},
		"wait until path":             {one(`{"Type": "Wait", "TimestampPath": "$.t", "End": true}`), `state "A": TimestampPath: not supported: use Seconds or SecondsPath`},
		"wait null":                   {one(`{"Type": "Wait", "SecondsPath": null, "End": true}`), `state "A": SecondsPath: null is not supported: use a path`},
		"wait context":                {one(`{"Type": "Wait", "SecondsPath": "$$.Execution.Input.s", "End": true}`), `state "A": SecondsPath: context paths are not supported here: use a path within the state, which starts with "$." and names a field`},
		"retry object":                {task(`, "Retry": {}`), `state "A": Retry: want an array that is not empty`},
		"retry empty":                 {task(`, "Retry": []`), `state "A": Retry: want an array that is not empty`},
		"retrier text":                {task(`, "Retry": ["E"]`), `state "A": Retry[0]: want a JSON object`},
		"retrier names":               {task(`, "Retry": [{}]`), `state "A": Retry[0]: ErrorEquals: missing`},
		"no names":                    {task(`, "Retry": [{"ErrorEquals": []}]`), `state "A": Retry[0]: ErrorEquals: want an array that is not empty`},
		"name number":                 {task(`, "Retry": [{"ErrorEquals": [1]}]`), `state "A": Retry[0]: ErrorEquals: "" is no error name: use a string that is not empty`},
		"name twice":                  {task(`, "Retry": [{"ErrorEquals": ["E"]}, {"ErrorEquals": ["E"]}]`), `state "A": Retry[1]: ErrorEquals: "E" is there twice, and the first one holds: remove this one`},
		"ALL with others":             {task(`, "Retry": [{"ErrorEquals": ["States.ALL", "E"]}]`), `state "A": Retry[0]: ErrorEquals: States.ALL must be alone, and in the last element: move it`},
		"ALL not last":                {task(`, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "A"}, {"ErrorEquals": ["E"], "Next": "A"}]`), `state "A": Catch[0]: ErrorEquals: States.ALL must be alone`},
		"Runtime":                     {task(`, "Retry": [{"ErrorEquals": ["States.Runtime"]}]`), `"States.Runtime" is never retried or caught: remove it`},
		"ParameterPath":               {task(`, "Catch": [{"ErrorEquals": ["States.ParameterPathFailure"], "Next": "A"}]`), `is reported as States.Runtime, which is never caught: test with IsPresent before, and remove it`},
		"HeartbeatTimeout":            {task(`, "Retry": [{"ErrorEquals": ["States.HeartbeatTimeout"]}]`), `"States.HeartbeatTimeout" is never reported by a Task here: remove it`},
		"reserved name":               {task(`, "Retry": [{"ErrorEquals": ["States.Mine"]}]`), `"States.Mine" is never reported by a Task here: remove it`},
		"retrier field":               {retry(`, "Next": "A"`), `state "A": Retry[0]: Next: not a field of a retrier here: remove it`},
		"interval":                    {retry(`, "IntervalSeconds": 0`), `state "A": Retry[0]: IntervalSeconds: want a whole number from 1`},
		"backoff":                     {retry(`, "BackoffRate": 0.5`), `state "A": Retry[0]: BackoffRate: want a number of at least 1`},
		"backoff infinite":            {retry(`, "BackoffRate": 1e999`), `state "A": Retry[0]: BackoffRate: want a number of at least 1`},
		"attempts":                    {retry(`, "MaxAttempts": -1`), `state "A": Retry[0]: MaxAttempts: want a whole number from 0`},
		"max delay":                   {retry(`, "MaxDelaySeconds": 31622400`), `state "A": Retry[0]: MaxDelaySeconds: want a whole number from 1 to 31622399`},
		"max delay small":             {retry(`, "IntervalSeconds": 5, "MaxDelaySeconds": 5`), `state "A": Retry[0]: MaxDelaySeconds: is not above IntervalSeconds: raise it, or remove it`},
		"jitter":                      {retry(`, "JitterStrategy": "HALF"`), `state "A": Retry[0]: JitterStrategy: "HALF" is not supported: use FULL or NONE`},
		"catcher next":                {task(`, "Catch": [{"ErrorEquals": ["E"]}]`), `state "A": Catch[0]: Next: missing`},
		"catcher field":               {task(`, "Catch": [{"ErrorEquals": ["E"], "Next": "A", "OutputPath": "$"}]`), `state "A": Catch[0]: OutputPath: not a field of a catcher here: remove it`},
		"catcher result":              {task(`, "Catch": [{"ErrorEquals": ["E"], "Next": "A", "ResultPath": "$.a[0]"}]`), `state "A": Catch[0]: ResultPath: an array element cannot be written`},
		"retry on pass":               {pass(`, "Retry": [{"ErrorEquals": ["E"]}]`), `state "A": Retry: not a field of a Pass state here: remove it`},
		"catch on choice":             {one(`{"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "B"}], "Catch": []}, "B": {"Type": "Succeed"}`), `state "A": Catch: not a field of a Choice state here: remove it`},
		"no choices":                  {one(`{"Type": "Choice", "Default": "B"}, "B": {"Type": "Succeed"}`), `state "A": Choices: missing`},
		"empty choices":               {one(`{"Type": "Choice", "Choices": [], "Default": "B"}, "B": {"Type": "Succeed"}`), `state "A": Choices: want an array that is not empty`},
		"choice next":                 {one(`{"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "B"}], "Next": "B"}, "B": {"Type": "Succeed"}`), `state "A": Next: a Choice goes on by its rules: use Default`},
		"choice end":                  {one(`{"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "B"}], "End": true}, "B": {"Type": "Succeed"}`), `state "A": End: a Choice goes on by its rules: use Default`},
		"empty default":               {one(`{"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "B"}], "Default": ""}, "B": {"Type": "Succeed"}`), `state "A": Default: want the name of a state`},
		"rule text":                   {choice(`"x"`), `state "A": Choices[0]: want a JSON object`},
		"rule next":                   {choice(`{"Variable": "$", "IsNull": true}`), `state "A": Choices[0]: Next: missing`},
		"no comparison":               {choice(`{"Variable": "$", "Next": "B"}`), "state \"A\": Choices[0]: Variable: no comparison: add one of"},
		"two comparisons":             {choice(`{"Variable": "$", "IsNull": true, "IsPresent": true, "Next": "B"}`), `state "A": Choices[0]: IsPresent: IsNull is there too: use And, or two rules`},
		"unknown comparison":          {choice(`{"Variable": "$", "StringMatches": "a*", "IsNull": true, "Next": "B"}`), `state "A": Choices[0]: StringMatches: not a field of a rule here: remove it`},
		"path comparison":             {choice(`{"Variable": "$", "StringEqualsPath": "$.b", "IsNull": true, "Next": "B"}`), `state "A": Choices[0]: StringEqualsPath: not a field of a rule here: remove it`},
		"condition":                   {choice(`{"Condition": "{% true %}", "Next": "B"}`), `state "A": Choices[0]: Condition: not supported: that is JSONata, use Variable and a comparison` + "\nVariable: no comparison"},
		"no variable":                 {choice(`{"IsNull": true, "Next": "B"}`), `state "A": Choices[0]: Variable: missing: a path is needed`},
		"null variable":               {choice(`{"Variable": null, "IsNull": true, "Next": "B"}`), `state "A": Choices[0]: Variable: null is not supported: use a path`},
		"variable retries":            {choice(`{"Variable": "$$.State.RetryCount", "IsNull": true, "Next": "B"}`), `state "A": Choices[0]: Variable: $$.State.RetryCount is there in a Task only`},
		"operand string":              {choice(`{"Variable": "$", "StringEquals": 1, "Next": "B"}`), `state "A": Choices[0]: StringEquals: want a string`},
		"operand bool":                {choice(`{"Variable": "$", "BooleanEquals": "true", "Next": "B"}`), `state "A": Choices[0]: BooleanEquals: want true or false`},
		"operand number":              {choice(`{"Variable": "$", "NumericEquals": "1", "Next": "B"}`), `state "A": Choices[0]: NumericEquals: want a number`},
		"and object":                  {choice(`{"And": {}, "Next": "B"}`), `state "A": Choices[0]: And: want an array that is not empty`},
		"next inside":                 {choice(`{"Not": {"Variable": "$", "IsNull": true, "Next": "B"}, "Next": "B"}`), `state "A": Choices[0]: Not: Next: not a field of a rule here: remove it`},
		"not text":                    {choice(`{"Not": 1, "Next": "B"}`), `state "A": Choices[0]: Not: want a JSON object`},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := asl.Parse([]byte(c.definition))
			if err == nil {
				t.Fatalf("Parse accepted it; want %q", c.want)
			}
			if m != nil {
				t.Errorf("Parse returned a machine together with %v", err)
			}
			got, want := strings.Split(err.Error(), "\n"), strings.Split(c.want, "\n")
			if len(got) != len(want) {
				t.Fatalf("Parse = %q; want %d problems: %q", got, len(want), want)
			}
			for i := range want {
				if !strings.Contains(got[i], want[i]) {
					t.Errorf("Parse = %q; want %q in it", got[i], want[i])
				}
			}
		})
	}
}

func TestParseAcceptsUpToItsLimits(t *testing.T) {
	for name, definition := range map[string]string{
		"all fields": `{"Comment": "c", "Version": "1.0", "QueryLanguage": "JSONPath", "TimeoutSeconds": 99999999, ` +
			one(`{"Type": "Task", "Resource": "f", "TimeoutSeconds": 1, "End": true, "Retry": [
				{"Comment": "c", "ErrorEquals": ["E"], "IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 99999999, "MaxDelaySeconds": 2},
				{"ErrorEquals": ["F"], "MaxAttempts": 0, "MaxDelaySeconds": 31622399, "JitterStrategy": "NONE"}],
				"Catch": [{"Comment": "c", "ErrorEquals": ["E"], "Next": "A"}]}`)[1:],
		"long name": `{"StartAt": "` + strings.Repeat("é", 80) + `", "States": {"` + strings.Repeat("é", 80) + `": {"Type": "Succeed"}}}`,
		"deep":      one(`{"Type": "Pass", "End": true, "Result": ` + strings.Repeat("[", 98) + strings.Repeat("]", 98) + `}`),
		"large":     one(`{"Type": "Succeed"}`) + strings.Repeat(" ", 1<<20-len(one(`{"Type": "Succeed"}`))),
		"wait":      one(`{"Type": "Wait", "Seconds": 99999999, "End": true}`),
	} {
		if _, err := asl.Parse([]byte(definition)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseReportsAllProblemsTogether(t *testing.T) {
	_, err := asl.Parse([]byte(`{"StartAt": "Nowhere", "Version": "3", "States": {
		"A": {"Type": "Map"},
		"B": {"Type": "Task", "HeartbeatSeconds": 1, "Next": "C"},
		"D": {"Type": "Pass", "InputPath": "a", "Comment": "x", "Comment": "y", "End": true}}}`))
	want := []string{
		"the state machine: States: D: Comment: appears twice: remove one",
		`the state machine: Version: "3" is not supported: use 1.0`,
		`state "A": Type: Map is not supported: use a loop of Task and Choice states`,
		`state "B": Resource: missing: a string is needed`,
		`state "B": HeartbeatSeconds: not supported: a function sends no heartbeats, use TimeoutSeconds`,
		`state "D": InputPath: "a" is not a path: start it with $`,
		`the state machine: StartAt: there is no state "Nowhere": add it, or name another`,
		`state "B": Next: there is no state "C": add it, or name another`,
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("Parse: -want +got\n%s", diff)
	}
}

func TestMachineNamesWhatItNeeds(t *testing.T) {
	definition, err := os.ReadFile("testdata/move.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	m := machine(t, string(definition))
	resources := []string{"${DrainFunctionArn}", "${FenceFunctionArn}", "${FinishFunctionArn}", "${ListFunctionArn}", "${ReconcileFunctionArn}"}
	if diff := cmp.Diff(resources, m.Resources()); diff != "" {
		t.Errorf("Resources: -want +got\n%s", diff)
	}
	names := []string{"BusyError", "Lambda.TooManyRequestsException", "States.ALL", "States.Timeout"}
	if diff := cmp.Diff(names, m.ErrorNames()); diff != "" {
		t.Errorf("ErrorNames: -want +got\n%s", diff)
	}
}
