package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"

	"deskmove/shared/desk"
)

// What encoding/json takes without a word changes what was sent: bytes that are no
// UTF-8 become U+FFFD, so that two IDs may become one; of a name that comes twice
// the last counts; and null is as good as nothing. Here all that is refused.

// CheckJSON returns an error, which says where and what to do, unless b is one JSON
// value whose texts are Unicode and whose objects have no name twice.
func CheckJSON(b []byte) error {
	if p := checkJSON(b); p != nil {
		return fmt.Errorf("%s: %s", p.Detail, p.Remedy)
	}
	return nil
}

func checkJSON(b []byte) *problem {
	if jsontext.Value(b).IsValid() {
		return nil
	}
	err := readJSON(b)
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return nameTwice(err)
	}
	// Which of the other errors it is shows by who accepts it.
	if lenient := readJSON(b, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)); lenient != nil {
		return notJSON(lenient)
	}
	return notUnicode(err)
}

// readJSON returns why b is not one JSON value.
func readJSON(b []byte, options ...jsontext.Options) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(b), options...)
	err := d.SkipValue()
	if err == nil {
		if _, err = d.ReadToken(); err == io.EOF {
			return nil
		}
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); err == nil || err != io.EOF && !ok {
		return &jsontext.SyntacticError{ByteOffset: d.InputOffset(), Err: errors.New("more than one value")}
	} else if ok {
		return syntactic
	}
	return &jsontext.SyntacticError{ByteOffset: d.InputOffset(), Err: io.ErrUnexpectedEOF}
}

// isJSON reports whether a body of the type is JSON. A body without one is taken
// for it.
func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "" || kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

// checkQuery returns what is wrong with a query whatever it is about: a parameter
// without a value or with two would be ignored in silence, wholly or in part.
func checkQuery(query string) *problem {
	values, err := url.ParseQuery(query)
	if err != nil {
		return invalid([]*desk.InvalidError{{Field: "query", Code: codeDoesNotFit, Problem: "it cannot be read",
			Remedy: "separate parameters by &, and write other characters than letters and digits as % and two hexadecimal digits"}})
	}
	var wrong []*desk.InvalidError
	for _, name := range slices.Sorted(maps.Keys(values)) {
		field := desk.Truncate(name, 80)
		switch {
		case len(values[name]) > 1:
			wrong = append(wrong, &desk.InvalidError{Field: field, Code: codeRepeated, Problem: "it is named twice",
				Remedy: "name it once; where it takes several values, separate them by commas"})
		case values.Get(name) == "":
			wrong = append(wrong, &desk.InvalidError{Field: field, Code: codeNoValue, Problem: "it has no value",
				Remedy: "give it one, or leave it out"})
		}
	}
	if wrong == nil {
		return nil
	}
	return invalid(wrong)
}

// checkNulls returns the fields of a body that are null, though their schema has no
// null. The body is JSON.
func checkNulls(b []byte, body *huma.RequestBody, schemas huma.Registry) *problem {
	if !bytes.Contains(b, []byte("null")) {
		return nil
	}
	n := nulls{decoder: jsontext.NewDecoder(bytes.NewBuffer(b), jsontext.AllowDuplicateNames(true)), schemas: schemas}
	n.value(body.Content["application/json"].Schema)
	if n.count == 0 {
		return nil
	}
	return wrongFields(http.StatusUnprocessableEntity, n.count, func(i int) FieldProblem {
		return FieldProblem{Field: n.found[i], Code: codeNull, Problem: "it is null", Remedy: "give it a value; leave it out if it has none"}
	})
}

// nulls walks a body along its schema. What has no schema, such as a channel's
// settings, is not looked into.
type nulls struct {
	decoder *jsontext.Decoder
	schemas huma.Registry
	found   []string // the first of them
	count   int
}

func (n *nulls) value(of *huma.Schema) {
	for of != nil && of.Ref != "" {
		of = n.schemas.SchemaFromRef(of.Ref)
	}
	switch kind := n.decoder.PeekKind(); {
	case of == nil:
		n.skip()
	case kind == '{' && of.Properties != nil:
		n.token()
		for n.decoder.PeekKind() == '"' {
			n.field(of.Properties[n.token().String()])
		}
		n.token()
	case kind == '[' && of.Items != nil:
		n.token()
		for k := n.decoder.PeekKind(); k != ']' && k != 0; k = n.decoder.PeekKind() {
			n.field(of.Items)
		}
		n.token()
	default:
		n.skip()
	}
}

// field walks the value of a field or an item, which has no schema if it is unknown.
func (n *nulls) field(of *huma.Schema) {
	if n.decoder.PeekKind() == 'n' && of != nil && !of.Nullable {
		n.token()
		if n.count++; n.count <= maxFields {
			n.found = append(n.found, fieldName(n.decoder.StackPointer()))
		}
		return
	}
	n.value(of)
}

// token and skip read what checkJSON has read before, so they cannot fail; at
// the end of the body they would stay there.
func (n *nulls) token() jsontext.Token { t, _ := n.decoder.ReadToken(); return t }
func (n *nulls) skip()                 { _ = n.decoder.SkipValue() }

// fieldName writes a JSON pointer as errors name fields: channels[0].settings.
func fieldName(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		if _, err := strconv.Atoi(token); err == nil {
			b.WriteString("[" + token + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(token)
	}
	return b.String()
}

// notJSON, notUnicode and nameTwice say where in the body it is: by its pointer
// (RFC 6901) and its offset in bytes.

func notJSON(err error) *problem {
	why := err.Error()
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		why = syntactic.Err.Error()
	}
	return placed(codeNotJSON, err, func(at string) (detail, remedy string) {
		return "the body is not JSON: " + why + at, "send one JSON object and nothing else"
	})
}

func notUnicode(err error) *problem {
	return placed(codeNotUnicode, err, func(at string) (detail, remedy string) {
		return "a text is not Unicode" + at, "send UTF-8, and both halves of what is escaped as a surrogate pair"
	})
}

func nameTwice(err error) *problem {
	return placed(codeNameTwice, err, func(at string) (detail, remedy string) {
		return "a name comes twice in its object" + at, "send each name once"
	})
}

// hugeNumber says which number of a body is none that Go has.
func hugeNumber(b []byte) *problem {
	d, place := jsontext.NewDecoder(bytes.NewBuffer(b)), &jsontext.SyntacticError{}
	for place.ByteOffset == 0 {
		t, err := d.ReadToken()
		if err != nil {
			break
		}
		if t.Kind() != '0' {
			continue
		}
		if _, err := strconv.ParseFloat(t.String(), 64); err != nil {
			place.ByteOffset, place.JSONPointer = d.InputOffset(), d.StackPointer()
		}
	}
	return placed(codeNotJSON, place, func(at string) (detail, remedy string) {
		return "a number is out of range" + at, "send numbers below 1e308"
	})
}

func placed(code string, err error, say func(at string) (detail, remedy string)) *problem {
	var pointer string
	var offset int64
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		pointer, offset = desk.Truncate(string(syntactic.JSONPointer), 200), syntactic.ByteOffset
	}
	at := fmt.Sprintf(" at byte %d", offset)
	if pointer != "" {
		at = fmt.Sprintf(" at %s, byte %d", pointer, offset)
	}
	detail, remedy := say(at)
	p := newProblem(http.StatusBadRequest, code, detail, remedy)
	p.Params = desk.Params{"pointer": pointer, "offset": strconv.FormatInt(offset, 10)}
	return p
}
