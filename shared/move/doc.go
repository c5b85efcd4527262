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
// whose Run carries cursors from step to step. Any step may be repeated, by
// two at once, or stop anywhere; the guarantee that every conversation ends
// with exactly one ticket rests on these facts:
//
//   - Every customer's or agent's change of a conversation adds 1 to its
//     version. A ticket carries the version that it shows.
//   - A ticket's ID derives from the conversation's and it is created only if
//     absent; changes of it check its revision.
//   - The marker, by which a conversation lives in the help desk, is set only
//     after its ticket, and only if the version is the one that the ticket
//     shows. Before it agents edit the conversation, after it the ticket.
//   - The channel is fenced before it is listed. What is committed before the
//     fence is found by the listing, by a reconciling pass or by an audit;
//     what is committed after it is seen by the stream's handler, which reads
//     the channel's home after the change and never from memory while it is
//     the inbox.
//   - A batch is in the ledger before it is in the queue, and leaves it in
//     the transaction that counts it.
package move
