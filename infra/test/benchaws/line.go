package main

import "time"

// fit is a straight line through what two sizes need: what a move needs
// whatever its size, and what each conversation adds.
type fit struct{ a, b counted }

func line(a, b counted) fit { return fit{a, b} }

// at is what a move of n conversations needs.
func (f fit) at(n int) counted {
	on := func(a, b float64) float64 {
		return a + (b-a)*float64(n-f.a.conversations)/float64(f.b.conversations-f.a.conversations)
	}
	whole := func(a, b int64) int64 { return int64(on(float64(a), float64(b))) }
	c := counted{
		conversations: n, open: f.b.open,
		writes:      on(f.a.writes, f.b.writes),
		indexWrites: on(f.a.indexWrites, f.b.indexWrites),
		reads:       on(f.a.reads, f.b.reads),
		planReads:   f.b.planReads, // of a sample
		sqsRequests: whole(f.a.sqsRequests, f.b.sqsRequests),
		invocations: whole(f.a.invocations, f.b.invocations),
		transitions: whole(f.a.transitions, f.b.transitions),
		cpu:         time.Duration(whole(int64(f.a.cpu), int64(f.b.cpu))),
		units:       make(map[string]float64, len(f.b.units)),
	}
	for name, units := range f.b.units {
		c.units[name] = on(f.a.units[name], units)
	}
	return c
}
