// Package db is the local engine's file: one SQLite database with everything
// that queues, streams, executions and schedules must remember.
//
// What a transaction has committed survives a killed process. After a power
// cut the last commits may be missing, as the file is synced at checkpoints
// only; doc.go of package runtime says why that is safe.
package db

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/gofrs/flock"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"deskmove/shared/store"
)

// Version is the version of the file's format. A file of a later version is
// refused.
const Version = 1

// ErrInUse reports that another process has the file open.
var ErrInUse = errors.New("in use by another process")

// DB is an open file. It is safe for concurrent use; transactions run one
// after the other.
type DB struct {
	mu   sync.Mutex
	conn *sqlite.Conn // nil once closed
	lock *flock.Flock
}

// Open opens the file at path, which it creates if it is not there, and keeps
// every other process out. Each schema is a script of CREATE … IF NOT EXISTS
// statements.
func Open(path string, schemas ...string) (*DB, error) {
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	case !ok:
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	d := &DB{lock: lock}
	if err := d.open(path, schemas); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, translate(err)), d.Close())
	}
	return d, nil
}

func (d *DB) open(path string, schemas []string) (err error) {
	d.conn, err = sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return err
	}
	for _, pragma := range []string{
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = NORMAL",
		"PRAGMA wal_autocheckpoint = 4000",
		"PRAGMA journal_size_limit = 33554432",
	} {
		if err := sqlitex.ExecuteTransient(d.conn, pragma, nil); err != nil {
			return err
		}
	}
	version, err := d.version()
	if err != nil {
		return err
	}
	if version > Version {
		return fmt.Errorf("has format %d, but this program knows formats up to %d: use the newer program", version, Version)
	}
	for _, script := range append(schemas, fmt.Sprintf("PRAGMA user_version = %d", Version)) {
		if err := sqlitex.ExecuteScript(d.conn, script, nil); err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) version() (version int, err error) {
	err = sqlitex.ExecuteTransient(d.conn, "PRAGMA user_version", &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error {
			version = s.ColumnInt(0)
			return nil
		},
	})
	return version, err
}

// Close closes the file. Transactions fail from then on.
func (d *DB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	if d.conn != nil {
		err = d.conn.Close()
		d.conn = nil
	}
	return errors.Join(err, d.lock.Unlock())
}

// ErrClosed reports that the file was closed.
var ErrClosed = errors.New("local database is closed")

// Do runs f in one transaction, which is committed if f returns nil and leaves
// no trace otherwise. ctx is checked before the start only. If no storage is
// left, the error is store.ErrFull.
func (d *DB) Do(ctx context.Context, f func(Tx) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.conn == nil {
		return ErrClosed
	}
	return translate(d.do(f))
}

func (d *DB) do(f func(Tx) error) (err error) {
	end, err := sqlitex.ImmediateTransaction(d.conn)
	if err != nil {
		return err
	}
	defer end(&err)
	return f(Tx{d.conn})
}

// translate turns SQLite's errors into those of package store, or says what to
// do about them.
func translate(err error) error {
	switch code := sqlite.ErrCode(err); {
	case code.ToPrimary() == sqlite.ResultFull, code == sqlite.ResultIOErrWrite, code == sqlite.ResultIOErrTruncate,
		code == sqlite.ResultIOErrSHMSize:
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case code.ToPrimary() == sqlite.ResultCorrupt, code.ToPrimary() == sqlite.ResultNotADB:
		return fmt.Errorf("damaged: delete it; what it held will be made again: %w", err)
	}
	return err
}

// Tx is a running transaction. It must not outlive the function it was given
// to.
type Tx struct{ conn *sqlite.Conn }

// Row is one row of an answer; columns count from 0.
type Row struct{ stmt *sqlite.Stmt }

// Int is a column's integer.
func (r Row) Int(column int) int64 { return r.stmt.ColumnInt64(column) }

// Text is a column's text.
func (r Row) Text(column int) string { return r.stmt.ColumnText(column) }

// Bytes is a copy of a column's bytes.
func (r Row) Bytes(column int) []byte {
	b := make([]byte, r.stmt.ColumnLen(column))
	r.stmt.ColumnBytes(column, b)
	return b
}

// Exec runs one statement, with arguments such as int64, string and []byte.
func (t Tx) Exec(query string, args ...any) error {
	return sqlitex.Execute(t.conn, query, &sqlitex.ExecOptions{Args: args})
}

// Changes is how many rows the last statement has changed.
func (t Tx) Changes() int { return t.conn.Changes() }

// Query runs one statement and hands each row to f, which must not run
// another statement.
func (t Tx) Query(query string, f func(Row) error, args ...any) error {
	return sqlitex.Execute(t.conn, query, &sqlitex.ExecOptions{
		Args: args, ResultFunc: func(s *sqlite.Stmt) error { return f(Row{s}) },
	})
}
