package mail

import (
	"errors"
	"fmt"
)

// The reasons for a FileError. Test with errors.Is.
var (
	ErrEmpty     = errors.New("file is empty")
	ErrNotMail   = errors.New("file is not mail")
	ErrTruncated = errors.New("file is truncated")
	ErrRead      = errors.New("file cannot be read further")
)

// SkippedError reports a message that was left out, and why. Reading continues
// with the next one.
type SkippedError struct {
	File   string
	Number int   // position of the message in the file, from 1
	Offset int64 // position in the unzipped file, in bytes
	Reason string
}

func (e *SkippedError) Error() string {
	return fmt.Sprintf("%s: message %d (at byte %d) skipped: %s", e.File, e.Number, e.Offset, e.Reason)
}

// FileError reports where reading a file ended before its end. Messages read
// before it are complete.
type FileError struct {
	File   string
	Read   int   // messages read until then, including skipped ones
	Offset int64 // position in the unzipped file, in bytes
	Err    error // one of the errors above; may wrap the cause
	Remedy string
}

func (e *FileError) Error() string {
	return fmt.Sprintf("%s: %v at byte %d (messages read: %d): %s", e.File, e.Err, e.Offset, e.Read, e.Remedy)
}

func (e *FileError) Unwrap() error { return e.Err }
