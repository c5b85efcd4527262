// Package desk defines the nouns of a support desk (Account, Channel,
// Conversation, Ticket, Move) and the rules for moving a channel from a shared
// inbox to a help desk. It imports only the standard library and does no I/O;
// callers pass the current time as an argument.
//
// The fence of a move is the instant from which new conversations of its
// channel go to the help desk; older ones are its history. A conversation lands
// in the help desk by one change, which gives it its ticket and its new home.
// Before, people work on the conversation, afterwards on the ticket; what the
// conversation was when it landed stays as it was, so that the move can be proved
// from it.
//
// # The rules
//
// Comments and tests refer to these rules by their numbers.
//
//	R1   Only a super administrator of the account starts a move. The store is asked, not the token alone.
//	R2   The account's plan includes the help desk: professional or enterprise.
//	R3   Chat, connected e-mail, form and calling can move. The fallback address, WhatsApp, Messenger and what has moved cannot.
//	R4   An account moves one channel at a time. A second start names the running move.
//	R5   A move cannot be stopped or undone, and a channel moves once. A retry converts only what failed.
//	R6   A chat's bot must hand over to people with help desk access, make no tickets, and not use the inbox.
//	R7   A move takes all of the channel's history, or none.
//	R8   Open and closed conversations get one status each, of one pipeline: an open and a closed one.
//	R9   SLA clocks of history start at the move, count from the original times, or do not run.
//	R10  Agents hear of history not at all, in one digest, or of every ticket. They always hear of live conversations.
//	R11  The plan names blockers and warnings, the quietest hours, duration and cost. Warnings are acknowledged by code.
//	R12  A rehearsal goes through all the data, and writes only its own records and report.
//	R13  A conversation belongs to the channel on which it began.
//	R14  But one that began on a form, and went on by the e-mail channel that answers the form, belongs to that channel,
//	     unless it came in since the form's own fence.
//	R15  A conversation that has a ticket moves with it. Nothing of the ticket changes but its home, until the customer writes (R19).
//	R16  Any other gets one ticket: created when the conversation began, owned by its owner if they have access, with its provenance.
//	R17  A channel's settings are the same bytes after the move.
//	R18  From the fence on, each new conversation gets a ticket within seconds, by the channel's routing and SLA.
//	R19  A reply to a moved conversation reaches its ticket, and reopens it. The move never overwrites what agents change.
//	     What is brought in later as history becomes a ticket of history, and changes none that is there.
//	R20  Without history, what was taken in before the fence stays in the inbox and works as before.
//	R21  Agents without help desk access see nothing of it.
//	R22  The newest conversations move first, and live traffic goes ahead of history.
//	R23  A move is offered in a channel's settings, with its choices and its plan.
//	R24  Its progress can be watched. Watching, or not, disturbs nothing.
//	R25  While a channel moves, everyone in the account sees a notice of it.
//	R26  Afterwards its conversations are listed in the help desk, and no longer in the inbox.
//	R27  A report counts what became of each conversation, with a checksum of both sides.
//	R28  A conversation that cannot be converted stops no other. It is listed with its reason and can be tried again.
//	R29  Starts, refusals, ends, retries and repairs are in an audit log that only grows.
//
// Invalid input is an *InvalidError, an action that a rule forbids is a
// *RefusedError or a *MovedError, and a conversation that cannot become a
// ticket is a *ConversionError.
package desk
