// Package move plans, starts, carries out and reports the move of a channel.
// It applies the rules of package desk and declares what it needs of a store,
// a queue and a state machine as small interfaces.
//
// # The write path
//
// A move runs as steps of a state machine, each a method
//
//	Step(ctx, Run) (Run, error)
//
// whose Run carries cursors from step to step. A step may run repeatedly, twice
// at the same time, or stop anywhere. The guarantee that every conversation ends
// up with exactly one ticket rests on these facts:
//
//   - Every change of a conversation by a customer or agent adds 1 to its
//     version. A ticket has the version of the conversation that it shows.
//   - A ticket's ID derives from the conversation's, and it is created only if
//     there is none. Changes of a ticket check its revision.
//   - The marker, which makes the help desk a conversation's home, is set only
//     after its ticket is stored, and only if the conversation's version is the
//     one that the ticket shows. Before that agents edit the conversation, then
//     the ticket.
//   - The channel is fenced before it is listed. Changes committed before the
//     fence are found by the listing, a reconciling pass or an audit. Changes
//     committed after it reach the stream's handler, which reads the channel's
//     home after the change and never caches it while it is the inbox.
//   - A batch is in the ledger before it is in the queue, and is removed from the
//     ledger by the transaction that counts it.
package move
