package desk

import (
	"errors"
	"fmt"
	"time"
)

// HistoryChoice is which older conversations a move takes along (R7).
type HistoryChoice string

// The choices of history.
const (
	AllHistory HistoryChoice = "all"
	NoHistory  HistoryChoice = "none"
)

// ParseHistoryChoice reads the choice of history (R7); an unknown one is an
// *InvalidError about field.
func ParseHistoryChoice(field, s string) (HistoryChoice, error) {
	return parse(field, s, AllHistory, NoHistory)
}

// SLAMode is from when the clocks of history count (R9).
type SLAMode string

// The SLA modes.
const (
	FromMove SLAMode = "from-move"
	Original SLAMode = "original"
	NoClocks SLAMode = "none"
)

// ParseSLAMode reads an SLA mode (R9); an unknown one is an *InvalidError
// about field.
func ParseSLAMode(field, s string) (SLAMode, error) {
	return parse(field, s, FromMove, Original, NoClocks)
}

// NotificationMode is what agents hear of the backfill (R10).
type NotificationMode string

// The notification modes.
const (
	Quiet  NotificationMode = "quiet"
	Digest NotificationMode = "digest"
	All    NotificationMode = "all"
)

// ParseNotificationMode reads a notification mode (R10); an unknown one is an
// *InvalidError about field.
func ParseNotificationMode(field, s string) (NotificationMode, error) {
	return parse(field, s, Quiet, Digest, All)
}

// Choices is what the admin chooses for a move.
type Choices struct {
	Channel       string
	History       HistoryChoice
	Statuses      StatusMap // empty without history
	SLA           SLAMode
	Notifications NotificationMode
	Acknowledged  []string // codes of the warnings the admin has read
	Rehearsal     bool
}

// WithDefaults returns c with what the admin left out: clocks from the move
// (R9) and quiet notifications (R10).
func (c Choices) WithDefaults() Choices {
	if c.SLA == "" {
		c.SLA = FromMove
	}
	if c.Notifications == "" {
		c.Notifications = Quiet
	}
	return c
}

// CheckChoices reports what is wrong with c, all of it, as *InvalidErrors in
// one; nil if c can be carried out (R7 to R10). Call WithDefaults first. A
// choice about history is refused when history stays behind: it would have
// no effect, and the admin seems to expect one.
func (s Setup) CheckChoices(c Choices) error {
	history, errHistory := ParseHistoryChoice("history", string(c.History))
	sla, errSLA := ParseSLAMode("sla", string(c.SLA))
	note, errNote := ParseNotificationMode("notifications", string(c.Notifications))
	errs := []error{errHistory, errSLA, errNote}
	switch history {
	case AllHistory:
		errs = append(errs, s.CheckStatusMap(c.Statuses))
	case NoHistory:
		const remedy = "leave it out, or move history: \"all\""
		if c.Statuses != (StatusMap{}) {
			errs = append(errs, &InvalidError{Field: "statusMap", Problem: "history stays behind, so no status is needed", Remedy: remedy})
		}
		if errSLA == nil && sla != FromMove {
			errs = append(errs, &InvalidError{Field: "sla", Problem: "history stays behind, and live tickets always have clocks", Remedy: remedy})
		}
		if errNote == nil && note != Quiet {
			errs = append(errs, &InvalidError{Field: "notifications", Problem: "history stays behind, and live tickets always notify", Remedy: remedy})
		}
	}
	return errors.Join(errs...)
}

// MoveStatus is how far a move is.
type MoveStatus string

// The statuses of a move. A move at Attention has failures left; its channel
// redirects all the same (R28).
const (
	Starting  MoveStatus = "starting"
	Running   MoveStatus = "running"
	Attention MoveStatus = "attention"
	Done      MoveStatus = "done"
)

// Move is one channel's way from the inbox to the help desk.
type Move struct {
	Account string
	ID      string
	Choices Choices
	Status  MoveStatus
	Phase   string // what the state machine does now, such as "list"; for people

	By        string // agent who started it
	StartedAt time.Time
	FenceAt   time.Time // zero before the fence
	EndedAt   time.Time // zero before the end
	Run       int       // how many executions have been started for it, the first is 1

	SettingsSum string // SHA-256 of the channel's settings at the start, in hex (R17)
	Report      Report // final when Done or Attention
}

// CheckMoveStatuses reports whether the setup has the statuses that a move gives to
// tickets, without which it cannot go on.
func (s Setup) CheckMoveStatuses(m Move, remedy string) error {
	of := m.Choices.Statuses
	if m.Choices.History != AllHistory || s.CheckStatusMap(of) == nil {
		return nil
	}
	return &InvalidError{
		Field:   "pipelines",
		Problem: fmt.Sprintf("move %s gives tickets the statuses %s and %s, which are no open and closed ones of one pipeline", m.ID, of.Open, of.Closed),
		Remedy:  remedy,
	}
}
