package tnef

import (
	"encoding/binary"

	"deskmove/shared/mail/internal/charset"
)

// The types of properties that have a length of their own.
const (
	typeObject  = 0x0d
	typeString  = 0x1e
	typeUnicode = 0x1f
	typeBinary  = 0x102
	isMany      = 0x1000 // added to the type of each value of a list
)

// The properties that are read.
const (
	propBody       = 0x1000
	propHTML       = 0x1013
	propName       = 0x3001
	propData       = 0x3701
	propShortName  = 0x3704
	propLongName   = 0x3707
	propType       = 0x370e
	propContentID  = 0x3712
	propHTMLPage   = 0x3fde
	firstNamed     = 0x8000 // from here on properties have names
	sizeOfObjectID = 16
)

// property is one property, of a list the last value.
type property struct {
	id, kind uint16
	data     []byte
}

// properties reads a list of properties.
func (r *reader) properties(b []byte, take func(property)) error {
	c := &cursor{rest: b}
	for n := c.number(); n > 0 && !c.failed; n-- {
		p := property{kind: c.short(), id: c.short()}
		if p.id >= firstNamed {
			c.take(16)
			if c.number() == 0 {
				c.number()
			} else {
				c.padded(c.number())
			}
		}
		values := uint32(1)
		if p.kind&isMany != 0 || hasLength(p.kind) {
			values = c.number()
		}
		for ; values > 0 && !c.failed; values-- {
			if size := sizeOf(p.kind &^ isMany); size > 0 {
				p.data = c.take(size)
			} else {
				p.data = c.padded(c.number())
			}
		}
		if !c.failed {
			take(p)
		}
	}
	if c.failed {
		return ErrTruncated
	}
	return nil
}

func hasLength(kind uint16) bool { return sizeOf(kind&^isMany) == 0 }

// sizeOf returns the size of a value with its padding, 0 if it has a length.
func sizeOf(kind uint16) uint32 {
	switch kind {
	case typeObject, typeString, typeUnicode, typeBinary:
		return 0
	case 0x05, 0x06, 0x07, 0x14, 0x40: // numbers and times of 8 bytes
		return 8
	case 0x48: // a GUID
		return 16
	}
	return 4
}

// message takes a property of the mail.
func (r *reader) message(p property) {
	switch p.id {
	case propBody:
		r.out.Text = r.string(p)
	case propHTML:
		r.html = &p
	case propHTMLPage:
		if len(p.data) >= 4 {
			r.codepage = label(binary.LittleEndian.Uint32(p.data))
		}
	}
}

// attachment takes a property of a file. What else is in an object than a mail, such
// as a drawing, stays as it is.
func (r *reader) attachment(p property) {
	r.open = true
	switch p.id {
	case propLongName:
		r.file.Name = r.string(p)
	case propShortName, propName:
		if r.file.Name == "" {
			r.file.Name = r.string(p)
		}
	case propType:
		r.file.Type = r.string(p)
	case propContentID:
		r.file.ContentID = r.string(p)
	case propData:
		r.file.Data = p.data
		if p.kind == typeObject && len(p.data) >= sizeOfObjectID {
			r.file.Data = p.data[sizeOfObjectID:]
			r.nested()
		}
	}
}

// nested adds the files and the text of a mail within this one.
func (r *reader) nested() {
	if r.depth >= maxDepth || !Is(r.file.Data) {
		return
	}
	inner, err := read(r.file.Data, r.depth+1)
	if err != nil {
		return // it stays a file of its own
	}
	room := maxFiles - len(r.out.Files)
	r.out.Files = append(r.out.Files, inner.Files[:min(room, len(inner.Files))]...)
	r.file.Type, r.file.Data, r.ending = "text/plain", []byte(inner.Text), ".txt"
	if inner.Text == "" && inner.HTML != "" {
		r.file.Type, r.file.Data, r.ending = "text/html", []byte(inner.HTML), ".html"
	}
}

// string decodes a property that is text.
func (r *reader) string(p property) string {
	if p.kind == typeUnicode {
		s, _ := charset.Decode("utf-16le", trimWide(p.data))
		return lines(s)
	}
	return r.text(p.data)
}

// trimWide removes the NUL at the end of a text in UTF-16.
func trimWide(b []byte) []byte {
	for n := len(b); n >= 2 && b[n-1] == 0 && b[n-2] == 0; n = len(b) {
		b = b[:n-2]
	}
	return b
}

// cursor reads numbers and bytes until there are not enough.
type cursor struct {
	rest   []byte
	failed bool
}

func (c *cursor) take(n uint32) []byte {
	if uint64(n) > uint64(len(c.rest)) {
		c.failed, c.rest = true, nil
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

// padded takes n bytes and what fills them up to four; the last may lack that.
func (c *cursor) padded(n uint32) []byte {
	b := c.take(n)
	if !c.failed {
		c.take(min(-n%4, uint32(min(4, len(c.rest))))) // #nosec G115 -- at most 4
	}
	return b
}

func (c *cursor) number() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) short() uint16 {
	if b := c.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}
