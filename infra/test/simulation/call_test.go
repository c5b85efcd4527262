package simulation

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// op describes a call, for the trace and to order calls that wait.
type op struct {
	verb   string
	table  string
	pk, sk string
	others string // a transaction's keys
	writes bool
	many   int // items in it
}

func (o op) compare(p op) int {
	return cmp.Or(cmp.Compare(o.verb, p.verb), cmp.Compare(o.table, p.table), cmp.Compare(o.pk, p.pk), cmp.Compare(o.sk, p.sk),
		cmp.Compare(o.others, p.others))
}

func (o op) String() string {
	return fmt.Sprintf("%s %s %s %s (%d)", o.verb, o.table, o.pk, o.sk, o.many)
}

// call is one call to the platform.
type call struct {
	op
	ctx   context.Context
	do    func(pass func(int) bool) // pass selects the items that are processed
	n     int                       // its number among its task's calls
	fault fault
	slow  time.Duration
	err   error
	reply chan struct{}

	answered bool
}

// call waits until the scheduler has made the call. It returns the injected
// error, or nil if do has run and its results hold. Outside a task it calls do
// at once.
func (s *scheduler) call(ctx context.Context, o op, do func(pass func(int) bool)) error {
	t := taskOf(ctx)
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
	t.blocked = append(t.blocked, c)
	t.mu.Unlock()
	<-c.reply
	return c.err
}

func all(int) bool { return true }
