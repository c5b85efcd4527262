package sqlite_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
)

// item is a write of one item in its own partition.
func item(pk string) store.Write {
	return store.Write{Table: store.Conversations, Key: store.Key{PK: pk, SK: "H"}, Set: store.Attrs{{Name: store.Home, Value: store.S("inbox")}}}
}

func put(t testing.TB, e *sqlite.Engine, ws ...store.Write) {
	t.Helper()
	if err := store.FirstError(e.Write(t.Context(), ws)); err != nil {
		t.Fatal(err)
	}
}

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by", "open")
	for i, pk := range []string{"a", "b", "c"} {
		e, err := sqlite.Open(dir, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		put(t, e, item(pk))
		if got := len(changed(t, e)); got != i+1 {
			t.Errorf("%d changes after %d openings", got, i+1)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "*-wal")); files != nil {
			t.Errorf("closed, but there is %q", files)
		}
	}
	verifyIntegrity(t, dir)
}

func TestSecondOpener(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir, sqlite.Options{})
	_, err := sqlite.Open(dir, sqlite.Options{})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second Open: %v", err)
	}
	put(t, e, item("a")) // the first is undisturbed
}

// TestRefused opens files that are not ours, and leaves them as they are.
func TestRefused(t *testing.T) {
	script := func(sql string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite|zombiezen.OpenCreate)
			if err != nil {
				t.Fatal(err)
			}
			execute(t, conn, sql)
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		make func(*testing.T, string)
		want string
	}{
		"foreign tables": {script("CREATE TABLE x (y)"), "another program"},
		"foreign id":     {script("PRAGMA application_id = 7; PRAGMA user_version = 1"), "another program"},
		"newer":          {script("PRAGMA application_id = 0x6465736b; PRAGMA user_version = 3"), "format 3, but this deskmove knows format 2 only"},
		"older":          {script(format1), "format 1, but this deskmove knows format 2 only and cannot convert it: use a new directory, or the version that wrote it"},
		"garbage": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("not a database\n"), 5000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "restore"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "deskmove.db")
			test.make(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the first leaves no lock behind
				if _, err := sqlite.Open(dir, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("Open: %v, want %q", err, test.want)
				}
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
}

// execute does statements one by one, since some are for no transaction.
func execute(t *testing.T, conn *zombiezen.Conn, script string) {
	t.Helper()
	for sql := range strings.SplitSeq(script, ";") {
		if err := sqlitex.ExecuteTransient(conn, sql, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// format1 makes the file that format 1 was, as far as it matters.
const format1 = `PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;
	CREATE TABLE conversations (pk TEXT NOT NULL, sk TEXT NOT NULL, item BLOB NOT NULL, PRIMARY KEY (pk, sk)) WITHOUT ROWID;
	CREATE TABLE conversations_index (ipk TEXT NOT NULL, isk TEXT NOT NULL, pk TEXT NOT NULL, sk TEXT NOT NULL, PRIMARY KEY (ipk, isk, pk, sk)) WITHOUT ROWID;
	CREATE TABLE changes (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, pk TEXT NOT NULL, sk TEXT NOT NULL, old BLOB, new BLOB);
	INSERT INTO conversations VALUES ('a', 'H', x'00');
	PRAGMA application_id = 0x6465736b; PRAGMA user_version = 1`

// TestRefusedWithLog opens a file of format 1 whose process was killed: all of
// it is in the log, which stays as it is too.
func TestRefusedWithLog(t *testing.T) {
	made, dir := t.TempDir(), t.TempDir()
	conn, err := zombiezen.OpenConn(filepath.Join(made, "deskmove.db"), zombiezen.OpenReadWrite|zombiezen.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	execute(t, conn, format1)
	before := map[string][]byte{}
	for _, name := range []string{"deskmove.db", "deskmove.db-wal"} {
		if before[name], err = os.ReadFile(filepath.Join(made, name)); err != nil || len(before[name]) == 0 {
			t.Fatal(len(before[name]), err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), before[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := sqlite.Open(dir, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), "format 1") {
			t.Errorf("Open: %v", err)
		}
	}
	for name, want := range before {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s was changed, %v", name, err)
		}
	}
}

// TestDamaged damages the middle of a file. What is damaged is an error, not
// a wrong answer.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	e, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, e, 2000)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "deskmove.db")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page, leaf = 8192, 10 // a leaf of a table without rowids
	for i := 20 * page; i < len(file); i += page {
		if file[i] == leaf {
			copy(file[i+1:i+page], bytes.Repeat([]byte{0xee}, page))
		}
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	e = openIn(t, dir, sqlite.Options{})
	failed := 0
	for i := range 2000 {
		key := header(i)
		if _, err := e.Get(t.Context(), store.Conversations, []store.Key{key}, store.Strong); err != nil {
			if !strings.Contains(err.Error(), "damaged") {
				t.Fatal(err)
			}
			failed++
		}
	}
	if failed < 500 {
		t.Errorf("%d of 2,000 reads failed", failed)
	}
}

func TestClosed(t *testing.T) {
	e, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	_, getErr := e.Get(t.Context(), store.Control, []store.Key{{PK: "a", SK: "b"}}, store.Strong)
	_, queryErr := e.Query(t.Context(), store.Query{Table: store.Control, PK: "a", Limit: 1})
	_, changesErr := e.Changes(t.Context(), "0", "", 1)
	for i, err := range []error{
		store.FirstError(e.Write(t.Context(), []store.Write{item("a")})), e.Transact(t.Context(), []store.Write{item("a")}),
		getErr, queryErr, changesErr, e.Close(), e.Trim(t.Context(), map[string]string{"0": "1"}),
	} {
		if !errors.Is(err, sqlite.ErrClosed) {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

// TestCloseUnderLoad closes while others write and read: each write is either
// answered and there, or refused. No goroutine stays.
func TestCloseUnderLoad(t *testing.T) {
	before := runtime.NumGoroutine()
	dir := t.TempDir()
	e, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const writers = 20
	var written [writers]int
	var wait sync.WaitGroup
	for g := range writers {
		wait.Go(func() {
			for {
				w := item(string(rune('a' + g)))
				w.Key.SK = time.Duration(written[g]).String()
				err := store.FirstError(e.Write(t.Context(), []store.Write{w}))
				_, readErr := e.Get(t.Context(), w.Table, []store.Key{w.Key}, store.Strong)
				if err == nil {
					written[g]++
				}
				if errors.Is(err, sqlite.ErrClosed) && errors.Is(readErr, sqlite.ErrClosed) {
					return
				}
				if err != nil && !errors.Is(err, sqlite.ErrClosed) || readErr != nil && !errors.Is(readErr, sqlite.ErrClosed) {
					t.Errorf("write: %v; read: %v", err, readErr)
					return
				}
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	wait.Wait()
	for end := time.Now().Add(2 * time.Minute); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
	e = openIn(t, dir, sqlite.Options{})
	for g, n := range written {
		items := 0
		for q := (store.Query{Table: store.Conversations, PK: string(rune('a' + g)), Limit: 1000}); ; {
			page, err := e.Query(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			items += len(page.Items)
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if items != n {
			t.Errorf("writer %d had %d answers, and %d items are there", g, n, items)
		}
	}
}
