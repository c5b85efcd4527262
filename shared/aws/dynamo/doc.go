// Package dynamo is the engine on DynamoDB, through the SDK for Go.
//
// # Tables
//
// Each store.Table is a table with the keys pk and sk, both strings; each
// store.Index is a global secondary index of its name over its keys, both
// strings, which includes what it projects, or keys only. The conversations
// have a stream of both images; items of control expire at ttl. schema.go says
// so once, and Check compares.
//
// The stream has every change. What store.Streamed leaves out is dropped by the
// filter of the event source mapping, and by this package where it reads.
//
// # Errors
//
// Errors of the SDK end here. A failed condition is a *store.ConditionError
// with the item, for which DynamoDB is asked; it costs nothing. Throttling in all its forms, conflicts
// of transactions, 5xx answers, lost connections and time-outs are
// store.ErrThrottled: trying again later helps. What ends because the caller's
// context does is the context's error. All else is for good: a missing table,
// a missing permission, an item that is too large. No error holds an item's
// attributes; keys are in them.
//
// # Retries
//
// The clients of Clients retry in the SDK's adaptive mode. An answer may be
// lost after the work was done, so that a write is done again:
//
//   - A transaction has a token, made by the SDK once a call, and is not done
//     twice within ten minutes.
//   - A conditional write may fail on its own first success: store.ErrCondition
//     though we wrote. The repositories' callers can take that: whoever meets
//     desk.ErrExists or desk.ErrChanged reads again and continues from what is
//     there. move.Lander finds that the conversation has landed,
//     support.Intake resolves its own claim, support.Editor finds the token of
//     its own edit, store.SetupStore.Fence returns the channel as it is, and
//     store.SetupStore.Replace minds no home that is there already. TestMove loses
//     every tenth answer of a whole move.
//   - An Update that adds may add twice. Package store adds in transactions
//     only.
package dynamo
