package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"deskmove/shared/store"
)

// What the head of our file says.
const (
	applicationID = 0x6465736b // "desk"
	format        = 2          // goes up when another program could not read the file
)

// tables are in the order in which a writer keeps its statements.
var tables = [...]store.Table{store.Conversations, store.Control}

// indexOf returns the place of i in store.Indexes.
func indexOf(i *store.Index) (int, error) {
	if n := slices.Index(store.Indexes, i); n >= 0 {
		return n, nil
	}
	return 0, fmt.Errorf("unknown index %q", i.Name)
}

// entries returns the name of the table that holds an index.
func entries(i *store.Index) string { return string(i.Table) + "_" + i.Name }

// streamed is the place of the conversations in tables.
const streamed = 0

// tableNumber returns the place of t in tables.
func tableNumber(t store.Table) (int, error) {
	for i := range tables {
		if tables[i] == t {
			return i, nil
		}
	}
	return 0, fmt.Errorf("unknown table %q", t)
}

// identify says whether the file is new, and refuses one that is not ours.
func identify(c *sqlite.Conn) (isNew bool, err error) {
	var id, version, objects int64
	for _, q := range []struct {
		sql string
		to  *int64
	}{
		{"PRAGMA application_id", &id},
		{"PRAGMA user_version", &version},
		{"SELECT count(*) FROM sqlite_schema", &objects},
	} {
		if *q.to, err = number(c, q.sql); err != nil {
			return false, err
		}
	}
	switch {
	case id == 0 && version == 0 && objects == 0:
		return true, nil
	case id != applicationID:
		return false, fmt.Errorf("database of another program: use another directory")
	case version != format:
		return false, fmt.Errorf("format %d, but this deskmove knows format %d only and cannot convert it: use a new directory, or the version that wrote it", version, format)
	}
	return false, nil
}

// number returns the one number that sql asks for.
func number(c *sqlite.Conn, sql string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		n = stmt.ColumnInt64(0)
		return nil
	}})
	return n, err
}

// create makes the tables of a new file, all or none.
func create(c *sqlite.Conn) error {
	var sql strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&sql, `
CREATE TABLE %[1]s (pk TEXT NOT NULL, sk TEXT NOT NULL, item BLOB NOT NULL,
	PRIMARY KEY (pk, sk)) WITHOUT ROWID;`, t)
	}
	for _, i := range store.Indexes {
		item := ""
		if i.Projects != nil {
			item = " item BLOB NOT NULL,"
		}
		fmt.Fprintf(&sql, `
CREATE TABLE %s (ipk TEXT NOT NULL, isk TEXT NOT NULL, pk TEXT NOT NULL, sk TEXT NOT NULL,%s
	PRIMARY KEY (ipk, isk, pk, sk)) WITHOUT ROWID;`, entries(i), item)
	}
	fmt.Fprintf(&sql, `
CREATE TABLE changes (id INTEGER PRIMARY KEY, at INTEGER NOT NULL,
	pk TEXT NOT NULL, sk TEXT NOT NULL, old BLOB, new BLOB);
PRAGMA application_id = %d;
PRAGMA user_version = %d;`, applicationID, format)
	return sqlitex.ExecuteScript(c, sql.String(), nil)
}
