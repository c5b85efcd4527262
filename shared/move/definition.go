package move

import _ "embed" // for the files

// StateMachine is the definition of the state machine that carries out a move,
// in the States Language. Its resources are placeholders such as
// ${ListFunctionArn}.
//
//go:embed move.asl.json
var StateMachine []byte
