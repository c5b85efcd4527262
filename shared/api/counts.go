package api

import (
	"context"
	"net/http"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

func (r *routes) counts() {
	add(r, operation{
		id: "get-counts", method: http.MethodGet, path: "/v1/counts", tag: tagTickets, roles: agents,
		summary: "Count what is open",
		description: "What is open in the inbox and in the help desk: all, the caller's, nobody's and what is late. Counts end at " +
			"1,000, or earlier where few of very many count, and then say so. Those of the help desk need help desk access.",
	}, r.api.getCounts)
}

// Counts are the counts of what is open, by home.
type Counts struct {
	Inbox    HomeCounts  `json:"inbox"`
	HelpDesk *HomeCounts `json:"desk,omitempty" doc:"Absent without help desk access."`
}

// HomeCounts are the counts of one home.
type HomeCounts struct {
	Open    Count  `json:"open"`
	Mine    Count  `json:"mine" doc:"The caller's."`
	Unowned Count  `json:"unowned" doc:"Nobody's."`
	Late    *Count `json:"late,omitempty" doc:"Tickets of which something is overdue."`
}

// Count is a number of conversations or tickets.
type Count struct {
	N       int  `json:"n" example:"37"`
	AtLeast bool `json:"atLeast" doc:"There may be more."`
}

func writeCounts(c support.Counts) HomeCounts {
	return HomeCounts{Open: Count(c.Open), Mine: Count(c.Mine), Unowned: Count(c.Unowned)}
}

func (a *api) getCounts(ctx context.Context, c desk.Admitted, _ *struct{}) (*body[Counts], error) {
	inbox, helpDesk, err := a.Counter.Counts(ctx, c.Account, c.Agent)
	if err != nil {
		return nil, err
	}
	w := Counts{Inbox: writeCounts(inbox)}
	if c.Person.HelpDesk {
		counts, late := writeCounts(helpDesk), Count(helpDesk.Late)
		counts.Late = &late
		w.HelpDesk = &counts
	}
	return &body[Counts]{w}, nil
}
