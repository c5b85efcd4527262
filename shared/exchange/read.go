package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"deskmove/shared/api"
	"deskmove/shared/desk"
)

// Reader reads a file line by line, strictly: what the format does not have is an
// error that names the line and the field.
type Reader struct {
	Header Header // of the first line
	// Own says that this program has just written the file: what a Writer has checked, and
	// the shapes of lines, which are its own, are not checked again.
	Own bool

	in     *bufio.Reader
	number int64
	offset int64 // of the line after the last one
	begins int64 // of the last one
	check  *checker
	broken error // why no more can be read
}

// NotExchangeError says that a file is of another format.
type NotExchangeError struct{}

func (*NotExchangeError) Error() string {
	return `line 1: it is not {"format":"deskmove","version":1,…}; give a folder or a file that deskmove export has written`
}

// NewReader reads the first line. If that is no header, the error is a *NotExchangeError;
// if it is one that cannot be read, an *Error.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, 64<<10), check: newChecker()}
	r.check.facts = true
	line, err := r.line()
	if err != nil {
		if errors.Is(err, io.EOF) || errors.As(err, new(*Error)) {
			err = &NotExchangeError{}
		}
		return nil, err
	}
	if !Is(line) {
		return nil, &NotExchangeError{}
	}
	var says struct{ Version json.Number }
	_ = json.Unmarshal(line, &says) // what is wrong shows below
	if v, err := says.Version.Float64(); err == nil && v > Version && v == math.Trunc(v) {
		return nil, &Error{1, "version", fmt.Sprintf("it is of version %s, and this program reads version %d", desk.Truncate(says.Version.String(), 40), Version), "import it with the newer program that wrote it"}
	}
	if wrong := shapes.Check(line, Header{}); len(wrong) > 0 {
		return nil, fieldErrors(1, wrong)[0]
	}
	if err := json.Unmarshal(line, &r.Header); err != nil {
		return nil, &Error{1, "version", "it is not written as a whole number", fmt.Sprintf("write %d", Version)}
	}
	return r, nil
}

// Is reports whether a file begins as those of this format do, by its first bytes.
func Is(begins []byte) bool {
	line, _, _ := bytes.Cut(begins, []byte("\n"))
	d := json.NewDecoder(bytes.NewReader(line))
	for {
		t, err := d.Token()
		if err != nil {
			return false
		}
		if t == "format" {
			of, err := d.Token()
			return err == nil && of == format
		}
	}
}

// Next returns the next line and its number; io.EOF after the last one. Errors are
// *Errors, joined. After one of a line, Next may be called for those after it; after one
// without which nothing can be told of the rest, it returns the same again.
func (r *Reader) Next() (Line, int64, error) {
	if r.broken != nil {
		return Line{}, r.number, r.broken
	}
	b, err := r.line()
	switch {
	case errors.Is(err, io.EOF) && !r.check.ended:
		r.broken = &Error{r.number, "", "the file ends here, without its last line: it is cut off", "take the whole file as it was written"}
		return Line{}, r.number, r.broken
	case err != nil:
		r.broken = err
		return Line{}, r.number, err
	}
	if r.Own {
		l, err := decode(b)
		r.check.ended = l.End != nil
		return l, r.number, err
	}
	l, wrong := read(r.number, b)
	if len(wrong) == 0 {
		wrong = r.check.add(r.number, l)
	} else {
		r.check.miss()
	}
	return l, r.number, join(wrong)
}

// Offset returns where in the file the line begins that Next has returned.
func (r *Reader) Offset() int64 { return r.begins }

// line reads a line without its end.
func (r *Reader) line() ([]byte, error) {
	line, err := r.readLine()
	if r.begins = r.offset; err == nil {
		r.offset += int64(len(line)) + 1
	}
	return line, err
}

func (r *Reader) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		if len(line) == 0 && err == nil {
			r.number++
			return part[:len(part)-1], nil
		}
		line = append(line, part...)
		switch {
		case len(line) > MaxLine:
			return nil, &Error{r.number + 1, "", fmt.Sprintf("it has more than %d MB", MaxLine>>20), "take the file as it was written"}
		case err == nil:
			r.number++
			return line[:len(line)-1], nil
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, &Error{r.number + 1, "", "it is cut off: it has no end", "take the whole file as it was written"}
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// shapes check the lines, each by its kind.
var shapes = api.NewShapes(Header{}, Line{})

// read reads one line after the first.
func read(number int64, b []byte) (l Line, wrong []*Error) {
	one := func(field, problem, remedy string) (Line, []*Error) {
		return Line{}, []*Error{{number, field, problem, remedy}}
	}
	if found := shapes.Check(b, Line{}); len(found) > 0 {
		switch kind, many := kindOf(b); {
		case kind != "" && !slices.Contains(kinds, kind):
			return one("", fmt.Sprintf("there are no lines of the kind %q", desk.Truncate(kind, 40)), "use one of "+strings.Join(kinds, ", "))
		case many:
			return one("", "it has more than one name", "write one object a line, and the name of its kind alone")
		}
		return Line{}, fieldErrors(number, found)
	}
	l, err := decode(b)
	if err != nil {
		return one("", "it cannot be read", "take the file as it was written")
	}
	if l == (Line{}) {
		return one("", "it is of no kind", "use one of "+strings.Join(kinds, ", "))
	}
	return l, nil
}

// decode reads a line, in a third of the time that encoding/json takes.
func decode(b []byte) (l Line, err error) { return l, jsonv2.Unmarshal(b, &l) }

// Decoder reads lines that have been checked.
type Decoder struct{ from *jsontext.Decoder }

// NewDecoder returns a Decoder of what is read from in.
func NewDecoder(in io.Reader) Decoder { return Decoder{jsontext.NewDecoder(in)} }

// Next returns the next line; io.EOF after the last one.
func (d Decoder) Next() (l Line, err error) { return l, jsonv2.UnmarshalDecode(d.from, &l) }

// kindOf returns the first name of an object, and whether it has others.
func kindOf(b []byte) (kind string, many bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", false
	}
	t, err := d.Token()
	kind, ok := t.(string)
	if err != nil || !ok {
		return "", false
	}
	var skip json.RawMessage
	if d.Decode(&skip) != nil {
		return kind, false
	}
	return kind, d.More()
}

func fieldErrors(number int64, found []api.FieldProblem) []*Error {
	errs := make([]*Error, len(found))
	for i, p := range found {
		errs[i] = &Error{number, p.Field, strings.Replace(p.Problem, "the body is", "it is", 1), p.Remedy}
	}
	return errs
}

func join(errs []*Error) error {
	all := make([]error, len(errs))
	for i, e := range errs {
		all[i] = e
	}
	return errors.Join(all...)
}
