// Package text writes plans, reports and results for people to read.
package text

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/verify"
	"deskmove/shared/desk"
)

// Plan writes a plan.
func Plan(w io.Writer, p api.Plan) {
	out := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // into a buffer
	out("channel %s, history %s: %s, %s open and %s closed, %s with a ticket\n\n",
		p.ChannelID, p.History, p.Conversations.Of("conversation"), p.Open, p.Closed, p.WithTicket)
	if len(p.Blockers)+len(p.Warnings) == 0 {
		out("there are no blockers and no warnings\n")
	}
	writeFindings(w, "blocker", p.Blockers)
	writeFindings(w, "warning", p.Warnings)
	out("to create    %s, %s of them without the owner they had\n", p.Create.Of("ticket"), p.OwnersLost)
	if b := p.Breaching; b != nil {
		out("breaches     %s at once with SLA clocks from the move, %s from the original times\n", b.FromMove, b.Original)
	}
	out("messages     %s in a digest, %s if all are told\n", p.Messages.Digest, p.Messages.All)
	for i, q := range p.QuietHours {
		label := "quiet       "
		if i == 0 {
			label = "best start  "
		}
		out("%s %s to %s, %d of %s started at that time\n", label, q.StartAt.Format("Mon 2006-01-02 15:04"), q.EndAt.Format("15:04 MST"),
			q.Conversations, desk.Count(p.HourlyOf, "conversation"))
	}
	e := p.Estimate
	price := fmt.Sprintf("about $%.2f", e.Dollars)
	if e.Dollars < 0.01 {
		price = "less than $0.01"
	}
	more := ""
	if e.Conversations.Is == "at-least" {
		more = ", or more"
	}
	out("on AWS       %s to %s, %s%s\n", Seconds(e.ShortestSeconds), Seconds(e.LongestSeconds), price, more)
}

func writeFindings(w io.Writer, kind string, fs []api.Finding) {
	for _, f := range fs {
		_, _ = fmt.Fprintf(w, "%s %s: %s\n  %s\n", kind, f.Code, f.Problem, f.Remedy)
		if len(f.Each) > 0 {
			ids := make([]string, len(f.Each))
			for i, s := range f.Each {
				ids[i] = s.ID
			}
			_, _ = fmt.Fprintf(w, "  about: %s\n", strings.Join(ids, ", "))
		}
	}
}

// counts returns a map of counts in one line, the largest first.
func counts(m map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		if m[a] != m[b] {
			return int(m[b] - m[a])
		}
		return strings.Compare(a, b)
	})
	parts := make([]string, len(names))
	for i, name := range names {
		shown := name
		if name == "" {
			shown = "nobody"
		}
		parts[i] = fmt.Sprintf("%s %d", shown, m[name])
	}
	return strings.Join(parts, ", ")
}

// Report writes the report of a move.
func Report(w io.Writer, r api.Report) {
	equal := "(equal)"
	if !r.Checksum.Equal {
		equal = "(DIFFERENT)"
	}
	rows := [][]string{
		{"conversations found", fmt.Sprint(r.Found)},
		{"tickets made from history", fmt.Sprint(r.Created)},
		{"moved with the ticket they had", fmt.Sprint(r.AsIs)},
		{"redirected live", fmt.Sprint(r.Redirected)},
		{"failed", fmt.Sprint(r.Failed)},
		{"owners lost: no help desk access", fmt.Sprint(r.OwnersLost) + shares(r.OwnersLostBy)},
		{"SLA breaches at once", fmt.Sprint(r.Breaches)},
		{"tickets by status", counts(r.ByStatus)},
		{"checksum of the inbox", r.Checksum.Inbox},
		{"checksum of the help desk", r.Checksum.Desk + " " + equal},
	}
	if len(r.LeftBehind) > 0 {
		rows = append(rows, []string{"connected channels left behind", strings.TrimPrefix(shares(r.LeftBehind), ": ")})
	}
	if r.NewSince != nil {
		rows = append(rows, []string{"conversations since then", fmt.Sprint(r.NewSince.N)})
	}
	Table(w, rows)
}

// shares returns ": cem 37, dot 2"; "" if there are none.
func shares(of []api.Share) string {
	parts := make([]string, len(of))
	for i, s := range of {
		parts[i] = fmt.Sprintf("%s %d", s.ID, s.N)
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// Verified writes the result of a verification.
func Verified(w io.Writer, r verify.Result) {
	rows := [][]string{{"INVARIANT", "CHECKED", "VIOLATIONS", ""}}
	violated := 0
	for _, c := range r.Checks {
		if c.Violations > 0 {
			violated++
		}
		rows = append(rows, []string{c.Name, fmt.Sprint(c.Checked), fmt.Sprint(c.Violations), c.Promise})
	}
	Table(w, rows)
	for _, c := range r.Checks {
		for _, v := range c.First {
			_, _ = fmt.Fprintf(w, "VIOLATED %s: %s: %s\n", c.Name, v.ID, v.Problem)
		}
		if more := c.Violations - int64(len(c.First)); more > 0 {
			_, _ = fmt.Fprintf(w, "VIOLATED %s: and %d more\n", c.Name, more)
		}
	}
	for _, n := range r.Notes {
		_, _ = fmt.Fprintln(w, "note: "+n)
	}
	verdict := "every invariant holds"
	switch {
	case violated == 1:
		verdict = "1 invariant is VIOLATED"
	case violated > 1:
		verdict = fmt.Sprintf("%d invariants are VIOLATED", violated)
	}
	_, _ = fmt.Fprintf(w, "account %s, %s, %s, %s, %s, %.1f s: %s\n", r.Account, desk.Count(r.Conversations, "conversation"),
		desk.Count(r.Tickets, "ticket"), desk.Count(r.Channels, "channel"), desk.Count(r.Moves, "move"), r.Seconds, verdict)
}

// Seconds returns n seconds as a duration.
func Seconds(n int64) string { return (time.Duration(n) * time.Second).String() }

// Table writes rows in columns.
func Table(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(t, strings.Join(row, "\t")) // into a buffer
	}
	_ = t.Flush()
}
