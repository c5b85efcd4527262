package torture

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
	return errors.Is(err, move.ErrNotFound) || errors.As(err, &running) || errors.As(err, &reused) || errors.As(err, &blocked)
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
	choices.Notifications = one(c, []desk.Notifications{desk.Quiet, desk.Digest, desk.All})
	return choices
}

// begins starts a move; while another one runs, the admin tries again later.
func (w *world) begins(account string, choices desk.Choices, key string, n int) {
	var m desk.Move
	w.request(fmt.Sprintf("start %s %s %d", account, key, n), func(ctx context.Context, p *process) (err error) {
		m, err = p.Cases.Start.Move(ctx, w.who(account, "ann"), choices, move.Idempotency{Key: key, Hash: choices.Channel})
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
	for i, m := range w.people.moves {
		if m.account != account {
			continue
		}
		w.request(fmt.Sprintf("retry%d", i), func(ctx context.Context, p *process) error {
			_, err := p.Cases.Retry.Move(ctx, w.who(account, "ann"), m.id)
			return err
		}, func(error) {})
	}
}
