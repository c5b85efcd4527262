// Package handler translates between Lambda and the use cases: it decodes an
// event, calls one use case, and encodes its result or errors as Lambda expects.
// On one machine the same handlers get the same events. Package app wires them.
package handler
