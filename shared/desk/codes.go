package desk

import "slices"

// Params are what a sentence names beside its words, such as an ID or a time, by
// the parameter's name. With the code they say it in any language.
type Params map[string]string

// Codes are codes that people meet, each with the names of its parameters. They
// are stable; programs and translations may rely on them.
type Codes map[string][]string

// Codes of refusals and blockers. Each prevents a move from starting.
const (
	CodeNotSuperAdmin   = "not-super-admin"  // R1: the caller is not a super administrator
	CodePlan            = "plan"             // R2: the plan does not include the help desk
	CodeFallbackAddress = "fallback-address" // R3: the fallback address cannot move
	CodeReconnect       = "reconnect"        // R3: WhatsApp and Messenger must be reconnected instead
	CodeNotMovable      = "not-movable"      // R3: unknown channel type
	CodeAlreadyMoving   = "already-moving"   // R3, R5
	CodeAlreadyMoved    = "already-moved"    // R3, R5: even if history was left behind
	CodeRestoring       = "being-restored"   // an import that brings it in has not ended
	CodeSetup           = "setup"            // with these pipelines or settings every conversation would fail

	CodeBotNoHandover     = "bot-no-handover"           // R6: the bot never hands over
	CodeBotTargetNoAccess = "bot-target-without-access" // R6: it hands over to someone without help desk access
	CodeBotCreatesTickets = "bot-creates-tickets"       // R6: it creates tickets, and so does the help desk
	CodeBotUsesInbox      = "bot-uses-inbox"            // R6: one of its actions refers to the inbox
)

// Codes of refusals after a move.
const (
	CodeNotMoved       = "not-moved"        // the repair of a channel in the inbox
	CodeNothingToRetry = "nothing-to-retry" // R28
)

// Codes of refusals to bring a channel in as it was.
const (
	CodeNotEmpty     = "channel-not-empty"
	CodeNotRestoring = "not-being-restored" // it has not begun, or has ended
)

// CodeAddress is of an address of a file's bytes that is good no more.
const CodeAddress = "address-expired"

// Codes of callers whom their account does not know, or whose tokens it withdrew.
const (
	CodeNotAgent        = "not-an-agent"
	CodeNotConnector    = "not-a-connector"
	CodeWithdrawn       = "token-withdrawn"
	CodeManyWithdrawals = "too-many-withdrawals"
)

// RefusalCodes returns the codes of the *RefusedErrors of the rules.
func RefusalCodes() Codes {
	return Codes{
		CodeNotAgent: {"account", "agent"}, CodeNotConnector: {"account", "connector"}, CodeWithdrawn: nil, CodeManyWithdrawals: {"most"},
		CodeNotSuperAdmin: nil, CodePlan: nil, CodeFallbackAddress: nil, CodeReconnect: nil, CodeNotMovable: nil,
		CodeAlreadyMoving: nil, CodeAlreadyMoved: nil, CodeNotMoved: nil, CodeNothingToRetry: nil, CodeRestoring: {"from"}, CodeNotEmpty: nil, CodeNotRestoring: nil,
		CodeAddress: nil,
	}
}

// Codes of warnings. The admin must acknowledge them before a move starts (R11).
const (
	CodeAgentsNoAccess  = "agents-without-access"  // owners of conversations lack help desk access
	CodeNoSLAPolicy     = "no-sla-policy"          // no policy applies to the channel
	CodeRoutingNoAccess = "routing-without-access" // routing names agents who lack help desk access
	CodeConnectedLeft   = "connected-left-behind"  // a connected form or e-mail channel stays in the inbox
	CodeWouldBreach     = "would-breach"           // with the original times some tickets would be overdue at once
)

// FindingCodes returns the codes of Findings. Their numbers and IDs are in Count
// and Each.
func FindingCodes() Codes {
	return Codes{
		CodePlan: nil, CodeFallbackAddress: nil, CodeReconnect: nil, CodeNotMovable: nil, CodeAlreadyMoving: nil, CodeAlreadyMoved: nil, CodeRestoring: {"from"},
		CodeSetup: nil, CodeBotNoHandover: nil, CodeBotTargetNoAccess: nil, CodeBotCreatesTickets: nil, CodeBotUsesInbox: nil,
		CodeAgentsNoAccess: nil, CodeNoSLAPolicy: nil, CodeRoutingNoAccess: nil, CodeConnectedLeft: nil, CodeWouldBreach: nil,
	}
}

// warnings returns every code that can be acknowledged.
func warnings() []string {
	return []string{CodeAgentsNoAccess, CodeNoSLAPolicy, CodeRoutingNoAccess, CodeConnectedLeft, CodeWouldBreach}
}

// Codes of conversations that cannot become tickets (R28).
const (
	CodeNoStartDate  = "no-start-date"   // R16: its start is missing
	CodeNoArrival    = "no-arrival-date" // without TakenIn it is neither history nor live
	CodeNoRevision   = "no-revision"     // without a revision, no change of it can be checked
	CodeUnknownState = "unknown-state"   // its status is neither open nor closed
)

// FailureCodes returns the codes of *ConversionErrors.
func FailureCodes() Codes {
	return Codes{CodeNoStartDate: nil, CodeNoArrival: nil, CodeNoRevision: nil, CodeUnknownState: nil}
}

