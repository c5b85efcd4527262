package asl

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Status is where an execution stands.
type Status string

// The statuses, spelled as AWS does. Every one but Running is final.
const (
	Running   Status = "RUNNING"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
	TimedOut  Status = "TIMED_OUT"
)

// maxEvents is AWS's limit of an execution's history. The last of them must
// be the end of the execution.
const maxEvents = 25_000

// Execution is all there is to know about one execution. It is the shape that
// is saved: its JSON reads back as an equal value. Times are UTC.
type Execution struct {
	// ID and MachineID are what $$.Execution.Id and $$.StateMachine.Id
	// select. Start sets them to the name and to "local"; a caller that wants
	// others sets them before the first save.
	ID        string `json:"id"`
	MachineID string `json:"machineId"`
	Name      string `json:"name"`

	Status Status `json:"status"`
	// State is the state that runs, or in which the execution ended. Input is
	// its input, StartInput that of the execution.
	State      string          `json:"state"`
	Input      json.RawMessage `json:"input"`
	StartInput json.RawMessage `json:"startInput"`
	// Retries counts, for each retrier of State, the retries since State was
	// entered; nil before the first.
	Retries []int `json:"retries,omitempty"`
	// WakeAt is when to call Step again: the end of a Wait or of the pause
	// before a retry. Zero is now.
	WakeAt time.Time `json:"wakeAt,omitzero"`
	// Events counts the events that AWS's history would hold.
	Events int `json:"events"`

	StartedAt time.Time `json:"startedAt"`
	EnteredAt time.Time `json:"enteredAt"` // when State was entered
	StoppedAt time.Time `json:"stoppedAt,omitzero"`

	Output json.RawMessage `json:"output,omitempty"` // if Succeeded
	Error  string          `json:"error,omitempty"`  // if Failed or TimedOut
	Cause  string          `json:"cause,omitempty"`  // may be empty with any Error
}

// Ended reports whether the execution is over.
func (e Execution) Ended() bool { return e.Status != Running }

// Start is a new execution, which has entered the first state. Save it before
// you run it: Start itself keeps nothing, and does not know whether the name
// is taken. An empty input is {}. The error says what is wrong with the name
// or the input; AWS would refuse them too.
func (m *Machine) Start(name string, input json.RawMessage, now time.Time) (Execution, error) {
	if err := checkName(name); err != nil {
		return Execution{}, err
	}
	if len(input) == 0 {
		input = json.RawMessage(`{}`)
	}
	if len(input) > maxData {
		return Execution{}, fmt.Errorf("execution %s: input: %w", name, errTooBig)
	}
	v, err := decode(input)
	if err != nil {
		return Execution{}, fmt.Errorf("execution %s: input: %w", name, err)
	}
	if input, err = encode(v); err != nil {
		return Execution{}, fmt.Errorf("execution %s: input: %w", name, err)
	}
	now = stamp(now)
	return Execution{
		ID: name, MachineID: "local", Name: name,
		Status: Running, State: m.startAt, Input: input, StartInput: input,
		Events:    2, // ExecutionStarted, …StateEntered
		StartedAt: now, EnteredAt: now,
	}, nil
}

// checkName refuses the names that StartExecution refuses.
func checkName(name string) error {
	if n := utf8.RuneCountInString(name); n == 0 || n > 80 {
		return fmt.Errorf("execution name has %d characters: use 1 to 80", n)
	}
	bad := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError || strings.ContainsRune("<>{}[]?*\"#%\\^|~`$&,;:/", r)
	}
	if i := strings.IndexFunc(name, bad); i >= 0 {
		return fmt.Errorf("execution name %q has a forbidden character at %d: use letters, digits, - and _", name, i)
	}
	return nil
}

// deadline is when e times out, if it ever does.
func (m *Machine) deadline(e Execution) (time.Time, bool) {
	return e.StartedAt.Add(m.timeout), m.timeout > 0
}

// stamp is t as it reads back from JSON.
func stamp(t time.Time) time.Time { return t.UTC().Round(0) }
