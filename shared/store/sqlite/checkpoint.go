package sqlite

import "zombiezen.com/go/sqlite"

const (
	// checkpointAt is the number of pages in the log at which they are copied
	// to the database.
	checkpointAt = 4000
	// walLimit is the size of the log's file to go back to after it was longer.
	walLimit = 2 * checkpointAt * pageSize
)

// checkpoint copies a long log into the database and has the next commit
// begin a new one. RESTART waits for the reads that began before; a passive
// checkpoint would let reads that overlap keep the log growing. Errors are
// left: what is committed is safe in the log, and the next commit tries again.
func (w *writer) checkpoint() {
	if pages, err := logged(w.logged); err == nil && pages >= checkpointAt {
		_, _ = logged(w.restart)
	}
}

// logged does a checkpoint and returns the number of pages that were in the log.
func logged(checkpoint *sqlite.Stmt) (int64, error) {
	found, err := checkpoint.Step()
	if err != nil || !found {
		return 0, err
	}
	pages := checkpoint.ColumnInt64(1)
	return pages, checkpoint.Reset()
}
