package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
)

// identify sets Content and the name of a message without Message-ID. written
// is part of the latter: a customer may well write "thanks" twice.
func (m *Message) identify(written string) {
	h := sha256.New()
	// Every part is closed with its hash's fixed length, so that no two
	// messages can run together into one.
	for _, s := range []string{m.From.Address, m.Subject, canonical(m.Text)} {
		sum := sha256.Sum256([]byte(s))
		h.Write(sum[:])
	}
	for _, a := range m.Attachments {
		sum := sha256.Sum256(a.Data)
		h.Write(sum[:])
	}
	m.Content = hex.EncodeToString(h.Sum(nil))
	if m.ID == "" {
		_, _ = io.WriteString(h, written) // never fails
		m.unnamed = "sha256:" + hex.EncodeToString(h.Sum(nil)[:20])
	}
}

// canonical takes away what transport changes: blanks at the ends of lines and
// empty lines at both ends.
func canonical(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
