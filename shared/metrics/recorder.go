package metrics

import (
	"slices"
	"sync"
	"time"
)

// Minutes is how far back a Recorder remembers.
const Minutes = 180

// mostTimes is how many durations of a minute count for its percentiles: beyond
// that every second one is forgotten.
const mostTimes = 512

// Recorder remembers the measurements of the last three hours, minute by minute,
// where no CloudWatch collects them. The zero Recorder is ready, and nil remembers
// nothing.
type Recorder struct {
	mu    sync.Mutex
	names map[Name]*[Minutes]minute
}

// minute is what was measured in one minute.
type minute struct {
	at       int64 // minutes since 1970; 0 if nothing was
	sum, max int64
	times    []int64 // of a duration
	every    int     // one of so many durations is kept
	seen     int
}

// Minute is what was measured in one minute.
type Minute struct {
	At       time.Time // its beginning
	Sum, Max int64
	P50, P99 int64 // of durations, else 0
}

// Expect notes metrics that are measured here, whether or not they have been yet.
func (r *Recorder) Expect(names ...Name) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range names {
		if _, known := r.of(n); !known {
			r.names[n] = nil
		}
	}
}

// of returns the minutes of a metric; nil if nothing was measured yet.
func (r *Recorder) of(n Name) (minutes *[Minutes]minute, known bool) {
	if r.names == nil {
		r.names = make(map[Name]*[Minutes]minute)
	}
	minutes, known = r.names[n]
	return minutes, known
}

// Platform returns the names of AWS's own metrics that are measured here, in order.
func (r *Recorder) Platform() (names []Name) {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := range r.names {
		if namespace, _, _ := n.Parts(); namespace != "" {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// Record remembers what was measured.
func (r *Recorder) Record(at time.Time, values ...Value) { r.add(at, values) }

func (r *Recorder) add(at time.Time, values []Value) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := at.Unix() / 60
	for _, v := range values {
		of, _ := r.of(v.Name)
		if of == nil {
			of = new([Minutes]minute)
			r.names[v.Name] = of
		}
		m := &of[now%Minutes]
		if m.at != now {
			*m = minute{at: now, max: v.Value, every: 1}
		}
		m.sum, m.max = m.sum+v.Value, max(m.max, v.Value)
		if v.Name.Unit() == "Milliseconds" {
			m.time(v.Value)
		}
	}
}

// time keeps a duration.
func (m *minute) time(v int64) {
	m.seen++
	if m.seen%m.every != 0 {
		return
	}
	if m.times = append(m.times, v); len(m.times) < mostTimes {
		return
	}
	for i := range mostTimes / 2 {
		m.times[i] = m.times[2*i+1]
	}
	m.times, m.every = m.times[:mostTimes/2], 2*m.every
}

// Last returns the minutes of the last three hours in which a metric was measured,
// the oldest first.
func (r *Recorder) Last(n Name, now time.Time) []Minute {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Minute
	if of := r.names[n]; of != nil {
		for _, m := range of {
			if m.at > now.Unix()/60-Minutes && m.at <= now.Unix()/60 {
				found = append(found, m.read())
			}
		}
	}
	slices.SortFunc(found, func(a, b Minute) int { return a.At.Compare(b.At) })
	return found
}

func (m *minute) read() Minute {
	r := Minute{At: time.Unix(m.at*60, 0).UTC(), Sum: m.sum, Max: m.max}
	if len(m.times) > 0 {
		sorted := slices.Sorted(slices.Values(m.times))
		r.P50, r.P99 = sorted[(len(sorted)-1)*50/100], sorted[(len(sorted)-1)*99/100]
	}
	return r
}
