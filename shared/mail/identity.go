package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
)

// identify sets Content, and the external ID of a message without Message-ID.
// The latter depends on written too, because a customer may write "thanks"
// twice.
func (m *Message) identify(written string) {
	h := sha256.New()
	// Hashing the parts first gives them a fixed length. Otherwise different
	// parts could add up to the same bytes.
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

// canonical removes what transport may change: blanks at the ends of lines, and
// empty lines at both ends of the text.
func canonical(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
