package asl_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"deskmove/shared/local/asl"
)

type valueError struct{}

func (valueError) Error() string { return "value" }

// aws-lambda-go v1.55.1 posts the same errorType for each of these: lambda.Start
// was run once against a Runtime API of our own, with handlers that return them.
func TestErrorName(t *testing.T) {
	for want, err := range map[string]error{
		"":            nil,
		"busyError":   &busyError{},
		"valueError":  valueError{},
		"errorString": errors.New("x"),
		"wrapError":   fmt.Errorf("x: %w", &busyError{}),
		"wrapErrors":  fmt.Errorf("%w %w", &busyError{}, &busyError{}),
		"joinError":   errors.Join(&busyError{}),
		"PathError":   &fs.PathError{Err: errors.New("x")},
		"Mine":        &asl.TaskError{Name: "Mine"},
	} {
		if got := asl.ErrorName(err); got != want {
			t.Errorf("ErrorName(%T) = %q; want %q", err, got, want)
		}
	}
	if got := asl.ErrorName(fmt.Errorf("x: %w", &asl.TaskError{Name: "Mine"})); got != "wrapError" {
		t.Errorf("ErrorName of a wrapped TaskError = %q; want wrapError", got)
	}
	if got := (&asl.TaskError{Name: "Mine", Cause: "why"}).Error(); got != "Mine: why" {
		t.Errorf("Error() = %q", got)
	}
}
