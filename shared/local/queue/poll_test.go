package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"deskmove/shared/local/db"
	"deskmove/shared/local/queue"
)

type handler = func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

// worker records what a function was given.
type worker struct {
	handle handler

	mu       sync.Mutex
	bodies   []string
	now, top int // invocations at a time: now, and at most
}

func (w *worker) Handle(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	w.mu.Lock()
	w.now++
	w.top = max(w.top, w.now)
	w.bodies = append(w.bodies, e.Records[0].Body)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.now--
	}()
	if w.handle == nil {
		return events.SQSEventResponse{}, nil
	}
	return w.handle(ctx, e)
}

// poll has h handle messages for a time, up to four at once.
func poll(t *testing.T, e *engine, q *queue.Queue, h handler, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := q.Poll(ctx, queue.Function{Name: "convert", Timeout: 10 * time.Second, Handle: h}, 4); err != nil {
		t.Error(err)
	}
	if err := e.host.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		send(t, q, "hello")
		receiveOne(t, q)
		time.Sleep(30 * time.Second)
		var raw []byte
		poll(t, e, q, func(_ context.Context, e events.SQSEvent) (_ events.SQSEventResponse, err error) {
			e.Records[0].MessageId, e.Records[0].ReceiptHandle = "id", "receipt"
			raw, err = json.MarshalIndent(e, "", " ")
			return events.SQSEventResponse{}, err
		}, time.Second)
		want := `{
 "Records": [
  {
   "messageId": "id",
   "receiptHandle": "receipt",
   "body": "hello",
   "md5OfBody": "",
   "md5OfMessageAttributes": "",
   "attributes": {
    "ApproximateFirstReceiveTimestamp": "946684800000",
    "ApproximateReceiveCount": "2",
    "SenderId": "000000000000",
    "SentTimestamp": "946684800000"
   },
   "messageAttributes": {},
   "eventSourceARN": "arn:aws:sqs:local:000000000000:convert",
   "eventSource": "aws:sqs",
   "awsRegion": "local"
  }
 ]
}`
		if diff := cmp.Diff(want, string(raw)); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
	})
}

// TestAnswers shows for every way in which a function may answer whether its
// message is delivered again.
func TestAnswers(t *testing.T) {
	fail := func(id string) (events.SQSEventResponse, error) {
		return events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{{ItemIdentifier: id}}}, nil
	}
	for name, c := range map[string]struct {
		answer handler
		times  int
	}{
		"success": {func(context.Context, events.SQSEvent) (r events.SQSEventResponse, _ error) { return r, nil }, 1},
		"failed": {func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
			return fail(e.Records[0].MessageId)
		}, 2},
		"unknown ID": {func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) { return fail("unknown") }, 2},
		"empty ID":   {func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) { return fail("") }, 2},
		"error": {func(context.Context, events.SQSEvent) (r events.SQSEventResponse, _ error) {
			return r, errors.New("no")
		}, 2},
		"panic": {func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) { panic("no") }, 2},
		"time-out": {func(ctx context.Context, _ events.SQSEvent) (r events.SQSEventResponse, _ error) {
			<-ctx.Done()
			return r, nil
		}, 2},
		"time-out not heeded": {func(context.Context, events.SQSEvent) (r events.SQSEventResponse, _ error) {
			time.Sleep(time.Minute)
			return r, nil
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEngine(t)
				q := e.queue(queue.Config{})
				send(t, q, "a")
				first := true
				w := worker{handle: func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
					if !first {
						return events.SQSEventResponse{}, nil
					}
					first = false
					return c.answer(ctx, e)
				}}
				poll(t, e, q, w.Handle, 29*time.Second)
				if n := len(w.bodies); n != 1 {
					t.Fatalf("delivered %d times within the visibility time-out", n)
				}
				poll(t, e, q, w.Handle, 2*time.Second)
				if n := len(w.bodies); n != c.times {
					t.Errorf("delivered %d times, want %d", n, c.times)
				}
				wantLen(t, q, 0)
			})
		})
	}
}

