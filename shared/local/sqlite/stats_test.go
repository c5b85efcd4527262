package sqlite_test

import (
	"testing"

	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
)

// TestStats counts what each kind of write costs.
func TestStats(t *testing.T) {
	e := open(t, sqlite.Options{Unsynced: true})
	key := store.Key{PK: "p", SK: "H"}
	attrs := func(pairs ...string) (a store.Attrs) {
		for i := 0; i < len(pairs); i += 2 {
			a = append(a, store.Attr{Name: pairs[i], Value: store.S(pairs[i+1])}) // #nosec G602 -- each name has a value
		}
		return a
	}
	update := func(set store.Attrs, remove ...string) store.Write {
		return store.Write{Op: store.Update, Table: store.Conversations, Key: key, Set: set, Remove: remove}
	}
	was := e.Stats()
	for _, step := range []struct {
		name  string
		write store.Write
		want  sqlite.Stats
	}{
		{"new, in both indexes", store.Write{Table: store.Conversations, Key: key, If: store.Absent(),
			Set: attrs("home", "inbox", store.ByChannel.PK, "c", store.ByChannel.SK, "1", store.ByOwner.PK, "o", "tst", "new")}, sqlite.Stats{Commits: 1, Rows: 1, Entries: 2, Changes: 1}},
		{"changed", update(attrs("x", "1")), sqlite.Stats{Commits: 1, Rows: 1, Changes: 1}},
		{"changed to what it is", update(attrs("x", "1")), sqlite.Stats{Commits: 1}},
		{"moved, which the owner's list shows", update(attrs("home", "helpdesk")), sqlite.Stats{Commits: 1, Rows: 1, Entries: 1}},
		{"changed where nobody looks", update(attrs("x", "2")), sqlite.Stats{Commits: 1, Rows: 1}},
		{"out of the owner's list", update(nil, store.ByOwner.PK), sqlite.Stats{Commits: 1, Rows: 1, Entries: 1}},
		{"projected into no list", update(attrs("tst", "solved")), sqlite.Stats{Commits: 1, Rows: 1}},
		{"to another place in the channel's", update(attrs(store.ByChannel.SK, "2")), sqlite.Stats{Commits: 1, Rows: 1, Entries: 2}},
		{"deleted", store.Write{Op: store.Delete, Table: store.Conversations, Key: key}, sqlite.Stats{Commits: 1, Rows: 1, Entries: 1}},
		{"of the other table", store.Write{Table: store.Control, Key: key, Set: attrs("home", "inbox", store.ByChannel.PK, "c", store.ByChannel.SK, "1", store.ByDueTime.PK, "d", store.ByDueTime.SK, "1")},
			sqlite.Stats{Commits: 1, Rows: 1, Entries: 1}},
	} {
		put(t, e, step.write)
		is := e.Stats()
		got := sqlite.Stats{Commits: is.Commits - was.Commits, Rows: is.Rows - was.Rows, Entries: is.Entries - was.Entries, Changes: is.Changes - was.Changes}
		if got != step.want {
			t.Errorf("%s: %+v, want %+v", step.name, got, step.want)
		}
		was = is
	}
}
