// Package benchaws counts what a move costs on AWS, and prices it: the real
// handlers and the real state machine run over DynamoDB's engine, on a peer
// that reports the capacity that each call consumes. It measures no speed: a
// peer has none to speak of.
//
// What it counts, and how:
//
//   - Write and read request units as DynamoDB reports them, and one for each
//     failed condition, which is charged but not reported. The entries of
//     indexes are among them, and also shown by themselves. What the plan reads
//     before the start is counted apart: a sample of at most 20,000 conversations, which is a tenth of
//     a cent, whatever the channel's size.
//   - Requests to SQS: a SendMessageBatch takes ten messages and is billed by
//     64 KB; an invocation of the converter stands for one ReceiveMessage and
//     one DeleteMessageBatch, as its event source mapping makes them. Polls
//     that find nothing are left out: they depend on the time.
//   - Transitions of the state machine until the move has ended. The late
//     audits add a dozen a move, whatever its size.
//   - CPU of this process while it moves, for each conversation: handlers,
//     SDK and the stand-ins for queue and state machine. It is an upper bound
//     of what the functions need.
package benchaws
