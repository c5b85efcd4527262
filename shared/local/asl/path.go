package asl

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// path is a compiled reference path: it selects one value of a document, or
// of the context object if it starts with $$.
type path struct {
	text    string
	context bool
	steps   []pathStep
}

// pathStep goes to a member of an object or, if name is empty, to an element
// of an array.
type pathStep struct {
	name  string
	index int
}

// contextPaths are the paths of the context object that an execution can
// answer. Only the first may be followed by further steps.
var contextPaths = []string{
	"Execution.Input",
	"Execution.Id", "Execution.Name", "Execution.StartTime",
	"State.Name", "State.EnteredTime", "State.RetryCount",
	"StateMachine.Id",
}

var (
	pathSteps = regexp.MustCompile(`^(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[[0-9]{1,6}\])*$`)
	pathStepX = regexp.MustCompile(`\.([A-Za-z0-9_-]+)|\[([0-9]+)\]`)
)

// parsePath compiles $, $.a.b, $.a[0] and the context paths.
func parsePath(text string) (path, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		if strings.HasPrefix(text, "States.") {
			return path{}, errors.New("intrinsic functions are not supported: compute the value in a function")
		}
		return path{}, fmt.Errorf("%q is not a path: start it with $", text)
	}
	p := path{text: text}
	if r, ok := strings.CutPrefix(rest, "$"); ok {
		rest, p.context = r, true
	}
	if !pathSteps.MatchString(rest) {
		return path{}, fmt.Errorf("path %q is not supported: use $, $.a.b or $.a[0], with names of letters, digits, _ and -", text)
	}
	for _, m := range pathStepX.FindAllStringSubmatch(rest, -1) {
		index, _ := strconv.Atoi(m[2]) // at most six digits, or none
		p.steps = append(p.steps, pathStep{name: m[1], index: index})
	}
	if p.context && !slices.ContainsFunc(contextPaths, p.isContext) {
		return path{}, fmt.Errorf("context path %q is not supported: use one of $$.%s", text, strings.Join(contextPaths, ", $$."))
	}
	return p, nil
}

// isContext reports whether p selects name of the context object, or
// something inside the execution's input.
func (p path) isContext(name string) bool {
	rest, ok := strings.CutPrefix(p.text, "$$."+name)
	return ok && (rest == "" || name == contextPaths[0] && strings.ContainsAny(rest[:1], ".["))
}

// get selects p of root. It does not look at p.context.
func (p path) get(root any) (any, bool) {
	return walk(root, p.steps)
}

func walk(v any, steps []pathStep) (any, bool) {
	for _, s := range steps {
		if s.name == "" {
			a, ok := v.([]any)
			if !ok || s.index >= len(a) {
				return nil, false
			}
			v = a[s.index]
			continue
		}
		m, _ := v.(map[string]any)
		var ok bool
		if v, ok = m[s.name]; !ok {
			return nil, false
		}
	}
	return v, true
}

// set is root with v at p, or false if something on the way is there and is no
// object. Missing objects are created. It leaves root as it was: v may be root
// itself, or share parts with it.
func (p path) set(root, v any) (any, bool) {
	return put(root, p.steps, v)
}

func put(root any, steps []pathStep, v any) (any, bool) {
	if len(steps) == 0 {
		return v, true
	}
	m, ok := root.(map[string]any)
	if !ok {
		return nil, false
	}
	name := steps[0].name
	child, ok := m[name]
	if !ok {
		child = map[string]any{}
	}
	if child, ok = put(child, steps[1:], v); !ok {
		return nil, false
	}
	m = maps.Clone(m)
	m[name] = child
	return m, true
}
