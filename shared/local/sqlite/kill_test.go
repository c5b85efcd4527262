package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
)

// killDir names the directory in which the test's child is to write.
const killDir = "DESKMOVE_TEST_KILL_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		writeForEver(dir, os.Getenv("DESKMOVE_TEST_KILL_ROUND"))
	}
	os.Exit(m.Run())
}

// size of the child's writes and transactions.
const (
	killWrites  = 20
	killWriters = 8
)

// writeForEver writes from several goroutines and prints the name of each
// call that was answered. Even calls are transactions.
func writeForEver(dir, round string) {
	e, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var wait sync.WaitGroup
	for g := range killWriters {
		wait.Go(func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("%s-%d-%d", round, g, n)
				var err error
				if n%2 == 0 {
					err = e.Transact(context.Background(), killItems(name))
				} else {
					err = store.FirstError(e.Write(context.Background(), killItems(name)))
				}
				if err != nil {
					fmt.Println("error", name, err)
					return
				}
				fmt.Println(name)
			}
		})
	}
	wait.Wait()
}

// killItems are the writes of one call: items with index entries and changes.
func killItems(name string) []store.Write {
	ws := make([]store.Write, killWrites)
	for i := range ws {
		ws[i] = store.Write{Table: store.Conversations, Key: store.Key{PK: name, SK: fmt.Sprintf("%02d", i)}, If: store.Absent(),
			Set: store.Attrs{{Name: store.Home, Value: store.S("inbox")},
				{Name: store.ByChannel.PK, Value: store.S("i#" + name)}, {Name: store.ByChannel.SK, Value: store.S(fmt.Sprintf("%02d", i))},
				{Name: store.ByOwner.PK, Value: store.S("i#" + name)}, {Name: store.ByOwner.SK, Value: store.S(fmt.Sprintf("%02d", i))}, {Name: "body", Value: store.S(strings.Repeat("x", 200))}}}
	}
	return ws
}

// TestKilled kills a writing process again and again. What it was told is
// written must be there, and of every call all or nothing.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short leaves out kills")
	}
	dir := t.TempDir()
	var acknowledged []string
	for round := 0; round < 10 || len(acknowledged) < 100; round++ { // a busy machine answers few calls in a round
		if round == 200 {
			t.Fatalf("only %d calls were answered", len(acknowledged))
		}
		acknowledged = append(acknowledged, killedRun(t, dir, round)...)
	}
	verifyIntegrity(t, dir)
	e := openIn(t, dir, sqlite.Options{})
	for _, name := range acknowledged {
		if got := count(t, e, store.Query{PK: name}); got != killWrites {
			t.Errorf("%s was answered, and %d of its %d items are there", name, got, killWrites)
		}
	}
	found := map[string]int{}
	for key := range changed(t, e) {
		found[key.PK]++
	}
	if len(found) < len(acknowledged) {
		t.Errorf("the stream has %d calls, of %d that were answered", len(found), len(acknowledged))
	}
	for name, changes := range found {
		items, entries := count(t, e, store.Query{PK: name}), count(t, e, store.Query{PK: "i#" + name, Index: store.ByChannel})
		if items != killWrites || entries != killWrites || count(t, e, store.Query{PK: "i#" + name, Index: store.ByOwner}) != killWrites || changes != killWrites {
			t.Errorf("%s: %d items, %d index entries, %d changes; want %d", name, items, entries, changes, killWrites)
		}
	}
	t.Logf("%d calls answered, %d found", len(acknowledged), len(found))
}

// killedRun runs a child, kills it after a while and returns what it printed.
func killedRun(t *testing.T, dir string, round int) (names []string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killDir+"="+dir, fmt.Sprint("DESKMOVE_TEST_KILL_ROUND=", round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var kill *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if kill == nil { // it is up
			kill = time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, func() { _ = child.Process.Kill() })
		}
		if strings.HasPrefix(lines.Text(), "error") {
			t.Fatal(lines.Text())
		}
		names = append(names, lines.Text())
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return names
}

// count returns the number of items that a query of the conversations finds.
func count(t *testing.T, e *sqlite.Engine, q store.Query) int {
	t.Helper()
	q.Table, q.Limit = store.Conversations, 1000
	page, err := e.Query(t.Context(), q)
	if err != nil || page.Next != "" {
		t.Fatalf("query: next %q, %v", page.Next, err)
	}
	return len(page.Items)
}

// changed returns how often each key is in the stream.
func changed(t *testing.T, e *sqlite.Engine) map[store.Key]int {
	t.Helper()
	keys := map[store.Key]int{}
	shards, err := e.Shards(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, shard := range shards {
		for after := ""; ; {
			changes, err := e.Changes(t.Context(), shard, after, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if len(changes) == 0 {
				break
			}
			for _, c := range changes {
				keys[c.Key]++
			}
			after = changes[len(changes)-1].Sequence
		}
	}
	return keys
}

// verifyIntegrity has SQLite check the file, which nobody may have open.
func verifyIntegrity(t *testing.T, dir string) {
	t.Helper()
	conn, err := zombiezen.OpenConn(filepath.Join(dir, "deskmove.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = sqlitex.ExecuteTransient(conn, "PRAGMA integrity_check", &sqlitex.ExecOptions{ResultFunc: func(stmt *zombiezen.Stmt) error {
		if got := stmt.ColumnText(0); got != "ok" {
			t.Error(got)
		}
		return nil
	}})
	if err != nil {
		t.Error(err)
	}
}
