package desk

import (
	"errors"
	"fmt"
)

// Status is the ID of a ticket status, unique in the account.
type Status string

// Pipeline is an ordered list of ticket statuses.
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

// first returns the first closed or the first open status of p; "" if there is
// none.
func (p Pipeline) first(closed bool) Status {
	for _, s := range p.Statuses {
		if s.Closed == closed {
			return s.ID
		}
	}
	return ""
}

// StatusMap maps open and closed conversations to ticket statuses (R8).
type StatusMap struct {
	Open   Status
	Closed Status
}

// Status returns the ticket status for a conversation's status (R8). Any status
// other than Open and Closed is an *InvalidError.
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

// CheckStatusMap returns *InvalidErrors unless m maps to an open and a closed
// status of the same pipeline (R8).
func (s Setup) CheckStatusMap(m StatusMap) error {
	_, openIn, errOpen := s.statusOf("statusMap.open", m.Open, false)
	_, closedIn, errClosed := s.statusOf("statusMap.closed", m.Closed, true)
	if errOpen == nil && errClosed == nil && openIn.ID != closedIn.ID {
		return &InvalidError{Field: "statusMap", Code: CodeTwoPipelines, Params: Params{"open": string(m.Open), "closed": string(m.Closed)},
			Problem: fmt.Sprintf("%q and %q belong to different pipelines", m.Open, m.Closed),
			Remedy:  "choose both statuses from the same pipeline"}
	}
	return errors.Join(errOpen, errClosed)
}

// statusOf returns the status with that ID, which must be closed or open as the
// caller says, and its pipeline.
func (s Setup) statusOf(field string, id Status, closed bool) (PipelineStatus, Pipeline, error) {
	st, p, ok := s.Status(id)
	kind, word := "an open", Open
	if closed {
		kind, word = "a closed", Closed
	}
	switch {
	case id == "":
		return st, p, &InvalidError{Field: field, Code: CodeStatusMissing, Params: Params{"kind": string(word)},
			Problem: "the status is missing", Remedy: "choose " + kind + " status of a pipeline"}
	case !ok:
		return st, p, &InvalidError{Field: field, Code: CodeUnknownID, Params: Params{"kind": "status", "value": Truncate(string(id), 80)},
			Problem: fmt.Sprintf("status %.80q is unknown", id), Remedy: "choose " + kind + " status of a pipeline of the account"}
	case st.Closed != closed:
		return st, p, &InvalidError{Field: field, Code: CodeStatusKind, Params: Params{"kind": string(word), "value": string(id)},
			Problem: fmt.Sprintf("%q is not %s status", id, kind), Remedy: "choose " + kind + " status of the same pipeline"}
	}
	return st, p, nil
}
