package asl

import (
	"encoding/json"
	"fmt"
)

func (p *problems) choice(o *object, s *state) {
	s.choice = &choice{otherwise: o.text("Default")}
	if o.has("Default") && s.choice.otherwise == "" {
		o.refuse("Default", "want the name of a state")
	}
	for _, field := range []string{"Next", "End"} {
		if _, ok := o.take(field); ok {
			o.refuse(field, "a Choice goes on by its rules: use Default")
		}
	}
	o.inputAndOutput(s, noRetryCount)
	if !o.has("Choices") {
		o.refuse("Choices", "missing: an array of rules is needed")
	}
	for i, v := range o.list("Choices") {
		r := p.rule(fmt.Sprintf("%s: Choices[%d]", o.where, i), v, true)
		s.choice.rules = append(s.choice.rules, r)
	}
}

// rule compiles a rule; one at the top names the next state, one inside And,
// Or or Not does not.
func (p *problems) rule(where string, v any, top bool) rule {
	var r rule
	o := p.object(where, v)
	if o == nil {
		return r
	}
	o.text("Comment")
	if top {
		r.next = o.name("Next")
	}
	for _, op := range sorted(operands) {
		if !o.has(op) {
			continue
		}
		if r.op != "" {
			o.refuse(op, "%s is there too: use And, or two rules", r.op)
		}
		r.op = op
		p.operand(o, op, &r)
	}
	o.take("Variable")
	o.close("rule")
	if r.op == "" {
		o.refuse("Variable", "no comparison: add one of StringEquals, BooleanEquals, Numeric…, IsPresent, IsNull, And, Or, Not")
	}
	return r
}

// operands says what each comparison compares with.
var operands = map[string]string{
	"And": "rules", "Or": "rules", "Not": "rule",
	"StringEquals":             "string",
	"BooleanEquals":            "bool",
	"IsPresent":                "bool",
	"IsNull":                   "bool",
	"NumericEquals":            "number",
	"NumericLessThan":          "number",
	"NumericLessThanEquals":    "number",
	"NumericGreaterThan":       "number",
	"NumericGreaterThanEquals": "number",
}

// operand reads the field op of o, and what it needs besides, into r.
func (p *problems) operand(o *object, op string, r *rule) {
	switch operands[op] {
	case "rules":
		for i, v := range o.list(op) {
			r.rules = append(r.rules, p.rule(fmt.Sprintf("%s: %s[%d]", o.where, op, i), v, false))
		}
		return
	case "rule":
		v, _ := o.take(op)
		r.rules = []rule{p.rule(o.where+": "+op, v, false)}
		return
	case "string":
		r.operand = o.text(op)
	case "bool":
		r.operand = o.truth(op)
	case "number":
		n, ok := o.fields[op].(json.Number)
		if !ok {
			o.refuse(op, "want a number")
		}
		o.take(op)
		r.operand = n
	}
	if !o.has("Variable") {
		o.refuse("Variable", "missing: a path is needed")
	}
	variable := o.path("Variable", noRetryCount)
	switch {
	case variable != nil:
		r.variable = *variable
	case o.fields["Variable"] == nil:
		o.refuse("Variable", "null is not supported: use a path")
	}
}
