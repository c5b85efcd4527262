package sqlite

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"deskmove/shared/store"
)

// A group is closed by any of these. Who comes just too late for a group
// waits for all of it, so it is kept to some milliseconds of work.
const (
	maxGroupWrites = 800
	maxGroupBytes  = 8 << 20
)

// writer owns the one connection that writes. Its methods are called by one
// goroutine.
type writer struct {
	conn     *sqlite.Conn
	tables   [len(tables)]statements
	indexes  [len(tables)][]listing
	begin    *sqlite.Stmt
	commit   *sqlite.Stmt
	rollback *sqlite.Stmt
	change   *sqlite.Stmt
	logged   *sqlite.Stmt
	restart  *sqlite.Stmt
	copier   *copier
	reading  *sync.RWMutex // the engine's
	meter    Meter
	clock    func() time.Time

	sequence int64 // of the last change
	// recorded are the sequence numbers of the last change of each shard, and
	// committed those that others may see.
	recorded  [shardCount]int64
	committed [shardCount]atomic.Int64
	news      atomic.Pointer[chan struct{}] // closed when changes are committed
	now       int64                         // when the group began, in milliseconds since 1970
	buffers   buffers
	counts    counts
}

// statements are those on one table.
type statements struct {
	read, insert, update, remove *sqlite.Stmt
	units                        int64 // that the group has taken of it so far
}

// listing is an index with its statements; change is nil if it is of keys only.
type listing struct {
	*store.Index
	enter, change, leave *sqlite.Stmt
	units                int64 // that the group has taken of it so far
}

func newWriter(conn *sqlite.Conn, clock func() time.Time) (*writer, error) {
	w := &writer{conn: conn, clock: clock}
	w.news.Store(new(make(chan struct{})))
	var err error
	prepare := func(sql string, args ...any) *sqlite.Stmt {
		stmt, e := conn.Prepare(fmt.Sprintf(sql, args...))
		if err == nil {
			err = e
		}
		return stmt
	}
	for n, t := range tables {
		w.tables[n] = statements{
			read:   prepare("SELECT item FROM %s WHERE pk = ? AND sk = ?", t),
			insert: prepare("INSERT INTO %s VALUES (?, ?, ?) ON CONFLICT DO NOTHING", t),
			update: prepare("UPDATE %s SET item = ?3 WHERE pk = ?1 AND sk = ?2", t),
			remove: prepare("DELETE FROM %s WHERE pk = ? AND sk = ?", t),
		}
		for _, i := range store.Indexes {
			if i.Table != t {
				continue
			}
			l := listing{Index: i, leave: prepare("DELETE FROM %s WHERE ipk = ? AND isk = ? AND pk = ? AND sk = ?", entries(i))}
			if i.Projects == nil {
				l.enter = prepare("INSERT INTO %s VALUES (?, ?, ?, ?)", entries(i))
			} else {
				l.enter = prepare("INSERT INTO %s VALUES (?, ?, ?, ?, ?)", entries(i))
				l.change = prepare("UPDATE %s SET item = ?5 WHERE ipk = ?1 AND isk = ?2 AND pk = ?3 AND sk = ?4", entries(i))
			}
			w.indexes[n] = append(w.indexes[n], l)
		}
	}
	w.begin, w.commit, w.rollback = prepare("BEGIN IMMEDIATE"), prepare("COMMIT"), prepare("ROLLBACK")
	w.change = prepare("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)")
	w.logged, w.restart = prepare("PRAGMA wal_checkpoint(NOOP)"), prepare("PRAGMA wal_checkpoint(RESTART)")
	if err != nil {
		return nil, err
	}
	if w.recorded, err = lastSequences(conn); err != nil {
		return nil, err
	}
	w.sequence = slices.Max(w.recorded[:])
	w.show()
	return w, nil
}

// run takes requests until both lanes are closed and empty.
func (w *writer) run(urgent, queue <-chan *request) {
	var group []*request
	for urgent != nil || queue != nil {
		var first *request
		var ok bool
		select {
		case first, ok = <-urgent:
			if !ok {
				urgent = nil
			}
		case first, ok = <-queue:
			if !ok {
				queue = nil
			}
		}
		if !ok {
			continue
		}
		group = collect(group[:0], first, urgent, queue)
		w.answer(group, w.do(group))
		clear(group)
		w.checkpoint()
	}
}

// collect returns the requests that are waiting now, first, then the urgent
// ones, then those in line, as many as make a group. Their callers can no
// longer leave.
func collect(group []*request, first *request, urgent, queue <-chan *request) []*request {
	writes, bytes := 0, 0
	take := func(r *request) {
		if r.state.CompareAndSwap(waiting, taken) {
			group = append(group, r)
			writes += len(r.writes)
			bytes += len(r.arena)
		}
	}
	take(first)
	for _, lane := range [...]<-chan *request{urgent, queue} {
		for waiting := true; waiting && writes < maxGroupWrites && bytes < maxGroupBytes; {
			select {
			case r, ok := <-lane:
				if waiting = ok; ok {
					take(r)
				}
			default:
				waiting = false
			}
		}
	}
	return group
}

// do does a group in one transaction. Its error is one of the database: no
// part of the group is done then.
func (w *writer) do(group []*request) error {
	sequence := w.sequence
	w.now = w.clock().UnixMilli()
	err := run(w.begin)
	for i := 0; i < len(group) && err == nil; i++ {
		err = w.request(group[i])
	}
	if err == nil {
		err = run(w.commit)
	}
	if err == nil {
		w.counts.commits.Add(1)
		w.show()
		w.measure(w.meter.Wrote)
		return nil
	}
	w.measure(func(store.Table, *store.Index, int64) {})
	w.sequence = sequence
	if !w.conn.AutocommitEnabled() { // SQLite may have rolled back already
		if e := run(w.rollback); e != nil {
			err = fmt.Errorf("%w; roll back: %w", err, e)
		}
	}
	return translate(err)
}

// show lets others see the changes that are recorded, and wakes who waits for them.
func (w *writer) show() {
	isNew := false
	for shard, n := range w.recorded {
		isNew = w.committed[shard].Swap(n) != n || isNew
	}
	if isNew {
		next := make(chan struct{})
		close(*w.news.Swap(&next))
	}
}

// request does one request and leaves its own errors in it. What it returns
// is an error of the database.
func (w *writer) request(r *request) error {
	switch {
	case r.job != nil:
		return r.job(w)
	case r.whole:
		return w.transaction(r)
	}
	for i := range r.writes {
		failed, err := w.write(&r.writes[i], r.items[i])
		if err != nil {
			return err
		}
		if failed != nil {
			r.fail(i, failed)
		}
	}
	return nil
}

func (r *request) fail(i int, err error) {
	if r.errs == nil {
		r.errs = make([]error, len(r.writes))
	}
	r.errs[i] = err
}

// answer tells all callers of a group what became of it.
func (w *writer) answer(group []*request, err error) {
	for _, r := range group {
		if err != nil {
			r.err = err
		}
		r.answer <- struct{}{}
	}
}

// run does a statement without rows.
func run(stmt *sqlite.Stmt) error {
	_, err := stmt.Step()
	if err == nil {
		err = stmt.Reset()
	}
	return err
}
