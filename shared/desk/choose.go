package desk

import (
	"errors"
	"fmt"
)

// WithDefaults returns c with what the admin left out: clocks from the move
// (R9) and quiet notifications (R10).
func (c Choices) WithDefaults() Choices {
	if c.SLA == "" {
		c.SLA = FromMove
	}
	if c.Notifications == "" {
		c.Notifications = Quiet
	}
	return c
}

// CheckChoices reports what is wrong with c, all of it, as *InvalidErrors in
// one; nil if c can be carried out (R7 to R10). Call WithDefaults first. A
// choice about history is refused when history stays behind: it would have
// no effect, and the admin seems to expect one.
func (s Setup) CheckChoices(c Choices) error {
	history, errHistory := ParseHistory("history", string(c.History))
	sla, errSLA := ParseSLAMode("sla", string(c.SLA))
	note, errNote := ParseNotifications("notifications", string(c.Notifications))
	errs := []error{errHistory, errSLA, errNote}
	switch history {
	case AllHistory:
		errs = append(errs, s.CheckStatuses(c.Statuses))
	case NoHistory:
		const remedy = "leave it out, or move history: \"all\""
		if c.Statuses != (StatusMap{}) {
			errs = append(errs, &InvalidError{Field: "statusMap", Problem: "history stays behind, so no status is needed", Remedy: remedy})
		}
		if errSLA == nil && sla != FromMove {
			errs = append(errs, &InvalidError{Field: "sla", Problem: "history stays behind, and live tickets always have clocks", Remedy: remedy})
		}
		if errNote == nil && note != Quiet {
			errs = append(errs, &InvalidError{Field: "notifications", Problem: "history stays behind, and live tickets always notify", Remedy: remedy})
		}
	}
	return errors.Join(errs...)
}

// CheckStatuses reports what is wrong with the mapping of statuses (R8), as
// *InvalidErrors.
func (s Setup) CheckStatuses(m StatusMap) error {
	_, openIn, errOpen := s.statusOf("statusMap.open", m.Open, false)
	_, closedIn, errClosed := s.statusOf("statusMap.closed", m.Closed, true)
	if errOpen == nil && errClosed == nil && openIn.ID != closedIn.ID {
		return &InvalidError{Field: "statusMap", Problem: fmt.Sprintf("%q and %q are of two pipelines", m.Open, m.Closed),
			Remedy: "choose both statuses from one pipeline"}
	}
	return errors.Join(errOpen, errClosed)
}

// statusOf finds a status that must exist and be closed, or open.
func (s Setup) statusOf(field string, id Status, closed bool) (PipelineStatus, Pipeline, error) {
	st, p, ok := s.Status(id)
	kind := "an open"
	if closed {
		kind = "a closed"
	}
	switch {
	case id == "":
		return st, p, &InvalidError{Field: field, Problem: "no status is given", Remedy: "choose " + kind + " status of a pipeline"}
	case !ok:
		return st, p, &InvalidError{Field: field, Problem: fmt.Sprintf("status %.80q is unknown", id),
			Remedy: "choose " + kind + " status of a pipeline of the account"}
	case st.Closed != closed:
		return st, p, &InvalidError{Field: field, Problem: fmt.Sprintf("status %q is not %s one", id, kind),
			Remedy: "choose " + kind + " status of the same pipeline"}
	}
	return st, p, nil
}

// Status returns the ticket status for a conversation's status (R8); any but
// Open and Closed is an *InvalidError.
func (m StatusMap) Status(s ConversationStatus) (Status, error) {
	switch s {
	case Open:
		return m.Open, nil
	case Closed:
		return m.Closed, nil
	}
	_, err := ParseConversationStatus("status", string(s))
	return "", err
}
