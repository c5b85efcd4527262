package api

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Shapes check JSON against the types that describe it, as the API checks bodies, and
// describe them as JSON Schemas. They are safe for concurrent use.
type Shapes struct{ registry huma.Registry }

// NewShapes returns the shapes of the types of some values.
func NewShapes(of ...any) Shapes {
	strictOnce()
	s := Shapes{huma.NewMapRegistry("#/$defs/", schemaName)}
	for _, v := range of {
		s.of(v)
	}
	return s
}

func (s Shapes) of(v any) *huma.Schema { return s.registry.Schema(reflect.TypeOf(v), true, "") }

// mostProblems is how much of what is wrong with a value is named.
const mostProblems = maxFields

// Check returns what is wrong with b as JSON of the type of a value that has a shape; nil
// if nothing is. Of very much it names a part.
func (s Shapes) Check(b []byte, as any) []FieldProblem {
	if p := checkJSON(b); p != nil {
		return []FieldProblem{{Code: p.Code, Problem: p.Detail, Remedy: p.Remedy, Params: p.Params}}
	}
	schema := s.of(as)
	if p := checkNulls(b, &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}, s.registry); p != nil {
		return p.Errors
	}
	var v any
	if err := jsonFormat.Unmarshal(b, &v); err != nil { // a number that Go has not
		p := hugeNumber(b)
		return []FieldProblem{{Code: p.Code, Problem: p.Detail, Remedy: p.Remedy, Params: p.Params}}
	}
	var found huma.ValidateResult
	huma.Validate(s.registry, schema, huma.NewPathBuffer([]byte("it"), 2), huma.ModeWriteToServer, v, &found)
	var wrong []FieldProblem
	for _, err := range found.Errors[:min(len(found.Errors), mostProblems)] {
		if d, ok := err.(*huma.ErrorDetail); ok {
			wrong = append(wrong, writeFieldProblem(d.Location, d.Message))
		}
	}
	return wrong
}

// JSONSchema returns a JSON Schema (2020-12) of values of any of some types that have
// shapes, indented.
func (s Shapes) JSONSchema(title, description string, oneOf ...any) ([]byte, error) {
	schema := struct {
		Schema      string                  `json:"$schema"`
		Title       string                  `json:"title"`
		Description string                  `json:"description"`
		OneOf       []*huma.Schema          `json:"oneOf"`
		Defs        map[string]*huma.Schema `json:"$defs"`
	}{"https://json-schema.org/draft/2020-12/schema", title, description, nil, s.registry.Map()}
	for _, v := range oneOf {
		schema.OneOf = append(schema.OneOf, s.of(v))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(schema)
	return b.Bytes(), err
}
