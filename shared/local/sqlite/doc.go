// Package sqlite is the embedded engine: one SQLite file, durable, with group
// commit. One goroutine writes; it takes all that is waiting, does it in one
// transaction and answers once that is on disk. Readers have connections of
// their own and never wait for it.
//
// The file, deskmove.db, holds for each store.Table
//
//	<table>        (pk, sk, item)        WITHOUT ROWID, in the order of the keys
//	<table>_index  (ipk, isk, pk, sk)    WITHOUT ROWID, keys only
//
// and for the stream
//
//	changes        (id, at, pk, sk, old, new)
//
// where id is shard<<48 | sequence, so that a reader far behind in one shard
// does not step over the changes of the others. Items are kept in the binary
// form of codec.go.
package sqlite
