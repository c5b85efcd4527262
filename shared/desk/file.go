package desk

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of files.
const (
	// MaxFile is the most bytes of a file.
	MaxFile = 40 << 20
	// MaxFileName is the most bytes of a file's name.
	MaxFileName = 255
)

// File is what an account keeps of a file beside its bytes, which are elsewhere. It
// is there once, by the hash of its bytes, however many messages name it and whatever
// they call it.
type File struct {
	Account string
	SHA256  string // of its bytes, as 64 lower-case hex digits
	Size    int64  // in bytes
	// Since is when it was first announced. With the hash it names the bytes: those of
	// a file that was deleted and announced again are others, so that whoever is late
	// in deleting the first deletes nothing of the second.
	Since time.Time
	// At is when it was last announced. If no message names it, it is deleted a day later.
	At   time.Time
	Used bool // a message names it: it stays
}

// CheckFileName returns an *InvalidError for field unless name can be a file's: at most
// 255 bytes, without slashes, control characters and what turns the direction of
// writing, by which one kind of file looks like another. A file need not have a name.
func CheckFileName(field, name string) error {
	switch {
	case len(name) > MaxFileName:
		return &InvalidError{Field: field, Code: CodeTooLarge, Params: Params{"most": fmt.Sprint(MaxFileName, " bytes")},
			Problem: fmt.Sprintf("it has more than %d bytes", MaxFileName), Remedy: "shorten it"}
	case name == "." || name == ".." || !utf8.ValidString(name) || strings.ContainsFunc(name, isNotOfName):
		return &InvalidError{Field: field, Code: CodeFileName, Problem: "it has a slash or a control character, or is no name of a file",
			Remedy: "send the name alone, without folders and control characters"}
	}
	return nil
}

// isNotOfName reports whether a file's name cannot have the character.
func isNotOfName(c rune) bool {
	return c == '/' || c == '\\' || unicode.IsControl(c) || c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069
}

// CleanFileName makes a name that CheckFileName takes of what somebody has called a
// file: the last part of a path, with _ for what cannot be in a name, and of a long one
// the beginning and the ending. It is "" if nothing is left.
func CleanFileName(name string) string {
	name = strings.ToValidUTF8(name, "_")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(c rune) rune {
		if isNotOfName(c) {
			return '_'
		}
		return c
	}, name)
	if name = strings.TrimSpace(name); name == "." || name == ".." {
		return ""
	}
	if len(name) <= MaxFileName {
		return name
	}
	ending := ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= 20 {
		ending = name[dot:]
	}
	return Truncate(name, MaxFileName-len(ending)) + ending
}

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// CheckSHA256 returns an *InvalidError for field unless s is a SHA-256 hash, as 64
// lower-case hex digits.
func CheckSHA256(field, s string) error {
	if sha256Form.MatchString(s) {
		return nil
	}
	return &InvalidError{Field: field, Code: CodeNotASHA256, Problem: "it is no SHA-256 hash", Remedy: "send 64 hex digits, in lower case"}
}

// CheckFileSize returns an *InvalidError for field unless a file may have so many bytes.
func CheckFileSize(field string, n int64) error {
	if n >= 0 && n <= MaxFile {
		return nil
	}
	return &InvalidError{Field: field, Code: CodeTooLarge, Params: Params{"most": fmt.Sprint(MaxFile>>20, " MB")},
		Problem: fmt.Sprintf("a file has at most %d MB", MaxFile>>20), Remedy: "leave the file out, or send it by other means"}
}

// NoFile returns an error for a field that names a file which is not there.
func NoFile(field string) error {
	return &InvalidError{Field: field, Code: CodeNoFile, Problem: "there is no such file in the account, or its bytes have not come",
		Remedy: "upload it first: POST /v1/files says where to; then send this again"}
}

// OtherFile returns an error for a field that tells something else of a file than is
// true of its bytes; true is that, such as "48213 bytes".
func OtherFile(field, true string) error {
	return &InvalidError{Field: field, Code: CodeOtherFile, Params: Params{"is": true}, Problem: "the file's bytes are others: " + true,
		Remedy: "send the hash and the size of the bytes that you upload"}
}
