package desk

import (
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

// SLAMode is from when the clocks of history count (R9).
type SLAMode string

// The SLA modes.
const (
	FromMove SLAMode = "from-move"
	Original SLAMode = "original"
	NoClocks SLAMode = "none"
)

// Notifications is what agents hear of the backfill (R10).
type Notifications string

// The notification modes.
const (
	Quiet  Notifications = "quiet"
	Digest Notifications = "digest"
	All    Notifications = "all"
)

// Choices is what the admin chooses for a move.
type Choices struct {
	Channel       string
	History       HistoryChoice
	Statuses      StatusMap // empty without history
	SLA           SLAMode
	Notifications Notifications
	Acknowledged  []string // codes of the warnings the admin has read
	Rehearsal     bool
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

// Report is the proof of a move (R27).
type Report struct {
	Found      int64 // conversations of the channel that belong to the move
	Created    int64 // tickets made from history
	AsIs       int64 // conversations moved with the ticket they had
	Redirected int64 // tickets made live
	Failed     int64
	Unsettled  int64 // changed while it was counted, so not in the sums
	OwnersLost int64
	Breaches   int64            // clocks already past when the ticket was made
	ByStatus   map[Status]int64 // tickets by status as the move set it

	// Checksums over (conversation, start, status, owner), 64 bits in hex,
	// independent of order. They are equal if both sides agree.
	InboxSum string
	DeskSum  string
}

// KeepsStatuses reports whether the setup has the statuses that a move gives to
// tickets, without which it cannot go on.
func (s Setup) KeepsStatuses(m Move, remedy string) error {
	of := m.Choices.Statuses
	if m.Choices.History != AllHistory || s.CheckStatuses(of) == nil {
		return nil
	}
	return &InvalidError{
		Field:   "pipelines",
		Problem: fmt.Sprintf("move %s gives tickets the statuses %s and %s, which are no open and closed ones of one pipeline", m.ID, of.Open, of.Closed),
		Remedy:  remedy,
	}
}
