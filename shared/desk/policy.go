package desk

import (
	"slices"
	"time"
)

// PolicyFor returns the first policy, in the account's order, for tickets of
// that channel and status.
func (s Setup) PolicyFor(channel string, status Status) (Policy, bool) {
	for _, p := range s.Policies {
		if p.isForChannel(channel) && p.isForStatus(status) {
			return p, true
		}
	}
	return Policy{}, false
}

func (p Policy) isForChannel(id string) bool {
	return len(p.Channels) == 0 || slices.Contains(p.Channels, id)
}

func (p Policy) isForStatus(s Status) bool {
	return len(p.Statuses) == 0 || slices.Contains(p.Statuses, s)
}

// Breached reports whether any clock is past at now.
func (c Clocks) Breached(now time.Time) bool {
	for _, due := range [...]time.Time{c.FirstReply, c.NextReply, c.Close} {
		if !due.IsZero() && due.Before(now) {
			return true
		}
	}
	return false
}

// promise is a policy whose schedule is ready for counting.
type promise struct {
	Policy
	calendar *calendar
}

// promise makes p ready for counting, or reports all that is wrong with its
// schedule and durations as *InvalidErrors below field.
func (p Policy) promise(field, zone string) (promise, error) {
	c, err := p.Schedule.calendar(field+".schedule", zone)
	if err != nil {
		return promise{}, err
	}
	var errs problems
	errs.check(c.checkDuration(field+".firstReply", p.FirstReply))
	errs.check(c.checkDuration(field+".nextReply", p.NextReply))
	errs.check(c.checkDuration(field+".close", p.Close))
	return promise{p, c}, errs.join()
}

// due returns when d, promised at from, is due; zero if d promises nothing.
func (p promise) due(from time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return p.calendar.add(from, d)
}
