package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"deskmove/shared/aws"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// TestServices asks for all that functions ask of SQS and Step Functions, as they do.
func TestServices(t *testing.T) {
	const machine = "arn:aws:states:us-east-1:000000000000:stateMachine:x-move"
	var (
		sent     []string
		redriven int
		started  = map[string]string{}
		broken   error
	)
	server := httptest.NewServer(services{
		queue: "x-batches", machine: machine, log: slog.New(slog.DiscardHandler),
		send: func(_ context.Context, bodies []string) error {
			sent = append(sent, bodies...)
			return broken
		},
		redrive: map[string]func(context.Context) (int, error){"arn:dead": func(context.Context) (int, error) { redriven++; return 3, nil }},
		start: func(_ context.Context, name string, input json.RawMessage) error {
			started[name] = string(input)
			return nil
		},
		running: func(_ context.Context, name string) (bool, error) { return started[name] != "", nil },
	})
	defer server.Close()
	q, f := sqs.NewFromConfig(config(server.URL)), sfn.NewFromConfig(config(server.URL))

	batches := []move.Batch{{Account: "acme", Entry: "b1"}, {Account: "acme", Entry: "b2"}}
	if err := (&aws.Sender{Client: q, URL: server.URL + "/000000000000/x-batches"}).Send(t.Context(), batches); err != nil {
		t.Error(err)
	}
	if !slices.Equal(sent, []string{batches[0].JSON(), batches[1].JSON()}) {
		t.Errorf("sent %q", sent)
	}
	if err := (&aws.Sender{Client: q, URL: server.URL + "/000000000000/other"}).Send(t.Context(), batches); err == nil {
		t.Error("there is a queue that is none")
	}
	broken = errors.New("no space")
	err := (&aws.Sender{Client: q, URL: server.URL + "/000000000000/x-batches"}).Send(t.Context(), batches)
	if _, busy := errors.AsType[*desk.BusyError](err); !busy {
		t.Errorf("a queue that fails: %v, want one that says to try again", err)
	}

	if _, err := (&aws.Redriver{Client: q, Queues: []aws.DeadQueue{{Of: "batches", ARN: "arn:dead"}}}).Redrive(t.Context()); err != nil || redriven != 1 {
		t.Errorf("redriven %d, %v", redriven, err)
	}
	if _, err := (&aws.Redriver{Client: q, Queues: []aws.DeadQueue{{Of: "batches", ARN: "arn:other"}}}).Redrive(t.Context()); err == nil {
		t.Error("there is a dead-letter queue that is none")
	}

	m := &aws.StateMachine{Client: f, ARN: machine}
	if is, err := m.Running(t.Context(), "m1.1"); is || err != nil {
		t.Errorf("before its start it runs: %v, %v", is, err)
	}
	if err := m.Start(t.Context(), "m1.1", move.Run{Account: "acme", Move: "m1"}); err != nil {
		t.Error(err)
	}
	if is, err := m.Running(t.Context(), "m1.1"); !is || err != nil {
		t.Errorf("after its start it runs: %v, %v", is, err)
	}
	var run move.Run
	if err := json.Unmarshal([]byte(started["m1_1"]), &run); err != nil || run.Move != "m1" {
		t.Errorf("started %v, %v", slices.Collect(maps.Keys(started)), err)
	}
	other := &aws.StateMachine{Client: f, ARN: machine + "r"}
	if is, err := other.Running(t.Context(), "m1.1"); is || err != nil {
		t.Errorf("another machine's runs: %v, %v", is, err)
	}
	if err := other.Start(t.Context(), "m1.1", move.Run{}); err == nil {
		t.Error("there is a state machine that is none")
	}
}
