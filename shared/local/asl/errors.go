package asl

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"
	"unicode/utf8"
)

// Error names that the language reserves.
const (
	errAll             = "States.ALL"
	errDataLimit       = "States.DataLimitExceeded"
	errNoChoiceMatched = "States.NoChoiceMatched"
	errPermissions     = "States.Permissions"
	errResultPath      = "States.ResultPathMatchFailure"
	errRuntime         = "States.Runtime"
	errTaskFailed      = "States.TaskFailed"
	errTimeout         = "States.Timeout"
)

// maxCause is AWS's limit of a cause, in characters, of which one is at least
// one byte.
const maxCause = 32_768

// TaskError is an error as the state machine sees it: Retry and Catch match
// Name, and Cause explains it to people. A TaskFunc may return one to choose
// the name itself.
type TaskError struct{ Name, Cause string }

func (e *TaskError) Error() string { return e.Name + ": " + e.Cause }

// ErrorName is the errorType under which aws-lambda-go reports err, which is
// the name Step Functions matches: that of err's outermost type, without
// package and pointer. A *move.BusyError is BusyError, but in fmt.Errorf's %w
// it is wrapError, and in errors.Join joinError. It is the Name of a
// *TaskError, and "" for nil.
func ErrorName(err error) string {
	// Not errors.As: what is wrapped, Lambda does not see.
	if e, ok := err.(*TaskError); ok {
		return e.Name
	}
	return typeName(err)
}

func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t == nil {
		return ""
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// lambdaError is the JSON that Step Functions shows as the cause of a Lambda
// function's error.
type lambdaError struct {
	Message    string   `json:"errorMessage"`
	Type       string   `json:"errorType"`
	StackTrace []string `json:"stackTrace,omitempty"`
}

// asTaskError is err as Step Functions would see it from a Lambda function.
func asTaskError(err error) *TaskError {
	if e, ok := err.(*TaskError); ok {
		return e
	}
	return lambdaError{Message: err.Error(), Type: typeName(err)}.taskError()
}

// panicError is a recovered panic as Step Functions would see it from a Lambda
// function.
func panicError(v any) *TaskError {
	return lambdaError{
		Message:    fmt.Sprint(v),
		Type:       typeName(v),
		StackTrace: strings.Split(strings.TrimSpace(string(debug.Stack())), "\n"),
	}.taskError()
}

func (e lambdaError) taskError() *TaskError {
	cause, _ := json.Marshal(e) // strings cannot fail
	return &TaskError{Name: e.Type, Cause: string(cause)}
}

// shortened is s, cut to at most maxCause bytes between two characters.
func shortened(s string) string {
	if len(s) <= maxCause {
		return s
	}
	n := maxCause
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// matches reports whether ErrorEquals names an error.
func matches(errorEquals []string, name string) bool {
	for _, e := range errorEquals {
		switch {
		case name == errRuntime:
			return false
		case e == name,
			e == errAll && name != errDataLimit,
			e == errTaskFailed && name != errDataLimit && name != errTimeout:
			return true
		}
	}
	return false
}
