package desk

import (
	"slices"
	"time"
)

// Policy is an SLA policy. Its durations are working time of the schedule; zero
// means no promise.
type Policy struct {
	ID         string
	Name       string
	Channels   []string // channel IDs it applies to; empty means all
	Statuses   []Status // ticket statuses it applies to; empty means all
	Schedule   Schedule
	FirstReply time.Duration
	NextReply  time.Duration
	Close      time.Duration
}

func (p Policy) isForChannel(id string) bool {
	return len(p.Channels) == 0 || slices.Contains(p.Channels, id)
}

func (p Policy) isForStatus(s Status) bool {
	return len(p.Statuses) == 0 || slices.Contains(p.Statuses, s)
}

// Clocks are the times at which something is due; a zero time means never.
type Clocks struct {
	Policy     string // policy ID; "" if none applies
	FirstReply time.Time
	NextReply  time.Time
	Close      time.Time
}

// Breached reports whether anything is overdue at now.
func (c Clocks) Breached(now time.Time) bool {
	due := c.Due()
	return !due.IsZero() && due.Before(now)
}

// Due returns the earliest due time, zero if nothing is due.
func (c Clocks) Due() (first time.Time) {
	for _, due := range [...]time.Time{c.FirstReply, c.NextReply, c.Close} {
		if !due.IsZero() && (first.IsZero() || due.Before(first)) {
			first = due
		}
	}
	return first
}

// parsedPolicy is a Policy with the calendar of its schedule.
type parsedPolicy struct {
	Policy
	calendar *calendar
}

// parse checks p and prepares its calendar. All errors in the schedule and the
// durations are returned as *InvalidErrors, joined, with paths below field.
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

// due returns the time at which a promise of d, given at from, is due; zero if d
// promises nothing.
func (p parsedPolicy) due(from time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return p.calendar.add(from, d)
}

// clocks returns the clocks of c's ticket. A closed ticket has none. The first
// reply is due until an agent has answered, once a customer has asked something; after
// that, the next reply is due while the customer waits.
func (r *Rules) clocks(c Conversation) Clocks {
	t := c.Ticket
	p, ok := r.policyFor(t.Status)
	if !ok || r.closed(t) {
		return Clocks{}
	}
	start, ok := r.replyStart(c, t)
	if !ok && t.Opened.IsZero() {
		return Clocks{}
	}
	running := Clocks{Policy: p.ID}
	switch {
	case !ok, !c.asked():
	case c.FirstReplyAt.IsZero():
		if t.Provenance == Live { // which a note or a bot may have begun
			start = later(start, c.WaitingSince)
		}
		running.FirstReply = p.due(start, p.FirstReply)
	case !c.WaitingSince.IsZero():
		running.NextReply = p.due(later(start, c.WaitingSince), p.NextReply)
	}
	if !t.Opened.IsZero() {
		running.Close = p.due(t.Opened, p.Close)
	}
	return running
}

// asked reports whether a customer has asked something in c. What history has done is
// not known.
func (c Conversation) asked() bool { return c.CustomerRev > 0 || !c.WaitingSince.IsZero() || c.Past }

// replyStart returns the start of the clocks for replies, or false if no reply is
// due. For history it depends on the admin's choice (R9), for the rest it is
// the arrival by the store's clock, not the customer's date. With NoClocks,
// replies are due only to what the customer writes after the fence.
func (r *Rules) replyStart(c Conversation, t Ticket) (time.Time, bool) {
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

// policyFor returns the first policy that applies to the status.
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
