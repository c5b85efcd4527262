package desk

import "time"

// The actions in the audit log.
const (
	ActionStart    = "start"
	ActionRefuse   = "refuse"
	ActionRehearse = "rehearse"
	ActionRetry    = "retry"
	ActionEnd      = "end"
	ActionRepair   = "repair"
	ActionRepaired = "repaired" // a repair has ended
)

// AuditEntry is one line of the audit log (R29).
type AuditEntry struct {
	Account string
	ID      string // derived from the action, so a repeated action is logged once
	At      time.Time
	By      string // agent ID, or "deskmove"
	Action  string
	Move    string
	Channel string
	Detail  string // for example why the action was refused
	Address string // the caller's network address, as the gateway saw it
}
