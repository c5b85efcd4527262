package verify

import (
	"context"
	"errors"
	"maps"
	"time"

	"deskmove/shared/api"
)

// world is the setup and the moves that conversations and tickets are checked
// against.
type world struct {
	me       api.Me
	setup    api.Setup
	closed   map[string]bool // ticket statuses that are closed; open ones are false
	agents   map[string]bool
	channels map[string]api.Channel
	moves    map[string]api.ChannelMove // rehearsals too
	ordered  []api.ChannelMove          // oldest first
	failed   map[string]bool            // conversations whose failure is on record
	access   map[string]map[string]bool // by move, the agents who had help desk access at its fence
}

func (v *verifier) look(ctx context.Context) error {
	w := &world{
		closed: make(map[string]bool), agents: make(map[string]bool),
		moves: make(map[string]api.ChannelMove), failed: make(map[string]bool), access: make(map[string]map[string]bool),
	}
	var err error
	if w.me, err = v.api.Me(ctx); err != nil {
		return err
	}
	if w.me.Role != "super-admin" || !w.me.HelpDesk {
		return errors.New("the token's agent " + w.me.Agent + " cannot see everything: use the token of a super administrator with help desk access")
	}
	if w.setup, _, err = v.api.Setup(ctx); err != nil {
		return err
	}
	for _, p := range w.setup.Pipelines {
		for _, s := range p.Statuses {
			w.closed[s.ID] = s.Closed
		}
	}
	for _, a := range w.setup.Agents {
		w.agents[a.ID] = true
	}
	if w.channels, err = v.channels(ctx); err != nil {
		return err
	}
	if err := v.lookAtMoves(ctx, w); err != nil {
		return err
	}
	switch since, err := v.channels(ctx); {
	case err != nil:
		return err
	case !maps.EqualFunc(w.channels, since, samePlace): // a move has begun or ended meanwhile
		return v.look(ctx)
	}
	if v.reports == nil { // the first look
		v.reports = make(map[string]time.Time, len(w.moves))
		for id, m := range w.moves {
			v.reports[id] = m.EndedAt
		}
	}
	v.world = w
	return nil
}

func (v *verifier) channels(ctx context.Context) (map[string]api.Channel, error) {
	all := make(map[string]api.Channel)
	for c, err := range v.api.Channels(ctx) {
		if err != nil {
			return nil, err
		}
		all[c.ID] = c
	}
	return all, nil
}

func samePlace(a, b api.Channel) bool { return a.Home == b.Home && a.MoveID == b.MoveID }

func (v *verifier) lookAtMoves(ctx context.Context, w *world) error {
	for listed, err := range v.api.Moves(ctx) {
		if err != nil {
			return err
		}
		m, err := v.api.Move(ctx, listed.ID) // with its progress
		if err != nil {
			return err
		}
		w.moves[m.ID] = m
		w.ordered = append(w.ordered, m)
		if m.Rehearsal {
			continue
		}
		if m.Access != nil {
			w.access[m.ID] = make(map[string]bool, len(m.Access))
			for _, agent := range m.Access {
				w.access[m.ID][agent] = true
			}
		}
		for f, err := range v.api.Failures(ctx, m.ID) {
			if err != nil {
				return err
			}
			w.failed[f.ConversationID] = true
		}
	}
	return nil
}

// moveOf returns the move that took a channel from the inbox, if one did.
func (w *world) moveOf(channel string) (api.ChannelMove, bool) {
	m, ok := w.moves[w.channels[channel].MoveID]
	return m, ok
}

// ended reports whether a move has ended, with failures or without.
func ended(m api.ChannelMove) bool { return m.Status == "done" || m.Status == "attention" }
