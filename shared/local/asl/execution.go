package asl

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Status is whether an execution runs, and how it ended.
type Status string

// The statuses, spelled as on AWS.
const (
	Running   Status = "RUNNING"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
)

const (
	// maxData is AWS's limit, in bytes, of a state's input and output.
	maxData = 256 << 10
	// maxEvents is AWS's limit of an execution's history. The last event must
	// be the end of the execution.
	maxEvents = 25_000
)

var errTooBig = errors.New("larger than 256 KiB")

// Execution is all there is to know about one execution, in the form in which
// it is saved. Times are UTC.
type Execution struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	// State is the state that runs, or in which the execution ended, and Input
	// is its input.
	State string          `json:"state"`
	Input json.RawMessage `json:"input"`
	// Retries counts the retries of State since it was entered, one number for
	// each element of its Retry; nil before the first retry.
	Retries []int `json:"retries,omitempty"`
	// WakeAt is when to call Step again: the end of a Wait or of the delay
	// before a retry. Zero means now.
	WakeAt time.Time `json:"wakeAt,omitzero"`
	// Events counts the events that the history on AWS would have.
	Events    int       `json:"events"`
	EnteredAt time.Time `json:"enteredAt"` // when State was entered

	Output json.RawMessage `json:"output,omitempty"` // if Succeeded
	Error  string          `json:"error,omitempty"`  // if Failed
	Cause  string          `json:"cause,omitempty"`  // of Error; may be empty
}

// Ended reports whether the execution is over.
func (e Execution) Ended() bool { return e.Status != Running }

// Start returns a new execution that has entered the first state. Save it
// before running it: Start does not know whether the name is taken. It refuses
// the names and inputs that AWS refuses.
func (m *Machine) Start(name string, input json.RawMessage, now time.Time) (Execution, error) {
	if err := checkName(name); err != nil {
		return Execution{}, err
	}
	if len(input) > maxData {
		return Execution{}, fmt.Errorf("execution %s: input: %w", name, errTooBig)
	}
	if !json.Valid(input) {
		return Execution{}, fmt.Errorf("execution %s: input: not JSON", name)
	}
	return Execution{
		Name: name, Status: Running, State: m.definition.StartAt, Input: input,
		Events:    2, // ExecutionStarted, …StateEntered
		EnteredAt: inUTC(now),
	}, nil
}

// checkName refuses the names that StartExecution refuses.
func checkName(name string) error {
	if n := utf8.RuneCountInString(name); n == 0 || n > 80 {
		return fmt.Errorf("execution name has %d characters: use 1 to 80", n)
	}
	forbidden := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError || strings.ContainsRune("<>{}[]?*\"#%\\^|~`$&,;:/", r)
	}
	if i := strings.IndexFunc(name, forbidden); i >= 0 {
		return fmt.Errorf("execution name %q has a forbidden character at %d: use letters, digits, - and _", name, i)
	}
	return nil
}

// inUTC returns t as it reads back from JSON.
func inUTC(t time.Time) time.Time { return t.UTC().Round(0) }
