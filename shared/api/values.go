package api

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"deskmove/shared/desk"
)

// maxValues is the most names and values that a body may have: far more than an
// account's setup of 1 MB could mean anything with. Each one costs time and memory
// a hundred times that of its bytes, when it is checked and most of all when it is wrong.
const maxValues = 200_000

func tooManyValues() *problem {
	p := newProblem(http.StatusUnprocessableEntity, codeValues, fmt.Sprintf("the body has more than %d names and values", maxValues), "send less at a time")
	p.Params = desk.Params{"most": strconv.Itoa(maxValues)}
	return p
}

// valuesExceed reports whether JSON has more names and values than so many: each but
// the first is behind a comma, a colon or an opening bracket. Of what is no JSON it
// need not be right.
func valuesExceed(r io.Reader, most int) bool {
	var piece [8 << 10]byte
	quoted, escaped := false, false
	for n := 1; ; {
		size, err := r.Read(piece[:])
		for _, c := range piece[:size] {
			switch {
			case escaped:
				escaped = false
			case c == '\\':
				escaped = quoted
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == ',', c == ':', c == '[', c == '{':
				n++
			}
		}
		if n > most || err != nil {
			return n > most
		}
	}
}
