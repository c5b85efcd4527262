package desk

// Codes of refusals and blockers: with one of them no move starts. Codes are
// stable; programs and translations may rely on them.
const (
	CodeNotSuperAdmin   = "not-super-admin"  // R1: only a super administrator moves
	CodePlan            = "plan"             // R2: the plan has no help desk
	CodeFallbackAddress = "fallback-address" // R3: the fallback address cannot move at all
	CodeReconnect       = "reconnect"        // R3: WhatsApp and Messenger are connected anew instead
	CodeNotMovable      = "not-movable"      // R3: a channel of a type we do not know
	CodeAlreadyMoving   = "already-moving"   // R3, R5
	CodeAlreadyMoved    = "already-moved"    // R3, R5: also for history left behind
	CodeSetup           = "setup"            // pipelines or the channel's settings would fail every conversation

	CodeBotNoHandover     = "bot-no-handover"           // R6: hands over to nobody
	CodeBotTargetNoAccess = "bot-target-without-access" // R6: hands over to someone without help desk access
	CodeBotCreatesTickets = "bot-creates-tickets"       // R6: makes tickets, as the desk does
	CodeBotUsesInbox      = "bot-uses-inbox"            // R6: some action points at the old inbox
)

// Codes of warnings: a move starts when the admin has acknowledged them (R11).
const (
	CodeAgentsNoAccess  = "agents-without-access"  // owners of conversations have no help desk access
	CodeNoSLAPolicy     = "no-sla-policy"          // no policy is for this channel
	CodeRoutingNoAccess = "routing-without-access" // routing names agents who cannot receive tickets
	CodeConnectedLeft   = "connected-left-behind"  // a connected form or e-mail channel stays in the inbox
	CodeWouldBreach     = "would-breach"           // clocks from the original times would be past at once
)

// Codes of conversations that cannot become tickets (R28).
const (
	CodeOtherChannel = "other-channel"   // R13, R14: it belongs to another channel
	CodeStaysInInbox = "stays-in-inbox"  // R20: history stays behind
	CodeHasTicket    = "has-ticket"      // R15: its ticket moves as it is
	CodeNoStartDate  = "no-start-date"   // R16: nobody knows when it began
	CodeNoArrival    = "no-arrival-date" // whether it is history or live cannot be told
	CodeNoVersion    = "no-version"      // it was never counted, so replies could not be told apart
	CodeUnknownState = "unknown-state"   // neither open nor closed
)

// CodeNotMoved refuses what must wait for the end of a conversation's move.
const CodeNotMoved = "not-moved-yet"

// StillMoving refuses what must wait for a moment, and says what to do.
func StillMoving(remedy string) *RefusedError {
	return &RefusedError{Code: CodeNotMoved, Problem: "the conversation is still being moved", Remedy: remedy}
}

// warnings returns every code that can be acknowledged.
func warnings() []string {
	return []string{CodeAgentsNoAccess, CodeNoSLAPolicy, CodeRoutingNoAccess, CodeConnectedLeft, CodeWouldBreach}
}
