package simulation

import (
	"container/heap"
	"errors"
	"fmt"
	"strings"
	"time"

	"deskmove/shared/store/storetest"
)

// epoch is when every simulation begins.
var epoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// errDead is what a crashed invocation gets from every further call: nobody
// hears what it makes of that.
var errDead = errors.New("this process has died")

// sim is one simulated world. Exactly one task runs at a time: it runs until
// all its goroutines wait for a call of theirs to be answered, and which call
// is answered next follows from the seed. The clock moves between events only.
type sim struct {
	seed   uint64
	now    time.Duration // since epoch
	events agenda
	count  int // of events so far, which orders those of one moment
	faults *faults
	mem    *storetest.Memory
	trace  *strings.Builder // nil keeps none
	tasks  int              // under way
	made   int              // calls so far
}

// event is something that happens at a moment.
type event struct {
	at time.Duration
	n  int
	do func()
}

type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].n < a[j].n
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(event)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// after does something after a while.
func (s *sim) after(d time.Duration, do func()) {
	s.count++
	heap.Push(&s.events, event{s.now + d, s.count, do})
}

// next does what happens next; false if nothing ever does before the limit.
func (s *sim) next(limit time.Duration) bool {
	if len(s.events) == 0 || s.events[0].at > limit {
		return false
	}
	e := heap.Pop(&s.events).(event)
	s.now = max(s.now, e.at)
	e.do()
	return true
}

func (s *sim) date() time.Time { return epoch.Add(s.now) }

// log adds a line to the trace. IDs only: no customer's words.
func (s *sim) log(format string, args ...any) {
	if s.trace != nil {
		fmt.Fprintf(s.trace, "%12.6f  %s\n", s.now.Seconds(), fmt.Sprintf(format, args...))
	}
}
