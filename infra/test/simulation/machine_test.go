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

// machine runs executions of the real state machine.
type machine struct {
	w          *world
	executions map[string]*asl.Execution
	running    int
	lateAudits int // of those running, waiting for a late audit
}

var definition = func() *asl.Machine {
	m, err := asl.Parse(move.StateMachine)
	if err != nil {
		panic(err)
	}
	return m
}()

// start starts an execution, unless there was one of that name.
func (m *machine) start(name string, input json.RawMessage) {
	if m.executions[name] != nil {
		return
	}
	x, err := definition.Start(name, input, m.w.date())
	if err != nil {
		panic(err)
	}
	m.executions[name] = &x
	m.running++
	m.w.log("execution %s %s %s", name, x.State, x.Status)
	m.w.after(10*time.Millisecond, func() { m.step(&x) })
}

// step takes an execution one transition further. If that runs a task, the
// first call of Step only finds out which; runTask makes the transition.
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
		m.runTask(x, resource, input)
	case err != nil:
		panic(err)
	default:
		m.transition(x, next)
	}
}

func (m *machine) runner(x *asl.Execution, task asl.TaskFunc) asl.Runner {
	c := newRandom(m.w.seed, x.Name+x.State)
	return asl.Runner{Machine: definition, Task: task, Now: m.w.date, Rand: c.Float64}
}

// runTask runs a task, then makes the transition that follows from its output.
func (m *machine) runTask(x *asl.Execution, resource string, input json.RawMessage) {
	f, handle := m.w.stepFunction(strings.TrimSuffix(strings.TrimPrefix(resource, "${"), "FunctionArn}"))
	var output json.RawMessage
	var in move.Run
	must(json.Unmarshal(input, &in))
	i := invocation{function: f, name: fmt.Sprintf("%s %s@%d", f.name, x.Name, x.Events), execution: x.Name, move: in.Move}
	m.w.invoke(i, func(ctx context.Context, p *process) error {
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
		m.transition(x, next)
	})
}

// transition records a transition and schedules the next one.
func (m *machine) transition(x *asl.Execution, next asl.Execution) {
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
	m.lateAudits++
	m.w.after(wait, func() { m.lateAudits--; m.step(x) })
}

// stepFunction returns the function that a task runs.
func (w *world) stepFunction(name string) (*function, func(*app.App) handler.Step) {
	switch name {
	case "Fence":
		return w.fence, func(h *app.App) handler.Step { return h.Fence }
	case "List":
		return w.list, func(h *app.App) handler.Step { return h.List }
	case "Drain":
		return w.drain, func(h *app.App) handler.Step { return h.Drain }
	case "Finish":
		return w.finish, func(h *app.App) handler.Step { return h.Finish }
	}
	panic("simulation: no function " + name)
}
