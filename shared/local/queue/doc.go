// Package queue is a standard queue of SQS, and the event source mapping that
// has a Lambda function handle its messages, one at a time.
//
// Kinder than AWS: messages are received oldest first, a send is all or
// nothing and takes any body, and when a process starts, messages that another
// one left in flight are visible at once instead of after their time-out. Their
// receives count, so that one that kills the process ends up among the dead
// letters.
//
// Not here, as deskmove does not use it: delays, batches, message attributes,
// checksums, FIFO queues, filters, and the limit of messages in flight.
package queue
