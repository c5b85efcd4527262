// Package streams has a Lambda function handle a stream of changes, as an event
// source mapping of DynamoDB Streams does: in order within a shard, one batch of
// a shard at a time, each batch until it succeeds or is given up.
//
// # Failures
//
// A batch fails as a whole if the function fails, or answers that a change
// failed which it was not given. Otherwise the changes before the first that it
// names are done, and the rest is the next batch. A batch that fails at its
// first change is tried again at once in two halves. One that cannot be halved
// is tried again after 1, 2, 4 … 60 s. After Retries of those, or beyond MaxAge,
// its change is given up: reported to OnFailure and left behind.
//
// The batches and their attempts are kept in the file, so that neither starts
// over with the process. A batch that was under way three times when a process
// died has failed once.
//
// # Differences
//
// Kinder than AWS: a change is tried at least once, however old; on AWS one
// beyond MaxAge is given up untried, but a computer may have slept for days. An
// event may have any size. One report is sent for each change, while AWS may
// report several together: do not rely on it. Not here: a batching window, a
// parallelization factor, tumbling windows.
package streams
