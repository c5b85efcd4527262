// Package api is the HTTP API, as one http.Handler that a Lambda function (type
// Lambda) and the local gateway both serve. Its description,
// infra/openapi.yaml, is generated from the types here.
//
// An operation is registered in routes.go by add, which turns errors into problems.
// Who calls is checked before a body is read, by admit alone: it takes the caller in
// the request's context (package auth), reads what the account's setup says of them
// now, and refuses those who are gone, were demoted, or whose token was withdrawn.
// Handlers get the caller as admitted. They decode, call one use case and answer, and
// look up every ID in the caller's account: those of other accounts are not found.
//
// # Problems
//
// Every error is application/problem+json, made in problem.go. Its code is
// stable, and so are those of its fields and findings: codes.go has them all, with
// the names of their parameters, and translations have a text for each.
//
//	code                  status  when
//	no-body               400     a body is missing
//	not-json              400     the body is not JSON
//	not-unicode           400     a text in the body is not UTF-8, or has half of a surrogate pair
//	name-twice            400     an object in the body has a name twice
//	unreadable            400     the body could not be read completely
//	unauthenticated       401     no caller
//	not-an-access-token   401     an ID token, or one without the scope deskmove/api
//	claims                401     the token lacks the account, the role or the agent
//	unknown-host          403     another host name than the local server's
//	role                  403     the token's role cannot do this
//	token-withdrawn       401     the token was issued before a withdrawal
//	not-an-agent          403     the caller is not, or no longer, an agent of the account
//	not-a-connector       403     the caller is not, or no longer, among the account's connectors
//	not-of-the-connector  403     the channel is not one of the connector's
//	no-setup              403     the account has not been set up yet
//	not-super-admin       403     R1, by the token or by the store as it is now
//	no-help-desk-access   403     R21, by the store as it is now
//	not-the-operator      403     what is about all accounts, in any but that of whoever runs deskmove
//	plan                  403     R2
//	not-found             404     no such resource in the account, or no such path
//	method-not-allowed    405
//	move-running          409     R4; names the move
//	moved                 409     R19; names the ticket
//	already-moving        409     R3, R5
//	already-moved         409     R3, R5
//	being-restored        409     an import that brings the channel in has not ended
//	channel-not-empty     409     only an empty channel is brought in as it was
//	not-being-restored    409     a conversation for a channel that is not being brought in
//	fallback-address      409     R3
//	reconnect             409     R3: WhatsApp and Messenger
//	not-movable           409     R3: an unknown type
//	not-moved             409     the repair of a channel in the inbox
//	too-many-withdrawals  409     of tokens within a day
//	layout                409     the data has the layout of another version
//	not-ended             409     no report yet
//	nothing-to-retry      409     R28
//	changed               412     If-Match names another version; carries the item as it is now
//	setup-changed         412     If-Match names another version of the account's setup
//	too-large             413     the body
//	too-much              413     the answer: 6 MB pass through Lambda
//	media-type            415     not JSON by its Content-Type
//	too-many-values       422     the body has more than an account's setup could need
//	invalid               422     fields, 20 at most, each with its problem and remedy
//	blocked               422     R6, R11: blockers, and warnings that were not acknowledged
//	key-reused            422     the Idempotency-Key came with another request
//	too-many-requests     429     beyond the rate of the caller or the account; try again after Retry-After
//	version-required      428     the account has a setup, and If-Match is missing
//	internal              500     an unexpected error; see the log
//	busy                  503     try again after Retry-After
//	no-tables             503     functions run without the tables of a stack: by SAM local
//	full                  507     the storage is full
package api
