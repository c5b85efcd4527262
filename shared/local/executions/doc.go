// Package executions runs the executions of a state machine in this process, in
// place of Step Functions. It interprets the definition with package asl and
// stores each transition in the database before it acts on it.
//
// Run continues all executions that have not ended, including those of a process
// that was killed: the last task may run again, with the same input. An
// execution keeps the definition that it was started with.
//
// When the TimeoutSeconds of a state have passed, the state no longer waits for
// its function, but the function goes on. It can therefore run at the same time
// as its own retry, as on AWS.
package executions
