package peers_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	diff "github.com/google/go-cmp/cmp"

	"deskmove/infra/test/peers"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/local/queue"
)

// received is a message that was received.
type received struct {
	body, receipt string
	receives      int
}

// queues is a queue with its dead letters; a receiver has visibility to delete
// a message, which is received twice at most.
type queues interface {
	send(ctx context.Context, bodies ...string) error
	receive(ctx context.Context) ([]received, error)
	dead(ctx context.Context) ([]received, error)
	remove(ctx context.Context, receipts ...string) error
	count(ctx context.Context) (int, error)
	pass(d time.Duration)
}

// visibility is long enough for a peer on a busy machine to make a few calls.
const visibility = 4 * time.Second

// A peer is known to be wrong, or to be kinder or stricter than AWS, where
// another line than the local engine's is expected of it.
var known = map[string]map[string]string{
	"fauxqs": {
		// It counts a receive for the burial too.
		"dead letters: c(3)": "dead letters: c(4)",
	},
	"ministack": {
		// AWS deletes nothing then, and says that it is done.
		"delete by an old receipt: done": "delete by an old receipt: refused",
		"delete again: done":             "delete again: refused",
	},
	"moto": {
		// Every receipt of a message is good.
		"an old receipt: 2": "an old receipt: 1",
	},
}

// TestQueue has SQS on peers and the local engine's queue do the same things.
func TestQueue(t *testing.T) {
	here := observe(t, openQueues(t))
	for name, url := range map[string]func(testing.TB) string{"fauxqs": peers.Fauxqs, "ministack": peers.Ministack, "moto": peers.Moto} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			there := observe(t, makeQueues(t, url(t)))
			want := slices.Clone(here)
			for line, wrong := range known[name] {
				i := slices.Index(want, line)
				if i < 0 {
					t.Fatalf("the local engine does not say %q any more", line)
				}
				want[i] = wrong
			}
			if d := diff.Diff(want, there); d != "" {
				t.Errorf("here -, on %s +:\n%s", name, d)
			}
		})
	}
}

// observe does things with a queue, and notes what it sees.
func observe(t *testing.T, q queues) (seen []string) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	receipts := map[string][]string{}
	note := func(what string, messages []received, err error) {
		t.Helper()
		must(err)
		slices.SortFunc(messages, func(a, b received) int { return cmp.Compare(a.body, b.body) })
		line := what + ":"
		for _, m := range messages {
			line += fmt.Sprintf(" %s(%d)", m.body, m.receives)
			receipts[m.body] = append(receipts[m.body], m.receipt)
		}
		seen = append(seen, line)
	}
	try := func(what string, err error) {
		if err != nil {
			what += ": refused"
		} else {
			what += ": done"
		}
		seen = append(seen, what)
	}
	receive := func(what string) { t.Helper(); m, err := q.receive(ctx); note(what, m, err) }
	dead := func(what string) { t.Helper(); m, err := q.dead(ctx); note("dead "+what, m, err) }
	count := func(what string) {
		t.Helper()
		n, err := q.count(ctx)
		must(err)
		seen = append(seen, fmt.Sprintf("%s: %d", what, n))
	}
	late := func() { q.pass(visibility + time.Second) }

	must(q.send(ctx, "a", "b", "c", "d"))
	count("sent")
	receive("first")
	count("in flight")
	receive("while in flight")

	// A batch that failed in part: b and d are handled, a and c are not.
	must(q.remove(ctx, receipts["b"][0], receipts["d"][0]))
	count("handled in part")
	late()
	count("out of time")
	receive("again")

	// A receipt of the receive before does not count any more.
	try("delete by an old receipt", q.remove(ctx, receipts["a"][0]))
	count("an old receipt")
	try("delete", q.remove(ctx, receipts["a"][1]))
	try("delete again", q.remove(ctx, receipts["a"][1]))
	count("deleted twice")

	late()
	receive("c was received twice")
	dead("letters")
	count("c is dead")
	return seen
}

// local is the local engine's queue.
type local struct {
	now      time.Time
	q, dlq   *queue.Queue
	received map[string]*queue.Message // by receipt
}

