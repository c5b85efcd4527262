package exchange

import (
	"fmt"
	"strings"

	"deskmove/shared/desk"
)

// Error says what is wrong with a line. It never has a customer's words in it.
type Error struct {
	Line    int64  // from 1
	Field   string // such as message.attachments[0].sha256; "" if it is the line as a whole
	Problem string
	Remedy  string
}

func (e *Error) Error() string {
	at := fmt.Sprintf("line %d", e.Line)
	if e.Field != "" {
		at += ", " + e.Field
	}
	return at + ": " + e.Problem + "; " + e.Remedy
}

// wrong are the errors of one line.
type wrong struct {
	line int64
	errs []*Error
}

func (w *wrong) add(field, problem, remedy string) {
	w.errs = append(w.errs, &Error{w.line, field, problem, remedy})
}

// check adds the *desk.InvalidErrors of err, whose fields are those of a kind.
func (w *wrong) check(kind string, err error) {
	for _, e := range desk.Invalid(err) {
		w.add(strings.TrimSuffix(kind+"."+e.Field, "."), e.Problem, e.Remedy)
	}
}
