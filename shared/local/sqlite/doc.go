// Package sqlite is the embedded engine: one SQLite file, durable, with group
// commit. One goroutine writes; it takes all that is waiting, does it in one
// transaction and answers once that is on disk. Readers have connections of
// their own and never wait for it.
//
// The file, deskmove.db, holds for each store.Table
//
//	<table>          (pk, sk, item)            WITHOUT ROWID, in the order of the keys
//
// for each store.Index, of its items with both of its keys,
//
//	<table>_<index>  (ipk, isk, pk, sk, item)  WITHOUT ROWID, without item if it projects nothing
//
// where item has the projected attributes that the item has, without the
// index's keys, and for the stream, of changes for which store.Streamed holds,
//
//	changes          (id, at, pk, sk, old, new)
//
// where id is shard<<48 | sequence, so that a reader far behind in one shard
// does not step over the changes of the others. Items are kept in the binary
// form of codec.go.
//
// application_id and user_version say that the file is ours and which format it
// has; a file of another is refused as it is. Format 1 had a table tickets, one
// index of keys for each table, and each change of a conversation's version.
package sqlite
