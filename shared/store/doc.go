// Package store keeps deskmove's data. It has a repository for each kind of
// data, such as [ConversationStore], and is the only package that knows how
// items are keyed, what their attributes are called and which conditions guard
// a write. A database is an [Engine], with five methods: package dynamo is
// DynamoDB's, package sqlite the one of a single machine.
//
// # Tables
//
// A key begins with the account, a in this table, but for those that are about all
// accounts. '#' separates the parts of a key; no ID contains it. A job is a move, its late audits, or a repair.
//
//	table          item              pk                            sk
//	conversations  header            A#a#C#conversation            H
//	conversations  message           A#a#C#conversation            M#message
//	conversations  part of what is   A#a#C#conversation            P#message#content#number
//	               long in a message
//	conversations  external ID       A#a#X#channel#hash            X
//	conversations  awaited ID        A#a#X#channel#hash            W
//	conversations  file              A#a#F#hash                    F
//	conversations  announced file    UPLOADS#shard                 when#account#hash#since
//	control        pointer           A#a#SETUP                     POINTER
//	control        part of a         A#a#SETUP                     PART#generation#number
//	               generation
//	control        note of one that  A#a#SETUP                     GENERATION#generation
//	               does not count
//	control        channel's home    A#a#CHANNELS                  channel
//	control        lock              A#a#MOVES                     LOCK
//	control        move              A#a#MOVES                     MOVE#move
//	control        access snapshot   A#a#MOVES                     ACCESS#move
//	control        running repair    A#a#MOVES                     REPAIR#move
//	control        idempotency key   A#a#IDEMPOTENT                key
//	control        cursor, marks     A#a#JOB#job                   CURSOR, MARK#name
//	control        course of a move  A#a#JOB#move                  COURSE
//	control        ledger entry      A#a#LEDGER#job#shard          entry
//	control        counters          A#a#COUNT#job#pass#shard      N
//	control        tickets by owner  A#a#OWNERS#job#pass#shard     agent
//	control        failure           A#a#FAIL#move#shard           conversation
//	control        audit entry       A#a#AUDIT#chain               number
//	control        head of a chain   A#a#AUDIT#chain               HEAD
//	control        notification      A#a#OUTBOX#shard                  id
//	control        layout            LAYOUT                        LAYOUT
//	control        count of when     LATE                          LATE
//	               live changes
//	               came late
//
// # One item for a conversation and its ticket
//
// A header is a conversation and, once it has one, its ticket. There is nothing
// between the two, and no second ticket, because neither can be written down. Its
// attributes are listed in header.go. A usual one has less than half a kilobyte, and
// landing it costs one write unit.
//
// Every change adds 1 to the revision and is conditional on the revision that was
// read. All changes but the first are updates of the attributes that change.
//
// # Setups
//
// What an account's owner configures is a generation, as JSON in parts, which never
// changes. The pointer names the one that counts, and says which tokens have been
// withdrawn. A new generation is written beside the old one; then one transaction
// makes the pointer name it, if the pointer still names the old one. So a reader finds
// one or the other, whole, whoever else writes and whatever crashes. Notes say which
// generations do not count, so that their parts can be deleted an hour later: one that
// was begun can be found from before its first part is written, and once it is given up
// the pointer cannot come to name it.
//
// A channel's home is an item by itself, touched by none but the move, and by whoever brings it in. It is there
// before a generation that has the channel counts, and stays if the channel goes: one
// that comes back is where it was.
//
// A channel that is brought in as it was elsewhere gets its home, and its move, by one
// transaction, which and a move's start exclude each other by what they note on that
// item. Of a conversation that is brought in the messages are written first and the header last, so
// that nobody sees a part of it. The header keeps with which revision it came, by which one that
// people have changed since is known.
//
// # Messages
//
// A message's ID begins with when it was written, so that its conversation's messages
// are in that order. Its item has at most some 30 KB: what is longer of its text, and
// the HTML part and the source of a long message, are in parts beside it, which no page
// of a thread reads. A part is written before the message, and never changes.
//
// # Files
//
// An item for each file of an account says how many bytes it has, and whether a message
// names it. The bytes are elsewhere, by the file's hash and when it was first announced.
// Of each announcement there is a note, in the order of time. A day later it is looked at
// and goes: with the file, if that is not named and was not announced again. The note
// is there before the file is, and until the bytes of one that was deleted are gone. A
// message names files in the transaction that stores it, on the condition that they are
// still those that were seen to be there.
//
// # Indexes
//
//	index      items                     partition                    order
//	ByChannel  headers                   A#a#CH#channel#shard         joined, conversation
//	ByOwner    headers of what is open   A#a#OPEN#group#shard         joined, conversation
//	ByDueTime  moves to look after       DUE or REPAIR                when, account, move
//	ByDueTime  notifications to be sent  as in the table              as in the table
//
// ByChannel is what a move lists. Nothing that a move changes is in it.
//
// ByOwner holds what somebody has to work on, in the inbox or the help desk, and
// projects what lists filter by. Landing a closed conversation, which most of
// history is, writes no index. Shards spread by a hash of the conversation, so that
// no partition takes more than 1,000 writes a second when all converters run. A list
// of everybody's reads a fixed number of partitions, whatever the size of the
// account: owners share eight groups, and what nobody owns is a ninth. A list of
// one owner's reads the partitions of one group, and of other people's rows at most
// those of an eighth of the others.
//
// # Audit log
//
// An account's audit log is several chains, so that those who write to it at once
// seldom meet. An entry has the hash of the one before it and its own; its key is its
// number, and the head of the chain, which has the last number and hash, is written in
// the same transaction, on the condition that it is still the one that was read. So is
// what the entry is about. Nothing else writes here, and nothing is updated or
// deleted. See [desk.ChainCheck] for what reading it all shows.
//
// # Layout
//
// The version of all this is [Layout]. Data of another version are refused before
// anything is written.
//
// An idempotency key expires 30 days after it was used, where the engine lets
// items expire. It may start another move from then on.
package store
