package desk

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Position is a place in the list of a channel's conversations, newest first.
// As the bound of a range, the zero Position means the start or the end of
// the list.
type Position struct {
	Joined time.Time // to the millisecond
	ID     string    // conversation ID
}

// IsZero reports whether p is the zero Position.
func (p Position) IsZero() bool { return p.ID == "" && p.Joined.IsZero() }

// MarshalText encodes p as "milliseconds.ID".
func (p Position) MarshalText() ([]byte, error) {
	if p.IsZero() {
		return nil, nil
	}
	return fmt.Appendf(nil, "%d.%s", p.Joined.UnixMilli(), p.ID), nil
}

// UnmarshalText decodes the output of MarshalText.
func (p *Position) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Position{}
		return nil
	}
	ms, id, ok := strings.Cut(string(text), ".")
	n, err := strconv.ParseInt(ms, 10, 64)
	if !ok || err != nil {
		return &InvalidError{Field: "cursor", Code: CodeBadCursor, Problem: "not a valid cursor", Remedy: "send a cursor exactly as it was returned, or leave it out"}
	}
	*p = Position{Joined: time.UnixMilli(n).UTC(), ID: id}
	return nil
}

// ConversationIDs returns the IDs of the conversations at positions, in order.
func ConversationIDs(ps []Position) []string {
	ids := make([]string, len(ps))
	for i, p := range ps {
		ids[i] = p.ID
	}
	return ids
}
