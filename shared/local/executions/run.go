package executions

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

// Run runs all executions, including those that an earlier process left
// running, until ctx is done. Then it waits for the tasks under way.
func (m *StateMachine) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		found, err := m.activate(ctx)
		if err != nil && ctx.Err() == nil {
			m.host.Logger().ErrorContext(ctx, "executions not listed", "machine", m.config.Name, "err", err)
		}
		for _, x := range found {
			running.Go(func() { m.run(ctx, x) })
		}
		// The time limit is for errors: Start wakes this loop.
		m.host.Clock.Wait(ctx, 5*time.Second, m.started)
	}
	return nil
}

// execution is a running execution as it was last saved.
type execution struct {
	asl.Execution
	definition string // its hash
}

// adjustTimes keeps a wait from becoming longer if the clock was set back while
// no process ran, so that now is before the state was entered.
func (x *execution) adjustTimes(now time.Time) {
	back := x.EnteredAt.Sub(now)
	if back <= 0 || x.WakeAt.IsZero() {
		return
	}
	x.WakeAt, x.EnteredAt = x.WakeAt.Add(-back), now
}

// activate returns the running executions that have no goroutine yet, and marks
// them as active.
func (m *StateMachine) activate(ctx context.Context) (found []execution, err error) {
	err = m.db.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT state, definition, name FROM execution WHERE machine = ? AND status = ?", func(r db.Row) error {
			if m.isActive(r.Text(2)) {
				return nil
			}
			x := execution{definition: r.Text(1)}
			if err := json.Unmarshal(r.Bytes(0), &x.Execution); err != nil {
				return err
			}
			x.adjustTimes(m.host.Clock.Now())
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

func (m *StateMachine) isActive(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.active[name]
}

// run runs an execution to its end. It logs errors, such as a full disk, and
// tries again.
func (m *StateMachine) run(ctx context.Context, x execution) {
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
			m.changed(x.Status)
			log.InfoContext(ctx, "execution ended", "status", x.Status, "state", x.State, "error", x.Error)
			return
		}
		log.ErrorContext(ctx, "execution interrupted", "state", x.State, "err", err)
		m.host.Clock.Wait(ctx, pause, nil)
	}
}

// advance runs an execution until it ends or there is an error. x is always what
// was last saved.
func (m *StateMachine) advance(ctx context.Context, x *execution) error {
	definition, err := m.loadDefinition(ctx, x.definition)
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
		Rand: rand.Float64,
		Sleep: func(ctx context.Context, until time.Time) error {
			// A minute at most, so that a clock that was set is noticed.
			return m.host.Clock.Sleep(ctx, min(until.Sub(m.host.Clock.Now()), time.Minute))
		},
	}
	_, err = r.Run(ctx, x.Execution)
	return err
}

// loadDefinition returns a definition, which may be one that an earlier process
// stored.
func (m *StateMachine) loadDefinition(ctx context.Context, hash string) (*asl.Machine, error) {
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
	if err := m.addDefinition(hash, text); err != nil {
		return nil, err
	}
	return m.definition(hash), nil
}

func (m *StateMachine) save(ctx context.Context, e asl.Execution) error {
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
			return errors.New("it is not in the database")
		}
		return nil
	})
}

// task runs a task's function and waits for it until within is done. The state's
// timeout may be shorter than the function's, which then goes on, as on AWS.
func (m *StateMachine) task(ctx, within context.Context, resource string, input json.RawMessage) (json.RawMessage, error) {
	out, err := function.Invoke(ctx, m.host, m.config.Functions[resource], within.Done(), input)
	if f, ok := errors.AsType[*function.Failure](err); ok {
		return nil, asl.FunctionError(f.Name, f.Message, f.Stack)
	}
	return out, err
}
