package desk

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Rules turns the conversations of one channel into tickets. What it decides
// depends on its inputs and on nothing else, so workers that convert the
// same conversation twice, or at the same time, agree. It is safe for
// concurrent use.
type Rules struct {
	move                Move
	channel             Channel
	settings            Settings
	access              map[string]bool // who has help desk access, as of the fence
	eligibleOwners      map[string]bool // who has it now, for edits
	routed              []string        // who receives live conversations, in the order of the settings
	live                StatusMap       // statuses of live tickets
	removedClosedStatus Status          // the closed one of a move that has ended, if no pipeline has it any more
	statuses            map[Status]statusInfo
	policies            []parsedPolicy // the policies for this channel, in order
}

// statusInfo is a status in its pipeline.
type statusInfo struct {
	closed    bool
	pipeline  string
	firstOpen Status // of that pipeline
}

// NewRules makes the rules for channel c and its move m ready. The access is
// the snapshot taken at m's fence (Setup.Access); after the end of the move
// give the present one. A zero Move is that of a channel in the inbox. What
// would make every conversation fail, such as a mapping to statuses that are
// gone, is reported here, as *InvalidErrors; but once the move has ended, the
// pipelines may change, and what comes late gets the statuses of new tickets.
func NewRules(s Setup, m Move, c Channel, access map[string]bool) (*Rules, error) {
	settings, err := c.ParsedSettings()
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", c.ID, err)
	}
	r := &Rules{move: m, channel: c, settings: settings, access: access, eligibleOwners: s.Access(),
		statuses: map[Status]statusInfo{}}
	for _, p := range s.Pipelines {
		for _, st := range p.Statuses {
			r.statuses[st.ID] = statusInfo{closed: st.Closed, pipeline: p.ID, firstOpen: p.first(false)}
		}
	}
	for _, id := range s.RoutedAgents(settings.Routing) {
		if access[id] {
			r.routed = append(r.routed, id)
		}
	}
	var errs problems
	r.live, err = s.liveStatuses(m.Choices.Statuses, settings)
	errs.check(err)
	if m.Choices.History == AllHistory {
		_, err := ParseSLAMode("sla", string(m.Choices.SLA))
		errs.check(err)
		err = s.CheckStatusMap(m.Choices.Statuses)
		if err != nil && !m.EndedAt.IsZero() {
			if _, ok := r.statuses[m.Choices.Statuses.Closed]; !ok {
				r.removedClosedStatus = m.Choices.Statuses.Closed
			}
			r.move.Choices.Statuses, err = r.live, nil
		}
		errs.check(err)
	}
	for i, p := range s.Policies {
		if p.isForChannel(c.ID) {
			ready, err := p.parse(fmt.Sprintf("policies[%d]", i), s.Account.Zone)
			errs.check(err)
			r.policies = append(r.policies, ready)
		}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("channel %s: %w", c.ID, errors.Join(errs...))
	}
	return r, nil
}

// liveStatuses returns the statuses with which tickets of new conversations
// start (R18): the channel's own, else the first open one of the mapping's
// pipeline, else of the first pipeline. One that is closed already, because
// its agent was quick, gets the mapping's closed status or the first there is.
func (s Setup) liveStatuses(mapped StatusMap, settings Settings) (StatusMap, error) {
	_, pipeline, ok := s.Status(mapped.Open)
	if !ok && len(s.Pipelines) > 0 {
		pipeline = s.Pipelines[0]
	}
	live := StatusMap{Open: pipeline.first(false)}
	if own := settings.Tickets.Status; own != "" {
		st, in, err := s.statusOf("settings.tickets.status", own, false)
		if err != nil {
			return StatusMap{}, err
		}
		live.Open, pipeline = st.ID, in
	}
	if st, _, ok := s.Status(mapped.Closed); ok && st.Closed {
		live.Closed = st.ID
	} else {
		live.Closed = pipeline.first(true)
	}
	if live.Open == "" || live.Closed == "" {
		return StatusMap{}, &InvalidError{Field: "pipelines", Problem: "no pipeline has an open and a closed status",
			Remedy: "add a pipeline with both"}
	}
	return live, nil
}

// mapping returns the statuses of conversations that are open and closed.
func (r *Rules) mapping(p Provenance) StatusMap {
	if p == Live {
		return r.live
	}
	return r.move.Choices.Statuses
}

// closed reports whether tickets with a status are closed, also with the one
// that the move gave them before it went: a reply reopens them still (R19).
func (r *Rules) closed(s Status) bool {
	return r.statuses[s].closed || r.removedClosedStatus != "" && s == r.removedClosedStatus
}

// Belongs reports whether c is one of the channel's conversations: it began
// there (R13), or joined it from a connected form (R14).
func (r *Rules) Belongs(c Conversation) bool {
	return c.Channel == r.channel.ID && c.Account == r.channel.Account
}

// Provenance says what kind of ticket c gets, as long as it has not moved;
// afterwards the ticket knows better. A ticket made in the inbox moves as it
// is (R15), however late it was made. Live is what the store took in since
// the fence (R18), whatever date the customer's mail bears.
func (r *Rules) Provenance(c Conversation) Provenance {
	switch {
	case c.Ticket != "" && c.Home != HelpDesk:
		return Native
	case !r.move.FenceAt.IsZero() && !c.TakenIn.Before(r.move.FenceAt):
		return Live
	}
	return History
}

// StaysInInbox reports whether c stays in the inbox for good, with its ticket if it
// has one: history was left behind and c was taken in before the fence (R20).
func (r *Rules) StaysInInbox(c Conversation) bool {
	return r.move.Choices.History == NoHistory &&
		(r.move.FenceAt.IsZero() || c.TakenIn.Before(r.move.FenceAt))
}

// route picks who receives a live conversation: always the same one for the
// same conversation, and everyone equally often; "" if nobody may.
func (r *Rules) route(conversationID string) string {
	if len(r.routed) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(conversationID))
	return r.routed[binary.BigEndian.Uint64(sum[:])%uint64(len(r.routed))]
}
