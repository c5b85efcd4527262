package mail

import (
	"errors"
	"fmt"
)

// What a FileError may be of, for errors.Is.
var (
	ErrEmpty     = errors.New("file is empty")
	ErrNotMail   = errors.New("file is no mail")
	ErrTruncated = errors.New("file is cut off")
	ErrUnread    = errors.New("file cannot be read on")
)

// SkippedError says which message of a file was left out, and why. The next
// one can be read.
type SkippedError struct {
	File   string
	Number int   // of the message in the file, from 1
	Offset int64 // of the message, in bytes of the file once unzipped
	Reason string
}

func (e *SkippedError) Error() string {
	return fmt.Sprintf("%s: message %d (at byte %d) skipped: %s", e.File, e.Number, e.Offset, e.Reason)
}

// FileError says where the reading of a file ended, and what to do. Messages
// read before it are good.
type FileError struct {
	File   string
	Read   int   // messages met until then, kept or skipped
	Offset int64 // in bytes of the file once unzipped
	Err    error // one of the errors above, perhaps wrapped with its cause
	Remedy string
}

func (e *FileError) Error() string {
	return fmt.Sprintf("%s: %v at byte %d (messages until there: %d): %s", e.File, e.Err, e.Offset, e.Read, e.Remedy)
}

func (e *FileError) Unwrap() error { return e.Err }
