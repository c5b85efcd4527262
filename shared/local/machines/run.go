package machines

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"deskmove/shared/local/asl"
	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
)

// Run takes all executions forward, also those that a process before this one
// has left, until ctx is done; then it waits for the tasks under way.
func (m *Machine) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		found, err := m.idle(ctx)
		if err != nil && ctx.Err() == nil {
			m.host.Logger().ErrorContext(ctx, "executions not listed", "machine", m.config.Name, "err", err)
		}
		for _, x := range found {
			running.Go(func() { m.run(ctx, x) })
		}
		// The pause is for errors: a start rings.
		m.host.Clock.Wait(ctx, 5*time.Second, m.wake)
	}
	return nil
}

// execution is a running execution as the file has it.
type execution struct {
	asl.Execution
	definition string // its hash
}

// setBack keeps a wait from taking longer because the clock was set back while
// no process ran: now is before the state was entered.
func (x *execution) setBack(now time.Time) {
	back := x.EnteredAt.Sub(now)
	if back <= 0 || x.WakeAt.IsZero() {
		return
	}
	x.WakeAt, x.EnteredAt = x.WakeAt.Add(-back), now
}

// idle returns the running executions that no goroutine runs, and marks them
// as active.
func (m *Machine) idle(ctx context.Context) (found []execution, err error) {
	err = m.db.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT state, definition, name FROM execution WHERE machine = ? AND status = ?", func(r db.Row) error {
			if m.isActive(r.Text(2)) {
				return nil
			}
			x := execution{definition: r.Text(1)}
			if err := json.Unmarshal(r.Bytes(0), &x.Execution); err != nil {
				return err
			}
			x.setBack(m.host.Clock.Now())
			found = append(found, x)
			return nil
		}, m.config.Name, string(asl.Running))
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range found {
		m.active[x.Name] = true
	}
	return found, err
}

func (m *Machine) isActive(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.active[name]
}

// run takes an execution to its end. What keeps it from that, such as a full
// disk, is logged and tried again.
func (m *Machine) run(ctx context.Context, x execution) {
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.active, x.Name)
	}()
	log := m.host.Logger().With("machine", m.config.Name, "execution", x.Name)
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := m.advance(ctx, &x)
		switch {
		case ctx.Err() != nil && !x.Ended():
			return
		case err == nil:
			log.InfoContext(ctx, "execution ended", "status", x.Status, "state", x.State, "error", x.Error)
			return
		}
		log.ErrorContext(ctx, "execution interrupted", "state", x.State, "err", err)
		m.host.Clock.Wait(ctx, pause, nil)
	}
}

// advance takes an execution as far as it can; x is the last that was saved.
func (m *Machine) advance(ctx context.Context, x *execution) error {
	definition, err := m.recall(ctx, x.definition)
	if err != nil {
		return err
	}
	r := asl.Runner{
		Machine: definition,
		Task: func(within context.Context, resource string, input json.RawMessage) (json.RawMessage, error) {
			return m.task(ctx, within, resource, input)
		},
		Save: func(ctx context.Context, e asl.Execution) error {
			if err := m.save(ctx, e); err != nil {
				return err
			}
			x.Execution = e
			return nil
		},
		Now:  m.host.Clock.Now,
		Rand: rand.Float64, // #nosec G404 -- spreads retries, guards nothing
		Sleep: func(ctx context.Context, until time.Time) error {
			// A minute at most, so that a clock that was set is noticed.
			return m.host.Clock.Sleep(ctx, min(until.Sub(m.host.Clock.Now()), time.Minute))
		},
	}
	_, err = r.Run(ctx, x.Execution)
	return err
}

// recall returns the definition of an execution.
func (m *Machine) recall(ctx context.Context, hash string) (*asl.Machine, error) {
	if d := m.definition(hash); d != nil {
		return d, nil
	}
	var text []byte
	if err := m.db.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT text FROM definition WHERE hash = ?", func(r db.Row) error {
			text = r.Bytes(0)
			return nil
		}, hash)
	}); err != nil {
		return nil, err
	}
	if err := m.learn(hash, text); err != nil {
		return nil, err
	}
	return m.definition(hash), nil
}

func (m *Machine) save(ctx context.Context, e asl.Execution) error {
	state, err := json.Marshal(e)
	if err != nil {
		return err
	}
	var stopped int64
	if e.Ended() {
		stopped = m.host.Clock.Now().UnixMilli()
	}
	return m.db.Do(ctx, func(tx db.Tx) error {
		if err := tx.Exec("UPDATE execution SET status = ?, stopped = ?, state = ? WHERE machine = ? AND name = ?",
			string(e.Status), stopped, state, m.config.Name, e.Name); err != nil {
			return err
		}
		if tx.Changes() != 1 {
			return ErrNotFound
		}
		return nil
	})
}

// task runs a task's function, and waits for it until within is done: the
// state's time may be shorter than the function's, which goes on as on AWS.
// Step Functions gets the names of Lambda's own failures, and a handler's error
// as it is.
func (m *Machine) task(ctx, within context.Context, resource string, input json.RawMessage) (json.RawMessage, error) {
	out, err := function.Invoke(ctx, m.host, m.config.Functions[resource], within.Done(), input)
	if f, ok := errors.AsType[*function.Failure](err); ok {
		return nil, asl.FunctionError(f.Name, f.Message, f.Stack)
	}
	return out, err
}
