package desk

import "time"

// Actions of the audit log.
const (
	ActionStart    = "start"
	ActionRefuse   = "refuse"
	ActionRehearse = "rehearse"
	ActionRetry    = "retry"
	ActionEnd      = "end"
)

// AuditEntry is one line of the audit log: caller, when, what, from where (R29).
type AuditEntry struct {
	Account string
	ID      string // derives from what happened, so that it is logged once
	At      time.Time
	By      string // agent ID, or "deskmove"
	Action  string
	Move    string
	Channel string
	Detail  string // such as the reason of a refusal
	Address string // from where, as the gateway saw it
}
