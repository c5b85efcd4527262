// Package body reads the body of a mail: its text, HTML and attachments.
// Malformed MIME is not an error: what cannot be parsed is kept as text or as an
// attachment, and a note says so.
package body

import (
	"slices"
	"strings"

	"deskmove/shared/mail/internal/charset"
	"deskmove/shared/mail/internal/field"
	"deskmove/shared/mail/note"
)

const (
	// maxDepth is the maximum depth of nested multiparts; deeper ones become
	// attachments.
	maxDepth = 20
	// maxParts is the maximum number of parts of a mail; the rest becomes one
	// attachment.
	maxParts = 1000
)

// Content is the content of a mail. Text is complete: it includes parts that are
// only HTML, converted to text. Text and HTML are valid UTF-8 without NUL bytes,
// with "\n" between lines.
type Content struct {
	Text, HTML  string
	Attachments []Attachment
	Notes       []note.Code
	// Charset is what the first text says that it is in, in lower case; "" if it
	// says nothing.
	Charset string
}

// Attachment is a decoded file. Name and Type are never empty. Name is without a
// path and need not be unique.
type Attachment struct {
	Name, Type string
	ContentID  string // without brackets, "" if none
	Inline     bool   // its disposition is inline, or the HTML refers to it
	Data       []byte
}

// Read reads the body of a mail with that header. The result does not refer to
// the bytes of body. inUTF8 tells that body was converted to UTF-8, whatever the
// parts say of themselves.
func Read(header field.Fields, body []byte, inUTF8 bool) Content {
	r := &reader{inUTF8: inUTF8}
	v := r.part(header, body, place{top: true})
	if strings.TrimSpace(v.text+v.html) == "" {
		v = r.winmail
	}
	r.out.HTML = strings.TrimRight(v.html, "\n")
	r.out.Text = strings.TrimRight(v.shown(), "\n")
	r.inline()
	return r.out
}

// reader collects the attachments and notes of one mail.
type reader struct {
	out     Content
	parts   int
	inUTF8  bool
	winmail view // the text in a winmail.dat, for mails that have none beside it
}

// place is the position of a part within the mail.
type place struct {
	depth      int
	top, first bool
	kind       string // type of a part without Content-Type
}

// view is the visible content of a part. text is empty if all of it is HTML.
type view struct{ text, html string }

func (v view) shown() string {
	if strings.TrimSpace(v.text) == "" && v.html != "" {
		return Text(v.html)
	}
	return v.text
}

func (r *reader) note(c note.Code) {
	if !slices.Contains(r.out.Notes, c) {
		r.out.Notes = append(r.out.Notes, c)
	}
}

// part reads one part and the parts within it.
func (r *reader) part(h field.Fields, body []byte, at place) view {
	r.parts++
	kind, params, repaired := field.ReadParams(h.Get("content-type"))
	if repaired {
		r.note(note.TypeRepaired)
	}
	if !strings.Contains(kind, "/") {
		kind = at.kind // missing, or such as "text"
		if kind == "" {
			kind = "text/plain"
		}
	}
	if strings.HasPrefix(kind, "multipart/") && at.depth < maxDepth {
		if parts := r.split(body, params["boundary"]); len(parts) > 0 {
			return r.multipart(kind, parts, at.depth+1)
		}
		r.note(note.MultipartEmpty)
		kind = "text/plain"
	}
	if !shows(kind, params, h, at) {
		r.attach(kind, params, h, body)
		return view{}
	}
	text, encoded := r.decode(h, body, true)
	label := params["charset"]
	if r.inUTF8 && !encoded {
		label = "utf-8"
	}
	s, notes := charset.Decode(label, text)
	for _, c := range notes {
		r.note(c)
	}
	if r.out.Charset == "" {
		r.out.Charset = charset.Label(label)
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	if kind == "text/html" {
		return view{html: s}
	}
	return view{text: s}
}

// shows reports whether a part is visible text and not an attachment.
func shows(kind string, params map[string]string, h field.Fields, at place) bool {
	disposition, more := field.Params(h.Get("content-disposition"))
	if disposition == "attachment" || !strings.HasPrefix(kind, "text/") {
		return false
	}
	if at.top {
		return true
	}
	named := params["name"] != "" || more["filename"] != ""
	readable := kind == "text/plain" || kind == "text/html" || kind == "text/enriched"
	return readable && (!named || at.first)
}

// multipart reads the parts of a multipart and combines their visible content.
func (r *reader) multipart(kind string, parts [][]byte, depth int) view {
	var views []view
	for i, raw := range parts {
		if r.parts >= maxParts {
			r.note(note.MultipartLong)
			r.add(Attachment{Type: "application/octet-stream", Data: slices.Concat(parts[i:]...)})
			break
		}
		h, body, notes, _ := field.Split(raw)
		if len(notes) > 0 {
			r.note(note.PartRepaired)
		}
		at := place{depth: depth, first: i == 0}
		if kind == "multipart/digest" {
			at.kind = "message/rfc822"
		}
		views = append(views, r.part(h, body, at))
	}
	if kind == "multipart/alternative" {
		return best(views)
	}
	return together(views)
}

// best returns the view of a multipart/alternative: the first text and the last
// HTML.
func best(views []view) view {
	var out view
	for _, v := range views {
		if strings.TrimSpace(out.text) == "" {
			out.text = v.text
		}
		if v.html != "" {
			out.html = v.html
		}
	}
	return out
}

// together returns the view of consecutive parts.
func together(views []view) view {
	var texts, htmls []string
	plain := slices.ContainsFunc(views, func(v view) bool { return strings.TrimSpace(v.text) != "" })
	for _, v := range views {
		if plain {
			texts = append(texts, strings.TrimRight(v.shown(), "\n"))
		}
		if v.html != "" {
			htmls = append(htmls, v.html)
		}
	}
	texts = slices.DeleteFunc(texts, func(s string) bool { return s == "" })
	return view{text: strings.Join(texts, "\n\n"), html: strings.Join(htmls, "\n")}
}