func openQueues(t *testing.T) *local {
	t.Helper()
	d, err := db.Open(filepath.Join(t.TempDir(), "local.db"), queue.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	l := &local{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), received: map[string]*queue.Message{}}
	host := &function.Host{Clock: clock.Clock{Time: func() time.Time { return l.now }}}
	if l.dlq, err = queue.Open(t.Context(), d, host, queue.Config{Name: "dead", Visibility: visibility}); err == nil {
		l.q, err = queue.Open(t.Context(), d, host, queue.Config{Name: "q", Visibility: visibility, MaxReceives: 2, DeadLetters: l.dlq})
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *local) pass(d time.Duration) { l.now = l.now.Add(d) }
func (l *local) send(ctx context.Context, bodies ...string) error {
	return l.q.Send(ctx, bodies)
}
func (l *local) receive(ctx context.Context) ([]received, error) { return l.take(ctx, l.q) }
func (l *local) dead(ctx context.Context) ([]received, error)    { return l.take(ctx, l.dlq) }
func (l *local) count(ctx context.Context) (int, error)          { return l.q.Len(ctx) }
func (l *local) remove(ctx context.Context, receipts ...string) error {
	var errs []error
	for _, receipt := range receipts {
		errs = append(errs, l.q.Delete(ctx, l.received[receipt]))
	}
	return errors.Join(errs...)
}

func (l *local) take(ctx context.Context, q *queue.Queue) (all []received, err error) {
	for {
		m, _, err := q.Receive(ctx)
		if m == nil || err != nil {
			return all, err
		}
		r := received{body: m.Body, receipt: strconv.Itoa(len(l.received)), receives: int(m.Receives)}
		l.received[r.receipt] = m
		all = append(all, r)
	}
}

// remote is a queue of SQS.
type remote struct {
	client *sqs.Client
	q, dlq *string // URLs
}

func makeQueues(t *testing.T, url string) *remote {
	t.Helper()
	r := &remote{client: sqs.NewFromConfig(cloud(url))}
	create := func(name string, attributes map[string]string) *string {
		attributes["VisibilityTimeout"] = strconv.Itoa(int(visibility.Seconds()))
		made, err := r.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: attributes})
		if err != nil {
			t.Fatal(err)
		}
		return made.QueueUrl
	}
	r.dlq = create("peer-dead", map[string]string{})
	about, err := r.client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: r.dlq, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.q = create("peer-queue", map[string]string{
		"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, about.Attributes["QueueArn"]),
	})
	return r
}

func (r *remote) pass(d time.Duration) { time.Sleep(d) }

func (r *remote) send(ctx context.Context, bodies ...string) error {
	return r.sendLater(ctx, 0, bodies...)
}

func (r *remote) sendLater(ctx context.Context, delay time.Duration, bodies ...string) error {
	in := &sqs.SendMessageBatchInput{QueueUrl: r.q}
	for i, body := range bodies {
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(body), DelaySeconds: int32(delay.Seconds()),
		})
	}
	out, err := r.client.SendMessageBatch(ctx, in)
	if err == nil && len(out.Failed) > 0 {
		err = errors.New(aws.ToString(out.Failed[0].Message))
	}
	return err
}

func (r *remote) receive(ctx context.Context) ([]received, error) { return r.take(ctx, r.q) }
func (r *remote) dead(ctx context.Context) ([]received, error)    { return r.take(ctx, r.dlq) }

// take receives until there is nothing: SQS may give fewer than it has.
func (r *remote) take(ctx context.Context, url *string) (all []received, err error) {
	for {
		out, err := r.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: url, MaxNumberOfMessages: 10,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		})
		if err != nil || len(out.Messages) == 0 {
			return all, err
		}
		for _, m := range out.Messages {
			n, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
			if err != nil {
				return nil, err
			}
			all = append(all, received{body: *m.Body, receipt: *m.ReceiptHandle, receives: n})
		}
	}
}

func (r *remote) remove(ctx context.Context, receipts ...string) error {
	in := &sqs.DeleteMessageBatchInput{QueueUrl: r.q}
	for i, receipt := range receipts {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(receipt)})
	}
	out, err := r.client.DeleteMessageBatch(ctx, in)
	if err == nil && len(out.Failed) > 0 {
		err = errors.New(aws.ToString(out.Failed[0].Message))
	}
	return err
}

func (r *remote) count(ctx context.Context) (n int, err error) {
	out, err := r.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: r.q, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return 0, err
	}
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"} {
		some, err := strconv.Atoi(out.Attributes[name])
		if err != nil {
			return 0, err
		}
		n += some
	}
	return n, nil
}
