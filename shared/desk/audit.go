package desk

import (
	"fmt"
	"time"
)

// The actions in the audit log.
const (
	ActionStart     = "start"
	ActionRefuse    = "refuse"
	ActionRehearse  = "rehearse"
	ActionRetry     = "retry"
	ActionEnd       = "end"
	ActionRepair    = "repair"
	ActionRepaired  = "repaired"   // a repair has ended
	ActionSetup     = "setup"      // the account's setup was replaced
	ActionGiven     = "role-given" // also help desk access
	ActionTaken     = "role-taken"
	ActionToken     = "token"    // one was made
	ActionWithdrawn = "withdraw" // tokens of an agent, of a connector or of the account
	ActionExport    = "export"
	ActionRedrive   = "redrive" // dead letters were sent back
	ActionRestore   = "restore" // a channel is brought in as it was elsewhere, with its move if it had one
	ActionRestored  = "restored"
)

// Program is the name by which the audit log calls deskmove itself. No agent has it.
const Program = "deskmove"

// AuditEntry is one line of the audit log (R29).
type AuditEntry struct {
	Account string
	ID      string // derived from the action, so a repeated action is logged once
	At      time.Time
	By      string // ID of the agent or connector, or Program
	Role    Role   // in which they did it, by their token; "" of Program
	Action  string
	Move    string
	Channel string
	Detail  string // for example why the action was refused
	Address string // the caller's network address, as the gateway saw it
}

// Entry returns an entry about what the caller does. Of tells it apart from other
// entries of that action.
func (c Caller) Entry(action, of string, at time.Time) AuditEntry {
	return AuditEntry{
		Account: c.Account, ID: action + "-" + of, At: at, By: c.Agent, Role: c.Role, Action: action, Address: c.Address,
	}
}

// maxDetail is how long a refusal's reason may be.
const maxDetail = 500

// Refusal returns an entry about something that the caller is refused: what, and why.
func (c Caller) Refusal(detail string, at time.Time) AuditEntry {
	e := c.Entry(ActionRefuse, fmt.Sprintf("%s-%d", c.Agent, at.UnixNano()), at)
	e.Detail = Truncate(detail, maxDetail)
	return e
}
