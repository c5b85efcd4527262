package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Private makes the folder of all data, unless it is there, such that nobody else can
// read it. One that others can read is an error: who can read its key may sign in as
// anybody.
func Private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil || !isOpen(info) {
		return err
	}
	return fmt.Errorf("the data folder %s can be read by others (mode %04o): chmod 700 it", dir, info.Mode().Perm())
}

// isOpen reports whether others than its owner may do anything with a file. Windows has
// other rights.
func isOpen(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" }

// closeFiles takes the rights of others to the databases away, and makes them without
// any, whatever the process' mask: SQLite gives the files that it keeps beside a
// database the rights of that.
func closeFiles(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"deskmove.db", "local.db"} {
		path := filepath.Join(dir, name)
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // #nosec G304 -- a fixed name in our own directory
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return err
		}
		for _, file := range []string{path, path + "-wal", path + "-shm"} {
			info, err := os.Stat(file)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil && isOpen(info) {
				err = os.Chmod(file, 0o600)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
