// Package admin does what administrators ask of moves: plan one, start it or a
// rehearsal, retry what failed, repair a channel that has moved. Each request checks
// who asks and what the rules of package desk say, stores its decision and its audit
// entry in one transaction, and only then starts an execution of the state machine; if
// that fails, the sweeper of package move starts it. A refusal is in the audit log too.
package admin
