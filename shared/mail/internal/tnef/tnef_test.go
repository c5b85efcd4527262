package tnef_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"deskmove/shared/mail/internal/tnef"
)

// What a winmail.dat consists of.
const (
	message = 1 // the level of an attribute
	file    = 2

	title    = 0x18010
	data     = 0x6800f
	body     = 0x2800c
	codepage = 0x69007
	render   = 0x69002
	mapi     = 0x69003
	attached = 0x69005
)

// winmail is a winmail.dat with these attributes.
func winmail(attributes ...string) string {
	return "\x78\x9f\x3e\x22\x01\x00" + strings.Join(attributes, "")
}

func attribute(level byte, id uint32, value string) string {
	b := binary.LittleEndian.AppendUint32([]byte{level}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	sum := uint16(0)
	for _, c := range []byte(value) {
		sum += uint16(c)
	}
	return string(binary.LittleEndian.AppendUint16(append(b, value...), sum))
}

// properties is a list of properties.
func properties(all ...string) string { return number(len(all)) + strings.Join(all, "") }

func number(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

func property(kind, id int, value string) string { return number(id<<16|kind) + value }

// values is the value of a property that has a length, or the list of several.
func values(all ...string) string {
	out := number(len(all))
	for _, v := range all {
		out += number(len(v)) + v + strings.Repeat("\x00", (4-len(v)%4)%4)
	}
	return out
}

func wide(s string) string {
	var b []byte
	for _, u := range append(utf16.Encode([]rune(s)), 0) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// show lists files as name|type|data, and then the text and the HTML.
func show(c tnef.Content) string {
	var all []string
	for _, f := range c.Files {
		all = append(all, fmt.Sprintf("%s|%s|%s", f.Name, f.Type, f.Data))
		if f.ContentID != "" {
			all = append(all, f.ContentID)
		}
	}
	return strings.Join(append(all, c.Text, c.HTML), " ")
}

func TestRead(t *testing.T) {
	const object = "0123456789abcdef" // what precedes an object
	inner := winmail(attribute(message, body, "see this"), attribute(file, render, ""), attribute(file, title, "c.txt\x00"), attribute(file, data, "three"))
	formatted := winmail(attribute(message, mapi, properties(property(0x102, 0x1013, values("<b>\xe9</b>")))))
	for name, c := range map[string]struct {
		in   string
		want string
		err  error
	}{
		"two files": {in: winmail(attribute(message, codepage, number(1252)+number(0)),
			attribute(file, render, "\x01\x00"), attribute(file, title, "a\xe9.txt\x00"), attribute(file, data, "one"),
			attribute(file, render, "\x01\x00"), attribute(file, title, "b.txt\x00"), attribute(file, data, "two")),
			want: "aé.txt||one b.txt||two  "},
		"long name": {in: winmail(attribute(file, render, ""), attribute(file, title, "LONGNA~1.PDF\x00"), attribute(file, data, "one"),
			attribute(file, attached, properties(
				property(3, 0x3705, number(1)), property(0x1f, 0x3704, values(wide("LONGNA~1.PDF"))), property(0x1f, 0x3707, values(wide("a long näme.pdf"))),
				property(0x1e, 0x370e, values("application/pdf\x00")), property(0x1f, 0x3712, values(wide("i@x")))))),
			want: "a long näme.pdf|application/pdf|one i@x  "},
		"other properties": {in: winmail(attribute(file, render, ""), attribute(file, data, "one"),
			attribute(file, attached, properties(
				property(0x40, 0x3007, "12345678"), property(0x48, 0x3fff, "0123456789abcdef"), property(0x0b, 0x7ffe, number(1)),
				property(0x1003, 0x6000, number(2)+number(1)+number(2)), property(0x101f, 0x6001, values(wide("x"), wide("yy"))),
				property(3, 0x8001, "0123456789abcdef"+number(0)+number(7)+number(1)),
				property(0x1f, 0x8002, "0123456789abcdef"+number(1)+number(6)+wide("nm")+"\x00\x00"+values(wide("x"))),
				property(0x1f, 0x3707, values(wide("f.bin")))))),
			want: "f.bin||one  "},
		"data in a property": {in: winmail(attribute(file, attached, properties(
			property(0x1f, 0x3001, values(wide("f"))), property(0x102, 0x3701, values("one"))))),
			want: "f||one  "},
		"big5": {in: winmail(attribute(message, codepage, number(950)), attribute(file, render, ""), attribute(file, title, "\xa7A\xa6n.txt\x00"), attribute(file, data, "one")),
			want: "你好.txt||one  "},
		"text": {in: winmail(attribute(message, body, "one\r\ntwo\x00")), want: "one\ntwo "},
		"HTML": {in: winmail(attribute(message, mapi, properties(
			property(0x102, 0x1013, values("<p>\xc3\xa9</p>")), property(3, 0x3fde, number(65001))))), want: " <p>é</p>"},
		"a mail within": {in: winmail(attribute(file, render, ""), attribute(file, attached, properties(
			property(0x0d, 0x3701, values(object+inner)), property(0x1f, 0x3001, values(wide("Re: a"))))),
			attribute(file, render, ""), attribute(file, title, "d\x00"), attribute(file, data, "four")),
			want: "c.txt||three Re: a.txt|text/plain|see this d||four  "},
		"a formatted mail within": {in: winmail(attribute(file, attached, properties(
			property(0x0d, 0x3701, values(object+formatted)), property(0x1f, 0x3001, values(wide("a")))))),
			want: "a.html|text/html|<b>é</b>  "},
		"another object": {in: winmail(attribute(file, attached, properties(
			property(0x0d, 0x3701, values(object+"drawing")), property(0x1f, 0x3001, values(wide("a")))))),
			want: "a||drawing  "},
		"nothing":     {in: winmail(), want: " "},
		"no file":     {in: winmail(attribute(file, render, "")), want: " "},
		"no checksum": {in: strings.TrimSuffix(winmail(attribute(file, render, ""), attribute(file, data, "")), "\x00\x00"), want: " "},
		"cut": {in: winmail(attribute(file, render, ""), attribute(file, title, "a\x00"), attribute(file, data, "one"),
			attribute(file, data, "two")[:11]), want: "a||one  ", err: tnef.ErrTruncated},
		"cut in the head":     {in: winmail("\x01\x02\x03"), want: " ", err: tnef.ErrTruncated},
		"cut in a property":   {in: winmail(attribute(file, attached, number(2)+property(0x1f, 0x3707, values(wide("a"))))), want: "a||  ", err: tnef.ErrTruncated},
		"far too many":        {in: winmail(attribute(file, attached, "\xff\xff\xff\xff")), want: " ", err: tnef.ErrTruncated},
		"too many values":     {in: winmail(attribute(file, attached, properties(property(0x1f, 0x3707, "\xff\xff\xff\xff")))), want: " ", err: tnef.ErrTruncated},
		"a value of 4 GB":     {in: winmail(attribute(file, attached, properties(property(0x1f, 0x3707, number(1)+"\xff\xff\xff\xff")))), want: " ", err: tnef.ErrTruncated},
		"not one":             {in: "hello, world", want: " ", err: tnef.ErrFormat},
		"the signature alone": {in: "\x78\x9f\x3e\x22", want: " ", err: tnef.ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tnef.Read([]byte(c.in))
			if show(got) != c.want || !errors.Is(err, c.err) {
				t.Errorf("Read gives %q, %v; want %q, %v", show(got), err, c.want, c.err)
			}
		})
	}
}

// Mails within mails are read to a limit, and no more files than another.
func TestLimits(t *testing.T) {
	deep := winmail(attribute(file, render, ""), attribute(file, title, "core\x00"), attribute(file, data, "x"))
	for range 10 {
		deep = winmail(attribute(file, attached, properties(property(0x0d, 0x3701, values("0123456789abcdef"+deep)), property(0x1e, 0x3001, values("a\x00")))))
	}
	got, err := tnef.Read([]byte(deep))
	if err != nil || len(got.Files) != 6 || !tnef.Is(got.Files[0].Data) {
		t.Errorf("Read gives %d files, %v", len(got.Files), err)
	}
	many := winmail(strings.Repeat(attribute(file, render, "")+attribute(file, title, "f\x00"), 2000))
	if got, err := tnef.Read([]byte(many)); err != nil || len(got.Files) != 1000 {
		t.Errorf("Read gives %d files, %v", len(got.Files), err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(winmail(attribute(file, render, ""), attribute(file, title, "a\x00"), attribute(file, data, "one"))))
	f.Add([]byte(winmail(attribute(file, attached, properties(property(0x0d, 0x3701, values("0123456789abcdef"+winmail(attribute(message, body, "x")))))))))
	f.Add([]byte(winmail(attribute(message, mapi, properties(property(0x101f, 0x6001, values(wide("x"), wide("yy"))), property(0x102, 0x1013, values("<b>")))))))
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := tnef.Read(in)
		if err != nil && !errors.Is(err, tnef.ErrFormat) && !errors.Is(err, tnef.ErrTruncated) {
			t.Errorf("error %v", err)
		}
		total := len(c.Text) + len(c.HTML)
		for _, f := range c.Files {
			total += len(f.Data)
			if !utf8.ValidString(f.Name) || !utf8.ValidString(f.Type) {
				t.Errorf("file %q of type %q", f.Name, f.Type)
			}
		}
		if !utf8.ValidString(c.Text+c.HTML) || total > 1000+16*len(in) || len(c.Files) > 1000 {
			t.Errorf("%d files, %d bytes from %d", len(c.Files), total, len(in))
		}
	})
}
