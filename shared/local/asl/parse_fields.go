package asl

import (
	"errors"
	"slices"
)

// inputAndOutput reads the fields that every state but Fail has.
func (o *object) inputAndOutput(s *state, usable func(path) error) {
	s.inputPath = o.path("InputPath", usable)
	s.outputPath = o.path("OutputPath", usable)
}

// nextOrEnd reads where the execution goes after s: exactly one of the two.
func (o *object) nextOrEnd(s *state) {
	end := o.truth("End")
	switch {
	case o.has("End") && o.has("Next"):
		o.refuse("End", "Next is there too: remove one")
	case o.has("Next"):
		s.next = o.name("Next")
	case !o.has("End"):
		o.refuse("Next", "missing: Next or \"End\": true is needed")
	case !end:
		o.refuse("End", "false says nothing: use true, or Next")
	}
	o.take("Next")
}

// template is the field's payload template; nil if it is absent or refused.
func (o *object) template(name string, usable func(path) error) template {
	v, ok := o.take(name)
	if !ok {
		return nil
	}
	if _, ok := v.(map[string]any); !ok {
		o.refuse(name, "want a JSON object")
		return nil
	}
	return compileTemplate(o, name, v, usable)
}

// inTask refuses no path: the context of a Task has all of them.
func inTask(path) error { return nil }

// noRetryCount refuses the one context path that only a Task has.
func noRetryCount(p path) error {
	if p.isContext("State.RetryCount") {
		return errors.New("$$.State.RetryCount is there in a Task only: remove it")
	}
	return nil
}

// notContext refuses paths of the context object.
func notContext(p path) error {
	if p.context {
		return errors.New("context paths are not supported here: use a path within the state, which starts with \"$.\" and names a field")
	}
	return nil
}

// writable refuses paths to which no result can be written.
func writable(p path) error {
	if err := notContext(p); err != nil {
		return err
	}
	if slices.ContainsFunc(p.steps, func(s pathStep) bool { return s.name == "" }) {
		return errors.New("an array element cannot be written: use a path of names")
	}
	return nil
}
