// Package exchange has the format in which all that an account holds goes out of
// deskmove and comes in, and in which importers write what they have read elsewhere.
//
// It is JSON, one object a line. The first line says which format it is, every other one
// is of one kind, which its only name says:
//
//	{"format":"deskmove","version":1,"account":"acme"}
//	{"agent":{"id":"ann","role":"super-admin","helpDesk":true}}
//	{"conversation":{"id":"c05…","channelId":"support","status":"open","home":"inbox","messageCount":1}}
//	{"message":{"conversationId":"c05…","id":"05j…","externalId":"<1@customer.example>","author":"customer",…}}
//	{"end":{"lines":3}}
//
// Lines are in the order of their kinds, which is that of [Kinds], and within a kind in
// the order of their IDs, so that the same account gives the same bytes, a line can refer to
// earlier lines alone, and a doubled or lost one shows. The bytes of files are beside the lines, in
// a [Folder].
//
// Packages mailbox and hubspot, below it, make lines of mail and of HubSpot's answers. README.md
// describes the format for those who write it, and schema.json its lines.
package exchange
