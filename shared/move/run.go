package move

import (
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Run is the state of an execution of the state machine: each step's input and
// output.
type Run struct {
	Account   string `json:"account"`
	Move      string `json:"move"`
	Run       int    `json:"run"` // number of the execution, from 1
	History   bool   `json:"history"`
	Rehearsal bool   `json:"rehearsal"`
	Retry     bool   `json:"retry"` // converts failed conversations instead of listing the channel
	Step      string `json:"step"`  // where the execution starts; "" is the fence

	Turns  int           `json:"turns"`  // steps taken by this execution
	Cursor desk.Position `json:"cursor"` // progress of List, Reconcile or Rehearse
	After  string        `json:"after"`  // cursor of the failures that a retry lists
	More   bool          `json:"more"`   // the step has more to do, from Cursor on
	Yield  bool          `json:"yield"`  // another execution continues
	Wait   int           `json:"wait"`   // seconds until the next step
	Pass   int           `json:"pass"`   // number of Reconcile's pass over the channel
	Tally  int           `json:"tally"`  // the pass's number, unique among all executions
	Page   int           `json:"page"`   // number of the pass's page, one tally each
	Found  int           `json:"found"`  // conversations that the pass found without a current ticket
	Done   int64         `json:"done"`   // conversations done when Drain last checked
	At     time.Time     `json:"at"`     // when Drain last checked, or Rehearse started
}

// Steps at which an execution may start, besides the fence.
const (
	StepList      = "list"
	StepDrain     = "drain"
	StepReconcile = "reconcile"
	StepRehearse  = "rehearse"
	StepAudit     = "audit"
)

// Name returns the execution's name: the move's ID and, from the second execution
// on, its number.
func (r Run) Name() string {
	if r.Run <= 1 {
		return r.Move
	}
	return fmt.Sprintf("%s.%d", r.Move, r.Run)
}
