package peers_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"deskmove/shared/move"
)

// functionsOfSteps are the functions that the machine's states call, as the
// stack's logical IDs.
func functionsOfSteps() (map[string]string, error) {
	var machine struct {
		States map[string]struct{ Resource string }
	}
	if err := json.Unmarshal(move.StateMachine, &machine); err != nil {
		return nil, err
	}
	functions := make(map[string]string)
	for name, state := range machine.States {
		if state.Resource != "" {
			functions[name] = strings.TrimSuffix(strings.TrimPrefix(state.Resource, "${"), "Arn}")
		}
	}
	return functions, nil
}

// begunStep is a step that was begun: a state of the machine, and its input.
type begunStep struct {
	state string
	input json.RawMessage
}

// begun are the steps that a move's executions have begun.
func (d *duplicates) begun(ctx context.Context, move string) (all []begunStep, _ error) {
	executions := sfn.NewListExecutionsPaginator(d.machine, &sfn.ListExecutionsInput{StateMachineArn: aws.String(d.resources["MoveMachine"])})
	for executions.HasMorePages() {
		page, err := executions.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, x := range page.Executions {
			// Of all but the first execution a number follows.
			if name, _, _ := strings.Cut(*x.Name, "_"); name != move {
				continue
			}
			history := sfn.NewGetExecutionHistoryPaginator(d.machine, &sfn.GetExecutionHistoryInput{ExecutionArn: x.ExecutionArn})
			for history.HasMorePages() {
				page, err := history.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				for _, event := range page.Events {
					if event.Type == sfntypes.HistoryEventTypeTaskStateEntered {
						all = append(all, begunStep{*event.StateEnteredEventDetails.Name, json.RawMessage(*event.StateEnteredEventDetails.Input)})
					}
				}
			}
		}
	}
	return all, nil
}

// step calls the function of a step again, with a state that some step of the
// move has begun with.
func (d *duplicates) step(ctx context.Context, move string) error {
	begun, err := d.begun(ctx, move)
	if err != nil || len(begun) == 0 {
		return err
	}
	// First a state: most steps are drains.
	states := make(map[string][]begunStep)
	for _, b := range begun {
		states[b.state] = append(states[b.state], b)
	}
	names := slices.Sorted(maps.Keys(states))
	some := states[names[d.dice.IntN(len(names))]]
	b := some[d.dice.IntN(len(some))]
	return d.invoke(ctx, d.steps[b.state], b.input)
}

// latest keeps a few of the steps of each state.
func latest(begun []begunStep) (some []begunStep) {
	const most = 3
	n := make(map[string]int)
	for _, b := range begun {
		if n[b.state]++; n[b.state] <= most {
			some = append(some, b)
		}
	}
	return some
}
