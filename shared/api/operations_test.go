package api_test

import (
	"testing"

	"deskmove/shared/metrics"
)

// TestOperations reads measurements as on one machine, and where they are on AWS.
func TestOperations(t *testing.T) {
	r := newRig(t)
	if a := r.do(ann, "GET", "/v1/operations", nil).want(200); len(a.at("metrics").([]any)) != 0 {
		t.Errorf("measurements of nothing: %s", a.Body)
	}
	r.UseCases.Recorder, r.UseCases.Dashboard = &metrics.Recorder{}, "https://cloudwatch.example/"
	r.Handler = r.API()
	w := &metrics.Writer{Record: r.UseCases.Recorder, Now: r.UseCases.Now}
	w.Emit(nil, metrics.Value{Name: metrics.BatchTime, Value: 40}, metrics.Value{Name: metrics.Converted, Value: 400})
	a := r.do(ann, "GET", "/v1/operations", nil).want(200)
	if a.at("dashboard") != "https://cloudwatch.example/" || len(a.at("metrics").([]any)) != len(metrics.All()) {
		t.Errorf("measurements = %s", a.Body)
	}
	if got := a.at("metrics", 0, "points", 0, "sum"); a.at("metrics", 0, "name") != "Converted" || got != 400.0 {
		t.Errorf("converted = %v", got)
	}
	if got := a.at("metrics", 2, "points", 0, "p99"); got != 40.0 {
		t.Errorf("time of a batch = %v in %s", got, a.Body)
	}
	r.do(bob, "GET", "/v1/operations", nil).want(403)
}
