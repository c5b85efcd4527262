package move

import (
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Run is what an execution of the state machine carries from step to step.
type Run struct {
	Account   string `json:"account"`
	Move      string `json:"move"`
	Run       int    `json:"run"` // number of the execution, the first is 1
	History   bool   `json:"history"`
	Rehearsal bool   `json:"rehearsal"`
	Retry     bool   `json:"retry"` // convert what failed before, instead of listing
	Step      string `json:"step"`  // where the execution begins; "" is the fence

	Turns  int           `json:"turns"`  // steps of this execution
	Cursor desk.Position `json:"cursor"` // how far List, Reconcile or Rehearse are
	After  string        `json:"after"`  // the same, of a listing of failures
	More   bool          `json:"more"`   // the step goes on from Cursor
	Yield  bool          `json:"yield"`  // another execution goes on
	Wait   int           `json:"wait"`   // seconds until the next step
	Pass   int           `json:"pass"`   // of Reconcile
	Tally  int           `json:"tally"`  // number of the pass among those of all executions
	Page   int           `json:"page"`   // of the pass, for its tallies
	Found  int           `json:"found"`  // conversations that the pass found missing
	Done   int64         `json:"done"`   // conversations done when Drain last looked
	At     time.Time     `json:"at"`     // when Drain last looked, or Rehearse began
}

// The steps at which an execution may begin, besides the fence.
const (
	StepList      = "list"
	StepDrain     = "drain"
	StepReconcile = "reconcile"
	StepRehearse  = "rehearse"
	StepAudit     = "audit"
)

// Name is the execution's name: the move's ID, and from the second execution
// on its number.
func (r Run) Name() string {
	if r.Run <= 1 {
		return r.Move
	}
	return fmt.Sprintf("%s.%d", r.Move, r.Run)
}
