// Package asl runs the subset of the Amazon States Language that deskmove's
// state machine uses, so that the local engine can walk shared/move/move.asl.json as
// AWS Step Functions does. Parse refuses whatever this package does not
// implement: a definition that it accepts means the same on AWS.
//
// # What is supported
//
// States Task, Choice, Wait (Seconds, SecondsPath), Pass, Succeed and Fail;
// InputPath, Parameters, ResultSelector, ResultPath, OutputPath; Retry and
// Catch; TimeoutSeconds of a Task and of the execution; the comparisons
// StringEquals, BooleanEquals, Numeric…, IsPresent, IsNull under And, Or, Not.
// Paths are $, $.a.b, $.a[0] and, of the context object, $$.Execution.Id, .Name,
// .Input and .StartTime, $$.State.Name, .EnteredTime and .RetryCount, and
// $$.StateMachine.Id. No Map, no Parallel, no intrinsic functions, no JSONata,
// no variables.
//
// # Durability
//
// An Execution is a value that holds everything about a running execution.
// Runner.Step turns one value into the next; it changes nothing else except by
// running the state's task. Runner.Run saves every value before it acts on it,
// so an execution goes on after a crash where its last saved value stands.
//
// Tasks run at least once: a task that ran, but whose transition was not
// saved, runs again with the same input and the same $$.State.EnteredTime.
// Tasks must be safe to repeat. Step Functions asks no less of a Lambda
// function in a machine with Retry.
//
// # Where AWS's documents and AWS's histories differ
//
// The stricter reading holds, so that what works here works there:
//
//   - A path in Parameters or ResultSelector that finds nothing is
//     States.Runtime, which nothing catches. The documents name it
//     States.ParameterPathFailure; recorded histories do not.
//   - States.DataLimitExceeded is caught by its own name, but neither by
//     States.ALL nor by States.TaskFailed, as documented. (Histories recorded
//     in 2024 show States.ALL catching an oversized Lambda result: do not rely
//     on it.)
//   - A Choice without a match fails with States.NoChoiceMatched, as
//     documented; AWS has been seen to say States.Runtime. Nothing can catch
//     either.
//   - A Task that outlives its TimeoutSeconds is States.Timeout even if it
//     returns a result. Step cancels the task's context and waits for it to
//     return: it leaves no goroutine behind, and no task running beside its
//     own retry.
package asl
