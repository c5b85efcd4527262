package desk

import "time"

// clocks returns the clocks that run on t while c is as it is. A closed
// ticket has none. The first reply is due until an agent answered; after
// that, the next reply is due while the customer waits.
func (r *Rules) clocks(t Ticket, c Conversation) Clocks {
	p, ok := r.promiseFor(t.Status)
	if !ok || r.closed(t.Status) {
		return Clocks{}
	}
	start, ok := r.start(t, c)
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

// start returns from when replies on t are due, or that none is. History
// counts as the admin chose (R9); all else from when it came, by the
// store's clock and not by the customer's. With NoClocks nothing of the past
// is due, but what the customer writes from the fence on is live.
func (r *Rules) start(t Ticket, c Conversation) (time.Time, bool) {
	switch {
	case t.Provenance == Live:
		return c.TakenIn, true
	case t.Provenance == Native:
		return t.Created, true
	case r.silent(t):
		return r.move.FenceAt, !c.CustomerAt.Before(r.move.FenceAt)
	case r.move.Choices.SLA == Original:
		return c.Started, true
	}
	return t.Imported, true
}

// silent reports whether the admin chose no clocks for t.
func (r *Rules) silent(t Ticket) bool {
	return t.Provenance == History && r.move.Choices.SLA == NoClocks
}

// promiseFor returns the first policy for the status.
func (r *Rules) promiseFor(s Status) (promise, bool) {
	for _, p := range r.promises {
		if p.isForStatus(s) {
			return p, true
		}
	}
	return promise{}, false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
