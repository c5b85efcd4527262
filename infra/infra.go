// Package infra holds the files that both engines run deskmove by.
package infra

import _ "embed" // for the files

// MoveMachine is the definition of the state machine that carries out a move,
// in the States Language. Its resources are placeholders such as
// ${ListFunctionArn}.
//
//go:embed move.asl.json
var MoveMachine []byte
