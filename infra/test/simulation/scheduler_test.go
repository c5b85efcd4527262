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

// errDead is what every further call of a crashed process returns. Nobody sees
// what the process does with it.
var errDead = errors.New("this process has died")

// scheduler runs one task at a time, until all the task's goroutines wait for
// their calls to return. The seed decides which call returns next. The clock
// moves only between events.
type scheduler struct {
	seed   uint64
	now    time.Duration // since epoch
	events agenda
	count  int // of events so far; it orders events at the same time
	faults *injector
	memory *storetest.Memory
	trace  *strings.Builder // nil to keep no trace
	tasks  int              // running
	calls  int              // made so far
}

// event is something to do at a point in simulated time.
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

// after schedules do to run after d.
func (s *scheduler) after(d time.Duration, do func()) {
	s.count++
	heap.Push(&s.events, event{s.now + d, s.count, do})
}

// runNext runs the next event; it returns false if there is none up to limit.
func (s *scheduler) runNext(limit time.Duration) bool {
	if len(s.events) == 0 || s.events[0].at > limit {
		return false
	}
	e := heap.Pop(&s.events).(event)
	s.now = max(s.now, e.at)
	e.do()
	return true
}

func (s *scheduler) date() time.Time { return epoch.Add(s.now) }

// log adds a line to the trace.
func (s *scheduler) log(format string, args ...any) {
	if s.trace != nil {
		fmt.Fprintf(s.trace, "%12.6f  %s\n", s.now.Seconds(), fmt.Sprintf(format, args...))
	}
}
