package asl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Limits of a definition. AWS takes up to 1 MiB.
const (
	maxDefinition = 1 << 20
	maxDepth      = 100
)

// readDefinition reads a definition's JSON. Unlike encoding/json it reports
// names that appear twice, of which AWS and Go might choose different ones.
func readDefinition(data []byte, p *problems) (any, error) {
	if len(data) > maxDefinition {
		return nil, fmt.Errorf("the definition has %d bytes, AWS takes %d: shorten it", len(data), maxDefinition)
	}
	r := definitionReader{json.NewDecoder(bytes.NewReader(data)), p}
	r.UseNumber()
	v, err := r.value("the state machine", 0)
	if err != nil {
		return nil, fmt.Errorf("the definition is not JSON: %w", err)
	}
	if _, err := r.Token(); err != io.EOF {
		return nil, fmt.Errorf("the definition is not JSON: more follows after offset %d", r.InputOffset())
	}
	return v, nil
}

type definitionReader struct {
	*json.Decoder
	problems *problems
}

func (r definitionReader) value(where string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d at offset %d", maxDepth, r.InputOffset())
	}
	t, err := r.Token()
	if err != nil {
		return nil, noEOF(err)
	}
	switch t {
	case json.Delim('{'):
		return r.object(where, depth)
	case json.Delim('['):
		return r.array(where, depth)
	}
	return t, nil
}

func (r definitionReader) object(where string, depth int) (any, error) {
	m := map[string]any{}
	for r.More() {
		t, err := r.Token()
		if err != nil {
			return nil, noEOF(err)
		}
		name := t.(string) // Token returns nothing else before a colon
		if has(m, name) {
			r.problems.refuse("%s: %s: appears twice: remove one", where, name)
		}
		if m[name], err = r.value(where+": "+name, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := r.Token()
	return m, noEOF(err)
}

func (r definitionReader) array(where string, depth int) (any, error) {
	a := []any{}
	for r.More() {
		v, err := r.value(fmt.Sprintf("%s[%d]", where, len(a)), depth+1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	_, err := r.Token()
	return a, noEOF(err)
}

// noEOF keeps a definition that is cut off from looking like a complete one.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
