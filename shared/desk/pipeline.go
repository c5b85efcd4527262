package desk

import (
	"errors"
	"fmt"
)

// Status is the ID of a ticket status, unique in the account.
type Status string

// Pipeline is a list of ticket statuses in their order.
type Pipeline struct {
	ID       string
	Name     string
	Statuses []PipelineStatus
}

// PipelineStatus is one status of a pipeline.
type PipelineStatus struct {
	ID     Status
	Name   string
	Closed bool
}

// first returns the first status of p that is closed, or open; "" if there
// is none.
func (p Pipeline) first(closed bool) Status {
	for _, s := range p.Statuses {
		if s.Closed == closed {
			return s.ID
		}
	}
	return ""
}

// StatusMap gives the ticket statuses of open and closed conversations (R8).
type StatusMap struct {
	Open   Status
	Closed Status
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

// CheckStatusMap reports what is wrong with the mapping of statuses (R8), as
// *InvalidErrors.
func (s Setup) CheckStatusMap(m StatusMap) error {
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
