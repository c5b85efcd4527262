package asl

import (
	"slices"
	"time"
)

// Machine is a definition, checked and compiled by Parse. It does not change,
// and may be used by many executions at once.
type Machine struct {
	startAt string
	timeout time.Duration // of the whole execution; 0 is no timeout
	states  map[string]*state
}

// Resources are the Resource strings of all Task states, sorted, each once:
// what a TaskFunc has to know.
func (m *Machine) Resources() []string {
	all := map[string]bool{}
	for _, s := range m.states {
		if s.task != nil {
			all[s.task.resource] = true
		}
	}
	return sorted(all)
}

// ErrorNames are the names that the machine retries or catches, sorted, each
// once; States.ALL and its like among them.
func (m *Machine) ErrorNames() []string {
	all := map[string]bool{}
	for _, s := range m.states {
		if s.task == nil {
			continue
		}
		for _, name := range slices.Concat(s.task.errorLists()...) {
			all[name] = true
		}
	}
	return sorted(all)
}

// state is one compiled state. One of task, choice, wait, pass and fail is set;
// none is in a Succeed.
type state struct {
	name string
	next string // "" if the execution ends here

	inputPath      *path // nil is null: an empty object
	outputPath     *path // nil is null: an empty object
	resultPath     *path // nil is null: discard the result
	parameters     template
	resultSelector template

	task   *task
	choice *choice
	wait   *wait
	pass   *pass
	fail   *TaskError
}

type task struct {
	resource string
	timeout  time.Duration // 0 is no timeout
	retriers []retrier
	catchers []catcher
}

func (t *task) errorLists() [][]string {
	var lists [][]string
	for _, r := range t.retriers {
		lists = append(lists, r.errors)
	}
	for _, c := range t.catchers {
		lists = append(lists, c.errors)
	}
	return lists
}

type retrier struct {
	errors      []string
	interval    time.Duration
	backoff     float64
	maxDelay    time.Duration
	maxAttempts int
	jitter      bool // FULL
}

type catcher struct {
	errors     []string
	resultPath *path // nil is null: discard the error
	next       string
}

type choice struct {
	rules     []rule
	otherwise string // "" is no Default
}

// rule is a test of a Choice. Which of the fields are set depends on op.
type rule struct {
	op       string
	variable path
	operand  any // string, bool or json.Number
	rules    []rule
	next     string // of a rule that stands alone, not inside And, Or, Not
}

type wait struct {
	seconds     time.Duration
	secondsPath *path // nil: seconds holds
}

// pass is a Pass state; result is nil if its effective input is its result.
type pass struct{ result *literal }

// targets are the names of the states that may follow s.
func (s *state) targets() []string {
	var names []string
	if s.next != "" {
		names = append(names, s.next)
	}
	if s.task != nil {
		for _, c := range s.task.catchers {
			names = append(names, c.next)
		}
	}
	if s.choice != nil {
		for _, r := range s.choice.rules {
			names = append(names, r.next)
		}
		if s.choice.otherwise != "" {
			names = append(names, s.choice.otherwise)
		}
	}
	return names
}

// ends reports whether an execution can end in s without an error of s.
func (s *state) ends() bool { return s.next == "" && s.choice == nil }
