package sqlite

import "sync/atomic"

// Stats counts what an engine has written since it was opened. Rows that came
// to nothing, as their group was rolled back, are counted too.
type Stats struct {
	Commits int64 // transactions of SQLite, each of many writes
	Rows    int64 // items put, updated or deleted
	Entries int64 // index entries made, changed or taken away
	Changes int64 // recorded in the stream
}

// Stats returns the counts so far.
func (e *Engine) Stats() Stats {
	c := &e.writer.counts
	return Stats{Commits: c.commits.Load(), Rows: c.rows.Load(), Entries: c.entries.Load(), Changes: c.changes.Load()}
}

// counts are Stats in the making.
type counts struct{ commits, rows, entries, changes atomic.Int64 }
