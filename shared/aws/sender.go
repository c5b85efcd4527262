package aws

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// Limits of one request. SQS accepts 1 MiB and bills by 64 KB; ten batches of
// five hundred IDs are about 130 KB.
const (
	maxEntries = 10
	maxBytes   = 240 << 10
)

const (
	maxRequests = 8                      // at the same time
	attempts    = 6                      // to send an entry, within about 3 s
	firstWait   = 100 * time.Millisecond // doubles with each attempt
)

// Sender sends batches. It is a move.Queue. Each batch names its account as its
// message group, so that SQS does not let one account's large move keep others'
// batches waiting: a standard queue is fair between groups.
type Sender struct {
	Client interface {
		SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, opts ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
	}
	URL string // of the queue
}

// RefusedError says that SQS rejected a batch for a reason that a retry does not
// change.
type RefusedError struct{ Entry, Code string }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("queue rejected batch %s: %s", e.Entry, e.Code)
}

// Send sends batches, several requests at a time. After an error any of them may
// have been sent. Errors: a *desk.BusyError if a retry helps, a *RefusedError,
// or one of the SDK.
func (s *Sender) Send(ctx context.Context, bs []move.Batch) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxRequests)
	for len(bs) > 0 {
		bodies := nextBodies(bs)
		entries := bs[:len(bodies)]
		bs = bs[len(bodies):]
		g.Go(func() error { return s.request(ctx, entries, bodies) })
	}
	return g.Wait()
}

// nextBodies returns the bodies of as many batches as fit into a request, at
// least one.
func nextBodies(bs []move.Batch) (bodies []string) {
	size := 0
	for _, b := range bs[:min(len(bs), maxEntries)] {
		body := b.JSON()
		if size += len(body); size > maxBytes && len(bodies) > 0 {
			break
		}
		bodies = append(bodies, body)
	}
	return bodies
}

// request sends batches in one request, and retries the entries that SQS did not
// accept.
func (s *Sender) request(ctx context.Context, bs []move.Batch, bodies []string) error {
	left := make([]types.SendMessageBatchRequestEntry, len(bs))
	for i, body := range bodies {
		left[i] = types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(body), MessageGroupId: aws.String(bs[i].Account),
		}
	}
	for attempt := range attempts {
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		out, err := s.Client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String(s.URL), Entries: left})
		if err != nil {
			return translateSQS(err)
		}
		if left, err = failed(left, out.Failed, bs); err != nil || len(left) == 0 {
			return err
		}
	}
	return &desk.BusyError{What: "queue", After: time.Second, Err: fmt.Errorf("%d batches not accepted in %d attempts", len(left), attempts)}
}

// failed returns the entries that SQS did not accept but may accept in a retry.
func failed(entries []types.SendMessageBatchRequestEntry, answers []types.BatchResultErrorEntry, bs []move.Batch) ([]types.SendMessageBatchRequestEntry, error) {
	var left []types.SendMessageBatchRequestEntry
	for _, f := range answers {
		for _, e := range entries {
			if aws.ToString(e.Id) != aws.ToString(f.Id) {
				continue
			}
			if f.SenderFault {
				i, _ := strconv.Atoi(aws.ToString(e.Id)) // our own
				return nil, &RefusedError{Entry: bs[i].Entry, Code: aws.ToString(f.Code)}
			}
			left = append(left, e)
		}
	}
	return left, nil
}

// pause waits before every attempt but the first, twice as long each time: 0.1,
// 0.2, 0.4 … s, less a random share of at most half.
func pause(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return nil
	}
	wait := firstWait << (attempt - 1)
	select {
	case <-time.After(wait/2 + rand.N(wait/2)): // #nosec G404 -- spreads attempts, guards nothing
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// translateSQS makes temporary errors a BusyError.
func translateSQS(err error) error {
	if retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary {
		return &desk.BusyError{What: "queue", After: time.Second, Err: err}
	}
	return fmt.Errorf("queue: %w", err)
}
