package asl

import (
	"cmp"
	"encoding/json"
	"strconv"
)

// choose is the state to which the first rule that holds leads.
func (t *turn) choose(in any) (string, *TaskError) {
	for _, r := range t.state.choice.rules {
		if ok, failure := t.holds(r, in); failure != nil || ok {
			return r.next, failure
		}
	}
	if next := t.state.choice.otherwise; next != "" {
		return next, nil
	}
	return "", &TaskError{errNoChoiceMatched, "The state '" + t.state.name + "' has no rule that holds, and no Default."}
}

// holds tests a rule. And and Or stop at the first answer, so that IsPresent
// may guard what follows it.
func (t *turn) holds(r rule, in any) (bool, *TaskError) {
	switch r.op {
	case "Not":
		ok, failure := t.holds(r.rules[0], in)
		return !ok, failure
	case "And", "Or":
		stop := r.op == "Or"
		for _, inner := range r.rules {
			if ok, failure := t.holds(inner, in); failure != nil || ok == stop {
				return ok, failure
			}
		}
		return !stop, nil
	}
	v, ok := t.look(r.variable, in)
	if r.op == "IsPresent" {
		return ok == r.operand, nil
	}
	if !ok {
		return false, t.runtime("Invalid path '%s': The choice state's condition path references an invalid value.", r.variable.text)
	}
	return compare(r.op, v, r.operand), nil
}

// compare tests a value; one of another type than the operand's does not pass.
func compare(op string, v, operand any) bool {
	switch op {
	case "IsNull":
		return (v == nil) == operand
	case "StringEquals", "BooleanEquals":
		switch v.(type) {
		case string, bool: // other types may not be comparable
			return v == operand
		}
		return false
	}
	a, ok := v.(json.Number)
	if !ok {
		return false
	}
	n := compareNumbers(a, operand.(json.Number))
	switch op {
	case "NumericEquals":
		return n == 0
	case "NumericLessThan":
		return n < 0
	case "NumericLessThanEquals":
		return n <= 0
	case "NumericGreaterThan":
		return n > 0
	default: // NumericGreaterThanEquals: Parse lets no other through
		return n >= 0
	}
}

// compareNumbers is exact for whole numbers of 64 bits, and else as exact as a
// double. A number out of range is an infinity.
func compareNumbers(a, b json.Number) int {
	x, err1 := a.Int64()
	y, err2 := b.Int64()
	if err1 == nil && err2 == nil {
		return cmp.Compare(x, y)
	}
	// ParseFloat returns the infinity together with its error.
	f, _ := strconv.ParseFloat(a.String(), 64)
	g, _ := strconv.ParseFloat(b.String(), 64)
	return cmp.Compare(f, g)
}
