// Package streams has Lambda functions handle a stream of changes, as the
// event source mappings of DynamoDB Streams do: in order within a shard, one
// batch of a shard at a time, each batch until it succeeds or is given up.
//
// # Failures
//
// A batch fails as a whole if the function fails, or answers that a change
// failed which it was not given. Otherwise what comes before the lowest change
// that it names is done. What is left is tried again: in two halves with
// Bisect, which is no attempt, or as it is, after 1, 2, 4 … 60 s. After Retries
// of those, or beyond MaxAge, it is given up: reported to OnFailure and left
// behind. Without Bisect the whole rest of a batch is given up with its first
// change, even if the batch got on at every attempt; AWS's documents leave
// that open, and this is the harsher reading.
//
// What is under way is kept in the file, so that neither attempts nor halves
// start over with the process. A batch that was under way three times when a
// process died has failed once.
//
// # Differences
//
// Kinder than AWS: a change is tried at least once, however old; on AWS one
// beyond MaxAge is given up untried, but a computer may have slept for days.
// One report is sent for each batch, while AWS may report several together: do
// not rely on a batch size of 1. Not here: a batching window, a
// parallelization factor, tumbling windows.
package streams
