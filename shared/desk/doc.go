// Package desk defines the nouns of a support desk (Account, Channel,
// Conversation, Ticket, Move) and the rules for moving a channel from a shared
// inbox to a help desk. It imports only the standard library and does no I/O;
// callers pass the current time as an argument.
//
// The fence of a move is the instant from which new conversations of its
// channel go to the help desk; older ones are its history. A move marks a
// conversation as moved (Home, Ticket and Move) once its ticket exists.
//
// Numbers such as R16 refer to deskmove's list of rules. Every rule that this
// package implements has a test with its number.
//
// Invalid input is an *InvalidError, an action that a rule forbids is a
// *RefusedError or a *MovedError, and a conversation that cannot become a
// ticket is a *ConversionError.
package desk
