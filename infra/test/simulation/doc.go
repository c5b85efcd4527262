// Package simulation tests the guarantee of the write path on the product's own
// handlers, in worlds that are as unkind as one seed makes them.
//
// # What is promised
//
// After a move every conversation of the channel has exactly one ticket, with
// the right date, status and owner. No message, no agent's edit and no
// conversation is lost, doubled or overwritten.
//
// # Under which assumptions
//
//   - A write whose condition holds is done as a whole, alone or in its
//     transaction, and a strong read sees all that was done before it.
//   - An eventual read is at most 2 s old, an index at most a minute late. A
//     move does not end wrong if an index is later, but may end before the
//     audits have found everything.
//   - Clocks of processes are at most four minutes apart. With history none, a
//     clock decides what came before the fence, and the audits look at five
//     minutes around it.
//   - The stream reports every change of a conversation at least once and those
//     of one conversation in order; the queue delivers every message at least
//     once. Neither is on time.
//   - What has failed is tried again in the end: functions are not refused
//     forever, and the sweeper runs.
//
// # How it is tested
//
// A world is a database in plain maps, a stream, queues and the real state
// machine below handler.New's handlers, with customers, agents and admins who
// act meanwhile: they write, edit, make tickets, rehearse, move and retry,
// change the account's setup and mend conversations. In some worlds executions
// hand over after every few steps. All calls to the platform wait for the
// simulation, which makes one at a time (those that a handler makes at once and
// that nothing befalls count as one), at simulated times. Its goroutines live
// in a testing/synctest bubble, so that the simulation knows when all of them
// wait. Every random number comes from the seed and the name of what it is for:
// the same seed gives the same trace to the last line, and a fault that is left
// away changes little else.
//
// Before and after each call, with or without its answer, a process may die,
// sleep for a minute and go on, meet a throttle or a time-out. Functions are
// refused, run twice, or are not heard. Messages come twice, late and out of
// order; shards stall and repeat themselves; indexes are late, reads are old,
// clocks are wrong. Each seed knows other faults, and other rates of them.
// After a quarter of an hour faults end, and all must come to rest.
//
// What must hold at every instant is checked at every write (watch.go), the
// rest when the last audit has been (check.go):
//
//	one ticket            a ticket's ID derives from its conversation's
//	marker has ticket     and the ticket shows the version that is marked
//	named has ticket      what a conversation names as its ticket is there
//	created is started
//	edits kept            versions and revisions count up one by one
//	as it is              a ticket from the inbox changes its home only
//	one move, one lock    of an account
//	homes go forward
//	settings kept         byte for byte, also while an admin changes the setup
//	one snapshot          of who had access at the fence
//	a rehearsal writes nothing but its own records
//	done is complete      what the listing showed before the last pass has moved
//	version at rest       a ticket shows its conversation's last version
//	complete              everything of a moved channel has moved, or has failed
//	history left          with history none only what came after the fence moved
//	foreign untouched     channels in the inbox
//	ledger empty          at rest, and counters add up to what was planned
//	every move ends       and what was mended and retried has not failed
//	messages              what was acknowledged is there, once, where it was said
//
// TestCrashAtEveryCall and TestCrashAtPairs strike every call, and pairs of
// calls, of the move of one conversation: with a ticket or none, while nothing
// happens, a reply comes, an agent edits it, or it joins another channel.
// TestMutants breaks the write path on purpose, in one way after another, and
// requires that some world of a few sees it.
//
// # What it has found
//
// Each of these was mended where it began, and something would see it come
// back: a mutant or a crash at every call here, the model in shared/handler, or
// a test of shared/move.
//
//   - A step that slept through the end of a move made it run again.
//   - The counters did not follow a stretch of the listing that was listed
//     anew with other conversations.
//   - Batches that a sleeping step entered after the end stayed open.
//   - A ticket that an agent made in the inbox showed a version that was never
//     stored, and hid the message that came instead.
//   - An agent edited a ticket that had landed but was to be taken back, since
//     its conversation had joined another channel (R14): it stayed in the help
//     desk without a marker.
//   - In the same moment an agent made a ticket: the move's was taken for it,
//     and then taken back.
//   - A change by a clock that is ahead seemed to be on its way in the stream
//     for as long as the clock was wrong, and the move ended without it.
//   - A worker that read the conversation before it joined, and its ticket
//     after that was edited, landed the ticket and could not tell that it had.
//   - A ticket that was taken back, and made anew by an agent or by another
//     channel's move, had the same revision: a sleeping worker deleted it.
//     (Found by reading; TestCrashSees sees it now.)
//
// # How to reproduce
//
// A violation prints its seed, the fewest faults that were found to suffice,
// and the end of the trace with only those. Then:
//
//	make simulation SEED=12345          # that world again, its trace in .cache/simulation.txt
//	make simulation FAULTS=10000000     # many worlds
//	go test ./infra/test/simulation -pairs   # all pairs of crashes
package simulation
