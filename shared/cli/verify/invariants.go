package verify

// The invariants, in the order in which they are reported. The names are
// stable; scripts may rely on them.
const (
	oneTicket = iota
	complete
	landedTicket
	createdStarted
	oneRevision
	statusRight
	ownerRight
	editsKept
	noHistory
	foreign
	ledgerEmpty
	countersPlanned
	oneMove
	reportTotals
	checksums
	settingsKept
	auditLogged
	filesKept
	invariants // how many there are
)

var names = [invariants]struct{ name, promise string }{
	oneTicket:       {"one-ticket", "no conversation has two tickets, no ticket is without its conversation"},
	complete:        {"complete", "every conversation of a moved channel is in the help desk"},
	landedTicket:    {"landed-has-ticket", "conversation and ticket are in the help desk together"},
	createdStarted:  {"created-is-started", "a ticket's date is the conversation's start"},
	oneRevision:     {"one-revision", "a ticket's revision is its conversation's version"},
	statusRight:     {"status", "a ticket's status is its conversation's, mapped, until an edit or a reply changes it"},
	ownerRight:      {"owner", "a ticket's owner is its conversation's, if that agent has access, until an edit changes it"},
	editsKept:       {"edits-kept", "an agent's edit of a ticket is kept until the customer writes"},
	noHistory:       {"history-left", "with history none, nothing older than the fence has moved"},
	foreign:         {"foreign-untouched", "nothing of a channel in the inbox has moved"},
	ledgerEmpty:     {"ledger-empty", "a move that has ended has no open batch"},
	countersPlanned: {"counters-planned", "the counters add up to what was planned"},
	oneMove:         {"one-move", "moves run one at a time, and every channel names the move that moved it"},
	reportTotals:    {"report-totals", "the report's numbers match the data"},
	checksums:       {"checksums", "the checksums of both sides are equal, and equal to the report's"},
	settingsKept:    {"settings-kept", "channels' settings are those of the file given"},
	auditLogged:     {"audit-logged", "every start and end of a move is in the audit log"},
	filesKept:       {"files-kept", "every file that a message names is there, and has its hash"},
}
