package field

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

const (
	// maxID is the maximum length of an ID in bytes. A longer one is truncated and
	// completed by its hash.
	maxID = 256
	// maxIDs is the maximum number of IDs kept from one field: the first, which
	// names the root, and the last ones.
	maxIDs = 100
)

// ID returns a Message-ID without brackets; "" if there is none.
func ID(value string) string {
	if all := bracketed(value); len(all) > 0 {
		return all[0]
	}
	return clean(strings.Trim(value, "<> \t\r\n\""))
}

// IDs returns the IDs in In-Reply-To or References, each once, in order. It
// ignores words outside the brackets; a value without brackets is used only if
// all of it looks like IDs. IDs in not are left out, because old programs put
// the author's address in brackets there.
func IDs(values []string, not ...string) []string {
	seen := make(map[string]bool)
	for _, id := range not {
		seen[id] = true
	}
	var all []string
	for _, value := range values {
		found := bracketed(value)
		if len(found) == 0 {
			found = bare(value)
		}
		for _, id := range found {
			if !seen[id] && !seen[strings.ToLower(id)] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	if len(all) > maxIDs {
		all = append(all[:1:1], all[len(all)-maxIDs+1:]...)
	}
	return all
}

// bracketed returns the texts between < and >. A < without > ends at the next <.
func bracketed(value string) []string {
	var all []string
	for {
		_, rest, ok := strings.Cut(value, "<")
		if !ok {
			return all
		}
		end := strings.IndexAny(rest, "<>")
		if end < 0 {
			end = len(rest)
		}
		all = append(all, inner(rest[:end])...)
		value = rest[end:]
	}
}

// inner returns the IDs in one pair of brackets: one, one broken by a folded
// line, or several whose inner brackets are missing. Words are not IDs.
func inner(s string) []string {
	pieces := strings.Fields(s)
	withAt := 0
	for _, p := range pieces {
		if strings.Contains(p, "@") {
			withAt++
		}
	}
	if withAt == 0 && len(pieces) != 1 {
		return nil
	}
	if withAt <= 1 {
		pieces = []string{strings.Join(pieces, "")}
	}
	return cleanAll(pieces)
}

func bare(value string) []string {
	pieces := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;\"", r) })
	for _, p := range pieces {
		if !strings.Contains(p, "@") {
			return nil
		}
	}
	return cleanAll(pieces)
}

func cleanAll(ids []string) []string {
	all := ids[:0]
	for _, id := range ids {
		if id = clean(id); id != "" {
			all = append(all, id)
		}
	}
	return all
}

// clean returns id as printable UTF-8 of at most maxID bytes. IDs that differ stay
// different: what cannot be kept as it is is completed by the hash of the whole.
func clean(id string) string {
	var b strings.Builder
	for i := range len(id) {
		if c := id[i]; c > ' ' && c != 0x7f {
			b.WriteByte(c)
		}
	}
	id = b.String()
	if len(id) <= maxID && utf8.ValidString(id) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	id = strings.ToValidUTF8(id, "?")
	return strings.ToValidUTF8(id[:min(len(id), maxID-34)], "") + "~" + hex.EncodeToString(sum[:16])
}
