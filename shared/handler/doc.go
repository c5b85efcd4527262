// Package handler is what Lambda calls: it turns Lambda's events into use
// cases and their errors into Lambda's answers. New wires everything up above
// the engine, the queue and the machine, for a Lambda function, for the local
// engine and for tests alike.
package handler
