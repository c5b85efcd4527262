package sqlite

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"deskmove/shared/store"
)

// ErrClosed says that the engine has been closed.
var ErrClosed = errors.New("engine is closed")

// translate makes SQLite's errors into those of package store. A disk that will
// not take a write is a full one to us: a quota shows itself in that way.
func translate(err error) error {
	switch code := sqlite.ErrCode(err); {
	case err == nil:
		return nil
	case code.ToPrimary() == sqlite.ResultFull,
		code == sqlite.ResultIOErrWrite,
		code == sqlite.ResultIOErrTruncate,
		code == sqlite.ResultIOErrSHMSize:
		return fmt.Errorf("%w: %v", store.ErrFull, err)
	case code.ToPrimary() == sqlite.ResultBusy: // another program keeps the file
		return fmt.Errorf("%w: %v", store.ErrThrottled, err)
	case code.ToPrimary() == sqlite.ResultCorrupt, code.ToPrimary() == sqlite.ResultNotADB:
		return fmt.Errorf("damaged database, restore it from a copy: %w", err)
	}
	return err
}
