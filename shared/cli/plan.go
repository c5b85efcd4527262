package cli

import (
	"context"
	"deskmove/shared/api"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

type planCmd struct {
	remote `embed:""`

	Channel string `required:"" placeholder:"C" help:"The channel to move."`
	History string `default:"all" enum:"all,none" placeholder:"all|none" help:"Move the channel's conversations too, or leave them in the inbox (${default})."`
}

func (planCmd) Help() string {
	return `Writes nothing. A blocker prevents the move; each warning must be acknowledged by its code (move --ack CODE).
For exact counts of what would happen to every conversation, run "move --rehearsal".`
}

func (p planCmd) Run(ctx context.Context, c *call) error {
	server, err := p.client()
	if err != nil {
		return err
	}
	plan, err := server.Plan(ctx, p.Channel, p.History)
	if err != nil {
		return err
	}
	return c.print(plan, func(w io.Writer) { writePlan(w, plan) })
}

func writePlan(w io.Writer, p api.Plan) {
	out := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // into a buffer
	atLeast := ""
	if p.Sampled {
		atLeast = "at least "
	}
	out("channel %s, history %s: %s%d conversations, %d open and %d closed, %d with a ticket\n\n",
		p.ChannelID, p.History, atLeast, p.Conversations, p.Open, p.Closed, p.WithTicket)
	if len(p.Blockers)+len(p.Warnings) == 0 {
		out("there are no blockers and no warnings\n")
	}
	writeFindings(w, "blocker", p.Blockers)
	writeFindings(w, "warning", p.Warnings)
	if len(p.Owned) > 0 {
		out("owned by     %s\n", counts(p.Owned))
	}
	if len(p.LeftBehind) > 0 {
		out("left behind  %s\n", counts(p.LeftBehind))
	}
	for i, q := range p.QuietHours {
		label := "quiet       "
		if i == 0 {
			label = "best start  "
		}
		out("%s %s to %s, %d conversations started at that time so far\n", label, q.StartAt.Format("Mon 2006-01-02 15:04"), q.EndAt.Format("15:04 MST"), q.Messages)
	}
	e := p.Estimate
	out("on AWS       %s to %s, about $%.2f\n", seconds(e.ShortestSeconds), seconds(e.LongestSeconds), e.Dollars)
}

func writeFindings(w io.Writer, kind string, fs []api.Finding) {
	for _, f := range fs {
		_, _ = fmt.Fprintf(w, "%s %s: %s\n  %s\n", kind, f.Code, f.Problem, f.Remedy)
		if len(f.About) > 0 {
			_, _ = fmt.Fprintf(w, "  about: %s\n", strings.Join(f.About, ", "))
		}
	}
}

// counts writes a map of counts, the largest first.
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

func seconds(n int64) string { return (time.Duration(n) * time.Second).String() }

// table writes rows in columns.
func table(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(t, strings.Join(row, "\t")) // into a buffer
	}
	_ = t.Flush()
}