// Codes of what can be wrong with a field. Kind is agent, team, channel or status,
// or of a status open or closed; the other parameters are as they were sent.
const (
	CodeBadID         = "bad-id"
	CodeUnknownID     = "unknown-id"
	CodeDuplicate     = "duplicate"
	CodeNotOneOf      = "not-one-of"
	CodeBadCursor     = "bad-cursor"
	CodeNoChange      = "nothing-to-change"
	CodeNotJSON       = "not-json"
	CodeWrongType     = "wrong-type" // in a channel's settings
	CodeZone          = "unknown-zone"
	CodeNoAccessTo    = "owner-without-access"
	CodeTooMany       = "too-many-to-sort"
	CodeNotHistory    = "not-history" // written at or after the fence of the channel
	CodeTooLarge      = "above-limit"
	CodeCustomersNote = "internal-by-customer"
	CodeNotByAgent    = "not-by-agent"
	CodeTag           = "bad-tag"
	CodeOneHolder     = "agent-or-connector"
	CodeFacts         = "facts-disagree" // what is said of a conversation, or a move, does not fit together
	CodeTaken         = "external-id-taken"

	CodeFileName   = "bad-file-name"
	CodeNotASHA256 = "not-a-sha256"
	CodeNoFile     = "no-such-file" // or its bytes have not come
	CodeOtherFile  = "other-file"   // its bytes are others than was said

	CodeStatusMissing   = "status-missing"
	CodeStatusKind      = "status-kind"
	CodeTwoPipelines    = "two-pipelines"
	CodeNoPipeline      = "no-pipeline"
	CodeHalfPipeline    = "half-pipeline"
	CodeNeedsStatuses   = "move-needs-statuses"
	CodeOnlyWithHistory = "only-with-history"

	CodeNegative      = "negative-duration"
	CodeTooLong       = "too-long-duration"
	CodeOverlap       = "hours-overlap"
	CodeReversed      = "hours-reversed"
	CodeNotADate      = "not-a-date"
	CodeNotAWeekday   = "not-a-weekday"
	CodeNotATimeOfDay = "not-a-time-of-day"

	CodeSecondFallback   = "second-fallback"
	CodeFallbackNoMail   = "fallback-not-email"
	CodeConnectedNoForm  = "connected-not-form"
	CodeConnectedNoMail  = "connected-not-email"
	CodeBotNoChat        = "bot-not-chat"
	CodeOneTarget        = "agent-or-team"
	CodeChannelInUse     = "channel-in-use"
	CodeChannelKeepsType = "channel-keeps-type"
	CodeNoSuperAdmin     = "no-super-admin"
	CodeNoChannels       = "no-channels"
	CodeReservedID       = "reserved-id"
	CodeOtherHolder      = "other-holder"
	CodeNoHolder         = "no-holder"
	CodeManyRemoved      = "too-many-removed"
)

// FieldCodes returns the codes of *InvalidErrors.
func FieldCodes() Codes {
	value := []string{"value"}
	return Codes{
		CodeBadID: value, CodeUnknownID: {"kind", "value"}, CodeDuplicate: value, CodeNotOneOf: {"accepted"}, CodeBadCursor: nil,
		CodeNoChange: nil, CodeNotJSON: nil, CodeWrongType: {"type", "wanted"}, CodeZone: value, CodeNoAccessTo: value, CodeTooMany: {"most"},
		CodeNotHistory: {"fence"},
		CodeFileName:   nil, CodeNotASHA256: nil, CodeNoFile: nil, CodeOtherFile: {"is"},
		CodeCustomersNote: nil, CodeNotByAgent: nil, CodeTag: nil, CodeFacts: nil, CodeTaken: nil,
		CodeTooLarge: {"most"}, CodeOneHolder: nil, CodeNoSuperAdmin: nil, CodeNoChannels: nil, CodeReservedID: {"value"}, CodeOtherHolder: {"value"}, CodeNoHolder: nil, CodeManyRemoved: {"most"},

		CodeStatusMissing: {"kind"}, CodeStatusKind: {"kind", "value"}, CodeTwoPipelines: {"closed", "open"}, CodeNoPipeline: nil,
		CodeHalfPipeline: nil, CodeNeedsStatuses: {"closed", "move", "open"}, CodeOnlyWithHistory: nil,

		CodeNegative: nil, CodeTooLong: nil, CodeOverlap: nil, CodeReversed: {"from", "to"}, CodeNotADate: value, CodeNotAWeekday: value,
		CodeNotATimeOfDay: value,

		CodeSecondFallback: nil, CodeFallbackNoMail: nil, CodeConnectedNoForm: nil, CodeConnectedNoMail: value, CodeBotNoChat: nil,
		CodeOneTarget: nil, CodeChannelInUse: {"channel"}, CodeChannelKeepsType: {"channel", "from", "to"},
	}
}

// Accepts reports whether the code is known and has these parameters, no more and
// no fewer.
func (cs Codes) Accepts(code string, params Params) bool {
	names, ok := cs[code]
	if !ok || len(names) != len(params) {
		return false
	}
	return !slices.ContainsFunc(names, func(name string) bool { _, has := params[name]; return !has })
}