// TestPollWakesUp: a message is handled as soon as it is visible.
func TestPollWakesUp(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, q *queue.Queue)
		want    time.Duration
	}{
		"it is sent": {func(t *testing.T, q *queue.Queue) {
			time.AfterFunc(3*time.Second, func() { send(t, q, "a") })
		}, 3 * time.Second},
		"its visibility time-out ends": {func(t *testing.T, q *queue.Queue) {
			send(t, q, "a")
			receiveOne(t, q)
			time.Sleep(25 * time.Second)
		}, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEngine(t)
				q := e.queue(queue.Config{})
				c.prepare(t, q)
				start, handled := time.Now(), time.Duration(0)
				poll(t, e, q, func(context.Context, events.SQSEvent) (r events.SQSEventResponse, _ error) {
					handled = time.Since(start)
					return r, nil
				}, time.Minute)
				if handled != c.want {
					t.Errorf("handled after %v, want %v", handled, c.want)
				}
			})
		})
	}
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		for i := range 20 {
			send(t, q, strconv.Itoa(i))
		}
		w := worker{handle: func(context.Context, events.SQSEvent) (r events.SQSEventResponse, _ error) {
			time.Sleep(time.Second)
			return r, nil
		}}
		poll(t, e, q, w.Handle, 4500*time.Millisecond)
		if w.top != 4 || len(w.bodies) != 20 {
			t.Errorf("%d invocations, at most %d at a time; want 20 and 4", len(w.bodies), w.top)
		}
		wantLen(t, q, 0)
	})
}

// TestReady: nothing is received before it may be.
func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{Ready: func(context.Context) { time.Sleep(time.Second) }})
		send(t, q, "a", "b", "c", "d")
		var w worker
		poll(t, e, q, w.Handle, 2500*time.Millisecond)
		if len(w.bodies) != 2 {
			t.Errorf("%d messages were handled", len(w.bodies))
		}
	})
}

// TestShutDown: functions under way end, their messages are deleted, and
// nothing more is received.
func TestShutDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		send(t, q, slices.Repeat([]string{"a"}, 30)...)
		w := worker{handle: func(ctx context.Context, _ events.SQSEvent) (events.SQSEventResponse, error) {
			time.Sleep(4 * time.Second)
			return events.SQSEventResponse{}, ctx.Err()
		}}
		poll(t, e, q, w.Handle, time.Second)
		if len(w.bodies) != 4 {
			t.Errorf("%d invocations", len(w.bodies))
		}
		wantLen(t, q, 26)
	})
}

// TestShutDownIsBounded: a function that goes on for long is told to end.
func TestShutDownIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		send(t, q, "a")
		start := time.Now()
		poll(t, e, q, func(ctx context.Context, _ events.SQSEvent) (events.SQSEventResponse, error) {
			<-ctx.Done()
			return events.SQSEventResponse{}, ctx.Err()
		}, time.Second)
		if d := time.Since(start); d != 6*time.Second {
			t.Errorf("ended after %v, want a second and Drain", d)
		}
		wantLen(t, q, 1)
	})
}

// TestReceiveIsTriedAgain: while the file cannot be written nothing is
// received, and when it can the message is handled.
func TestReceiveIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		send(t, q, "a")
		exec := func(sql string) {
			if err := e.db.Do(t.Context(), func(tx db.Tx) error { return tx.Exec(sql) }); err != nil {
				t.Error(err)
			}
		}
		exec("CREATE TRIGGER full BEFORE UPDATE ON message BEGIN SELECT raise(ABORT, 'full'); END")
		var w worker
		time.AfterFunc(time.Minute, func() {
			if len(w.bodies) != 0 {
				t.Errorf("handled %v", w.bodies)
			}
			exec("DROP TRIGGER full")
		})
		poll(t, e, q, w.Handle, 2*time.Minute)
		wantLen(t, q, 0)
	})
}
