package asl

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
)

// Error names that the language reserves.
const (
	errAll        = "States.ALL"
	errDataLimit  = "States.DataLimitExceeded"
	errResultPath = "States.ResultPathMatchFailure"
	errRuntime    = "States.Runtime"
	errTimeout    = "States.Timeout"
)

// TaskError is an error as the state machine sees it: Retry and Catch match
// Name, and Cause explains it to people. A TaskFunc may return one to choose
// the name itself.
type TaskError struct{ Name, Cause string }

func (e *TaskError) Error() string { return e.Name + ": " + e.Cause }

// FunctionError returns the error that Step Functions sees when a Lambda function
// fails. The stack is that of a panic, if there was one.
func FunctionError(name, message string, stack []string) *TaskError {
	name = cmp.Or(name, "Lambda.Unknown")
	cause, _ := json.Marshal(struct { // strings cannot fail
		Message string   `json:"errorMessage"`
		Type    string   `json:"errorType"`
		Stack   []string `json:"stackTrace,omitempty"`
	}{message, name, stack})
	return &TaskError{Name: name, Cause: string(cause)}
}

// asTaskError returns err as Step Functions sees a Go function's error. Its
// name is the one that aws-lambda-go reports, which is that of err's outermost
// type without package and pointer: a *desk.BusyError is BusyError, but wrapped
// by fmt.Errorf it is wrapError.
func asTaskError(err error) *TaskError {
	// Not errors.As: Lambda does not see what is wrapped.
	if e, ok := err.(*TaskError); ok {
		return e
	}
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return FunctionError(t.Name(), err.Error(), nil)
}

// maxCause is AWS's limit of a cause. It counts characters there and bytes
// here, which is never more.
const maxCause = 32_768

func shortened(cause string) string {
	if len(cause) <= maxCause {
		return cause
	}
	return strings.ToValidUTF8(cause[:maxCause], "")
}
