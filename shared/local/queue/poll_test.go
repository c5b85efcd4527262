package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"deskmove/shared/local/queue"
)

type handler = func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

// worker records what a function was given.
type worker struct {
	handle handler

	mu      sync.Mutex
	batches [][]string // bodies
	now, at int        // invocations at a time: now, and at most
}

func (w *worker) Handle(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	w.mu.Lock()
	w.now++
	w.at = max(w.at, w.now)
	var batch []string
	for _, m := range e.Records {
		batch = append(batch, m.Body)
	}
	w.batches = append(w.batches, batch)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.now--
	}()
	return w.handle(ctx, e)
}

// count is how often each body was given.
func (w *worker) count() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := map[string]int{}
	for _, b := range w.batches {
		for _, body := range b {
			n[body]++
		}
	}
	return n
}

func ok(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return events.SQSEventResponse{}, nil
}

// poll runs a mapping for a time.
func poll(t *testing.T, e *engine, q *queue.Queue, m queue.Mapping, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := q.Poll(ctx, e.host, m); err != nil {
		t.Error(err)
	}
	if err := e.host.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func mapping(h handler) queue.Mapping {
	return queue.Mapping{
		Function:       queue.Function{Name: "convert", Timeout: 10 * time.Second, Handle: h},
		ReportFailures: true,
	}
}

func TestEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		dead := e.queue(queue.Config{Name: "dead"})
		q := e.queue(queue.Config{MaxReceives: 1, DeadLetters: dead})
		send(t, q, "hello")
		one(t, q)
		time.Sleep(30 * time.Second)
		receive(t, q, 1, 0)
		var raw []byte
		poll(t, e, dead, mapping(func(_ context.Context, e events.SQSEvent) (_ events.SQSEventResponse, err error) {
			e.Records[0].MessageId, e.Records[0].ReceiptHandle = "id", "receipt"
			raw, err = json.MarshalIndent(e, "", " ")
			return events.SQSEventResponse{}, err
		}), time.Second)
		want := `{
 "Records": [
  {
   "messageId": "id",
   "receiptHandle": "receipt",
   "body": "hello",
   "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
   "md5OfMessageAttributes": "",
   "attributes": {
    "ApproximateFirstReceiveTimestamp": "946684800000",
    "ApproximateReceiveCount": "2",
    "DeadLetterQueueSourceArn": "arn:aws:sqs:local:000000000000:convert",
    "SenderId": "000000000000",
    "SentTimestamp": "946684800000"
   },
   "messageAttributes": {},
   "eventSourceARN": "arn:aws:sqs:local:000000000000:dead",
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

// TestAnswers shows which messages of a batch of three are delivered again,
// for every way in which a function may answer.
func TestAnswers(t *testing.T) {
	all := []string{"a", "b", "c"}
	fail := func(ids ...string) events.SQSEventResponse {
		var r events.SQSEventResponse
		for _, id := range ids {
			r.BatchItemFailures = append(r.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: id})
		}
		return r
	}
	id := func(e events.SQSEvent, body string) string {
		i := slices.IndexFunc(e.Records, func(m events.SQSMessage) bool { return m.Body == body })
		return e.Records[i].MessageId
	}
	for name, c := range map[string]struct {
		answer func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error)
		ignore bool // the answer
		again  []string
	}{
		"nothing failed": {answer: ok},
		"one failed": {
			answer: func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
				return fail(id(e, "b")), nil
			},
			again: []string{"b"},
		},
		"one failed, named twice": {
			answer: func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
				return fail(id(e, "b"), id(e, "b")), nil
			},
			again: []string{"b"},
		},
		"all failed": {
			answer: func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
				return fail(id(e, "a"), id(e, "b"), id(e, "c")), nil
			},
			again: all,
		},
		"unknown ID": {
			answer: func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
				return fail(id(e, "b"), "unknown"), nil
			},
			again: all,
		},
		"empty ID": {
			answer: func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) { return fail(""), nil },
			again:  all,
		},
		"error": {
			answer: func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
				return events.SQSEventResponse{}, errors.New("no")
			},
			again: all,
		},
		"panic": {
			answer: func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) { panic("no") },
			again:  all,
		},
		"time-out": {
			answer: func(ctx context.Context, _ events.SQSEvent) (events.SQSEventResponse, error) {
				<-ctx.Done()
				return events.SQSEventResponse{}, nil
			},
			again: all,
		},
		"time-out not heeded": {
			answer: func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
				time.Sleep(time.Minute)
				return events.SQSEventResponse{}, nil
			},
			again: all,
		},
		"failures not to be reported": {
			answer: func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
				return fail("unknown"), nil
			},
			ignore: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEngine(t)
				q := e.queue(queue.Config{Visibility: 30 * time.Second})
				send(t, q, all...)
				var w worker
				first := true
				w.handle = func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
					if !first {
						return events.SQSEventResponse{}, nil
					}
					first = false
					if len(e.Records) != 3 {
						t.Errorf("batch of %d messages", len(e.Records))
					}
					return c.answer(ctx, e)
				}
				m := mapping(w.Handle)
				m.ReportFailures = !c.ignore
				poll(t, e, q, m, 29*time.Second)
				if n := len(w.batches); n != 1 {
					t.Fatalf("%d batches within the visibility time-out", n)
				}
				poll(t, e, q, m, 2*time.Second)
				var again []string
				for body, n := range w.count() {
					if n > 1 {
						again = append(again, body)
					}
				}
				slices.Sort(again)
				if diff := cmp.Diff(c.again, again); diff != "" {
					t.Errorf("delivered again (-want +got):\n%s", diff)
				}
				if s := stats(t, q); s != (queue.Stats{}) {
					t.Errorf("left = %+v", s)
				}
			})
		})
	}
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		for i := range 100 {
			send(t, q, strconv.Itoa(i))
		}
		w := worker{handle: func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
			time.Sleep(time.Second)
			return events.SQSEventResponse{}, nil
		}}
		m := mapping(w.Handle)
		m.BatchSize, m.Concurrency = 5, 4
		poll(t, e, q, m, 4500*time.Millisecond)
		if w.at != 4 || len(w.batches) != 20 {
			t.Errorf("%d batches, at most %d at a time; want 20 and 4", len(w.batches), w.at)
		}
		for _, b := range w.batches {
			if len(b) > 5 {
				t.Errorf("batch of %d", len(b))
			}
		}
		if s := stats(t, q); s != (queue.Stats{}) {
			t.Errorf("left = %+v", s)
		}
	})
}

func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		for i := range 5 {
			time.AfterFunc(time.Duration(i)*time.Second, func() { send(t, q, "a") })
		}
		w := worker{handle: ok}
		m := mapping(w.Handle)
		m.BatchSize, m.Window = 20, 3*time.Second+time.Millisecond
		poll(t, e, q, m, time.Minute)
		if len(w.batches) != 2 || len(w.batches[0]) != 4 {
			t.Errorf("batches = %v, want 4 messages, then 1", w.batches)
		}
	})
}

func TestLargeMessagesAreSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		send(t, q, slices.Repeat([]string{strings.Repeat("a", 1<<20)}, 10)...)
		w := worker{handle: ok}
		poll(t, e, q, mapping(w.Handle), time.Second)
		if len(w.batches) != 2 || len(w.batches[0]) != 6 || len(w.batches[1]) != 4 {
			t.Errorf("%d batches", len(w.batches))
		}
	})
}

func TestMappingRefuses(t *testing.T) {
	e := newEngine(t)
	q := e.queue(queue.Config{})
	for name, change := range map[string]func(*queue.Mapping){
		"batch size":               func(m *queue.Mapping) { m.BatchSize = 10_001 },
		"large batch, no window":   func(m *queue.Mapping) { m.BatchSize = 11 },
		"window":                   func(m *queue.Mapping) { m.Window = time.Hour },
		"concurrency of 1":         func(m *queue.Mapping) { m.Concurrency = 1 },
		"concurrency":              func(m *queue.Mapping) { m.Concurrency = 1001 },
		"visibility below timeout": func(m *queue.Mapping) { m.Function.Timeout = 31 * time.Second },
	} {
		m := mapping(ok)
		change(&m)
		if err := q.Poll(t.Context(), e.host, m); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestShutDown: a function under way ends, its messages are deleted, and
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
		m := mapping(w.Handle)
		m.Concurrency = 2
		start := time.Now()
		poll(t, e, q, m, time.Second)
		if d := time.Since(start); d != 4*time.Second || len(w.batches) != 2 {
			t.Errorf("ended after %v and %d batches", d, len(w.batches))
		}
		if s := stats(t, q); s.Visible != 10 || s.InFlight != 0 {
			t.Errorf("left = %+v", s)
		}
	})
}

// TestShutDownIsBounded: a function that goes on for long is told to end.
func TestShutDownIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		send(t, q, "a")
		start := time.Now()
		poll(t, e, q, mapping(func(ctx context.Context, _ events.SQSEvent) (events.SQSEventResponse, error) {
			<-ctx.Done()
			return events.SQSEventResponse{}, ctx.Err()
		}), time.Second)
		if d := time.Since(start); d != 6*time.Second {
			t.Errorf("ended after %v, want a second and Drain", d)
		}
		if s := stats(t, q); s.InFlight != 1 {
			t.Errorf("left = %+v", s)
		}
	})
}

func TestFullDiskIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		send(t, q, "a")
		if err := e.db.Close(); err != nil {
			t.Fatal(err)
		}
		w := worker{handle: ok}
		start := time.Now()
		poll(t, e, q, mapping(w.Handle), time.Hour)
		if d := time.Since(start); d != time.Hour || len(w.batches) != 0 {
			t.Errorf("ended after %v", d)
		}
	})
}
