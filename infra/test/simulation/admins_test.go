package simulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"deskmove/shared/admin"
	"deskmove/shared/desk"
)

// isMoveRefusal reports whether an error is a refusal of package move.
func isMoveRefusal(err error) bool {
	var (
		running *admin.RunningError
		reused  *admin.KeyReusedError
		blocked *admin.BlockedError
	)
	return errors.Is(err, desk.ErrNotFound) || errors.As(err, &running) || errors.As(err, &reused) || errors.As(err, &blocked)
}

// scheduleAdmin has an admin move channels of an account: one, sometimes with the
// request repeated, and others when that move has ended, or too early.
func (w *world) scheduleAdmin(c random, account string, at time.Duration) {
	order := slices.Clone(channels)
	c.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
	w.people.movesFirst[account] = order[0]
	for n, channel := range order[:1+c.IntN(3)] {
		choices := w.randomChoices(c, channel)
		key := fmt.Sprintf("key-%d", n)
		if n > 0 {
			at += c.between(0, 2*time.Minute)
			if c.perMille(400) {
				at = max(at-c.between(0, 2*time.Minute), time.Minute)
			}
		}
		w.after(at, func() { w.startMove(account, choices, key, 1) })
		if c.perMille(300) {
			w.after(at+c.between(0, 5*time.Second), func() { w.startMove(account, choices, key, 100) })
		}
	}
	w.after(peopleStop, func() { w.retryMoves(account) })
	if c.perMille(300) {
		rehearsal := w.randomChoices(c, pick(c, order))
		rehearsal.Rehearsal = true
		w.after(at+c.between(-2*time.Minute, time.Minute), func() { w.startMove(account, rehearsal, "rehearsal", 1) })
	}
	if c.perMille(300) {
		for i := range 1 + c.IntN(3) {
			setup := w.changedSetup(c, account)
			w.after(at+c.between(-time.Minute, time.Minute), func() { w.replaceSetup(setup, i) })
		}
	}
}

// changedSetup draws a setup with what an admin may change: who has help desk
// access, and what the move does not own.
func (w *world) changedSetup(c random, account string) desk.Setup {
	s := newSetup(account)
	for i := range s.Agents[1:] {
		s.Agents[1+i].HelpDesk = c.perMille(500)
	}
	for i := range s.Channels {
		s.Channels[i].Name = pick(c, []string{"old", "new"})
	}
	c.Shuffle(len(s.Agents), func(i, k int) { s.Agents[i], s.Agents[k] = s.Agents[k], s.Agents[i] })
	return s
}

// replaceSetup replaces an account's setup.
func (w *world) replaceSetup(setup desk.Setup, i int) {
	account := setup.Account.ID
	w.request(fmt.Sprintf("configure%d %s", i, account), func(ctx context.Context, p *process) error {
		was, err := p.Setups.Setup(ctx, account)
		if err != nil && !errors.Is(err, desk.ErrNotFound) {
			return err
		}
		setup.Version = was.Version
		_, err = p.Accounts.Replace(ctx, desk.Caller{Account: account, Agent: "ann", Role: desk.SuperAdmin}, setup)
		return err
	}, func(err error) {
		if err != nil && !errors.Is(err, desk.ErrChanged) { // another came first
			w.violate("setup %d of %s is refused: %v", i, account, err)
		}
	})
}

// repairConversation gives a conversation its missing date.
func (w *world) repairConversation(x desk.Conversation) {
	w.request("mend "+x.ID, func(ctx context.Context, p *process) error {
		c, err := p.Conversations.Get(ctx, x.Account, x.ID)
		if err != nil || !c.Started.IsZero() || c.Home == desk.HelpDesk { // what has landed is frozen
			return err
		}
		is := c
		is.Started, is.ChangedAt, is.Rev = c.TakenIn, w.date(), c.Rev+1
		return p.Conversations.Save(ctx, c, is)
	}, func(error) {})
}

// randomChoices draws an admin's choices.
func (w *world) randomChoices(c random, channel string) desk.Choices {
	choices := desk.Choices{Channel: channel, History: desk.AllHistory,
		Acknowledged: []string{
			desk.CodeAgentsNoAccess, desk.CodeNoSLAPolicy, desk.CodeRoutingNoAccess, desk.CodeConnectedLeft, desk.CodeWouldBreach,
		},
	}
	if c.perMille(300) {
		choices.History = desk.NoHistory
		return choices
	}
	choices.Statuses = desk.StatusMap{Open: pick(c, []desk.Status{"new", "waiting"}), Closed: "solved"}
	choices.SLA = pick(c, []desk.SLAMode{desk.FromMove, desk.Original, desk.NoClocks})
	choices.Notifications = pick(c, []desk.NotificationMode{desk.Quiet, desk.Digest, desk.All})
	return choices
}

// startMove starts a move; while another one runs, the admin tries again later.
func (w *world) startMove(account string, choices desk.Choices, key string, n int) {
	var m desk.Move
	w.request(fmt.Sprintf("start %s %s %d", account, key, n), func(ctx context.Context, p *process) (err error) {
		m, err = p.Starter.Start(ctx, w.caller(account, "ann"), choices, desk.Idempotency{Key: key, Hash: choices.Channel})
		return err
	}, func(err error) {
		var running *admin.RunningError
		switch {
		case err == nil:
			w.people.moves = append(w.people.moves, startedMove{account, m.ID})
		case errors.As(err, &running) && w.now < peopleStop:
			w.people.requests++
			w.after(time.Minute, func() { w.people.requests--; w.startMove(account, choices, key, n+1) })
		}
	})
}

// retryMoves retries all moves of an account.
func (w *world) retryMoves(account string) {
	for _, id := range slices.Sorted(maps.Keys(w.invariants.moves)) { // those, too, whose start had no answer
		if m := w.invariants.moves[id]; m.Account == account && !m.Choices.Rehearsal {
			w.retryMove(startedMove{account, id}, 1)
		}
	}
}

// retryMove retries a move; while another one runs, the admin tries again later.
func (w *world) retryMove(m startedMove, n int) {
	w.request(fmt.Sprintf("retry %s %d at %s", m.id, n, w.now), func(ctx context.Context, p *process) error {
		_, err := p.Retrier.Retry(ctx, w.caller(m.account, "ann"), m.id)
		return err
	}, func(err error) {
		if running := new(admin.RunningError); errors.As(err, &running) {
			w.people.requests++
			w.after(time.Minute, func() { w.people.requests--; w.retryMove(m, n+1) })
		}
	})
}
