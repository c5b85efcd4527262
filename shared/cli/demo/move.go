package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/text"
	"deskmove/shared/cli/verify"
	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
)

// choices returns the move that the demo starts.
func (d *demo) choices() api.NewMove {
	m := api.NewMove{
		ChannelID: Moved, History: string(desk.AllHistory), StatusMap: api.StatusMap{Open: "new", Closed: "solved"},
		SLA: string(desk.FromMove), Notifications: string(desk.Digest),
	}
	for _, w := range d.Plan.Warnings {
		m.Acknowledged = append(m.Acknowledged, w.Code)
	}
	return m
}

func (d *demo) plan(ctx context.Context) (err error) {
	if d.Plan, err = d.admin.Plan(ctx, Moved, string(desk.AllHistory)); err != nil {
		return err
	}
	d.title("The plan: what a move of %s with its history would run into", Moved)
	d.write(func(w io.Writer) { text.Plan(w, d.Plan) })
	if len(d.Plan.Blockers) > 0 {
		return errors.New("the plan has blockers")
	}
	return nil
}

func (d *demo) rehearse(ctx context.Context) error {
	choices := d.choices()
	choices.Rehearsal = true
	m, err := d.admin.StartMove(ctx, choices, "rehearsal")
	if err != nil {
		return err
	}
	done := d.watch(ctx, func() string { return "rehearsing" })
	m, err = d.await(ctx, m, func(api.ChannelMove) {})
	done()
	if err != nil {
		return err
	}
	if d.Rehearsal, err = d.admin.Report(ctx, m.ID); err != nil {
		return err
	}
	r := d.Rehearsal
	d.title("A rehearsal, which writes nothing but its report")
	d.say("%s: %s to create, %d to move unchanged, %s lost, %d would fail, %d would breach (%s)",
		desk.Count(r.Found, "conversation"), desk.Count(r.Created, "ticket"), r.AsIs, desk.Count(r.OwnersLost, "owner"), r.Failed, r.Breaches, m.EndedAt.Sub(m.StartedAt).Round(10*time.Millisecond))
	return nil
}

// await waits for the end of a move and calls seen with its progress.
func (d *demo) await(ctx context.Context, m api.ChannelMove, seen func(api.ChannelMove)) (api.ChannelMove, error) {
	for m.EndedAt.IsZero() {
		if err := clock.Sleep(ctx, 50*time.Millisecond); err != nil {
			return m, err
		}
		var err error
		if m, err = d.admin.Move(ctx, m.ID); err != nil {
			return m, err
		}
		seen(m)
	}
	return m, nil
}

func (d *demo) move(ctx context.Context) error {
	d.title("The move, while customers keep writing")
	if err := d.before(ctx); err != nil {
		return err
	}
	m, err := d.admin.StartMove(ctx, d.choices(), "move")
	if err != nil {
		return err
	}
	var latest atomic.Pointer[api.ChannelMove]
	latest.Store(&m)
	done := d.watch(ctx, func() string { return d.progress(*latest.Load()) })
	fenced := false
	m, err = d.await(ctx, m, func(m api.ChannelMove) {
		latest.Store(&m)
		if !m.FenceAt.IsZero() && !fenced {
			fenced = true
			d.traffic.Sample(Moved)
			d.Story.begin(ctx, d)
			d.beginMail(ctx)
		}
	})
	done()
	if err != nil {
		return err
	}
	d.Move = m
	d.say("done after %s: %s", m.EndedAt.Sub(m.StartedAt).Round(10*time.Millisecond), d.progress(m))
	return nil
}

// phases describes each phase of a move.
var phases = map[string]string{
	"":         "starting",
	"redirect": "new mail goes to the help desk",
	"list":     "listing conversations",
	"convert":  "converting",
	"compare":  "looking for anything missed",
	"report":   "writing the report",
}

// progress describes a running move in one line.
func (d *demo) progress(m api.ChannelMove) string {
	var b strings.Builder
	phase, ok := phases[m.PhaseNow()]
	if !ok {
		phase = m.PhaseNow()
	}
	if !m.EndedAt.IsZero() {
		phase = "finished"
	}
	p := m.Progress
	if p == nil {
		p = &api.Progress{}
	}
	const width = 24
	full := 0
	if p.Planned > 0 {
		full = int(min(width*p.Done/p.Planned, width))
	}
	fmt.Fprintf(&b, "[%s%s] %d of %d converted", strings.Repeat("█", full), strings.Repeat("·", width-full), p.Done, p.Planned)
	if d.traffic != nil {
		fmt.Fprintf(&b, ", %s by customers and agents so far", desk.Count(d.traffic.Stats().Changes(), "change"))
	}
	return b.String() + " — " + phase
}

func (d *demo) report(ctx context.Context) (err error) {
	if d.Report, err = d.admin.Report(ctx, d.Move.ID); err != nil {
		return err
	}
	d.title("The report")
	d.write(func(w io.Writer) { text.Report(w, d.Report) })
	if err := d.after(ctx); err != nil {
		return err
	}
	d.title("What happened to one conversation")
	d.showStory()
	if err := d.afterMail(ctx); err != nil {
		return err
	}
	d.title("What happened to one thread of mail")
	d.showMail()
	return nil
}

// patience is how long what customers wrote may be on its way: of a server that runs
// already it is not known how fast it is.
func (d *demo) patience() time.Duration {
	if d.Endpoint != "" {
		return 2 * time.Minute
	}
	return 15 * time.Second
}

func (d *demo) verify(ctx context.Context) (err error) {
	d.title("The proof, calculated from the data")
	done := d.watch(ctx, func() string { return "verifying" })
	d.Verify, err = verify.Run(ctx, d.admin, verify.Options{Settings: d.settings, Grace: d.patience()})
	done()
	if err != nil {
		return err
	}
	done = d.watch(ctx, func() string { return "comparing with every acknowledged change" })
	d.Check, err = d.traffic.Check(ctx, []desk.Move{{
		ID: d.Move.ID, FenceAt: d.Move.FenceAt,
		Choices: desk.Choices{Channel: Moved, History: desk.AllHistory, Statuses: desk.StatusMap{Open: "new", Closed: "solved"}},
	}}, d.patience())
	done()
	if err != nil {
		return err
	}
	d.showProof()
	return nil
}
