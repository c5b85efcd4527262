// Package runtime is the local engine: what SQS, the event source mappings of
// queues and DynamoDB Streams, Step Functions, EventBridge Scheduler and API
// Gateway do on AWS, in one process. Functions get the same events as on AWS
// and fail under the same names.
//
//	db         the file, local.db, that everything below shares
//	clock      the time, which never goes back
//	function   Lambda: time limits, panics, request IDs
//	queue      SQS and its event source mappings
//	streams    the event source mappings of DynamoDB Streams
//	executions Step Functions, on package asl
//	schedule   EventBridge Scheduler
//	gateway    API Gateway and its JWT authorizer
//	issuer     the user pool's tokens
//
// # No kinder than AWS
//
// Delivery is at least once, in any order for queues, in order per item for
// streams. A function whose time is up has failed, whatever it still does. A
// message comes back after its visibility time-out, not before, and goes to the
// dead-letter queue after its last receive. Where a package is kinder or
// stricter than AWS, its doc.go says so.
//
// # Durability
//
// What a call has answered survives a killed process. local.db is synced to
// the disk at checkpoints only, so a power cut may take its last commits: a
// message sent, a position, a transition. A move makes up for each of them:
// the ledger sends lost batches again, streams are replayed from an older
// position, executions repeat steps that are safe to repeat, and the sweeper
// starts executions that are missing. The database of customers' data is synced
// at every commit and so never behind local.db. Copy and restore both files
// together: a position ahead of the stream would skip changes.
package runtime
