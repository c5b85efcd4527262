package desk

import (
	"errors"
	"fmt"
	"time"
)

// HistoryChoice determines which older conversations move too (R7).
type HistoryChoice string

// The choices of history.
const (
	AllHistory HistoryChoice = "all"
	NoHistory  HistoryChoice = "none"
)

// ParseHistoryChoice returns the choice named s, or an *InvalidError for field.
func ParseHistoryChoice(field, s string) (HistoryChoice, error) {
	return parse(field, s, AllHistory, NoHistory)
}

// SLAMode determines when the clocks of tickets from history start (R9).
type SLAMode string

// The SLA modes.
const (
	FromMove SLAMode = "from-move"
	Original SLAMode = "original"
	NoClocks SLAMode = "none"
)

// ParseSLAMode returns the SLA mode named s, or an *InvalidError for field.
func ParseSLAMode(field, s string) (SLAMode, error) {
	return parse(field, s, FromMove, Original, NoClocks)
}

// NotificationMode determines how agents are notified of tickets from history
// (R10).
type NotificationMode string

// The notification modes.
const (
	Quiet  NotificationMode = "quiet"
	Digest NotificationMode = "digest"
	All    NotificationMode = "all"
)

// ParseNotificationMode returns the mode named s, or an *InvalidError for field.
func ParseNotificationMode(field, s string) (NotificationMode, error) {
	return parse(field, s, Quiet, Digest, All)
}

// Choices are the admin's choices for a move.
type Choices struct {
	Channel       string
	History       HistoryChoice
	Statuses      StatusMap // empty without history
	SLA           SLAMode
	Notifications NotificationMode
	Acknowledged  []string // codes of the warnings the admin has read
	Rehearsal     bool
}

// WithDefaults returns c with defaults for empty fields: FromMove (R9) and Quiet
// (R10).
func (c Choices) WithDefaults() Choices {
	if c.SLA == "" {
		c.SLA = FromMove
	}
	if c.Notifications == "" {
		c.Notifications = Quiet
	}
	return c
}

// CheckChoices returns all errors in c as *InvalidErrors, joined (R7 to R10).
// Callers must apply WithDefaults first. Without history, a choice that only
// concerns history is an error: it would have no effect, although the admin
// seems to expect one.
func (s Setup) CheckChoices(c Choices) error {
	history, errHistory := ParseHistoryChoice("history", string(c.History))
	sla, errSLA := ParseSLAMode("sla", string(c.SLA))
	note, errNote := ParseNotificationMode("notifications", string(c.Notifications))
	errs := []error{errHistory, errSLA, errNote}
	switch history {
	case AllHistory:
		errs = append(errs, s.CheckStatusMap(c.Statuses))
	case NoHistory:
		const remedy = "leave it out, or choose history \"all\""
		if c.Statuses != (StatusMap{}) {
			errs = append(errs, &InvalidError{Field: "statusMap", Code: CodeOnlyWithHistory, Problem: "without history no statuses are mapped", Remedy: remedy})
		}
		if errSLA == nil && sla != FromMove {
			errs = append(errs, &InvalidError{Field: "sla", Code: CodeOnlyWithHistory, Problem: "without history it has no effect: live tickets always have clocks", Remedy: remedy})
		}
		if errNote == nil && note != Quiet {
			errs = append(errs, &InvalidError{Field: "notifications", Code: CodeOnlyWithHistory, Problem: "without history it has no effect: live tickets always notify", Remedy: remedy})
		}
	}
	return errors.Join(errs...)
}

// MoveStatus is the progress of a move.
type MoveStatus string

// The statuses of a move. Attention means that the move has ended and some
// conversations failed; new conversations go to the help desk all the same
// (R28).
const (
	Starting  MoveStatus = "starting"
	Running   MoveStatus = "running"
	Attention MoveStatus = "attention"
	Done      MoveStatus = "done"
)

// Move is the move of one channel from the inbox to the help desk.
type Move struct {
	Account string
	ID      string
	Choices Choices
	Status  MoveStatus
	Phases  []Stage // what it has done so far, and what it does now

	By        string // agent who started it
	StartedAt time.Time
	FenceAt   time.Time // zero before the fence
	FencedBy  time.Time // when the channel was read back as fenced, by the clock of the step that fenced it
	EndedAt   time.Time // zero before the end
	RepairAt  time.Time // when the next daily repair of its channel is due; zero until its late audits have ended
	Run       int       // number of executions of the state machine started so far

	Expected    int64    // conversations, by its plan
	Losers      []string // agents without access who own the most of them, by its plan; at most MaxLosers
	SettingsSum string   // SHA-256 of the channel's settings at the start, in hex (R17)
	Report      Report   // final once Status is Done or Attention
}

// MaxLosers is how many agents who lose conversations are counted one by one.
const MaxLosers = 20

// CheckMoveStatuses returns an *InvalidError with the given remedy if s lacks the
// statuses that m gives to tickets.
func (s Setup) CheckMoveStatuses(m Move, remedy string) error {
	of := m.Choices.Statuses
	if m.Choices.History != AllHistory || s.CheckStatusMap(of) == nil {
		return nil
	}
	return &InvalidError{
		Field:   "pipelines",
		Code:    CodeNeedsStatuses,
		Params:  Params{"move": m.ID, "open": string(of.Open), "closed": string(of.Closed)},
		Problem: fmt.Sprintf("move %s needs %s as an open and %s as a closed status of the same pipeline", m.ID, of.Open, of.Closed),
		Remedy:  remedy,
	}
}
