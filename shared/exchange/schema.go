package exchange

import (
	_ "embed" // of the schema

	"github.com/danielgtaylor/huma/v2"
)

// JSONSchema is the JSON Schema (2020-12) of a line.
//
//go:embed schema.json
var JSONSchema []byte

// makeSchema makes JSONSchema of the types.
func makeSchema() ([]byte, error) {
	return shapes.JSONSchema("deskmove exchange, version 1: a line",
		"The first line of a file is a Header, each other one is a Line. See shared/exchange/README.md.", Header{}, Line{})
}

// TransformSchema says that a line is of one kind.
func (Line) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	one := 1
	s.MinProperties, s.MaxProperties = &one, &one
	return s
}
