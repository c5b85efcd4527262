package asl

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxData is the limit, in bytes of JSON, of a state's input, of a task's
// result and of a state's output.
const maxData = 256 << 10

// errTooBig is returned by encode for a value above maxData.
var errTooBig = errors.New("larger than 256 KiB")

// decode reads one JSON value. Numbers stay json.Number, so that large IDs
// keep every digit.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}

// encode is the JSON of v without added escapes, or errTooBig.
func encode(v any) (json.RawMessage, error) {
	// A template may repeat one large value many times; what is shared in
	// memory is not shared in JSON, so look before writing it out.
	if left(v, maxData) < 0 {
		return nil, errTooBig
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	raw := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(raw) > maxData {
		return nil, errTooBig
	}
	return raw, nil
}

// left is how much of a budget of n bytes the JSON of v leaves over, counting
// at least one byte a value; negative as soon as the budget is spent.
func left(v any, n int) int {
	switch v := v.(type) {
	case string:
		return n - len(v) - len(`""`)
	case json.Number:
		return n - len(v)
	case []any:
		n--
		for _, e := range v {
			if n = left(e, n-1); n < 0 {
				return n
			}
		}
		return n
	case map[string]any:
		n--
		for k, e := range v {
			if n = left(e, n-len(k)-len(`"":,`)); n < 0 {
				return n
			}
		}
		return n
	}
	return n - len("null")
}
