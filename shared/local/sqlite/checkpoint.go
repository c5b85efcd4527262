package sqlite

import (
	"errors"
	"sync/atomic"

	"zombiezen.com/go/sqlite"
)

const (
	// checkpointAt is the number of pages in the log at which they are copied
	// to the database.
	checkpointAt = 2000
	// maxLog is the number of pages at which the writer no longer leaves that
	// to the copier.
	maxLog = 4 * checkpointAt
	// walLimit is the size of the log's file to go back to after it was longer.
	walLimit = maxLog * pageSize
)

// copier copies the log to the database while the writer goes on. It cannot
// catch up with a busy writer, so in the end the writer copies the little that
// is left and begins a new log.
type copier struct {
	conn    *sqlite.Conn
	passive *sqlite.Stmt
	due     chan struct{}
	done    atomic.Bool // it is the writer's turn
}

func newCopier(path string) (*copier, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	passive, err := conn.Prepare("PRAGMA wal_checkpoint(PASSIVE)")
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &copier{conn: conn, passive: passive, due: make(chan struct{}, 1)}, nil
}

// run copies whenever due, until due is closed. Its errors are left to the
// writer, who meets them next.
func (c *copier) run() {
	for range c.due {
		// Twice, as the second pass has only what came in during the first.
		_, _ = checkpoint(c.passive)
		_, _ = checkpoint(c.passive)
		c.done.Store(true)
	}
}

// checkpoint has a long log copied, and a new one begun. Errors are left: what
// is committed is safe in the log, and the next commit tries again.
func (w *writer) checkpoint() {
	pages, err := checkpoint(w.logged)
	switch {
	case err != nil || pages < checkpointAt:
	case w.copier.done.Load() || pages > maxLog:
		w.restartLog()
		w.copier.done.Store(false)
	default:
		select {
		case w.copier.due <- struct{}{}:
		default:
		}
	}
}

// restartLog copies what is left of the log while nobody reads. SQLite would
// wait for readers by itself, but sometimes it waits for the lock of a slot
// that newer readers have come to share, and readers that overlap then keep
// it waiting, and the log growing, for ever.
func (w *writer) restartLog() {
	w.reading.Lock()
	defer w.reading.Unlock()
	_, _ = checkpoint(w.restart)
}

// checkpoint runs such a statement and returns the number of pages in the log.
func checkpoint(stmt *sqlite.Stmt) (int64, error) {
	found, err := stmt.Step()
	if err != nil || !found {
		return 0, err
	}
	pages := stmt.ColumnInt64(1)
	return pages, stmt.Reset()
}
