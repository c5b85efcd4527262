package asl_test

import (
	"strings"
	"testing"

	"deskmove/shared/local/asl"
)

// retry is the beginning of the first element of a Retry.
const retry = `{"ErrorEquals": ["BusyError", "Lambda.TooManyRequestsException"], `

// breakages change the first occurrence of a text in the definition of a move.
var breakages = map[string]struct{ old, new, says string }{
	"cut off":             {`"StartAt"`, `]`, "invalid character ']'"},
	"more than JSON":      {"\n  }\n}", "\n  }\n} {}", "invalid character '{' after top-level value"},
	"an array":            {`{`, `[] {`, "invalid character"},
	"no start":            {`"StartAt": "Begin",`, ``, "StartAt: missing or empty"},
	"a start that is not": {`"StartAt": "Begin"`, `"StartAt": "Start"`, `StartAt: there is no state "Start"`},
	"version":             {`"StartAt"`, `"Version": "1.0", "StartAt"`, "Version: not supported here, remove it"},
	"timeout of all":      {`"StartAt"`, `"TimeoutSeconds": 60, "StartAt"`, "TimeoutSeconds: not supported here"},
	"another case":        {`"StartAt"`, `"startAt"`, "startAt: not supported here"},
	"a number as comment": {`"Comment": "The move of one channel.`, `"Comment": 1, "C": "`, "Comment: json: cannot unmarshal number"},
	"the same state":      {`"Finished": {`, `"Fence": {`, "States: Fence: appears twice"},
	"no object":           {`"States": {`, `"States": 1, "S": {`, "States: a JSON object is needed"},
	"no state":            {`"Done": {`, `"Done": 1, "D": {`, "States: Done: json: cannot unmarshal number"},
	"null":                {`"Next": "Finished"`, `"Next": null`, "States: Finish: Next: null is not supported"},

	"Map":            {`"Type": "Wait"`, `"Type": "Map"`, `States: DrainWait: Type: "Map" is not supported: use Task, Choice, Wait, Succeed or Fail`},
	"Pass":           {`"Type": "Succeed"`, `"Type": "Pass"`, `States: Continued: Type: "Pass" is not supported`},
	"no type":        {`"Type": "Succeed"`, `"Comment": ""`, `States: Continued: Type: "" is not supported`},
	"a field":        {`"Next": "Finished"`, `"Next": "Finished", "Parameters": {}`, "States: Finish: Parameters: not supported here"},
	"twice":          {`"Next": "Finished"`, `"Next": "Finished", "Next": "List"`, "States: Finish: Next: appears twice"},
	"End":            {`"Next": "Finished"`, `"End": true`, "States: Finish: End: not supported here"},
	"no next":        {`, "Next": "Broken"}],` + "\n      " + `"Next": "Finished"`, `, "Next": "Broken"}]`, "States: Finish: Next: missing or empty"},
	"next nowhere":   {`"Next": "Finished"`, `"Next": "Nowhere"`, `States: Finish: there is no state "Nowhere" to go to`},
	"catch nowhere":  {`"Next": "Broken"`, `"Next": "Nowhere"`, `States: Fence: there is no state "Nowhere" to go to`},
	"choice nowhere": {`"Next": "AuditWait"}`, `"Next": "Nowhere"}`, `States: Begin: there is no state "Nowhere" to go to`},

	"no timeout":        {`"TimeoutSeconds": 60,`, ``, "States: Fence: TimeoutSeconds: missing or empty"},
	"half a second":     {`"TimeoutSeconds": 60`, `"TimeoutSeconds": 0.5`, "States: Fence: TimeoutSeconds: 0.5 is not a whole number from 0 to 99999999"},
	"too many seconds":  {`"TimeoutSeconds": 60`, `"TimeoutSeconds": 100000000`, "States: Fence: TimeoutSeconds: 100000000 is not a whole number"},
	"heartbeat":         {`"TimeoutSeconds": 60`, `"TimeoutSeconds": 60, "HeartbeatSeconds": 9`, "States: Fence: HeartbeatSeconds: not supported here"},
	"empty resource":    {`${FenceFunctionArn}`, ``, "States: Fence: Resource: missing or empty"},
	"no interval":       {`"IntervalSeconds": 2, `, ``, "States: Fence: Retry: IntervalSeconds: missing or empty"},
	"no attempts":       {`"MaxAttempts": 10`, `"MaxAttempts": 0`, "States: Fence: Retry: MaxAttempts: missing or empty"},
	"no longest delay":  {`"MaxDelaySeconds": 60`, `"MaxDelaySeconds": 2`, "States: Fence: Retry: MaxDelaySeconds: must be greater than IntervalSeconds"},
	"shrinking":         {`"BackoffRate": 2`, `"BackoffRate": 0.9`, "States: Fence: Retry: BackoffRate: 0.9 is below 1"},
	"no jitter":         {`"JitterStrategy": "FULL"`, `"JitterStrategy": "NONE"`, `States: Fence: Retry: JitterStrategy: "NONE" is not supported: use FULL`},
	"a retrier's field": {retry, retry + `"MaxRetries": 3, `, "States: Fence: Retry: MaxRetries: not supported here"},
	"a retrier's names": {retry, `{"ErrorEquals": [], `, "States: Fence: Retry: ErrorEquals: missing or empty"},
	"a reserved name":   {`"BusyError"`, `"States.TaskFailed"`, `States: Fence: Retry: ErrorEquals: "States.TaskFailed" is not supported: use States.ALL, States.Timeout or the name of a function's error`},
	"a caught name":     {`"States.ALL"`, `"States.Runtime"`, `States: Fence: Catch: ErrorEquals: "States.Runtime" is not supported`},
	"a catcher's field": {`"ResultPath": "$.error"`, `"ResultPath": "$.error", "Assign": {}`, "States: Fence: Catch: Assign: not supported here"},
	"no result path":    {`"ResultPath": "$.error", `, ``, "States: Fence: Catch: ResultPath: missing or empty"},

	"the whole input":     {`"$.error"`, `"$"`, `States: Fence: Catch: ResultPath: path "$" is not supported: use $.name`},
	"a nested path":       {`"$.error"`, `"$.a.b"`, `States: Fence: Catch: ResultPath: path "$.a.b" is not supported`},
	"an element":          {`"$.wait"`, `"$.wait[0]"`, `States: DrainWait: SecondsPath: path "$.wait[0]" is not supported`},
	"context":             {`"$.wait"`, `"$$.wait"`, `States: DrainWait: SecondsPath: path "$$.wait" is not supported`},
	"no path":             {`"$.step"`, `"step"`, `States: Begin: Choices: Variable: path "step" is not supported`},
	"a number as path":    {`"$.step"`, `1`, `States: Begin: Choices: Variable: path 1 is not supported`},
	"intrinsic function":  {`"$.wait"`, `"States.MathRandom(1, 9)"`, `States: DrainWait: SecondsPath: path "States.MathRandom(1, 9)" is not supported`},
	"seconds":             {`"SecondsPath": "$.wait"`, `"Seconds": 3`, "States: DrainWait: Seconds: not supported here"},
	"nothing to wait for": {`"SecondsPath": "$.wait",`, ``, "States: DrainWait: SecondsPath: missing or empty"},
	"fail without error":  {`"Error": "StepFailed",`, ``, "States: Broken: Error: missing or empty"},

	"no rules":             {`"Choices": [{"Variable": "$.more", "BooleanEquals": true, "Next": "AuditWait"}]`, `"Choices": []`, "States: Finished: Choices: missing or empty"},
	"a rule of nothing":    {`[{"Variable": "$.more", "BooleanEquals": true, "Next": "AuditWait"}]`, `[1]`, "States: Finished: Choices: a JSON object is needed"},
	"no default":           {`,` + "\n      " + `"Default": "Fence"`, ``, "States: Begin: Default: missing or empty"},
	"another comparison":   {`"BooleanEquals": true`, `"IsPresent": true`, "States: Listed: Choices: IsPresent: not supported here"},
	"no comparison":        {`"BooleanEquals": true, `, ``, "States: Listed: Choices: use one of StringEquals and BooleanEquals"},
	"two comparisons":      {`"BooleanEquals": true`, `"BooleanEquals": true, "StringEquals": ""`, "States: Listed: Choices: use one of"},
	"And":                  {`"Variable": "$.step", "StringEquals": "list"`, `"And": []`, "States: Begin: Choices: And: not supported here"},
	"operand of a boolean": {`"BooleanEquals": true`, `"BooleanEquals": "true"`, "States: Listed: Choices: BooleanEquals: json: cannot unmarshal string"},
}

func TestParseRefuses(t *testing.T) {
	for name, b := range breakages {
		t.Run(name, func(t *testing.T) {
			broken := strings.Replace(definition, b.old, b.new, 1)
			if broken == definition {
				t.Fatalf("%q is not in the definition", b.old)
			}
			m, err := asl.Parse([]byte(broken))
			if err == nil || !strings.HasPrefix(err.Error(), "state machine: "+b.says) || m != nil {
				t.Errorf("Parse = %v; want %s", err, b.says)
			}
		})
	}
}
