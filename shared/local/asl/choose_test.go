package asl_test

import "testing"

// Each rule is tried on an input; want is whether it holds, or the error.
func TestChoice(t *testing.T) {
	for name, c := range map[string]struct{ rule, input, want string }{
		"string":                {`"Variable": "$.a", "StringEquals": "x"`, `{"a":"x"}`, "yes"},
		"string other":          {`"Variable": "$.a", "StringEquals": "x"`, `{"a":"y"}`, "no"},
		"string of number":      {`"Variable": "$.a", "StringEquals": "1"`, `{"a":1}`, "no"},
		"string of null":        {`"Variable": "$.a", "StringEquals": ""`, `{"a":null}`, "no"},
		"string of object":      {`"Variable": "$.a", "StringEquals": ""`, `{"a":{}}`, "no"},
		"string of array":       {`"Variable": "$.a", "StringEquals": ""`, `{"a":[]}`, "no"},
		"string missing":        {`"Variable": "$.b", "StringEquals": ""`, `{"a":1}`, "FAILED States.Runtime"},
		"bool":                  {`"Variable": "$.a", "BooleanEquals": false`, `{"a":false}`, "yes"},
		"bool other":            {`"Variable": "$.a", "BooleanEquals": false`, `{"a":true}`, "no"},
		"bool of string":        {`"Variable": "$.a", "BooleanEquals": true`, `{"a":"true"}`, "no"},
		"bool of null":          {`"Variable": "$.a", "BooleanEquals": false`, `{"a":null}`, "no"},
		"bool missing":          {`"Variable": "$.b", "BooleanEquals": false`, `{"a":1}`, "FAILED States.Runtime"},
		"equals":                {`"Variable": "$.a", "NumericEquals": 1`, `{"a":1.0}`, "yes"},
		"equals not":            {`"Variable": "$.a", "NumericEquals": 1`, `{"a":2}`, "no"},
		"equals of string":      {`"Variable": "$.a", "NumericEquals": 1`, `{"a":"1"}`, "no"},
		"equals of bool":        {`"Variable": "$.a", "NumericEquals": 1`, `{"a":true}`, "no"},
		"equals large":          {`"Variable": "$.a", "NumericEquals": 9007199254740993`, `{"a":9007199254740992}`, "no"},
		"equals zero of null":   {`"Variable": "$.a", "NumericEquals": 0`, `{"a":null}`, "no"},
		"less":                  {`"Variable": "$.a", "NumericLessThan": 1`, `{"a":0.5}`, "yes"},
		"less same":             {`"Variable": "$.a", "NumericLessThan": 1`, `{"a":1}`, "no"},
		"less equal":            {`"Variable": "$.a", "NumericLessThanEquals": 1`, `{"a":1}`, "yes"},
		"less equal not":        {`"Variable": "$.a", "NumericLessThanEquals": 1`, `{"a":1.1}`, "no"},
		"greater":               {`"Variable": "$.a", "NumericGreaterThan": -1`, `{"a":0}`, "yes"},
		"greater same":          {`"Variable": "$.a", "NumericGreaterThan": 0`, `{"a":0}`, "no"},
		"greater equal":         {`"Variable": "$.a", "NumericGreaterThanEquals": 0`, `{"a":0}`, "yes"},
		"greater equal not":     {`"Variable": "$.a", "NumericGreaterThanEquals": 0`, `{"a":-0.1}`, "no"},
		"greater out of range":  {`"Variable": "$.a", "NumericGreaterThan": 1e300`, `{"a":1e999}`, "yes"},
		"less out of range":     {`"Variable": "$.a", "NumericLessThan": -1e300`, `{"a":-1e999}`, "yes"},
		"greater text":          {`"Variable": "$.a", "NumericGreaterThan": 0`, `{"a":"1"}`, "no"},
		"greater missing":       {`"Variable": "$.b", "NumericGreaterThan": 0`, `{}`, "FAILED States.Runtime"},
		"present":               {`"Variable": "$.a", "IsPresent": true`, `{"a":null}`, "yes"},
		"present not":           {`"Variable": "$.b", "IsPresent": true`, `{"a":1}`, "no"},
		"absent":                {`"Variable": "$.b.c", "IsPresent": false`, `{"a":1}`, "yes"},
		"absent not":            {`"Variable": "$.a", "IsPresent": false`, `{"a":1}`, "no"},
		"null":                  {`"Variable": "$.a", "IsNull": true`, `{"a":null}`, "yes"},
		"null not":              {`"Variable": "$.a", "IsNull": true`, `{"a":0}`, "no"},
		"not null":              {`"Variable": "$.a", "IsNull": false`, `{"a":0}`, "yes"},
		"null missing":          {`"Variable": "$.b", "IsNull": true`, `{}`, "FAILED States.Runtime"},
		"and":                   {`"And": [{"Variable": "$.a", "NumericEquals": 1}, {"Variable": "$.b", "NumericEquals": 2}]`, `{"a":1,"b":2}`, "yes"},
		"and not":               {`"And": [{"Variable": "$.a", "NumericEquals": 1}, {"Variable": "$.b", "NumericEquals": 2}]`, `{"a":1,"b":3}`, "no"},
		"and guards":            {`"And": [{"Variable": "$.b", "IsPresent": true}, {"Variable": "$.b", "NumericEquals": 2}]`, `{"a":1}`, "no"},
		"and fails":             {`"And": [{"Variable": "$.a", "IsPresent": true}, {"Variable": "$.b", "NumericEquals": 2}]`, `{"a":1}`, "FAILED States.Runtime"},
		"or":                    {`"Or": [{"Variable": "$.a", "NumericEquals": 2}, {"Variable": "$.a", "NumericEquals": 1}]`, `{"a":1}`, "yes"},
		"or not":                {`"Or": [{"Variable": "$.a", "NumericEquals": 2}, {"Variable": "$.a", "NumericEquals": 3}]`, `{"a":1}`, "no"},
		"or guards":             {`"Or": [{"Variable": "$.b", "IsPresent": false}, {"Variable": "$.b", "NumericEquals": 2}]`, `{"a":1}`, "yes"},
		"or fails":              {`"Or": [{"Variable": "$.b", "NumericEquals": 2}, {"Variable": "$.a", "NumericEquals": 1}]`, `{"a":1}`, "FAILED States.Runtime"},
		"not":                   {`"Not": {"Variable": "$.a", "NumericEquals": 2}`, `{"a":1}`, "yes"},
		"not not":               {`"Not": {"Not": {"Variable": "$.a", "NumericEquals": 2}}`, `{"a":1}`, "no"},
		"not fails":             {`"Not": {"Variable": "$.b", "NumericEquals": 2}`, `{"a":1}`, "FAILED States.Runtime"},
		"element":               {`"Variable": "$.a[1]", "StringEquals": "y"`, `{"a":["x","y"]}`, "yes"},
		"context":               {`"Variable": "$$.Execution.Name", "StringEquals": "move-1"`, `{}`, "yes"},
		"context input present": {`"Variable": "$$.Execution.Input.b", "IsPresent": true`, `{"a":1}`, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			definition := one(`{"Type": "Choice", "Choices": [{` + c.rule + `, "Next": "Yes"}], "Default": "No"},
				"Yes": {"Type": "Pass", "Result": "yes", "End": true}, "No": {"Type": "Pass", "Result": "no", "End": true}`)
			want := c.want
			if want == "yes" || want == "no" {
				want = `"` + want + `"`
			}
			if got := summary(newWorld(t).run(definition, c.input)); got != want {
				t.Errorf("{%s} of %s = %s; want %s", c.rule, c.input, got, want)
			}
		})
	}
}

func TestChoiceOrder(t *testing.T) {
	definition := one(`{"Type": "Choice", "InputPath": "$.in", "OutputPath": "$.b", "Choices": [
			{"Comment": "first", "Variable": "$.a", "NumericEquals": 1, "Next": "One"},
			{"Variable": "$.a", "NumericLessThan": 3, "Next": "Two"}
		]},
		"One": {"Type": "Pass", "End": true}, "Two": {"Type": "Pass", "End": true}`)
	for input, want := range map[string]struct{ path, end string }{
		`{"in":{"a":1,"b":"x"}}`: {"A One", `"x"`},
		`{"in":{"a":2,"b":"x"}}`: {"A Two", `"x"`},
		`{"in":{"a":3,"b":"x"}}`: {"A", `FAILED States.NoChoiceMatched`},
		`{"in":{"a":1}}`:         {"A", `FAILED States.Runtime`},
	} {
		w := newWorld(t)
		if got := summary(w.run(definition, input)); got != want.end || w.visited() != want.path {
			t.Errorf("%s = %s by %s; want %s by %s", input, got, w.visited(), want.end, want.path)
		}
	}
}
