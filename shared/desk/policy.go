package desk

import (
	"slices"
	"time"
)

// Policy is one set of service promises. Durations count in working time of
// the schedule; zero promises nothing.
type Policy struct {
	ID         string
	Name       string
	Channels   []string // channel IDs it is for; empty is all
	Statuses   []Status // ticket statuses it is for; empty is all
	Schedule   Schedule
	FirstReply time.Duration
	NextReply  time.Duration
	Close      time.Duration
}

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

// Clocks are the times by which something is due. A zero time is no clock.
type Clocks struct {
	Policy     string // ID of the policy, "" if none applies
	FirstReply time.Time
	NextReply  time.Time
	Close      time.Time
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

// parsedPolicy is a policy whose schedule is ready for counting.
type parsedPolicy struct {
	Policy
	calendar *calendar
}

// parse makes p ready for counting, or reports all that is wrong with its
// schedule and durations as *InvalidErrors below field.
func (p Policy) parse(field, zone string) (parsedPolicy, error) {
	c, err := p.Schedule.calendar(field+".schedule", zone)
	if err != nil {
		return parsedPolicy{}, err
	}
	var errs problems
	errs.check(c.checkDuration(field+".firstReply", p.FirstReply))
	errs.check(c.checkDuration(field+".nextReply", p.NextReply))
	errs.check(c.checkDuration(field+".close", p.Close))
	return parsedPolicy{p, c}, errs.join()
}

// due returns when d, promised at from, is due; zero if d promises nothing.
func (p parsedPolicy) due(from time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return p.calendar.add(from, d)
}

// clocks returns the clocks that run on t while c is as it is. A closed
// ticket has none. The first reply is due until an agent answered; after
// that, the next reply is due while the customer waits.
func (r *Rules) clocks(t Ticket, c Conversation) Clocks {
	p, ok := r.policyFor(t.Status)
	if !ok || r.closed(t.Status) {
		return Clocks{}
	}
	start, ok := r.replyStart(t, c)
	if !ok && t.Opened.IsZero() {
		return Clocks{}
	}
	running := Clocks{Policy: p.ID}
	switch {
	case !ok:
	case c.FirstReplyAt.IsZero():
		running.FirstReply = p.due(start, p.FirstReply)
	case !c.WaitingSince.IsZero():
		running.NextReply = p.due(later(start, c.WaitingSince), p.NextReply)
	}
	if !t.Opened.IsZero() {
		running.Close = p.due(t.Opened, p.Close)
	}
	return running
}

// replyStart returns from when replies on t are due, or that none is. History
// counts as the admin chose (R9); all else from when it came, by the
// store's clock and not by the customer's. With NoClocks nothing of the past
// is due, but what the customer writes from the fence on is live.
func (r *Rules) replyStart(t Ticket, c Conversation) (time.Time, bool) {
	switch {
	case t.Provenance == Live:
		return c.TakenIn, true
	case t.Provenance == Native:
		return t.Created, true
	case r.withoutClocks(t):
		return r.move.FenceAt, !c.CustomerAt.Before(r.move.FenceAt)
	case r.move.Choices.SLA == Original:
		return c.Started, true
	}
	return t.Imported, true
}

// withoutClocks reports whether the admin chose no clocks for t.
func (r *Rules) withoutClocks(t Ticket) bool {
	return t.Provenance == History && r.move.Choices.SLA == NoClocks
}

// policyFor returns the first policy for the status.
func (r *Rules) policyFor(s Status) (parsedPolicy, bool) {
	for _, p := range r.policies {
		if p.isForStatus(s) {
			return p, true
		}
	}
	return parsedPolicy{}, false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
