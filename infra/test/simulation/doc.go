// Package simulation tests the guarantee of a move: the product's own handlers
// run on a simulated platform with injected faults. The seed of a world decides
// everything that happens in it.
//
// # What is guaranteed
//
// After a move every conversation of the channel has exactly one ticket, with
// the right date, status and owner. No message, no agent's edit and no
// conversation is lost, duplicated or overwritten.
//
// # Under which assumptions
//
//   - A write whose condition holds is done as a whole, alone or in its
//     transaction, and a strong read sees all writes before it.
//   - An eventual read is at most 2 s old, an index at most a minute late. With
//     an index that is later a move is still correct, but may end before the
//     audits have found everything.
//   - Clocks of processes differ by at most four minutes. With history none, a
//     clock decides what came before the fence, and the audits look at five
//     minutes around it.
//   - The stream reports every change of a conversation in the inbox at least
//     once, and the changes of one conversation in order; the queue delivers every
//     message at least once. Both may be late. What the stream loses all the same
//     is found by the next audit, or within a day by the daily repair.
//   - What has failed is tried again in the end: functions are not throttled
//     forever, and the sweeper runs.
//
// # How it is tested
//
// A world (world_test.go) has a database in memory, a stream, queues, the real
// state machine and the handlers of package app. Customers, agents and admins
// use it meanwhile: they write, edit, make tickets, rehearse, move and retry,
// change the account's setup and repair conversations. Messages are of all authors,
// kinds and visibilities (authors_test.go): questions, answers, notes, events, bots'
// lines, forms' mail, programs' and forged mail, by strangers too, with tags and files
// (files_test.go), some of which a sweep is about to delete. In some worlds an execution
// hands over to the next one after every few steps.
//
// Every call to the platform waits for the scheduler (scheduler_test.go,
// task_test.go), which makes one call at a time, at simulated times; calls that
// a handler makes at the same time count as one, unless one has a fault.
// Goroutines run in a testing/synctest bubble, so that the scheduler knows when
// all of them are blocked. Random numbers depend on the seed and on the name of
// what they are for: the same seed gives the same trace to the last line, and a
// fault that is left out changes little else.
//
// Faults (faults_test.go): before and after each call a process may crash, or
// be suspended for a minute and then go on; a call may be throttled, time out,
// or be made without an answer. Functions are throttled, run twice, or their
// results are lost. Messages come twice, late and out of order; shards stall,
// repeat changes and lose some; indexes are late, reads are old, clocks are wrong. Each seed
// has other kinds of faults, at other rates. After a quarter of an hour there are
// no more faults, and everything must come to rest.
//
// These invariants are checked at every write (invariants_test.go), when the
// stream goes on and when a batch is done, or when the last audit and the first
// daily repair have run (final_test.go):
//
//	one ticket                what has landed has a ticket, at every instant, and keeps it
//	landed stays              in the help desk
//	source is frozen          what a landed conversation was, the move was made from
//	landed as it was          what a ticket was when it landed never changes
//	created is started        a ticket is dated when its conversation started
//	conversations kept        none is deleted
//	unknown attributes kept   of another program
//	edits kept                revisions rise one by one
//	replies reopen            a customer's message reaches the ticket with the message
//	moved unchanged           a move changes only the home of a ticket of the inbox
//	messages whole            as they were sent, and shown to nobody else
//	first reply               only a person's public answer, if its sender is not forged; none is overlooked
//	questions start clocks    and nothing else does: no note, bot, event or program
//	questions open            a conversation or its ticket, and nothing else does
//	programs open nothing     what a program began is closed
//	kept on its thread        what refers to a message, whoever wrote it
//	customer                  who asks, or filled in the form; nobody by a copy, and never another one
//	strangers are marked      who join by what they refer to, and have had no part
//	nothing said              without a message nothing of the above changes
//	tags survive              a message adds to them, only an agent's edit takes away
//	named files kept          with their bytes, since the message was stored
//	unnamed files             are kept for a day, then nothing of them is left
//	history                   old mail changes no ticket, and what it begins is history whenever it came
//	told                      a live ticket and its notification: both or neither
//	passed by                 what the stream has passed since the fence has landed
//	left behind               a batch that is done leaves none of its own behind
//	one move, one lock        per account
//	homes go forward          of channels: inbox, moving, help desk
//	settings kept             byte for byte, also while an admin changes the setup
//	one snapshot              of who had access at the fence
//	a rehearsal writes nothing   but its own records
//	done is complete          what the index showed before the last pass has moved
//	complete                  everything of a moved channel has moved, or has failed
//	status, owner, provenance as the move's rules make them of the frozen conversation
//	history stays             with history none, what came before the fence
//	other channels untouched  those that stay in the inbox
//	ledger empty, closed      at rest, and counters add up to what was planned
//	every move ends           and what was repaired and retried has not failed
//	messages                  what was acknowledged is stored once, where it was said
//
// "Passed by" and "left behind" look at one change and one batch, because audits
// and repair would make up for the mutants that they see.
//
// TestCrashAtEveryCall and TestCrashAtPairs move one conversation, with a fault
// at every call and at pairs of calls: with a ticket or none, while nothing
// happens, a reply comes, an agent edits it, or it joins another channel.
// TestMutants breaks the write path on purpose, in one way after another
// (mutants_test.go), and requires that some world violates an invariant; the daily
// repair is off meanwhile. TestRuleMutants breaks one rule of authors, messages, tags and
// files after another, and requires that the invariant of that rule sees it.
// TestStaleChannel is a schedule for a mutant that random worlds do not see.
//
// # What it has found
//
// Most of what it found in earlier designs lay between two items, conversation and
// ticket, that were written one after the other. They are one item now, and that
// can no longer be written down. Of what can, each was mended where it arose, and a
// mutant, a crash at every call, or a test would see it come back:
//
//   - A step that was suspended until after the end of a move made it run again.
//   - The counters did not follow a part of the listing that was listed again
//     with other conversations.
//   - A step that woke up late sent a later pass's batches again as its own, and
//     the counters of neither pass added up.
//   - An execution that was started again after the end of its move began another
//     pass on the closed listing.
//   - A failure that the stream had settled stood for good, and with it the move at
//     attention.
//   - A change by a clock that is ahead seemed to be still in the stream for as
//     long as the clock was wrong, and the move ended without it.
//   - A note to a ticket of the inbox that had moved without clocks started them, and
//     one that began a conversation made a first reply due.
//
// # How to reproduce
//
// A violation prints its seed, the fewest faults that suffice, and the end of
// the trace with only those. Then:
//
//	make simulation SEED=12345          # that world again, its trace in .cache/simulation.txt
//	make simulation FAULTS=10000000     # many worlds
//	go test ./infra/test/simulation -pairs   # all pairs of crashes
package simulation
