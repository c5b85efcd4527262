package asl

import "time"

// effectiveInput is the state's input after InputPath and Parameters.
func (t *turn) effectiveInput() (any, *TaskError) {
	in, failure := t.filter(t.state.inputPath, "InputPath", t.input)
	if failure != nil || t.state.parameters == nil {
		return in, failure
	}
	in, failure = t.state.parameters.fill(t.resolver(in))
	if failure == nil && left(in, maxData) < 0 {
		failure = t.tooBig("effective input", errTooBig)
	}
	return in, failure
}

// merge is the state's input with the result at ResultPath.
func (t *turn) merge(result any) (any, *TaskError) {
	return t.putAt(t.state.resultPath, result)
}

// outputOf is what OutputPath selects of v.
func (t *turn) outputOf(v any) (any, *TaskError) {
	return t.filter(t.state.outputPath, "OutputPath", v)
}

// putAt is the state's input with v at p; nil discards v.
func (t *turn) putAt(p *path, v any) (any, *TaskError) {
	if p == nil {
		return t.input, nil
	}
	out, ok := p.set(t.input, v)
	if !ok {
		return nil, &TaskError{errResultPath, "Unable to apply ReferencePath " + p.text + " to the input of the state '" + t.state.name + "'."}
	}
	return out, nil
}

// filter is what p selects of v; an empty object if p is nil.
func (t *turn) filter(p *path, field string, v any) (any, *TaskError) {
	if p == nil {
		return map[string]any{}, nil
	}
	return t.resolve(*p, field, v)
}

func (t *turn) resolver(v any) resolver {
	return func(p path, field string) (any, *TaskError) { return t.resolve(p, field, v) }
}

// resolve is what p, which stands in field, selects of v or of the context.
func (t *turn) resolve(p path, field string, v any) (any, *TaskError) {
	found, ok := t.look(p, v)
	if !ok {
		// AWS quotes the input here; it may be a customer's.
		return nil, t.runtime("The JSONPath '%s' specified for the field '%s' could not be found in the input", p.text, field)
	}
	return found, nil
}

// look is resolve for those to whom nothing is an answer.
func (t *turn) look(p path, v any) (any, bool) {
	if !p.context {
		return p.get(v)
	}
	e := t.ex
	switch {
	case p.isContext("Execution.Id"):
		return e.ID, true
	case p.isContext("Execution.Name"):
		return e.Name, true
	case p.isContext("Execution.StartTime"):
		return isoTime(e.StartedAt), true
	case p.isContext("State.Name"):
		return t.state.name, true
	case p.isContext("State.EnteredTime"):
		return isoTime(e.EnteredAt), true
	case p.isContext("State.RetryCount"):
		return t.retryCount(), true
	case p.isContext("StateMachine.Id"):
		return e.MachineID, true
	}
	input, err := decode(e.StartInput) // the only one that is left
	if err != nil {
		return nil, false
	}
	return walk(input, p.steps[2:])
}

// isoTime is t as AWS writes it in the context object: UTC, milliseconds.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
