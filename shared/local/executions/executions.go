package executions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"deskmove/shared/local/asl"
	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
)

// Schema creates the tables of this package.
const Schema = `
CREATE TABLE IF NOT EXISTS definition (
  hash TEXT PRIMARY KEY,
  text BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS execution (
  machine    TEXT NOT NULL,
  name       TEXT NOT NULL,
  status     TEXT NOT NULL,
  started    INTEGER NOT NULL, -- ms
  stopped    INTEGER NOT NULL, -- ms; 0: not yet
  definition TEXT NOT NULL,
  input      BLOB NOT NULL,    -- of the first state
  state      BLOB NOT NULL,    -- asl.Execution as JSON
  UNIQUE (machine, name)
) STRICT;
CREATE INDEX IF NOT EXISTS execution_by_status ON execution (machine, status, started);
`

// retention is how long an execution is kept after its end, and its name with
// it, as on AWS.
const retention = 90 * 24 * time.Hour

// Function runs a task.
type Function = function.Function[json.RawMessage, json.RawMessage]

// Config describes a state machine.
type Config struct {
	Name       string
	Definition []byte // in the subset of the States Language that package asl supports
	// Functions run the tasks, by the Resource of the task, which is a
	// placeholder such as ${ListFunctionArn}.
	Functions map[string]Function
	// Changed, if not nil, is told of each execution that has started or ended.
	Changed func(status asl.Status)
}

// StateMachine is a state machine with its executions.
type StateMachine struct {
	config Config
	hash   string // of the definition
	db     *db.DB
	host   *function.Host

	mu          sync.Mutex
	definitions map[string]*asl.Machine // by hash
	active      map[string]bool         // by name: executions that have a goroutine
	started     chan struct{}           // wakes Run
}

// Open opens a state machine. A process must open the same one only once.
func Open(ctx context.Context, d *db.DB, h *function.Host, c Config) (*StateMachine, error) {
	sum := sha256.Sum256(c.Definition)
	m := &StateMachine{
		config: c, hash: hex.EncodeToString(sum[:]), db: d, host: h,
		definitions: map[string]*asl.Machine{}, active: map[string]bool{}, started: make(chan struct{}, 1),
	}
	err := m.addDefinition(m.hash, c.Definition)
	if err == nil {
		err = d.Do(ctx, func(tx db.Tx) error {
			return tx.Exec("INSERT INTO definition (hash, text) VALUES (?, ?) ON CONFLICT DO NOTHING", m.hash, c.Definition)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("state machine %s: %w", c.Name, err)
	}
	return m, nil
}

// addDefinition parses a definition. Each of its tasks must have a function.
func (m *StateMachine) addDefinition(hash string, text []byte) error {
	definition, err := asl.Parse(text)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(definition.Resources(), func(resource string) bool {
		_, ok := m.config.Functions[resource]
		return ok
	})
	if len(missing) > 0 {
		return fmt.Errorf("no function for %s: the functions are %s", strings.Join(missing, ", "),
			strings.Join(slices.Sorted(maps.Keys(m.config.Functions)), ", "))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.definitions[hash] = definition
	return nil
}

// Start starts an execution. If there is one of that name, running or not, it
// stays as it is.
func (m *StateMachine) Start(ctx context.Context, name string, input json.RawMessage) error {
	if err := m.start(ctx, name, input); err != nil {
		return fmt.Errorf("start execution %s of %s: %w", name, m.config.Name, err)
	}
	return nil
}

func (m *StateMachine) start(ctx context.Context, name string, input json.RawMessage) error {
	now := m.host.Clock.Now()
	e, err := m.definition(m.hash).Start(name, input, now)
	if err != nil {
		return err
	}
	state, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if err := m.db.Do(ctx, func(tx db.Tx) error {
		if err := tx.Exec("DELETE FROM execution WHERE machine = ? AND stopped != 0 AND stopped < ?",
			m.config.Name, now.Add(-retention).UnixMilli()); err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO execution (machine, name, status, started, stopped, definition, input, state)
			VALUES (?, ?, ?, ?, 0, ?, ?, ?) ON CONFLICT DO NOTHING`,
			m.config.Name, name, string(e.Status), now.UnixMilli(), m.hash, []byte(input), state)
	}); err != nil {
		return err
	}
	m.changed(asl.Running)
	select {
	case m.started <- struct{}{}:
	default: // Run is about to look anyway
	}
	return nil
}

func (m *StateMachine) changed(status asl.Status) {
	if m.config.Changed != nil {
		m.config.Changed(status)
	}
}

func (m *StateMachine) definition(hash string) *asl.Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.definitions[hash]
}

// Running reports whether an execution was started and has not ended.
func (m *StateMachine) Running(ctx context.Context, name string) (running bool, err error) {
	err = m.db.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT status FROM execution WHERE machine = ? AND name = ?", func(r db.Row) error {
			running = r.Text(0) == string(asl.Running)
			return nil
		}, m.config.Name, name)
	})
	if err != nil {
		return false, fmt.Errorf("execution %s of %s: %w", name, m.config.Name, err)
	}
	return running, nil
}
