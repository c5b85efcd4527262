// Package dynamo is the engine on DynamoDB, through the SDK for Go.
//
// # Tables
//
// Each store.Table is a table with the keys pk and sk, both strings, and one
// global secondary index named list over ipk and isk, of keys only. The
// conversations have a stream of both images; items of control expire at ttl.
// schema.go says so once: CreateTables makes such tables, Check compares.
//
// # Errors
//
// Errors of the SDK end here. A failed condition is store.ErrCondition, or in
// a transaction a *store.ConditionError. Throttling in all its forms, conflicts
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
//     there. move.Ensure reads the ticket or the marker it has just written
//     and finds it right, support.Intake resolves its own claim,
//     support.Editor repeats an edit that has been made, and store.SetupStore.Fence
//     returns the channel as it is. Only store.SetupStore.Replace fails, when
//     it makes a channel; sent again, as it may be at any time, it succeeds.
//     TestMove loses every tenth answer of a whole move.
//   - An Update that adds may add twice. Package store adds in transactions
//     only.
package dynamo
