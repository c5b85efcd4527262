package api_test

import (
	"context"
	"errors"
	"testing"

	"deskmove/shared/admin"
	"deskmove/shared/metrics"
)

// TestOperations reads measurements as on one machine, and where they are on AWS.
func TestOperations(t *testing.T) {
	r := newRig(t)
	if a := r.do(ann, "GET", "/v1/operations", nil).want(200); len(a.at("metrics").([]any)) != 0 {
		t.Errorf("measurements of nothing: %s", a.Body)
	}
	r.UseCases.Recorder, r.UseCases.Dashboard, r.UseCases.Operator = &metrics.Recorder{}, "https://cloudwatch.example/", "acme"
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
	if a.at("withheld") != nil {
		t.Errorf("the operator is told %s", a.Body)
	}
	r.do(bob, "GET", "/v1/operations", nil).want(403)
	for _, operator := range []string{"", "zoo", "Acme"} {
		r.UseCases.Operator = operator
		r.Handler = r.API()
		if a := r.do(ann, "GET", "/v1/operations", nil).want(200); a.at("withheld") != true || len(a.at("metrics").([]any)) != 0 {
			t.Errorf("the operator is %q, and acme sees %s", operator, a.Body)
		}
	}
	r.UseCases.Recorder = nil // as on AWS
	r.Handler = r.API()
	if a := r.do(ann, "GET", "/v1/operations", nil).want(200); a.at("withheld") != nil || a.at("dashboard") == nil {
		t.Errorf("where there are no figures, none are withheld: %s", a.Body)
	}
}

// letters are dead letters of which an answer is given.
type letters struct {
	answer []admin.Redriven
	err    error
	asked  int
}

func (l *letters) Redrive(context.Context) ([]admin.Redriven, error) {
	l.asked++
	return l.answer, l.err
}

// TestRedrive sends dead letters back: for a super administrator of the operator's account,
// in the log, as often as it is asked for.
func TestRedrive(t *testing.T) {
	r := newRig(t)
	l := &letters{answer: []admin.Redriven{{Queue: "batches", Letters: 3}, {Queue: "stream-failures", Letters: -1, Running: true}}}
	r.UseCases.DeadLetters = l
	for _, operator := range []string{"", "zoo", "Acme"} {
		r.UseCases.Operator = operator
		r.Handler = r.API()
		if a := r.do(ann, "POST", "/v1/operations/redrive", nil).want(403); a.at("code") != "not-the-operator" || l.asked != 0 {
			t.Errorf("the operator is %q: %s", operator, a.Body)
		}
	}
	r.UseCases.Operator = "acme"
	r.Handler = r.API()
	for range 2 {
		a := r.do(ann, "POST", "/v1/operations/redrive", nil).want(202)
		if a.at("queues", 0, "letters") != 3.0 || a.at("queues", 1, "letters") != nil || a.at("queues", 1, "running") != true {
			t.Errorf("answer = %s", a.Body)
		}
	}
	if l.asked != 2 {
		t.Errorf("sent back %d times", l.asked)
	}
	log := r.do(ann, "GET", "/v1/audit", nil).want(200)
	for i := range 2 {
		if log.at("items", i, "action") != "redrive" || log.at("items", i, "by") != "ann" || log.at("items", i, "address") != ann.Address {
			t.Errorf("log = %s", log.Body)
		}
	}
	r.do(bob, "POST", "/v1/operations/redrive", nil).want(403)
	r.do(bot, "POST", "/v1/operations/redrive", nil).want(403)
	if l.asked != 2 {
		t.Errorf("others sent back, too: %d times", l.asked)
	}
	l.err = errors.New("no")
	r.do(ann, "POST", "/v1/operations/redrive", nil).want(500)
}
