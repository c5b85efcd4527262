package sqlite

import (
	"encoding/binary"
	"errors"

	"deskmove/shared/store"
)

var errItem = errors.New("damaged item")

// appendAttrs appends the binary form of attributes: their count, then for
// each the length of its name, the name, the kind and the value. Counts and
// lengths are uvarints; a number is a varint, any other value its length and
// its bytes.
func appendAttrs(b []byte, attrs store.Attrs) []byte {
	b = binary.AppendUvarint(b, uint64(len(attrs)))
	for i := range attrs {
		a := &attrs[i]
		b = binary.AppendUvarint(b, uint64(len(a.Name)))
		b = append(b, a.Name...)
		b = append(b, byte(a.Value.Kind))
		if a.Value.Kind == store.Number {
			b = binary.AppendVarint(b, a.Value.Num)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(a.Value.Str)))
		b = append(b, a.Value.Str...)
	}
	return b
}

// decodeAttrs appends to attrs what appendAttrs made. Names and values are
// slices of s, so that an item costs one string.
func decodeAttrs(attrs store.Attrs, s string) (store.Attrs, error) {
	d := decoder{s}
	count, ok := d.uvarint()
	if !ok || count > uint64(len(s)) {
		return nil, errItem
	}
	if attrs == nil {
		attrs = make(store.Attrs, 0, count)
	}
	for range count {
		name, ok := d.bytes()
		if !ok || d.s == "" {
			return nil, errItem
		}
		v := store.Value{Kind: store.Kind(d.s[0])}
		d.s = d.s[1:]
		switch v.Kind {
		case store.Number:
			v.Num, ok = d.varint()
		case store.String, store.Binary:
			v.Str, ok = d.bytes()
		default:
			ok = false
		}
		if !ok {
			return nil, errItem
		}
		attrs = append(attrs, store.Attr{Name: name, Value: v})
	}
	if d.s != "" {
		return nil, errItem
	}
	return attrs, nil
}

// decoder takes values off the front of s.
type decoder struct{ s string }

func (d *decoder) uvarint() (uint64, bool) {
	var n uint64
	for i := 0; i < len(d.s) && i < binary.MaxVarintLen64; i++ {
		c := d.s[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.s = d.s[i+1:]
			return n, i < binary.MaxVarintLen64-1 || c <= 1
		}
	}
	return 0, false
}

// varint undoes the zigzag of binary.AppendVarint.
func (d *decoder) varint() (int64, bool) {
	n, ok := d.uvarint()
	return int64(n>>1) ^ -int64(n&1), ok
}

func (d *decoder) bytes() (string, bool) {
	n, ok := d.uvarint()
	if !ok || n > uint64(len(d.s)) {
		return "", false
	}
	s := d.s[:n]
	d.s = d.s[n:]
	return s, true
}
