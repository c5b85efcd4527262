// Package asl interprets the part of the Amazon States Language that the state
// machine of a move uses, so that the local platform can run the definition that
// Step Functions runs on AWS.
//
// Parse refuses everything else, so a definition that it accepts does the same
// on AWS. It supports, with all fields required unless marked optional:
//
//	state machine  StartAt, States
//	Task           Resource, TimeoutSeconds, Next; optional: Retry, Catch
//	Choice         Choices, Default
//	Wait           SecondsPath, Next
//	Succeed
//	Fail           Error, Cause
//	Choices        Variable, Next and one of StringEquals, BooleanEquals
//	Retry          ErrorEquals, IntervalSeconds, BackoffRate, MaxAttempts, MaxDelaySeconds, JitterStrategy (FULL)
//	Catch          ErrorEquals, ResultPath, Next
//
// A state machine and a state may have a Comment. A path selects one field of
// the state's input: $.name.
//
// # Durability
//
// An Execution is a value that holds all there is to know about a running
// execution. Runner.Step computes the next value and has no other effect than
// running the state's task. Runner.Run saves each value before it goes on, so
// after a crash an execution continues from its last saved value.
//
// A task that ran, but whose transition was not saved, runs again with the same
// input. Tasks must be safe to repeat, which Step Functions requires too of
// functions that it retries.
//
// # Where AWS's documentation and its behaviour differ
//
// This package follows the stricter of the two. States.ALL does not catch
// States.DataLimitExceeded, as documented, although executions recorded on AWS in
// 2024 show that it does.
//
// # Timeouts
//
// A task that returns after its TimeoutSeconds has failed with States.Timeout,
// whatever it returned. Step cancels the task's context and waits until it
// returns, so it leaves no goroutine behind.
package asl
