package simulation

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// op says what a call is, for the trace and for the order of calls that wait.
type op struct {
	verb   string
	table  string
	pk, sk string
	others string // all keys of a transaction
	writes bool
	many   int // writes in it
}

func (o op) compare(p op) int {
	return cmp.Or(cmp.Compare(o.verb, p.verb), cmp.Compare(o.table, p.table), cmp.Compare(o.pk, p.pk), cmp.Compare(o.sk, p.sk),
		cmp.Compare(o.others, p.others))
}

func (o op) String() string {
	return fmt.Sprintf("%s %s %s %s (%d)", o.verb, o.table, o.pk, o.sk, o.many)
}

// call is one call to the platform that waits for its answer.
type call struct {
	op
	ctx   context.Context
	do    func(pass func(int) bool) // pass says which writes of many get through
	n     int                       // of its task's calls
	fate  fate
	slow  time.Duration
	err   error
	reply chan struct{}

	answered bool
}

// call makes a call, and returns what went wrong on the way; nil if do was
// done and its own results hold. Without a task it is made at once.
func (s *sim) call(ctx context.Context, o op, do func(pass func(int) bool)) error {
	t, _ := ctx.Value(taskKey{}).(*task)
	if t == nil {
		do(all)
		return nil
	}
	c := &call{op: o, ctx: ctx, do: do, reply: make(chan struct{})}
	t.mu.Lock()
	if t.dead {
		t.mu.Unlock()
		return errDead
	}
	t.parked = append(t.parked, c)
	t.mu.Unlock()
	<-c.reply
	return c.err
}

func all(int) bool { return true }
