// Package store keeps deskmove's data. It has a repository for each kind of
// data, such as [ConversationStore], and is the only package that knows how
// items are keyed, what their attributes are called and which conditions guard
// a write. A database is an [Engine], with four methods: package dynamo is
// DynamoDB's, package sqlite the one of a single machine.
//
// Every key begins with the account, a in this table. '#' separates the parts
// of a key; no ID contains it.
//
//	table          item             pk                     sk
//	conversations  header           A#a#C#conversation     H
//	conversations  message          A#a#C#conversation     M#message
//	conversations  part of a long   A#a#C#conversation     P#message#number
//	               message
//	conversations  external ID      A#a#X#channel#hash     X
//	tickets        ticket           A#a#T#ticket           T
//	control        account          A#a                    ACCOUNT
//	control        agent, team,     A#a                    AGENT#id, TEAM#id,
//	               pipeline, policy                        PIPELINE#id, POLICY#id
//	control        channel          A#a                    CHANNEL#id
//	control        lock             A#a#MOVES              LOCK
//	control        move             A#a#MOVES              MOVE#move
//	control        access snapshot  A#a#MOVES              ACCESS#move
//	control        checkpoint       A#a#MOVES              RUN#move
//	control        idempotency key  A#a#IDEMPOTENT         key
//	control        ledger entry     A#a#LEDGER#move#shard  entry
//	control        counters         A#a#COUNT#move#shard   N
//	control        tally of a page  A#a#TALLY#move#pass    page
//	control        failure          A#a#FAIL#move          conversation
//	control        audit entry      A#a#AUDIT              time#id
//	control        notification     A#a#OUTBOX             id
//
// Each table has one index, of keys only:
//
//	table          item     ipk                   isk
//	conversations  header   A#a#CH#channel#shard  joined, conversation
//	tickets        ticket   A#a#S#status#shard    created, ticket
//	control        move     DUE                   when, account, move
//
// The index of conversations lists a channel's conversations by the time at
// which they joined it, in 16 shards so that a huge channel is not one hot
// partition. The move changes nothing in it. Tickets are in theirs once they
// live in the help desk. Moves are in theirs while somebody must look after
// them: until their execution has started and until the last late audit.
//
// An idempotency key expires 30 days after it was used, where the engine lets
// items expire. It may start another move from then on.
package store
