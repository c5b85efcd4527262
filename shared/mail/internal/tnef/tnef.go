// Package tnef reads the files in a winmail.dat: Outlook packs a mail's attachments,
// and at times its text, into one in the Transport Neutral Encapsulation Format.
package tnef

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"deskmove/shared/mail/internal/charset"
)

// The errors of Read.
var (
	ErrFormat    = errors.New("not in TNEF")
	ErrTruncated = errors.New("TNEF is truncated or damaged")
)

const (
	signature = 0x223e9f78
	// maxDepth is the maximum depth of mails within mails; deeper ones stay files.
	maxDepth = 5
	// maxFiles is the maximum number of files read.
	maxFiles = 1000
)

// Content is what is in a winmail.dat. Text and HTML are those of the mail, with
// "\n" between lines; "" if only its files are there.
type Content struct {
	Files      []File
	Text, HTML string
}

// File is one file. Name and Type may
// be empty. Data is a part of what was read.
type File struct {
	Name, Type string
	ContentID  string // by which the HTML refers to it, "" if none
	Data       []byte
}

// Is reports whether b begins like TNEF.
func Is(b []byte) bool {
	return len(b) >= 6 && binary.LittleEndian.Uint32(b) == signature
}

// Read reads all of b. If it is damaged, the content is what could be read before
// that, and err is ErrTruncated. What is neither a file nor text is left out.
func Read(b []byte) (Content, error) { return read(b, 0) }

// The attributes that are read; others describe the mail once more.
const (
	attrTitle    = 0x8010
	attrData     = 0x800f
	attrBody     = 0x800c
	attrCodepage = 0x9007
	attrRender   = 0x9002 // the first of each file
	attrMessage  = 0x9003
	attrFile     = 0x9005
)

func read(b []byte, depth int) (Content, error) {
	if !Is(b) {
		return Content{}, ErrFormat
	}
	r := &reader{depth: depth, codepage: "windows-1252"}
	b = b[6:]
	for len(b) > 0 {
		if len(b) < 9 {
			return r.end(ErrTruncated)
		}
		id, size := binary.LittleEndian.Uint16(b[1:]), uint64(binary.LittleEndian.Uint32(b[5:]))
		b = b[9:]
		if uint64(len(b)) < size {
			return r.end(ErrTruncated)
		}
		if err := r.attribute(id, b[:size]); err != nil {
			return r.end(err)
		}
		b = b[min(uint64(len(b)), size+2):] // a checksum, which the last one may lack
	}
	return r.end(nil)
}

// reader collects the content.
type reader struct {
	out      Content
	depth    int
	codepage string
	html     *property
	open     bool // a file has begun
	file     File
	ending   string // of its name, which it lacks
}

// end completes the last file and the text.
func (r *reader) end(err error) (Content, error) {
	r.close()
	if r.html != nil {
		r.out.HTML = r.string(*r.html) // its code page may come after it
	}
	return r.out, err
}

// close completes a file.
func (r *reader) close() {
	if r.open && (r.file.Name != "" || len(r.file.Data) > 0) && len(r.out.Files) < maxFiles {
		r.file.Name += r.ending
		r.out.Files = append(r.out.Files, r.file)
	}
	r.open, r.file, r.ending = false, File{}, ""
}

func (r *reader) attribute(id uint16, data []byte) error {
	switch id {
	case attrCodepage:
		if len(data) >= 4 {
			r.codepage = label(binary.LittleEndian.Uint32(data))
		}
	case attrBody:
		r.out.Text = r.text(data)
	case attrMessage:
		return r.properties(data, r.message)
	case attrRender:
		r.close()
		r.open = true
	case attrTitle:
		if r.file.Name == "" {
			r.file.Name = r.text(data)
		}
	case attrData:
		r.file.Data = data
	case attrFile:
		return r.properties(data, r.attachment)
	}
	return nil
}

// text decodes a string of the mail's code page.
func (r *reader) text(b []byte) string {
	s, _ := charset.Decode(r.codepage, bytes.TrimRight(b, "\x00"))
	return lines(s)
}

// lines ends lines in "\n".
func lines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// label returns the charset of a code page of Windows.
func label(codepage uint32) string {
	switch codepage {
	case 932:
		return "shift_jis"
	case 936, 54936:
		return "gb18030"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 20866:
		return "koi8-r"
	case 20932, 51932:
		return "euc-jp"
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 65001:
		return "utf-8"
	}
	if 28591 <= codepage && codepage <= 28605 {
		return fmt.Sprint("iso-8859-", codepage-28590)
	}
	return fmt.Sprint("windows-", codepage)
}
