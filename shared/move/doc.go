// Package move carries out the move of a channel: it is the path of all writes that
// a move makes. It applies the rules of package desk and declares what it needs of a
// store, a queue and a state machine as small interfaces. Package admin starts moves,
// package progress tells how far they are.
//
// # Steps
//
// A move runs as steps of a state machine (move.asl.json), each a method
//
//	Step(ctx, Run) (Run, error)
//
// whose Run passes from step to step. A step may run repeatedly, twice at the same
// time, or stop anywhere.
//
//	Fence   makes the channel moving: from then on the stream lands what comes in
//	List    enters a pass's conversations into the ledger, in batches, and sends them
//	Drain   waits until the pass's batches are done, and decides whether another
//	        pass follows
//	Finish  ends the move, and later each audit or repair
//
// Converters work on the batches meanwhile (Converter). The first pass converts.
// The passes after it compare: they read what has landed, land what has not, and sum
// the report, until one finds nothing to land. Late audits compare the minutes around
// the fence again; a repair compares the whole channel, or daily what came in since the
// last one. A rehearsal is one pass that only counts.
//
// # Why every conversation ends up with exactly one ticket
//
//   - A conversation and its ticket are one item. Landing it is one write,
//     conditional on the revision that was read (Lander): who loses a race reads
//     again. So there is never a ticket too many, nor one that does not fit.
//   - The channel is fenced before it is listed. What was committed before the
//     fence is found by the listing, a comparison or an audit. What is committed
//     after it reaches the stream's handler, which reads the channel's home after
//     the change, each time.
//   - Where a pass has come to is an item (Cursor). It is moved in the transaction
//     that enters the stretches in between, so that each is entered once, whoever
//     repeats or wakes up; only then are the batches sent. An entry goes in the
//     transaction that counts its batch.
//   - An index guarantees no time by which it is complete, and an eventual read may
//     be old. So only what cannot change any more is settled by one, and passes, audits
//     and repairs look again.
//   - A reply to a landed conversation changes its ticket in the transaction that
//     stores the message; package support does that, by the rules of the move.
package move
