package machines

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
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

// Schema is the part of the file that machines need.
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
  input      BLOB NOT NULL,    -- as it was given
  state      BLOB NOT NULL,    -- asl.Execution as JSON
  UNIQUE (machine, name)
) STRICT;
CREATE INDEX IF NOT EXISTS execution_by_status ON execution (machine, status, started);
`

// reserved is how long after its end an execution's name stays taken.
const reserved = 90 * 24 * time.Hour

// Function is a handler of a task's input.
type Function = function.Function[json.RawMessage, json.RawMessage]

// Config is what a state machine's template says.
type Config struct {
	Name       string
	Definition []byte // States Language, as package asl takes it
	// Functions are those of the tasks, by their Resource, which in a template
	// is a placeholder as ${ListFunctionArn}.
	Functions map[string]Function
}

// Machine is a state machine and its executions. An execution keeps the
// definition it was started with.
type Machine struct {
	config Config
	hash   string // of the definition
	db     *db.DB
	host   *function.Host

	mu          sync.Mutex
	definitions map[string]*asl.Machine // by hash
	active      map[string]bool         // executions that have a goroutine
	wake        chan struct{}
}

// Open opens a machine. One process opens a machine once.
func Open(ctx context.Context, d *db.DB, h *function.Host, c Config) (*Machine, error) {
	sum := sha256.Sum256(c.Definition)
	m := &Machine{
		config: c, hash: hex.EncodeToString(sum[:]), db: d, host: h,
		definitions: map[string]*asl.Machine{}, active: map[string]bool{}, wake: make(chan struct{}, 1),
	}
	err := m.learn(m.hash, c.Definition)
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

// learn compiles a definition, all of whose tasks must have a function.
func (m *Machine) learn(hash string, text []byte) error {
	definition, err := asl.Parse(text)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(definition.Resources(), func(resource string) bool {
		_, ok := m.config.Functions[resource]
		return ok
	})
	if len(missing) > 0 {
		return fmt.Errorf("no function for %s: there are %s", strings.Join(missing, ", "),
			strings.Join(slices.Sorted(maps.Keys(m.config.Functions)), ", "))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.definitions[hash] = definition
	return nil
}

// Errors of machines. Test with errors.Is.
var (
	// ErrExists is Step Functions' ExecutionAlreadyExists: the name belongs to
	// an execution that has ended, or that has another input.
	ErrExists = errors.New("execution already exists")
	// ErrNotFound is Step Functions' ExecutionDoesNotExist.
	ErrNotFound = errors.New("execution does not exist")
)

// Start starts an execution. If one of that name is running with the same
// input, it does nothing; if its input differs or it has ended less than 90
// days ago, the error is ErrExists.
func (m *Machine) Start(ctx context.Context, name string, input json.RawMessage) error {
	if err := m.start(ctx, name, input); err != nil {
		return fmt.Errorf("start execution %s of %s: %w", name, m.config.Name, err)
	}
	return nil
}

func (m *Machine) start(ctx context.Context, name string, input json.RawMessage) error {
	if len(input) == 0 {
		input = json.RawMessage("{}")
	}
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
			m.config.Name, now.Add(-reserved).UnixMilli()); err != nil {
			return err
		}
		same := false
		if err := tx.Query("SELECT status, input FROM execution WHERE machine = ? AND name = ?", func(r db.Row) error {
			same = r.Text(0) == string(asl.Running) && string(r.Bytes(1)) == string(input)
			if !same {
				return ErrExists
			}
			return nil
		}, m.config.Name, name); err != nil || same {
			return err
		}
		return tx.Exec(`INSERT INTO execution (machine, name, status, started, stopped, definition, input, state)
			VALUES (?, ?, ?, ?, 0, ?, ?, ?)`,
			m.config.Name, name, string(e.Status), now.UnixMilli(), m.hash, []byte(input), state)
	}); err != nil {
		return err
	}
	m.ring()
	return nil
}

func (m *Machine) ring() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *Machine) definition(hash string) *asl.Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.definitions[hash]
}

// Status is how an execution stands, or ErrNotFound.
func (m *Machine) Status(ctx context.Context, name string) (string, error) {
	e, err := m.Describe(ctx, name)
	return string(e.Status), err
}

// Describe is an execution as it was last saved, or ErrNotFound.
func (m *Machine) Describe(ctx context.Context, name string) (e asl.Execution, err error) {
	found := false
	err = m.db.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT state FROM execution WHERE machine = ? AND name = ?", func(r db.Row) error {
			found = true
			return json.Unmarshal(r.Bytes(0), &e)
		}, m.config.Name, name)
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	if err != nil {
		return asl.Execution{}, fmt.Errorf("execution %s of %s: %w", name, m.config.Name, err)
	}
	return e, nil
}

// List is up to limit executions of a status, or of any if that is "", the
// latest first. After skips that many.
func (m *Machine) List(ctx context.Context, status string, after, limit int) (all []asl.Execution, err error) {
	err = m.db.Do(ctx, func(tx db.Tx) error {
		return tx.Query(`SELECT state FROM execution WHERE machine = ?1 AND (?2 = '' OR status = ?2)
			ORDER BY started DESC, rowid DESC LIMIT ?3 OFFSET ?4`, func(r db.Row) error {
			var e asl.Execution
			if err := json.Unmarshal(r.Bytes(0), &e); err != nil {
				return err
			}
			all = append(all, e)
			return nil
		}, m.config.Name, status, limit, after)
	})
	if err != nil {
		return nil, fmt.Errorf("executions of %s: %w", m.config.Name, err)
	}
	return all, nil
}
