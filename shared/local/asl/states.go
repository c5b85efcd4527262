package asl

import (
	"context"
	"encoding/json"
	"errors"
)

type choice struct {
	Comment string `asl:"optional"`
	Type    string
	Choices []rule
	Default string
}

// rule has one of the three comparisons.
type rule struct {
	Variable      path
	StringEquals  *string `asl:"optional"`
	BooleanEquals *bool   `asl:"optional"`
	Next          string
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *rule) UnmarshalJSON(raw []byte) error {
	if err := readObject(raw, r); err != nil {
		return err
	}
	if (r.StringEquals != nil) == (r.BooleanEquals != nil) {
		return errors.New("use one of StringEquals and BooleanEquals")
	}
	return nil
}

func (s *choice) targets() []string {
	names := []string{s.Default}
	for _, r := range s.Choices {
		names = append(names, r.Next)
	}
	return names
}

func (s *choice) run(_ context.Context, t *transition) error {
	next := s.Default
	for _, r := range s.Choices {
		value, ok := r.Variable.get(t.next.Input)
		if !ok {
			t.end(Failed, t.runtimeError("Invalid path '$.%s': The choice state's condition path references an invalid value.", r.Variable))
			return nil
		}
		if r.holds(value) {
			next = r.Next
			break
		}
	}
	t.leave(t.next.Input, next)
	return nil
}

// holds compares a value; one of another type than the operand is not equal.
func (r rule) holds(raw json.RawMessage) bool {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return false // a number that float64 cannot hold
	}
	if r.StringEquals != nil {
		return value == any(*r.StringEquals)
	}
	return value == any(*r.BooleanEquals)
}

type wait struct {
	Comment     string `asl:"optional"`
	Type        string
	SecondsPath path
	Next        string
}

func (s *wait) targets() []string { return []string{s.Next} }

func (s *wait) run(_ context.Context, t *transition) error {
	var n count
	raw, _ := s.SecondsPath.get(t.next.Input)
	if err := n.UnmarshalJSON(raw); err != nil {
		t.end(Failed, t.runtimeError("SecondsPath '$.%s': %v.", s.SecondsPath, err))
		return nil
	}
	// From when the state was entered, so that a crash does not make the wait
	// longer.
	t.next.WakeAt = inUTC(t.next.EnteredAt.Add(n.seconds()))
	if !t.next.WakeAt.After(t.now) {
		t.leave(t.next.Input, s.Next)
	}
	return nil
}

type succeed struct {
	Comment string `asl:"optional"`
	Type    string
}

func (*succeed) targets() []string { return nil }

func (*succeed) run(_ context.Context, t *transition) error {
	if t.countEvents(1) { // …StateExited
		t.next.Output = t.next.Input
		t.end(Succeeded, &TaskError{})
	}
	return nil
}

type fail struct {
	Comment string `asl:"optional"`
	Type    string
	Error   string
	Cause   string
}

func (*fail) targets() []string { return nil }

func (s *fail) run(_ context.Context, t *transition) error {
	t.end(Failed, &TaskError{Name: s.Error, Cause: s.Cause})
	return nil
}
