package desk

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Position is a place in a channel's listing, which runs from new to old. The
// zero Position is open: the top, or the bottom.
type Position struct {
	Joined time.Time // to the millisecond
	ID     string    // of the conversation
}

// IsZero reports whether p is open.
func (p Position) IsZero() bool { return p.ID == "" && p.Joined.IsZero() }

// MarshalText writes p as "milliseconds.ID".
func (p Position) MarshalText() ([]byte, error) {
	if p.IsZero() {
		return nil, nil
	}
	return fmt.Appendf(nil, "%d.%s", p.Joined.UnixMilli(), p.ID), nil
}

// UnmarshalText reads what MarshalText wrote.
func (p *Position) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Position{}
		return nil
	}
	ms, id, ok := strings.Cut(string(text), ".")
	n, err := strconv.ParseInt(ms, 10, 64)
	if !ok || err != nil {
		return &InvalidError{Field: "cursor", Problem: "it is not a cursor", Remedy: "use a cursor as it was returned, or none"}
	}
	*p = Position{Joined: time.UnixMilli(n).UTC(), ID: id}
	return nil
}

// ConversationIDs returns the IDs of the conversations at positions, in their order.
func ConversationIDs(ps []Position) []string {
	ids := make([]string, len(ps))
	for i, p := range ps {
		ids[i] = p.ID
	}
	return ids
}
