package body

import (
	"bytes"
	"mime"
	"strings"
	"unicode"

	"deskmove/shared/mail/internal/field"
)

// maxName is the maximum length of an attachment's name in bytes.
const maxName = 200

// attach keeps a part as an attachment.
func (r *reader) attach(kind string, params map[string]string, h field.Fields, body []byte) {
	_, more := field.Params(h.Get("content-disposition"))
	name := more["filename"]
	if name == "" {
		name = params["name"]
	}
	data := r.decode(h, body, false)
	if name == "" && kind == "message/rfc822" {
		inner, _, _, _ := field.Split(data)
		if name = field.Text(inner.Get("subject")); name != "" {
			name = strings.Map(noSlash, name) + ".eml"
		}
	}
	r.add(name, kind, data)
}

// add keeps a copy of data, with a generated name if it has none.
func (r *reader) add(name, kind string, data []byte) {
	if name = safeName(name); name == "" {
		name = "attachment" + extension(kind)
	}
	r.out.Attachments = append(r.out.Attachments, Attachment{Name: name, Type: safeType(kind), Data: bytes.Clone(data)})
}

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
