package desk

import "unicode/utf8"

// The lengths to which headers are cut, in bytes, so that a conversation and
// a ticket each stay within the 1 KB that one write unit pays for.
const (
	MaxSubject  = 200
	MaxCustomer = 120
)

// Cut returns as much of s as fits into bytes without splitting a character.
func Cut(s string, bytes int) string {
	if len(s) <= bytes {
		return s
	}
	end := max(bytes, 0)
	// A character has at most utf8.UTFMax bytes; looking back further would
	// let bytes that are not UTF-8 eat the whole text.
	for back := 1; back < utf8.UTFMax && end > 0 && !utf8.RuneStart(s[end]); back++ {
		end--
	}
	return s[:end]
}
