// Package queue is a standard queue of SQS, and the event source mapping that
// has a Lambda function handle its messages.
//
// Kinder than AWS: messages are received oldest first, a send is all or nothing, and when a process starts, messages
// that another one left in flight are visible at once instead of after their
// time-out. Their receives count, so that one that kills the process ends up
// among the dead letters.
//
// Not here, as deskmove does not use it: message attributes, FIFO queues,
// filters, and the limit of ten messages and 1 MiB for one send, which is the
// AWS adapter's to keep.
package queue
