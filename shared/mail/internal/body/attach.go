package body

import (
	"bytes"
	"html"
	"mime"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"deskmove/shared/mail/internal/field"
)

// maxName is the maximum length of an attachment's name in bytes.
const maxName = 200

// attach keeps a part as an attachment.
func (r *reader) attach(kind string, params map[string]string, h field.Fields, body []byte) {
	disposition, more := field.Params(h.Get("content-disposition"))
	name := more["filename"]
	if name == "" {
		name = params["name"]
	}
	data, _ := r.decode(h, body, false)
	if isWinmail(kind, data) && r.unpack(data) {
		return
	}
	if name == "" && kind == "message/rfc822" {
		inner, _, _, _ := field.Split(data)
		if name = field.Text(inner.Get("subject")); name != "" {
			name = strings.Map(noSlash, name) + ".eml"
		}
	}
	r.add(Attachment{Name: name, Type: kind, ContentID: field.ID(h.Get("content-id")), Inline: disposition == "inline", Data: data})
}

// add keeps a with a copy of its data, and generates its name if it has none.
func (r *reader) add(a Attachment) {
	if a.Name = safeName(a.Name); a.Name == "" {
		a.Name = "attachment" + extension(a.Type)
	}
	a.Type, a.Data = safeType(a.Type), bytes.Clone(a.Data)
	r.out.Attachments = append(r.out.Attachments, a)
}

// inline marks the attachments that the HTML refers to (RFC 2392), of which many
// have no disposition, or that of a file beside the text.
func (r *reader) inline() {
	if len(r.out.Attachments) == 0 {
		return
	}
	named := make(map[string]bool)
	for _, link := range cid.FindAllStringSubmatch(r.out.HTML, -1) {
		id := html.UnescapeString(link[1])
		if plain, err := url.PathUnescape(id); err == nil {
			id = plain
		}
		named[field.ID(id)] = true
	}
	for i := range r.out.Attachments {
		a := &r.out.Attachments[i]
		a.Inline = a.Inline || a.ContentID != "" && named[a.ContentID]
	}
}

// cid matches a link to a part, in an attribute or a style.
var cid = regexp.MustCompile(`(?i)\bcid:([^\s"'<>()]+)`)

// safeName returns the last element of a Unix or Windows path, without control
// characters and shortened before its extension.
func safeName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "")))
	if strings.Trim(name, ".") == "" {
		return ""
	}
	if len(name) <= maxName {
		return name
	}
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i > len(name)-20 {
		ext = name[i:]
	}
	return strings.ToValidUTF8(name[:maxName-len(ext)], "") + ext
}

func noSlash(r rune) rune {
	if r == '/' || r == '\\' {
		return '-'
	}
	return r
}

// safeType returns kind if it is a valid media type.
func safeType(kind string) string {
	if t, _, err := mime.ParseMediaType(kind); err == nil && len(t) <= 100 {
		return t
	}
	return "application/octet-stream"
}

// extension returns the file name extension for types that come without a name.
func extension(kind string) string {
	switch kind {
	case "text/plain", "message/delivery-status", "message/disposition-notification", "text/rfc822-headers":
		return ".txt"
	case "text/html":
		return ".html"
	case "message/rfc822":
		return ".eml"
	case "application/pgp-signature":
		return ".asc"
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return ".p7s"
	case "application/pdf":
		return ".pdf"
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/gif":
		return ".gif"
	case "text/calendar":
		return ".ics"
	}
	return ".bin"
}
