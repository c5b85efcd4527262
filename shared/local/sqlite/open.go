package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"deskmove/shared/store"
)

// Options are what may differ between two uses of the engine; the zero value
// is right for most.
type Options struct {
	MaxBytes int64 // most bytes of the database file, its log aside; 0 for all of the disk
	// Unsynced leaves it to the operating system when to write to the disk: a
	// killed process loses nothing, a power cut may. For tests.
	Unsynced bool
	Now      func() time.Time // by which changes are dated, time.Now if nil
	Meter    Meter            // none if nil
}

// Engine is a store.Engine and store.Stream on a file.
type Engine struct {
	lock        *flock.Flock
	meter       Meter
	writer      *writer
	readers     chan *reader  // those that are free
	kept        chan *reader  // those that are free and kept for live traffic
	readerCount int           // of either kind
	reading     sync.RWMutex  // held for reading by readers at work
	done        chan struct{} // closed by Close
	newest      time.Time

	mu     sync.RWMutex // held for reading while a request is put into queue
	closed bool
	queue  chan *request // of many writes, or of the backfill
	urgent chan *request // of few, which go first
	waits  waits         // of those in urgent
	wait   sync.WaitGroup
}

var (
	_ store.Engine = (*Engine)(nil)
	_ store.Stream = (*Engine)(nil)
)

const (
	pageSize    = 8192
	readerCount = 4
	keptCount   = 2 // beside them, for live traffic
	// Kilobytes of page cache. A reader's cache is emptied by every commit.
	writerCache = 12 << 10
	readerCache = 2 << 10
	// how long the writer waits for another program that is writing the file, before it
	// tells who waits for it to try again
	patience = 2 * time.Second
	// queued requests beyond which callers wait in line.
	queueSize = 256
)

// Open opens the database in dir and makes both if they are not there. One
// engine at a time may have a directory open.
func Open(dir string, o Options) (*Engine, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock directory %s: %w", dir, err)
	case !ok:
		return nil, fmt.Errorf("directory %s is in use by another deskmove: stop that one, or use another directory", dir)
	}
	e := &Engine{
		lock:    lock,
		meter:   o.Meter,
		readers: make(chan *reader, readerCount),
		kept:    make(chan *reader, keptCount),
		done:    make(chan struct{}),
		queue:   make(chan *request, queueSize),
		urgent:  make(chan *request, queueSize),
	}
	if e.meter == nil {
		e.meter = noMeter{}
	}
	path := filepath.Join(dir, "deskmove.db")
	if err := e.connect(path, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), e.release())
	}
	e.wait.Go(e.writer.copier.run)
	e.wait.Go(func() {
		e.writer.run(e.urgent, e.queue)
		close(e.writer.copier.due)
	})
	return e, nil
}

func (e *Engine) connect(path string, o Options) error {
	conn, err := connectWriter(path, o)
	if err != nil {
		return translate(err)
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	if e.writer, err = newWriter(conn, now); err != nil {
		return errors.Join(translate(err), conn.Close())
	}
	if e.newest, err = newest(conn); err != nil {
		return translate(err)
	}
	e.writer.reading, e.writer.meter = &e.reading, e.meter
	if e.writer.copier, err = newCopier(path); err != nil {
		return translate(err)
	}
	for i := range readerCount + keptCount {
		r, err := newReader(path)
		if err != nil {
			return translate(err)
		}
		if r.home = e.readers; i >= readerCount {
			r.home = e.kept
		}
		r.home <- r
		e.readerCount++
	}
	return nil
}

func connectWriter(path string, o Options) (*sqlite.Conn, error) {
	if err := lookAt(path); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(patience)
	if err := setUp(conn, o); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// lookAt refuses a file that is not ours if it has a log beside it, as after a
// kill: a connection that can write would copy the log to the file when it is
// closed, even if it has written nothing itself.
func lookAt(path string) error {
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		return nil
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return err
	}
	_, err = identify(conn)
	return errors.Join(err, conn.Close())
}

func setUp(conn *sqlite.Conn, o Options) error {
	isNew, err := identify(conn) // before anything touches the file
	if err != nil {
		return err
	}
	settings := []string{
		fmt.Sprintf("page_size = %d", pageSize),
		fmt.Sprintf("cache_size = -%d", writerCache),
		"journal_mode = WAL",
		"synchronous = FULL",
		"wal_autocheckpoint = 0", // the writer does it after it has answered
		fmt.Sprintf("journal_size_limit = %d", walLimit),
	}
	if o.Unsynced {
		settings = append(settings, "synchronous = OFF")
	}
	if o.MaxBytes > 0 {
		settings = append(settings, fmt.Sprintf("max_page_count = %d", o.MaxBytes/pageSize))
	}
	if err := pragmas(conn, settings...); err != nil || !isNew {
		return err
	}
	return create(conn)
}

func pragmas(conn *sqlite.Conn, settings ...string) error {
	for _, s := range settings {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+s, nil); err != nil {
			return err
		}
	}
	return nil
}

// Newest is when the newest change was made that the file held when it was
// opened; zero if it held none.
func (e *Engine) Newest() time.Time { return e.newest }

// Close refuses further calls, lets those that are waiting finish, and closes
// the file.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return ErrClosed
	}
	e.closed = true
	close(e.done)
	close(e.queue)
	close(e.urgent)
	e.mu.Unlock()
	e.wait.Wait()
	return e.release()
}

// release closes what Open has opened so far. It waits for reads under way.
func (e *Engine) release() error {
	var errs []error
	for range e.readerCount {
		var r *reader
		select {
		case r = <-e.readers:
		case r = <-e.kept:
		}
		errs = append(errs, r.conn.Close())
	}
	if e.writer != nil && e.writer.copier != nil {
		errs = append(errs, e.writer.copier.conn.Close())
	}
	if e.writer != nil { // last, as the last connection empties the log
		errs = append(errs, e.writer.conn.Close())
	}
	return errors.Join(append(errs, e.lock.Close())...)
}
