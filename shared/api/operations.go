package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/metrics"
)

func (r *routes) operations() {
	add(r, operation{
		id: "get-operations", method: http.MethodGet, path: "/v1/operations", tag: tagLog, roles: admins,
		summary: "See how deskmove fares",
		description: "What was measured in the last three hours, minute by minute, in all accounts together: numbers alone, and for the account of " +
			"whoever runs deskmove. To others it says so. On AWS CloudWatch has the figures, and the answer says where.",
	}, r.api.getOperations)
	add(r, operation{
		id: "redrive-dead-letters", method: http.MethodPost, path: "/v1/operations/redrive", tag: tagLog, roles: admins, status: http.StatusAccepted,
		summary: "Send dead letters back",
		description: "Batches and changes of the stream that failed so often that they were given up go back to their queues and are tried anew, in " +
			"all accounts together: so it is for the account of whoever runs deskmove alone. Mend first what made them fail. May be repeated: what was " +
			"done already is not done twice. It is in the audit log of the caller's account.",
		problems: []error{notOperator("acme")},
	}, r.api.redrive)
}

// Measurements are the measurements of the last hours.
type Measurements struct {
	Dashboard string     `json:"dashboard,omitempty" example:"https://eu-central-1.console.aws.amazon.com/cloudwatch/home" doc:"Where the figures are, on AWS."`
	Withheld  bool       `json:"withheld,omitempty" doc:"The figures are of all accounts, and for that of whoever runs deskmove alone."`
	Minutes   int        `json:"minutes" example:"180" doc:"How far back they go."`
	Metrics   []Measured `json:"metrics" nullable:"false" doc:"Empty on AWS, and for others than the operator. A metric that was not measured has no points."`
}

// Measured is what was measured of one thing.
type Measured struct {
	Namespace string           `json:"namespace,omitempty" example:"AWS/SQS" doc:"Of one of AWS's own metrics, as one machine measures it of its counterpart; absent of deskmove's."`
	Name      string           `json:"name" example:"Converted" doc:"As CloudWatch calls it."`
	Of        string           `json:"of,omitempty" example:"BatchesDeadQueue" doc:"With a namespace: which resource of template.yaml, and which index of a table."`
	Unit      string           `json:"unit" enum:"Count,Milliseconds,Seconds" example:"Count"`
	Points    []MeasuredMinute `json:"points" nullable:"false" doc:"The minutes in which it was measured, the oldest first."`
}

// MeasuredMinute is what was measured in one minute.
type MeasuredMinute struct {
	At  time.Time `json:"at" doc:"When the minute began."`
	Sum int64     `json:"sum" example:"4200"`
	Max int64     `json:"max" example:"400"`
	P50 int64     `json:"p50,omitempty" example:"120" doc:"Of durations: half of them took no longer."`
	P99 int64     `json:"p99,omitempty" example:"480" doc:"Of durations: 99 of 100 took no longer."`
}

func (a *api) getOperations(_ context.Context, c desk.Admitted, _ *struct{}) (*body[Measurements], error) {
	m := Measurements{Dashboard: a.Dashboard, Minutes: metrics.Minutes, Metrics: Measure(a.Recorder, a.Now())}
	if a.Recorder != nil && c.Account != a.Operator { // not refused, as pages ask again and again
		m.Withheld, m.Metrics = true, []Measured{}
	}
	return &body[Measurements]{m}, nil
}

// Measure returns what is measured, and was in the last hours; nothing of a nil Recorder.
func Measure(r *metrics.Recorder, now time.Time) []Measured {
	all := []Measured{}
	if r == nil {
		return all
	}
	for _, name := range append(metrics.All(), r.Platform()...) {
		of := Measured{Unit: name.Unit(), Points: []MeasuredMinute{}}
		of.Namespace, of.Name, of.Of = name.Parts()
		for _, m := range r.Last(name, now) {
			of.Points = append(of.Points, MeasuredMinute(m))
		}
		all = append(all, of)
	}
	return all
}

// Redrive says what became of the dead letters.
type Redrive struct {
	Queues []RedrivenQueue `json:"queues" nullable:"false"`
}

// RedrivenQueue says what became of one queue's dead letters.
type RedrivenQueue struct {
	Queue   string `json:"queue" enum:"batches,stream-failures" example:"batches"`
	Letters *int64 `json:"letters,omitempty" example:"3" doc:"How many are back. Absent on AWS, where SQS sends them one by one from now on."`
	Running bool   `json:"running" doc:"They had been on their way before."`
}

func notOperator(account string) error {
	return &desk.RefusedError{Code: codeNotOperator, Params: desk.Params{"account": account},
		Problem: fmt.Sprintf("dead letters are those of all accounts, and account %s is not that of whoever runs deskmove", account),
		Remedy:  "ask them; they name their account with serve --account, on AWS with the parameter OperatorAccount"}
}

func (a *api) redrive(ctx context.Context, c desk.Admitted, _ *struct{}) (*body[Redrive], error) {
	if c.Account != a.Operator {
		return nil, notOperator(c.Account)
	}
	now := a.Now()
	if err := a.Journal.Audit(ctx, c.Entry(desk.ActionRedrive, fmt.Sprintf("%s-%d", c.Agent, now.UnixNano()), now)); err != nil {
		return nil, err
	}
	queues, err := a.DeadLetters.Redrive(ctx)
	if err != nil {
		return nil, err
	}
	w := Redrive{Queues: make([]RedrivenQueue, len(queues))}
	for i, q := range queues {
		w.Queues[i] = RedrivenQueue{Queue: q.Queue, Running: q.Running}
		if q.Letters >= 0 {
			w.Queues[i].Letters = &q.Letters
		}
	}
	return &body[Redrive]{w}, nil
}
