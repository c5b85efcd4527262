package move

import (
	_ "embed" // for the state machine
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// StateMachine is the definition of the state machine that carries out a move,
// in the States Language. Its resources are placeholders such as
// ${ListFunctionArn}.
//
//go:embed move.asl.json
var StateMachine []byte

// Run is the state of an execution of the state machine: each step's input and
// output. What a move has come to is in the store; so an execution may be replaced by
// another one that begins with no more than the first four fields.
type Run struct {
	Account string        `json:"account"`
	Move    string        `json:"move"`
	Run     int           `json:"run"`    // number of the execution, from 1
	Step    string        `json:"step"`   // where the execution starts
	Late    string        `json:"late"`   // what it does after the end of the move: LateAudit, LateRepair or ""
	Repair  string        `json:"repair"` // ID of a repair
	Since   desk.Position `json:"since"`  // down to where a repair compares; zero for all

	Began int       `json:"began"` // 0, or the number of the execution of a retry
	Pass  int       `json:"pass"`  // what List lists: 0 to convert, from 1 on to compare
	Turns int       `json:"turns"` // steps taken by this execution
	More  bool      `json:"more"`  // the step has more to do
	Again bool      `json:"again"` // another pass is to be listed
	Yield bool      `json:"yield"` // another execution continues
	Wait  int       `json:"wait"`  // seconds until the next step
	Done  int64     `json:"done"`  // conversations done when Drain last checked
	At    time.Time `json:"at"`    // when Drain first checked the pass
}

// What runs after the end of a move.
const (
	LateAudit  = "audit"
	LateRepair = "repair"
)

// Steps at which an execution may start.
const (
	StepFence = "fence"
	StepList  = "list"
	StepDrain = "drain"
	StepAudit = "audit" // waits for the next audit
)

// Job returns the ID under which the ledger keeps the run's batches: the move's,
// or that of its audits or of a repair.
func (r Run) Job() string {
	switch r.Late {
	case LateAudit:
		return r.Move + ".audit"
	case LateRepair:
		return r.Move + "." + r.Repair
	}
	return r.Move
}

// PassID returns the ID under which the job's counters keep the pass. All
// conversions count together, retries too; each comparison counts by itself.
func (r Run) PassID() string { return PassID(r.Began, r.Pass) }

func PassID(began, pass int) string {
	if pass == 0 {
		return "0"
	}
	return fmt.Sprintf("%d.%d", began, pass)
}

// Name returns the execution's name: the ID of the move or of the repair and, from
// the second execution on, its number.
func (r Run) Name() string {
	name := r.Move
	if r.Late == LateRepair {
		name = r.Job()
	}
	if r.Run <= 1 {
		return name
	}
	return fmt.Sprintf("%s.%d", name, r.Run)
}

// replaced reports whether another execution of the move has taken over from the
// run's. It then stops.
func (r Run) replaced(m desk.Move) bool { return r.Late != LateRepair && r.Run != m.Run }

// NewRun returns the state in which a move's execution starts: at the fence, or
// behind it where the move has come to.
func NewRun(m desk.Move, now time.Time) Run {
	r := Run{Account: m.Account, Move: m.ID, Run: m.Run, Step: StepFence}
	switch {
	case !m.EndedAt.IsZero():
		r.Late, r.Step, r.Pass, r.More = LateAudit, StepAudit, 1, true
		r.Wait = untilAudit(m, r.Pass, now)
	case m.Choices.Rehearsal:
		r.Step, r.Pass = StepList, 1
	case !m.FencedBy.IsZero():
		r.Step = StepList
	}
	return r
}
