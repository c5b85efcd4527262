package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// isMoveRefusal reports whether an error is a refusal of package move.
func isMoveRefusal(err error) bool {
	var (
		running *move.RunningError
		reused  *move.KeyReusedError
		blocked *move.BlockedError
	)
	return errors.Is(err, desk.ErrNotFound) || errors.As(err, &running) || errors.As(err, &reused) || errors.As(err, &blocked)
}

// admin moves channels of an account: one, sometimes with the request
// repeated, and others when that has ended, or too early.
func (w *world) admin(c chance, account string, at time.Duration) {
	order := slices.Clone(channels)
	c.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
	w.people.hot[account] = order[0]
	for n, channel := range order[:1+c.IntN(3)] {
		choices := w.choices(c, channel)
		key := fmt.Sprintf("key-%d", n)
		if n > 0 {
			at += c.span(0, 2*time.Minute)
			if c.hit(400) {
				at = max(at-c.span(0, 2*time.Minute), time.Minute)
			}
		}
		w.after(at, func() { w.begins(account, choices, key, 1) })
		if c.hit(300) {
			w.after(at+c.span(0, 5*time.Second), func() { w.begins(account, choices, key, 100) })
		}
	}
	w.after(acting, func() { w.retries(account) })
	if c.hit(300) {
		rehearsal := w.choices(c, one(c, order))
		rehearsal.Rehearsal = true
		w.after(at+c.span(-2*time.Minute, time.Minute), func() { w.begins(account, rehearsal, "rehearsal", 1) })
	}
	if c.hit(300) {
		for i := range 1 + c.IntN(3) {
			setup := w.reconfigured(c, account)
			w.after(at+c.span(-time.Minute, time.Minute), func() { w.configures(setup, i) })
		}
	}
}

// reconfigured is a setup as an admin may change it: who has help desk access,
// and what is not the move's.
func (w *world) reconfigured(c chance, account string) desk.Setup {
	s := setupOf(account)
	for i := range s.Agents[1:] {
		s.Agents[1+i].HelpDesk = c.hit(500)
	}
	for i := range s.Channels {
		s.Channels[i].Name = one(c, []string{"old", "new"})
	}
	c.Shuffle(len(s.Agents), func(i, k int) { s.Agents[i], s.Agents[k] = s.Agents[k], s.Agents[i] })
	return s
}

// configures changes an account's setup.
func (w *world) configures(setup desk.Setup, i int) {
	account := setup.Account.ID
	w.request(fmt.Sprintf("configure%d %s", i, account), func(ctx context.Context, p *process) error {
		_, err := p.Accounts.Replace(ctx, setup)
		return err
	}, func(err error) {
		if err != nil {
			w.violated("setup %d of %s is refused: %v", i, account, err)
		}
	})
}

// mends gives a conversation the date that it lacks.
func (w *world) mends(x desk.Conversation) {
	w.request("mend "+x.ID, func(ctx context.Context, p *process) error {
		c, err := p.Conversations.Get(ctx, x.Account, x.ID)
		if err != nil || !c.Started.IsZero() {
			return err
		}
		old := c.Version
		c.Started, c.ChangedAt, c.Version = c.TakenIn, w.date(), old+1
		return p.Conversations.Save(ctx, c, old)
	}, func(error) {})
}

// choices are what an admin may choose.
func (w *world) choices(c chance, channel string) desk.Choices {
	choices := desk.Choices{Channel: channel, History: desk.AllHistory,
		Acknowledged: []string{
			desk.CodeAgentsNoAccess, desk.CodeNoSLAPolicy, desk.CodeRoutingNoAccess, desk.CodeConnectedLeft, desk.CodeWouldBreach,
		},
	}
	if c.hit(300) {
		choices.History = desk.NoHistory
		return choices
	}
	choices.Statuses = desk.StatusMap{Open: one(c, []desk.Status{"new", "waiting"}), Closed: "solved"}
	choices.SLA = one(c, []desk.SLAMode{desk.FromMove, desk.Original, desk.NoClocks})
	choices.Notifications = one(c, []desk.NotificationMode{desk.Quiet, desk.Digest, desk.All})
	return choices
}

// begins starts a move; while another one runs, the admin tries again later.
func (w *world) begins(account string, choices desk.Choices, key string, n int) {
	var m desk.Move
	w.request(fmt.Sprintf("start %s %s %d", account, key, n), func(ctx context.Context, p *process) (err error) {
		m, err = p.Starter.Start(ctx, w.who(account, "ann"), choices, move.Idempotency{Key: key, Hash: choices.Channel})
		return err
	}, func(err error) {
		var running *move.RunningError
		switch {
		case err == nil:
			w.people.moves = append(w.people.moves, started{account, m.ID})
		case errors.As(err, &running) && w.now < acting:
			w.people.busy++
			w.after(time.Minute, func() { w.people.busy--; w.begins(account, choices, key, n+1) })
		}
	})
}

// retries tries again what moves could not convert.
func (w *world) retries(account string) {
	for _, m := range w.people.moves {
		if m.account == account {
			w.retry(m, 1)
		}
	}
}

// retry retries a move; while another one runs, the admin tries again later.
func (w *world) retry(m started, n int) {
	w.request(fmt.Sprintf("retry %s %d at %s", m.id, n, w.now), func(ctx context.Context, p *process) error {
		_, err := p.Retrier.Retry(ctx, w.who(m.account, "ann"), m.id)
		return err
	}, func(err error) {
		if running := new(move.RunningError); errors.As(err, &running) {
			w.people.busy++
			w.after(time.Minute, func() { w.people.busy--; w.retry(m, n+1) })
		}
	})
}
