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
//   - The stream reports every change of a conversation at least once, and the
//     changes of one conversation in order; the queue delivers every message at
//     least once. Both may be late.
//   - What has failed is tried again in the end: functions are not throttled
//     forever, and the sweeper runs.
//
// # How it is tested
//
// A world (world_test.go) has a database in memory, a stream, queues, the real
// state machine and the handlers of package app. Customers, agents and admins
// use it meanwhile: they write, edit, make tickets, rehearse, move and retry,
// change the account's setup and repair conversations. In some worlds an
// execution hands over to the next one after every few steps.
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
// results are lost. Messages come twice, late and out of order; shards stall and
// repeat changes; indexes are late, reads are old, clocks are wrong. Each seed
// has other kinds of faults, at other rates. After a quarter of an hour there are
// no more faults, and everything must come to rest.
//
// These invariants are checked at every write (invariants_test.go) or when the
// last audit has run (final_test.go):
//
//	one ticket                a ticket's ID derives from its conversation's
//	marker has ticket         and the ticket shows the version that is marked
//	marker kept               a marked conversation stays so
//	named has ticket          the ticket that a conversation names exists
//	created is started        a ticket is dated when its conversation started
//	conversations kept        none is deleted
//	edits kept                versions and revisions count up one by one
//	moved unchanged           a move changes only the home of a ticket of the inbox
//	one move, one lock        per account
//	homes go forward          of channels: inbox, moving, help desk
//	settings kept             byte for byte, also while an admin changes the setup
//	one snapshot              of who had access at the fence
//	a rehearsal writes nothing   but its own records
//	done is complete          what the index showed before the last pass has moved
//	version at rest           a ticket shows its conversation's last version
//	complete                  everything of a moved channel has moved, or has failed
//	history stays             with history none, what came before the fence
//	other channels untouched  those that stay in the inbox
//	ledger empty              at rest, and counters add up to what was planned
//	every move ends           and what was repaired and retried has not failed
//	messages                  what was acknowledged is stored once, where it was said
//
// TestCrashAtEveryCall and TestCrashAtPairs move one conversation, with a fault
// at every call and at pairs of calls: with a ticket or none, while nothing
// happens, a reply comes, an agent edits it, or it joins another channel.
// TestMutants breaks the write path on purpose, in one way after another
// (mutants_test.go), and requires that some world violates an invariant.
//
// # What it has found
//
// Each of these bugs was fixed where it arose, and a mutant, a crash at every
// call, or a test of packages move and desk would see it come back:
//
//   - A step that was suspended until after the end of a move made it run again.
//   - The counters did not follow a part of the listing that was listed again
//     with other conversations.
//   - Batches that a suspended step entered after the end stayed open.
//   - A ticket that an agent made in the inbox showed a version that was never
//     stored, and hid the message that came instead.
//   - An agent edited a ticket that had landed but was to be taken back, since
//     its conversation had joined another channel (R14): it stayed in the help
//     desk without a marker.
//   - At the same moment an agent made a ticket: the move took it for its own,
//     and took it back.
//   - A change by a clock that is ahead seemed to be still in the stream for as
//     long as the clock was wrong, and the move ended without it.
//   - A worker that read the conversation before it joined, and its ticket
//     after that was edited, landed the ticket and could not tell that it had.
//   - A ticket that was taken back, and made again by an agent or by another
//     channel's move, had the same revision: a suspended worker deleted it.
//     (Found by reading; TestMutantsOfOneConversation sees it now.)
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
