package asl

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// maxSeconds bounds every number of seconds in a definition, as AWS does.
const maxSeconds = 99_999_999

// Parse checks and compiles a definition of at most 1 MiB. Its error joins
// everything that is wrong, each line naming the state, the field and what to
// do instead.
func Parse(data []byte) (*Machine, error) {
	p := &problems{}
	v, err := readDefinition(data, p)
	if err != nil {
		return nil, err
	}
	m := &Machine{states: map[string]*state{}}
	o := p.object("the state machine", v)
	if o == nil {
		return nil, p.err()
	}
	o.text("Comment")
	o.only("Version", "1.0")
	o.only("QueryLanguage", "JSONPath")
	m.startAt = o.name("StartAt")
	m.timeout = seconds(o.whole("TimeoutSeconds", 1, maxSeconds, 0))
	states, _ := o.take("States")
	o.close("state machine")
	if all, ok := states.(map[string]any); !ok || len(all) == 0 {
		o.refuse("States", "missing: an object with at least one state is needed")
	} else {
		for _, name := range sorted(all) {
			if s := p.state(name, all[name]); s != nil {
				m.states[name] = s
			}
		}
		p.checkGraph(m, all)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return m, nil
}

// checkGraph reports transitions into nowhere, states that no transition
// reaches, and a machine without an end. all are the names of the states,
// also of those that did not compile.
func (p *problems) checkGraph(m *Machine, all map[string]any) {
	complete := len(m.states) == len(all) && has(all, m.startAt)
	if m.startAt != "" && !has(all, m.startAt) {
		p.refuse("the state machine: StartAt: there is no state %q: add it, or name another", m.startAt)
	}
	for _, name := range sorted(m.states) {
		for _, target := range m.states[name].targets() {
			if has(all, target) {
				continue
			}
			complete = false
			if target != "" { // else it was refused where it stands
				p.refuse("state %q: Next: there is no state %q: add it, or name another", name, target)
			}
		}
	}
	if complete { // else what is reachable would be guesswork
		p.checkReach(m)
	}
}

func (p *problems) checkReach(m *Machine) {
	reached := map[string]bool{}
	for todo := []string{m.startAt}; len(todo) > 0; todo = todo[1:] {
		if name := todo[0]; !reached[name] {
			reached[name] = true
			todo = append(todo, m.states[name].targets()...)
		}
	}
	for _, name := range sorted(m.states) {
		if !reached[name] {
			p.refuse("state %q: name: no transition leads to it: remove it, or name it in a Next", name)
		}
	}
	ends := func(name string) bool { return m.states[name].ends() }
	if !slices.ContainsFunc(sorted(reached), ends) {
		p.refuse("the state machine: States: no state ends the execution: add a Succeed, a Fail or \"End\": true")
	}
}

// state compiles one state; nil, and a problem, if it has no usable type.
func (p *problems) state(name string, v any) *state {
	o := p.object(fmt.Sprintf("state %q", name), v)
	if o == nil {
		return nil
	}
	if n := utf8.RuneCountInString(name); n == 0 || n > 80 {
		o.refuse("name", "has %d characters, AWS takes 1 to 80: rename it", n)
	}
	s := &state{name: name}
	o.text("Comment")
	o.only("QueryLanguage", "JSONPath")
	kind := o.name("Type")
	switch kind {
	case "Task":
		p.task(o, s)
	case "Choice":
		p.choice(o, s)
	case "Wait":
		p.wait(o, s)
	case "Pass":
		p.pass(o, s)
	case "Succeed":
		o.inputAndOutput(s, noRetryCount)
	case "Fail":
		s.fail = &TaskError{Name: o.text("Error"), Cause: o.text("Cause")}
	case "Map", "Parallel":
		o.refuse("Type", "%s is not supported: use a loop of Task and Choice states", kind)
		return nil
	case "":
		return nil
	default:
		o.refuse("Type", "%q is not supported: use Task, Choice, Wait, Pass, Succeed or Fail", kind)
		return nil
	}
	o.close(kind + " state")
	return s
}

func (p *problems) wait(o *object, s *state) {
	s.wait = &wait{seconds: seconds(o.whole("Seconds", 0, maxSeconds, 0))}
	switch {
	case o.has("Seconds") && o.has("SecondsPath"):
		o.refuse("SecondsPath", "Seconds is there too: remove one")
	case o.has("SecondsPath"):
		s.wait.secondsPath = o.path("SecondsPath", notContext)
		if s.wait.secondsPath == nil && o.fields["SecondsPath"] == nil {
			o.refuse("SecondsPath", "null is not supported: use a path")
		}
	case !o.has("Seconds") && !o.has("Timestamp") && !o.has("TimestampPath"):
		o.refuse("Seconds", "missing: Seconds or SecondsPath is needed")
	}
	o.take("SecondsPath")
	o.inputAndOutput(s, noRetryCount)
	o.nextOrEnd(s)
}

func (p *problems) pass(o *object, s *state) {
	s.pass = &pass{}
	if v, ok := o.take("Result"); ok {
		if _, err := encode(v); err != nil {
			o.refuse("Result", "%v: shorten it", err)
		}
		s.pass.result = &literal{v}
	}
	s.parameters = o.template("Parameters", noRetryCount)
	s.resultPath = o.path("ResultPath", writable)
	o.inputAndOutput(s, noRetryCount)
	o.nextOrEnd(s)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
