package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/text"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

type statusCmd struct {
	remote `embed:""`

	Move  string `arg:"" optional:"" placeholder:"MOVE" help:"ID of a move; without it, all channels and moves."`
	Watch bool   `help:"Show the move's progress until it ends."`
}

func (statusCmd) Help() string {
	return `For a move that has ended, prints its report, with what failed and why.
Exit code: 2 if conversations of the move failed, else 0.`
}

func (s statusCmd) Run(ctx context.Context, c *call) error {
	server, err := s.client(c)
	if err != nil {
		return err
	}
	if s.Move == "" {
		if s.Watch {
			return fmt.Errorf("--watch needs a move ID; \"%s status\" lists the moves", program())
		}
		return overview(ctx, c, server)
	}
	if s.Watch {
		return watch(ctx, c, server, s.Move)
	}
	seen, err := look(ctx, server, s.Move)
	if err != nil {
		return err
	}
	return seen.show(c)
}

// overview prints all channels and moves.
func overview(ctx context.Context, c *call, server *client.Client) error {
	all := struct {
		Channels []api.Channel     `json:"channels"`
		Moves    []api.ChannelMove `json:"moves"`
	}{[]api.Channel{}, []api.ChannelMove{}}
	for p, err := range server.Channels(ctx) {
		if err != nil {
			return err
		}
		all.Channels = append(all.Channels, p)
	}
	for m, err := range server.Moves(ctx) {
		if err != nil {
			return err
		}
		all.Moves = append(all.Moves, m)
	}
	return c.print(all, func(w io.Writer) {
		rows := [][]string{{"CHANNEL", "TYPE", "HOME", "MAY MOVE"}}
		for _, p := range all.Channels {
			may := "yes"
			if p.Refusal != nil {
				may = p.Refusal.Problem + "; " + p.Refusal.Remedy
			}
			rows = append(rows, []string{p.ID, p.Type, p.Home, may})
		}
		text.Table(w, rows)
		if len(all.Moves) == 0 {
			return
		}
		rows = [][]string{{"\nMOVE", "CHANNEL", "HISTORY", "STATUS", "STARTED", "TOOK"}}
		for _, m := range all.Moves {
			status := m.Status
			if m.Rehearsal {
				status += " (rehearsal)"
			}
			took := ""
			if !m.EndedAt.IsZero() {
				took = m.EndedAt.Sub(m.StartedAt).Round(time.Second).String()
			}
			rows = append(rows, []string{m.ID, m.ChannelID, m.History, status, m.StartedAt.Local().Format(time.DateTime), took})
		}
		text.Table(w, rows)
	})
}

// seen is a move, and once it has ended its report and failures.
type seen struct {
	Move     api.ChannelMove `json:"move"`
	Report   *api.Report     `json:"report,omitempty"`
	Failures []api.Failure   `json:"failures,omitempty"`
}

func look(ctx context.Context, server *client.Client, id string) (seen, error) {
	m, err := server.Move(ctx, id)
	s := seen{Move: m}
	if err != nil || !ended(m) {
		return s, err
	}
	r, err := server.Report(ctx, id)
	if err != nil {
		return s, err
	}
	s.Report = &r
	for f, err := range server.Failures(ctx, id) {
		if err != nil {
			return s, err
		}
		s.Failures = append(s.Failures, f)
	}
	return s, nil
}

func ended(m api.ChannelMove) bool { return m.Status == "done" || m.Status == "attention" }

// show prints a move. Its exit code is 2 if the move's status is attention.
func (s seen) show(c *call) error {
	if err := c.print(s, s.write); err != nil {
		return err
	}
	if s.Move.Status == "attention" {
		return &exitError{code: codeAttention}
	}
	return nil
}

// mostFailures is how many failures are printed for people.
const mostFailures = 20

func (s seen) write(w io.Writer) {
	m := s.Move
	what := "move"
	if m.Rehearsal {
		what = "rehearsal"
	}
	_, _ = fmt.Fprintf(w, "%s %s of channel %s, history %s: %s\n", what, m.ID, m.ChannelID, m.History, m.Status)
	if s.Report == nil {
		_, _ = fmt.Fprintln(w, "  "+progress(m))
		return
	}
	_, _ = fmt.Fprintf(w, "it took %s\n", m.EndedAt.Sub(m.StartedAt).Round(100*time.Millisecond))
	text.Report(w, *s.Report)
	for i, f := range s.Failures {
		if i == mostFailures {
			_, _ = fmt.Fprintf(w, "and %s\n", desk.Count(len(s.Failures)-i, "more failure"))
			break
		}
		_, _ = fmt.Fprintf(w, "failed: %s: %s: %s\n", f.ConversationID, f.Code, f.Reason)
	}
	if m.Status == "attention" {
		_, _ = fmt.Fprintf(w, "fix the causes, then run: %s retry %s\n", program(), m.ID)
	}
}

// progress describes a move's progress in one line.
func progress(m api.ChannelMove) string {
	parts := []string{m.Status}
	if phase := m.PhaseNow(); phase != "" {
		parts[0] = phase
	}
	if p := m.Progress; p != nil {
		parts = append(parts, fmt.Sprintf("%d of %s", p.Done, desk.Count(p.Planned, "conversation")))
		if p.Failed > 0 {
			parts = append(parts, fmt.Sprintf("%d failed", p.Failed))
		}
	}
	if m.RatePerSecond != nil {
		parts = append(parts, fmt.Sprintf("%.0f/s", *m.RatePerSecond))
	}
	if m.Waiting != nil {
		parts = append(parts, m.Waiting.Code+" since "+m.Waiting.Since.Local().Format(time.TimeOnly))
	}
	if m.ETASeconds != nil {
		parts = append(parts, "about "+text.Seconds(*m.ETASeconds)+" left")
	}
	return strings.Join(parts, ", ")
}
