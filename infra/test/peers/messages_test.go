package peers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// peek notes what is in the queue of batches, and leaves it there.
func (d *duplicates) peek(ctx context.Context) error {
	out, err := d.batches.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: d.batches.q, MaxNumberOfMessages: 10, VisibilityTimeout: 1,
	})
	if err != nil {
		return err
	}
	for _, m := range out.Messages {
		if !slices.Contains(d.bodies, *m.Body) {
			d.bodies = append(d.bodies, *m.Body)
		}
	}
	return nil
}

// hold waits until batches are sent, which nobody delivers yet, and sends each
// once more.
func (d *duplicates) hold(ctx context.Context) error {
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(500 * time.Millisecond) {
		before := len(d.bodies)
		if err := d.peek(ctx); err != nil {
			return err
		}
		if len(d.bodies) > 0 && len(d.bodies) == before {
			return d.send(ctx, 0, d.bodies)
		}
		if time.Now().After(end) {
			return errors.New("no batch is sent")
		}
		if len(d.bodies) == 0 { // the lister may have died
			if err := d.invoke(ctx, "SweepFunction", json.RawMessage("{}")); err != nil {
				return err
			}
		}
	}
}

// message sends a batch again, up to three times and up to three seconds late.
func (d *duplicates) message(ctx context.Context) error {
	if len(d.bodies) == 0 {
		return nil
	}
	body := d.bodies[d.dice.IntN(len(d.bodies))]
	return d.send(ctx, time.Duration(d.dice.IntN(4))*time.Second, slices.Repeat([]string{body}, 1+d.dice.IntN(3)))
}

// send sends batches.
func (d *duplicates) send(ctx context.Context, late time.Duration, bodies []string) error {
	for some := range slices.Chunk(bodies, 10) { // as many as SQS takes at a time
		if err := d.batches.sendLater(ctx, late, some...); err != nil {
			return err
		}
		d.messages += len(some)
	}
	return nil
}

// visibility sets for how many seconds a message is out of sight.
func (r *remote) visibility(ctx context.Context, seconds string) error {
	_, err := r.client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{
		QueueUrl: r.q, Attributes: map[string]string{string(sqstypes.QueueAttributeNameVisibilityTimeout): seconds},
	})
	return err
}

// deliver has a function's events delivered, or held back.
func (d *duplicates) deliver(ctx context.Context, function string, whether bool) error {
	found, err := d.call.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{FunctionName: aws.String(d.resources[function])})
	if err != nil {
		return err
	}
	for _, m := range found.EventSourceMappings {
		if _, err := d.call.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: m.UUID, Enabled: aws.Bool(whether)}); err != nil {
			return err
		}
	}
	if len(found.EventSourceMappings) == 0 {
		return fmt.Errorf("nothing is mapped to %s", function)
	}
	return nil
}
