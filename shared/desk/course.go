package desk

import "time"

// Sample is how far a move was at a time. It counts conversations.
type Sample struct {
	At                                time.Time
	Done, Created, AsIs, Live, Failed int64
	Open                              int64 // batches that were not done, counted up to a limit
}

// WaitCode says what a running move waits for.
type WaitCode string

// The codes of what a move waits for.
const (
	WaitThrottled WaitCode = "throttled"        // live traffic has the way
	WaitLate      WaitCode = "late-batches"     // none comes back, and the late ones were sent again
	WaitSettling  WaitCode = "indexes-settling" // the store gets time to show all that was written
)

// Course is what a running move notes of itself, for people who watch it.
type Course struct {
	Samples []Sample // the oldest first, at most MaxSamples
	Planned int64    // conversations listed by the last sample
	Waits   WaitCode // what it waits for, and since when; "" for nothing
	Since   time.Time
	Stand   string    // how far it was when it last got any further, in words of its own
	MovedAt time.Time // and when that was
	Written int       // how often it has been written
}

// MaxSamples is how many samples a course keeps.
const MaxSamples = 240

// Last returns the last sample; zero if there is none.
func (c Course) Last() Sample {
	if len(c.Samples) == 0 {
		return Sample{}
	}
	return c.Samples[len(c.Samples)-1]
}

// Add returns a course with another sample. When it is full, every second one
// goes, so that what is left tells of the whole time.
func (c Course) Add(s Sample, planned int64, waits WaitCode) Course {
	kept := make([]Sample, 0, len(c.Samples)+1)
	for i, old := range c.Samples {
		if len(c.Samples) < MaxSamples || i%2 == 0 {
			kept = append(kept, old)
		}
	}
	if waits != c.Waits {
		c.Waits, c.Since = waits, s.At
	}
	c.Samples, c.Planned, c.Written = append(kept, s), planned, c.Written+1
	return c
}
