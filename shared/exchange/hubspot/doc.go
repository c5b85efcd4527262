// Package hubspot turns what HubSpot's API has answered, saved as files of JSON, into lines
// of the exchange format. It asks nobody for anything.
//
// A folder has pages as they came, in files or folders named for what they are of:
//
//	threads            GET …/threads, with association=TICKET for those with tickets
//	messages           GET …/threads/{id}/messages
//	originals/ID.json  GET …/messages/{ID}/original-content, of what was truncated
//	actors             POST …/actors/batch/read
//	channels           GET …/channels
//	channel-accounts   GET …/channel-accounts
//	inboxes            GET …/inboxes
//	tickets            GET /crm/v3/objects/tickets, with the properties wanted
//	pipelines          GET /crm/v3/pipelines/tickets
//	owners             GET /crm/v3/owners, of which tickets have their owners
//	files/ID or ID.*   the bytes of files, by fileId
//
// such as threads.json, threads-2.json or threads/2.json. Only threads and messages must be
// there; what else is missing is named in the report, with what has come of that.
//
// # What becomes of what
//
//   - A channel account is a channel, hs-ID; a thread belongs to the one on which it
//     began, its originalChannelAccountId, wherever it went later (R13).
//   - A thread is a conversation, hs-ID, in the inbox. One with an associatedTicketId has
//     that ticket, native (R15). If several have the same, the oldest one gets it.
//   - MESSAGE and WELCOME_MESSAGE are messages, by whom their sender's ID says: A- is an
//     agent, V- and E- a customer, B- and L- a bot, S- the system, and I-, an
//     integration, a customer if the message is INCOMING and else a bot.
//   - COMMENT is a note. ASSIGNMENT, THREAD_STATUS_CHANGE and THREAD_INBOX_CHANGE are
//     events, and so is a ticket with its text.
//   - Statuses of the ticket pipelines become statuses, agents agents, of whom more is for
//     whoever brings the lines in to say.
//
// Archived and spam threads, and archived messages, are left out unless asked for. The
// [Report] names each thing that is left out, and each field that was read but says what
// nothing here can hold, with how often it had a value.
package hubspot
