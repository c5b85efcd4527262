package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
)

// read returns the sequence numbers of a shard's changes.
func read(t *testing.T, e *sqlite.Engine, shard string) (sequences []string) {
	t.Helper()
	for after := ""; ; {
		changes, err := e.Changes(t.Context(), shard, after, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			return sequences
		}
		for _, c := range changes {
			if c.Sequence <= after {
				t.Fatalf("%s after %s", c.Sequence, after)
			}
			after = c.Sequence
			sequences = append(sequences, after)
		}
	}
}

// TestTrim drops a part of one shard, then all of all.
func TestTrim(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	e, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for b := range 50 {
		var ws []store.Write
		for i := range 200 {
			ws = append(ws, item(fmt.Sprint(b, ":", i)))
		}
		put(t, e, ws...)
	}
	shards, _ := e.Shards(t.Context())
	all := map[string][]string{}
	total := 0
	for _, shard := range shards {
		all[shard] = read(t, e, shard)
		total += len(all[shard])
		if len(all[shard]) < 2000 {
			t.Errorf("shard %s has only %d changes", shard, len(all[shard]))
		}
	}
	if total != 10_000 {
		t.Errorf("%d changes", total)
	}
	if err := e.Trim(t.Context(), map[string]string{"2": all["2"][1499], "1": ""}); err != nil {
		t.Fatal(err)
	}
	for _, shard := range shards {
		want := all[shard]
		if shard == "2" {
			want = want[1500:]
		}
		if got := read(t, e, shard); len(got) != len(want) || got[0] != want[0] {
			t.Errorf("shard %s has %d changes from %s, want %d from %s", shard, len(got), got[0], len(want), want[0])
		}
	}

	last := map[string]string{}
	newest := ""
	for _, shard := range shards {
		last[shard] = all[shard][len(all[shard])-1]
		newest = max(newest, last[shard])
	}
	if err := e.Trim(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if got := len(changed(t, e)); got != 1 { // the newest stays
		t.Errorf("%d changes are left", got)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openIn(t, dir, sqlite.Options{})
	put(t, e, item("after"))
	found := 0
	for _, shard := range shards {
		changes, err := e.Changes(t.Context(), shard, last[shard], 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			found++
			if c.Key.PK != "after" || c.Sequence <= newest {
				t.Errorf("change %+v after %s", c, newest)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d changes after a trim and a restart, want 1", found)
	}
	for _, bad := range []map[string]string{{"4": "1"}, {"": "1"}, {"0": "x"}, {"0": "-1"}} {
		if e.Trim(t.Context(), bad) == nil {
			t.Errorf("Trim(%v) succeeds", bad)
		}
	}
}

// everything is what Trim is told when all changes have been read.
var everything = map[string]string{"0": "99999999999999", "1": "99999999999999", "2": "99999999999999", "3": "99999999999999"}

// TestNewest: an engine knows when the last change was made, in whichever
// shard, and whatever was trimmed since.
func TestNewest(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for i, step := range []time.Duration{0, time.Hour, -2 * time.Hour} {
		e, err := sqlite.Open(dir, sqlite.Options{Unsynced: true, Now: func() time.Time { return now.Add(step) }})
		if err != nil {
			t.Fatal(err)
		}
		want := now.Add(time.Duration(i-1) * time.Hour)
		if got := e.Newest(); i == 0 && !got.IsZero() || i > 0 && !got.Equal(want) {
			t.Errorf("newest is %s, want %s", got, want)
		}
		if i < 2 {
			put(t, e, item(fmt.Sprint("a", i)), item(fmt.Sprint("b", i)))
		}
		if err := e.Trim(t.Context(), everything); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
