// Package peers runs other people's stand-ins for AWS, for tests that compare
// deskmove with them. Nothing but tests needs them. `make peers` installs them
// into .cache/peers, each pinned and checked against its hash; what is there
// is in requirements-*.txt and package-lock.json, which ./lock writes.
//
//	DynamoDB   dynoxide: DynamoDB, with its streams and capacities
//	Ministack  ministack: all services of the stack, Lambda and CloudFormation among them
//	Moto       moto: the same services, with laxer Lambda and Step Functions
//	Fauxqs     fauxqs: SQS
//	Tool       sam, cfn-lint, cfn-guard, asl-validator and node
//
// A test asks for a peer by a function, which starts it when it is first asked
// in a test binary, on a free port of 127.0.0.1. It ends with the test binary,
// even one that is killed. All tests of a binary share it, so each should name
// what it makes by itself. What it prints goes to .cache/peers-log.
//
// Without an installed peer the test is skipped. With CI set it fails: there a
// skipped test would be taken for a passed one.
package peers
