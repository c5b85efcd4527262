package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"deskmove/shared/local/db"
	"deskmove/shared/store"
)

const schema = "CREATE TABLE IF NOT EXISTS t (k TEXT PRIMARY KEY, v BLOB NOT NULL, n INTEGER NOT NULL) STRICT"

func open(t *testing.T, path string) *db.DB {
	t.Helper()
	d, err := db.Open(path, schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func put(k string) func(db.Tx) error {
	return func(tx db.Tx) error { return tx.Exec("INSERT INTO t VALUES (?, ?, ?)", k, []byte(k), len(k)) }
}

func all(t *testing.T, d *db.DB) (s string) {
	t.Helper()
	if err := d.Do(t.Context(), func(tx db.Tx) error {
		return tx.Query("SELECT k, v, n FROM t ORDER BY k", func(r db.Row) error {
			s += fmt.Sprint(r.Text(0), string(r.Bytes(1)), r.Int(2), " ")
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTransactions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	d := open(t, path)
	if err := d.Do(t.Context(), put("kept")); err != nil {
		t.Fatal(err)
	}
	own := errors.New("own")
	if err := d.Do(t.Context(), func(tx db.Tx) error { return errors.Join(put("error")(tx), own) }); !errors.Is(err, own) {
		t.Errorf("Do = %v", err)
	}
	if err := d.Do(t.Context(), func(tx db.Tx) error { return errors.Join(put("twice")(tx), put("twice")(tx)) }); err == nil {
		t.Error("a key was put twice")
	}
	if err := d.Do(t.Context(), func(tx db.Tx) error { return tx.Exec("INSERT INTO t VALUES (?, ?, ?)", "k") }); err == nil {
		t.Error("parameters were missing")
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = d.Do(t.Context(), func(tx db.Tx) error {
			_ = put("panic")(tx)
			panic("no")
		})
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Do(ctx, put("late")); !errors.Is(err, context.Canceled) {
		t.Errorf("Do = %v", err)
	}
	if err := d.Do(t.Context(), func(tx db.Tx) error {
		err := tx.Exec("UPDATE t SET n = 5 WHERE k = ?", "nobody")
		if tx.Changes() != 0 {
			t.Error("nobody was changed")
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if got := all(t, d); got != "keptkept4 " {
		t.Errorf("holds %q", got)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Do(t.Context(), put("closed")); !errors.Is(err, db.ErrClosed) {
		t.Errorf("Do = %v", err)
	}
	if got := all(t, open(t, path)); got != "keptkept4 " {
		t.Errorf("holds %q after a restart", got)
	}
}

func TestRowErrorLeavesTheStatementUsable(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "local.db"))
	own := errors.New("own")
	if err := d.Do(t.Context(), func(tx db.Tx) error {
		for _, k := range []string{"a", "b"} {
			if err := put(k)(tx); err != nil {
				return err
			}
		}
		for range 2 {
			if err := tx.Query("SELECT k FROM t", func(db.Row) error { return own }); !errors.Is(err, own) {
				t.Errorf("Query = %v", err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestFullDisk(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "local.db"))
	if err := d.Do(t.Context(), put("a")); err != nil {
		t.Fatal(err)
	}
	if err := d.Do(t.Context(), func(tx db.Tx) error { return tx.Exec("PRAGMA max_page_count = 1") }); err != nil {
		t.Fatal(err)
	}
	if err := d.Do(t.Context(), put(strings.Repeat("b", 1<<20))); !errors.Is(err, store.ErrFull) {
		t.Errorf("Do = %v", err)
	}
	if got := all(t, d); got != "aa1 " {
		t.Errorf("holds %.20q", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "local.db"))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				if err := d.Do(t.Context(), put(fmt.Sprint(i, "-", j))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(strings.Fields(all(t, d))); n != 400 {
		t.Errorf("holds %d rows", n)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "local.db")
	d := open(t, path)
	if _, err := db.Open(path, schema); !errors.Is(err, db.ErrInUse) {
		t.Errorf("second Open = %v", err)
	}
	if err := d.Do(t.Context(), put("a")); err != nil {
		t.Errorf("after a second Open: %v", err)
	}
	if err := d.Do(t.Context(), func(tx db.Tx) error { return tx.Exec("PRAGMA user_version = 99") }); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(path, schema); err == nil || !strings.Contains(err.Error(), "format 99") {
		t.Errorf("Open of a later format = %v", err)
	}
	if _, err := db.Open(filepath.Join(dir, "none", "local.db")); err == nil {
		t.Error("opened in no directory")
	}
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the lock of the first is given back
		if _, err := db.Open(text); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("Open of a text = %v", err)
		}
	}
}
