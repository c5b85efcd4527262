package killtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Of a slow disk.
const (
	leastStall, mostStall = 100 * time.Millisecond, 500 * time.Millisecond
	// Every sync stalls. Most writes end in memory; one in so many waits as a
	// sync does, because memory is full of what others wrote.
	writesPerStall = 200
)

// slowDown makes the disk below this process's databases slow while a file of
// that name is there. It changes SQLite's own tables of file operations, below
// all that deskmove does: seen from there it is a disk that is slow. To delay
// system calls instead would take a tracer, which is not to be had everywhere.
func slowDown(name string) error {
	tables, err := fileOperations()
	if err != nil {
		return err
	}
	var slow atomic.Bool
	go func() {
		for range time.Tick(5 * time.Millisecond) {
			_, err := os.Stat(name)
			slow.Store(err == nil)
		}
	}()
	stall := func() {
		if slow.Load() {
			time.Sleep(leastStall + rand.N(mostStall-leastStall))
		}
	}
	for _, files := range tables {
		sync := *called[func(*libc.TLS, uintptr, int32) int32](files.FxSync)
		files.FxSync = address(func(tls *libc.TLS, file uintptr, flags int32) int32 {
			stall()
			return sync(tls, file, flags)
		})
		write := *called[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](files.FxWrite)
		files.FxWrite = address(func(tls *libc.TLS, file, from uintptr, n int32, at int64) int32 {
			if rand.IntN(writesPerStall) == 0 {
				stall()
			}
			return write(tls, file, from, n, at)
		})
	}
	return nil
}

// kept are the functions that only SQLite knows.
var kept []any

// address is a function as SQLite, which was translated from C, holds it.
func address(f any) uintptr {
	kept = append(kept, f)
	return (*[2]uintptr)(unsafe.Pointer(&f))[1]
}

// called is the function of an address.
func called[F any](address uintptr) *F { return (*F)(unsafe.Pointer(&[1]uintptr{address})) }

// there is what SQLite has at an address.
func there[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// fileOperations are the tables of what SQLite does with files: with the
// database itself, and with its log, which on some systems have the same.
func fileOperations() (tables []*sqlite3.Tsqlite3_io_methods, err error) {
	dir, err := os.MkdirTemp("", "deskmove-slow-")
	if err != nil {
		return tables, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	tls := libc.NewTLS()
	defer tls.Close()
	text := func(s string) uintptr {
		c, e := libc.CString(s)
		err = errors.Join(err, e)
		return c
	}
	out, path, name := libc.Xmalloc(tls, 8), text(filepath.Join(dir, "any.db")), text("main")
	log := text("PRAGMA journal_mode = WAL; CREATE TABLE t (a)")
	if err != nil {
		return tables, err
	}
	if code := sqlite3.Xsqlite3_open_v2(tls, path, out, sqlite3.SQLITE_OPEN_READWRITE|sqlite3.SQLITE_OPEN_CREATE, 0); code != sqlite3.SQLITE_OK {
		return tables, fmt.Errorf("SQLite opens no file: error %d", code)
	}
	db := *there[uintptr](out)
	defer sqlite3.Xsqlite3_close_v2(tls, db)
	if code := sqlite3.Xsqlite3_exec(tls, db, log, 0, 0, 0); code != sqlite3.SQLITE_OK {
		return tables, fmt.Errorf("SQLite begins no log: error %d", code)
	}
	for _, op := range []int32{sqlite3.SQLITE_FCNTL_FILE_POINTER, sqlite3.SQLITE_FCNTL_JOURNAL_POINTER} {
		if code := sqlite3.Xsqlite3_file_control(tls, db, name, op, out); code != sqlite3.SQLITE_OK {
			return tables, fmt.Errorf("SQLite shows no file: error %d", code)
		}
		file := there[sqlite3.Tsqlite3_file](*there[uintptr](out))
		tables = append(tables, there[sqlite3.Tsqlite3_io_methods](file.FpMethods))
	}
	return slices.Compact(tables), nil
}
