package api

import (
	"context"
	"net/http"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/metrics"
)

func (r *routes) operations() {
	add(r, operation{
		id: "get-operations", method: http.MethodGet, path: "/v1/operations", tag: tagLog, roles: admins,
		summary: "See how deskmove fares",
		description: "What was measured in the last three hours, minute by minute, in all accounts together: numbers alone. On AWS " +
			"CloudWatch has the figures, and the answer says where.",
	}, r.api.getOperations)
}

// Measurements are the measurements of the last hours.
type Measurements struct {
	Dashboard string     `json:"dashboard,omitempty" example:"https://eu-central-1.console.aws.amazon.com/cloudwatch/home" doc:"Where the figures are, on AWS."`
	Minutes   int        `json:"minutes" example:"180" doc:"How far back they go."`
	Metrics   []Measured `json:"metrics" nullable:"false" doc:"Empty on AWS. A metric that was not measured has no points."`
}

// Measured is what was measured of one thing.
type Measured struct {
	Name   string           `json:"name" example:"Converted" doc:"As CloudWatch calls it."`
	Unit   string           `json:"unit" enum:"Count,Milliseconds" example:"Count"`
	Points []MeasuredMinute `json:"points" nullable:"false" doc:"The minutes in which it was measured, the oldest first."`
}

// MeasuredMinute is what was measured in one minute.
type MeasuredMinute struct {
	At  time.Time `json:"at" doc:"When the minute began."`
	Sum int64     `json:"sum" example:"4200"`
	Max int64     `json:"max" example:"400"`
	P50 int64     `json:"p50,omitempty" example:"120" doc:"Of durations: half of them took no longer."`
	P99 int64     `json:"p99,omitempty" example:"480" doc:"Of durations: 99 of 100 took no longer."`
}

func (a *api) getOperations(ctx context.Context, c desk.Caller, _ *struct{}) (*body[Measurements], error) {
	if err := a.superAdmin(ctx, c); err != nil {
		return nil, err
	}
	f := Measurements{Dashboard: a.Dashboard, Minutes: metrics.Minutes, Metrics: []Measured{}}
	if a.Recorder == nil {
		return &body[Measurements]{f}, nil
	}
	for _, name := range metrics.All() {
		of := Measured{Name: string(name), Unit: name.Unit(), Points: []MeasuredMinute{}}
		for _, m := range a.Recorder.Last(name, a.Now()) {
			of.Points = append(of.Points, MeasuredMinute(m))
		}
		f.Metrics = append(f.Metrics, of)
	}
	return &body[Measurements]{f}, nil
}
