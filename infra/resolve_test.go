package infra_test

import (
	"fmt"
	"maps"
	"strings"
)

// resolver works a template's parameters and conditions out, as
// CloudFormation does before it deploys anything. What refers to resources
// stays as it is, but in a Sub, which becomes text.
type resolver struct {
	values     map[string]any // of parameters, and AWS's own
	conditions map[string]any
}

// nothing is AWS::NoValue: what has it is left out.
type nothing struct{}

// resolve returns the template as it would be deployed with values for its
// parameters, where they differ from the defaults.
func resolve(t map[string]any, values map[string]any) map[string]any {
	r := resolver{values: map[string]any{
		"AWS::StackName": "desk", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012", "AWS::Partition": "aws",
		"AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": nothing{},
	}}
	parameters, _ := t["Parameters"].(map[string]any)
	for name, p := range parameters {
		r.values[name] = at(p, "Default")
		if text(at(p, "Type")) == "CommaDelimitedList" {
			var items []any
			for item := range strings.SplitSeq(text(at(p, "Default")), ",") {
				items = append(items, item)
			}
			r.values[name] = items
		}
	}
	maps.Copy(r.values, values)
	r.conditions, _ = t["Conditions"].(map[string]any)
	out := map[string]any{"AWSTemplateFormatVersion": t["AWSTemplateFormatVersion"]}
	resources := map[string]any{}
	of, _ := t["Resources"].(map[string]any)
	for id, v := range of {
		if c := text(at(v, "Condition")); c == "" || r.holds(r.conditions[c]) {
			resources[id] = r.value(v)
		}
	}
	out["Resources"] = resources
	return out
}

// value resolves a value.
func (r resolver) value(v any) any {
	switch v := v.(type) {
	case []any:
		all := make([]any, 0, len(v))
		for _, of := range v {
			if of = r.value(of); of != (any)(nothing{}) {
				all = append(all, of)
			}
		}
		return all
	case map[string]any:
		if len(v) == 1 {
			for how, what := range v {
				if resolved, ok := r.function(how, what); ok {
					return resolved
				}
			}
		}
		all := make(map[string]any, len(v))
		for name, of := range v {
			if of = r.value(of); of != (any)(nothing{}) {
				all[name] = of
			}
		}
		return all
	}
	return v
}

// function resolves a function of CloudFormation, if it is one and can be.
func (r resolver) function(how string, what any) (any, bool) {
	switch how {
	case "Ref":
		v, ok := r.values[text(what)]
		return v, ok
	case "Fn::If":
		branches := list(what)
		if r.holds(r.conditions[text(branches[0])]) {
			return r.value(branches[1]), true
		}
		return r.value(branches[2]), true
	case "Fn::Join":
		var parts []string
		for _, part := range list(r.value(list(what)[1])) {
			s, ok := part.(string)
			if !ok { // of a resource
				return nil, false
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, text(list(what)[0])), true
	case "Fn::Split":
		s, ok := r.value(list(what)[1]).(string)
		if !ok {
			return nil, false
		}
		var parts []any
		for part := range strings.SplitSeq(s, text(list(what)[0])) {
			parts = append(parts, part)
		}
		return parts, true
	case "Fn::Sub":
		s, with := text(what), map[string]any{}
		if pair, ok := what.([]any); ok {
			s = text(pair[0])
			with, _ = pair[1].(map[string]any)
		}
		return inSub.ReplaceAllStringFunc(s, func(m string) string {
			name := m[2 : len(m)-1]
			if v, ok := with[name]; ok {
				name = fmt.Sprint(target(r.value(v)))
			} else if v, ok := r.values[name]; ok {
				name = fmt.Sprint(v)
			}
			return name
		}), true
	}
	return nil, false
}

// holds works a condition out.
func (r resolver) holds(c any) bool {
	m, _ := c.(map[string]any)
	for how, what := range m {
		of := list(what)
		switch how {
		case "Fn::Equals":
			return fmt.Sprint(r.value(of[0])) == fmt.Sprint(r.value(of[1]))
		case "Fn::Not":
			return !r.holds(of[0])
		case "Fn::And":
			for _, part := range of {
				if !r.holds(part) {
					return false
				}
			}
			return true
		case "Condition":
			return r.holds(r.conditions[text(what)])
		}
	}
	return false
}
