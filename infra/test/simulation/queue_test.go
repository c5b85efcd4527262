package simulation

import (
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// queue is an SQS queue with the event source mapping that invokes a function.
type queue struct {
	w          *world
	name       string
	visibility time.Duration
	receives   int // before a message goes to the dead letters
	invoke     func(e events.SQSEvent, name string, then func(failed bool))

	sent int
	open int // messages that are neither processed nor dead
	dead int
}

type message struct {
	id, body string
	receives int
	done     bool
}

// send puts a message into the queue and schedules its delivery.
func (q *queue) send(body string) {
	q.sent++
	q.open++
	m := &message{id: fmt.Sprintf("%s%d", q.name, q.sent), body: body}
	c := newRandom(q.w.seed, m.id)
	q.deliver(m, q.delay(m, c))
	if q.w.faults.injects(q.w.scheduler, runTwice, c, m.id) {
		q.deliver(m, q.delay(m, c)+c.between(0, 3*time.Second))
	}
}

func (q *queue) delay(m *message, c random) time.Duration {
	if q.w.faults.injects(q.w.scheduler, messageLate, c, m.id) {
		return c.between(time.Second, 100*time.Second)
	}
	return c.between(time.Millisecond, 200*time.Millisecond)
}

// deliver delivers a message after a delay, and again until it is processed.
func (q *queue) deliver(m *message, in time.Duration) {
	q.w.after(in, func() {
		m.receives++
		if m.receives > q.receives {
			q.w.log("%s is dead", m.id)
			q.close(m)
			q.dead++
			return
		}
		e := events.SQSEvent{Records: []events.SQSMessage{{
			MessageId: m.id, Body: m.body, EventSource: "aws:sqs",
			Attributes: map[string]string{"ApproximateReceiveCount": fmt.Sprint(m.receives)},
		}}}
		q.invoke(e, fmt.Sprintf("%s/%d", m.id, m.receives), func(failed bool) {
			if failed {
				q.deliver(m, q.visibility)
			} else {
				q.close(m)
			}
		})
	})
}

func (q *queue) close(m *message) {
	if !m.done {
		m.done = true
		q.open--
	}
}
