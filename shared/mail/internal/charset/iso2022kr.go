package charset

import (
	"bytes"

	"golang.org/x/text/encoding/korean"
)

// iso2022kr decodes RFC 1557 via EUC-KR: between SO and SI, a letter has the same
// two bytes without their high bits.
func iso2022kr(b []byte) (text string, faults int) {
	b = bytes.ReplaceAll(b, []byte("\x1b$)C"), nil)
	out := make([]byte, 0, len(b))
	shifted := false
	for _, c := range b {
		switch {
		case c == 0x0e:
			shifted = true
		case c == 0x0f:
			shifted = false
		case c == '\n':
			shifted = false // every line starts unshifted
			out = append(out, c)
		case shifted && c > ' ' && c < 0x7f:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return convert(korean.EUCKR, out)
}
