package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Machine is a parsed state machine. It is immutable and safe for concurrent
// use.
type Machine struct{ definition definition }

// Parse reads a definition. It returns an error that names the state and the
// field if the definition is wrong or uses something that is not supported.
func Parse(text []byte) (*Machine, error) {
	var d definition
	err := json.Unmarshal(text, &d)
	if err == nil {
		err = d.checkTargets()
	}
	if err != nil {
		return nil, fmt.Errorf("state machine: %w", err)
	}
	return &Machine{d}, nil
}

// Resources returns the Resource values of all Task states, sorted.
func (m *Machine) Resources() []string {
	all := map[string]bool{}
	for _, s := range m.definition.States {
		if t, ok := s.(*task); ok {
			all[t.Resource] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// definition and the types of its parts have the fields that a definition may
// have. readObject fills them and refuses all others.
type definition struct {
	Comment string `asl:"optional"`
	StartAt string
	States  states
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *definition) UnmarshalJSON(raw []byte) error { return readObject(raw, d) }

type states map[string]state

// state is a *task, *choice, *wait, *succeed or *fail.
type state interface {
	// targets returns the names of the states that may come next.
	targets() []string
	// run runs the state and records in t what comes next. It returns ctx's
	// error if ctx was cancelled before the state had a result.
	run(ctx context.Context, t *transition) error
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *states) UnmarshalJSON(raw []byte) error {
	*s = states{}
	return eachField(raw, func(name string, raw json.RawMessage) (err error) {
		(*s)[name], err = readState(raw)
		return err
	})
}

func readState(raw json.RawMessage) (state, error) {
	var kind struct{ Type string }
	if err := json.Unmarshal(raw, &kind); err != nil {
		return nil, err
	}
	var s state
	switch kind.Type {
	case "Task":
		s = &task{}
	case "Choice":
		s = &choice{}
	case "Wait":
		s = &wait{}
	case "Succeed":
		s = &succeed{}
	case "Fail":
		s = &fail{}
	default:
		//lint:ignore ST1005 it begins with the name of a field
		return nil, fmt.Errorf("Type: %q is not supported: use Task, Choice, Wait, Succeed or Fail", kind.Type)
	}
	return s, readObject(raw, s)
}

// checkTargets refuses transitions to states that do not exist.
func (d *definition) checkTargets() error {
	if d.States[d.StartAt] == nil {
		return fmt.Errorf("StartAt: there is no state %q", d.StartAt)
	}
	for _, name := range slices.Sorted(maps.Keys(d.States)) {
		for _, target := range d.States[name].targets() {
			if d.States[target] == nil {
				//lint:ignore ST1005 it begins with the name of a field
				return fmt.Errorf("States: %s: there is no state %q to go to", name, target)
			}
		}
	}
	return nil
}
