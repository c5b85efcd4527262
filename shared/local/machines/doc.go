// Package machines runs executions of state machines as Step Functions does,
// on package asl, and keeps every transition in the file before it acts on it.
//
// Run takes up all executions that are RUNNING, also those of a process that
// was killed: the last task may run again, with the same input and entered
// time. A state's TimeoutSeconds ends the wait for its function, not the
// function, which goes on beside its own retry, as on AWS. An execution keeps
// the definition that it was started with.
//
// Stricter than AWS: whether a repeated Start has the same input is a question
// of bytes.
package machines
