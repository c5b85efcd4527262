package peers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// duplicates delivers once more what a stack's functions have been given, as
// AWS may: messages of batches, changes of the stream, states of steps.
type duplicates struct {
	*deployment
	dice    *rand.Rand
	batches *remote
	failed  *remote // the queue of what the stream's mapping gave up
	call    *lambda.Client
	machine *sfn.Client

	bodies []string // of messages that were seen
	steps  map[string]string

	// What was delivered again: messages sent, and calls that were answered
	// without an error, by function.
	messages, givenUp, changes int
	calls                      map[string]int
	lost                       int // calls whose function died

	told atomic.Bool // that this is enough
}

func newDuplicates(d *deployment, seed uint64) (*duplicates, error) {
	steps, err := functionsOfSteps()
	return &duplicates{
		deployment: d, steps: steps, calls: make(map[string]int),
		dice:    rand.New(rand.NewPCG(seed, 3)),
		batches: &remote{client: sqs.NewFromConfig(d.config), q: aws.String(d.resources["BatchesQueue"])},
		failed:  &remote{client: sqs.NewFromConfig(d.config), q: aws.String(d.resources["StreamFailuresQueue"])},
		call:    lambda.NewFromConfig(d.config), machine: sfn.NewFromConfig(d.config),
	}, err
}

// run delivers until ctx is done. The sweeper comes once in a while too: on
// AWS it comes every minute, for which the test would wait long.
func (d *duplicates) run(ctx context.Context, move string) error {
	for ctx.Err() == nil {
		var err error
		switch d.dice.IntN(6) {
		case 0, 1:
			err = d.message(ctx)
		case 2:
			err = d.change(ctx)
		case 3:
			err = d.giveUp(ctx)
		case 4:
			err = d.step(ctx, move)
		default:
			err = d.invoke(ctx, "SweepFunction", json.RawMessage("{}"))
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		d.tell()
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(d.dice.IntN(400)) * time.Millisecond):
		}
	}
	return nil
}

// invoke calls a function. That it dies, or has an error, is as it may be.
func (d *duplicates) invoke(ctx context.Context, function string, event any) error {
	payload, err := json.Marshal(event)
	if err != nil {
		return err
	}
	out, err := d.call.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(d.resources[function]), Payload: payload})
	if err != nil {
		return fmt.Errorf("call %s: %w", function, err)
	}
	var partly struct {
		BatchItemFailures []json.RawMessage `json:"batchItemFailures"`
	}
	if out.FunctionError != nil || json.Unmarshal(out.Payload, &partly) != nil || len(partly.BatchItemFailures) > 0 {
		d.lost++
		return nil
	}
	d.calls[function]++
	return nil
}

// late delivers everything once more, late ones first, when nothing dies any
// more: every call must succeed.
func (d *duplicates) late(ctx context.Context, move string) error {
	lost := d.lost
	all, _, err := d.stream(ctx)
	if err != nil {
		return err
	}
	slices.Reverse(all)
	for some := range slices.Chunk(all, 200) {
		if err := d.redirect(ctx, some); err != nil {
			return err
		}
	}
	begun, err := d.begun(ctx, move)
	if err != nil {
		return err
	}
	slices.Reverse(begun)
	for _, b := range latest(begun) {
		if err := d.invoke(ctx, d.steps[b.state], b.input); err != nil {
			return err
		}
	}
	bodies := slices.Concat(d.bodies, d.bodies)
	slices.Reverse(bodies)
	if err := d.send(ctx, 0, bodies); err != nil {
		return err
	}
	if d.lost > lost {
		return fmt.Errorf("%d late calls failed", d.lost-lost)
	}
	return nil
}

// String says what was delivered again.
func (d *duplicates) String() string {
	s := fmt.Sprintf("%d messages of %d batches, %d changes and %d stretches of the stream again; calls again:", d.messages, len(d.bodies), d.changes, d.givenUp)
	for _, function := range slices.Sorted(maps.Keys(d.calls)) {
		s += fmt.Sprintf(" %d of %s,", d.calls[function], function)
	}
	return s + fmt.Sprintf(" %d died or failed", d.lost)
}

// enough sees that something came twice while the move ran, before late.
func (d *duplicates) enough(t *testing.T) {
	t.Helper()
	t.Log(d)
	if !d.tell() {
		t.Error("that is too little to show anything")
	}
}

// tell reports, also to others, whether enough came twice. Of messages it is
// enough that they were sent: what is in no queue any more, be it one of dead
// letters, was handled.
func (d *duplicates) tell() bool {
	steps := 0
	for _, function := range d.steps {
		steps += d.calls[function]
	}
	enough := len(d.bodies) >= 3 && d.messages >= len(d.bodies) && d.changes >= 50 && d.givenUp >= 1 && steps >= 3
	d.told.Store(enough)
	return enough
}
