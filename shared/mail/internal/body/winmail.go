package body

import (
	"strings"

	"deskmove/shared/mail/internal/field"
	"deskmove/shared/mail/internal/tnef"
	"deskmove/shared/mail/note"
)

// isWinmail reports whether an attachment is what Outlook packs others into.
func isWinmail(kind string, data []byte) bool {
	return strings.HasSuffix(kind, "/ms-tnef") || strings.HasSuffix(kind, "/vnd.ms-tnef") || tnef.Is(data)
}

// unpack adds the files in a winmail.dat in its place. ok is false if it must be
// kept, because it holds none or cannot be read to its end.
func (r *reader) unpack(data []byte) (ok bool) {
	content, err := tnef.Read(data)
	for _, f := range content.Files {
		r.add(Attachment{Name: f.Name, Type: f.Type, ContentID: field.ID(f.ContentID), Data: f.Data})
	}
	if r.winmail == (view{}) {
		r.winmail = view{text: content.Text, html: content.HTML}
	}
	switch {
	case err != nil:
		r.note(note.WinmailClosed)
	case len(content.Files) == 0:
		r.note(note.WinmailEmpty)
	default:
		r.note(note.WinmailOpened)
		return true
	}
	return false
}
