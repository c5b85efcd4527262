package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/handler"
	"deskmove/shared/local/asl"
	"deskmove/shared/move"
)

// machine walks the executions of the real state machine.
type machine struct {
	w          *world
	executions map[string]*asl.Execution
	running    int
	waiting    int // of those, waiting for more than ten minutes: a late audit
}

var definition = func() *asl.Machine {
	m, err := asl.Parse(move.StateMachine)
	if err != nil {
		panic(err)
	}
	return m
}()

// start starts an execution unless there was one of that name. By is the task
// that does.
func (m *machine) start(name string, input json.RawMessage, by string) {
	if m.executions[name] != nil {
		return
	}
	x, err := definition.Start(name, input, m.w.date())
	if err != nil {
		panic(err)
	}
	m.executions[name] = &x
	m.running++
	m.w.watch.goesOn(name, input, by)
	m.w.log("execution %s %s %s", name, x.State, x.Status)
	m.w.after(10*time.Millisecond, func() { m.step(&x) })
}

// step takes an execution one transition further. A task runs in between: the
// first attempt at it only says which.
func (m *machine) step(x *asl.Execution) {
	var resource string
	var input json.RawMessage
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := m.runner(x, func(_ context.Context, of string, in json.RawMessage) (json.RawMessage, error) {
		resource, input = of, in
		cancel()
		return nil, context.Canceled
	})
	next, err := r.Step(ctx, *x)
	switch {
	case resource != "":
		m.task(x, resource, input)
	case err != nil:
		panic(err)
	default:
		m.took(x, next)
	}
}

func (m *machine) runner(x *asl.Execution, task asl.TaskFunc) asl.Runner {
	c := newChance(m.w.seed, x.Name+x.State)
	return asl.Runner{Machine: definition, Task: task, Now: m.w.date, Rand: c.Float64}
}

// task runs a task, then takes the transition that its answer makes.
func (m *machine) task(x *asl.Execution, resource string, input json.RawMessage) {
	f, handle := m.w.step(strings.TrimSuffix(strings.TrimPrefix(resource, "${"), "FunctionArn}"))
	var output json.RawMessage
	if f == m.w.reconcile && !continues(input) {
		m.w.watch.begun[x.Name] = m.w.now
	}
	m.w.invoke(f, fmt.Sprintf("%s %s@%d", f.name, x.Name, x.Events), func(ctx context.Context, p *process) error {
		var in move.Run
		if err := json.Unmarshal(input, &in); err != nil {
			return err
		}
		out, err := handle(p.App).Handle(ctx, in)
		if err == nil {
			output, err = json.Marshal(out)
		}
		return err
	}, func(err error) {
		r := m.runner(x, func(context.Context, string, json.RawMessage) (json.RawMessage, error) { return output, err })
		next, stepErr := r.Step(context.Background(), *x)
		if stepErr != nil {
			panic(stepErr)
		}
		m.took(x, next)
	})
}

// continues reports whether a step goes on with what an earlier one began.
func continues(input json.RawMessage) bool {
	var r move.Run
	must(json.Unmarshal(input, &r))
	return r.More
}

// took notes a transition and plans the next one.
func (m *machine) took(x *asl.Execution, next asl.Execution) {
	*x = next
	if m.w.trace != nil {
		m.w.log("execution %s %s %s %s", x.Name, x.State, x.Status, x.Error)
	}
	if x.Ended() {
		m.running--
		return
	}
	wait := max(x.WakeAt.Sub(m.w.date()), time.Millisecond)
	if x.WakeAt.IsZero() {
		wait = time.Millisecond
	}
	if wait < 30*time.Minute {
		m.w.after(wait, func() { m.step(x) })
		return
	}
	m.waiting++
	m.w.after(wait, func() { m.waiting--; m.step(x) })
}

// step is the function behind a task.
func (w *world) step(name string) (*function, func(*app.App) handler.Step) {
	switch name {
	case "Fence":
		return w.fence, func(h *app.App) handler.Step { return h.Fence }
	case "List":
		return w.list, func(h *app.App) handler.Step { return h.List }
	case "Drain":
		return w.drain, func(h *app.App) handler.Step { return h.Drain }
	case "Reconcile":
		return w.reconcile, func(h *app.App) handler.Step { return h.Reconcile }
	case "Finish":
		return w.finish, func(h *app.App) handler.Step { return h.Finish }
	case "Audit":
		return w.audit, func(h *app.App) handler.Step { return h.Audit }
	}
	panic("simulation: no function " + name)
}
