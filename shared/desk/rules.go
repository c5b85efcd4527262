package desk

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Rules converts the conversations of one channel into tickets. The results
// depend only on the inputs, so workers that convert the same conversation
// twice, or at the same time, agree. Rules is safe for concurrent use.
type Rules struct {
	move           Move      // its FenceAt is the channel's, which is stored first
	chosen         StatusMap // the admin's choice; move's is one that exists
	channel        Channel
	settings       Settings
	snapshot       map[string]bool // agents with help desk access at the fence
	access         map[string]bool // the same until the move has ended, then those with access now
	eligibleOwners map[string]bool // agents with help desk access now, for edits
	routed         []string        // agents who receive live conversations, in order
	live           StatusMap       // statuses of live tickets
	statuses       map[Status]statusInfo
	policies       []parsedPolicy // those that apply to the channel, in order
}

// statusInfo describes a status and its pipeline.
type statusInfo struct {
	closed    bool
	pipeline  string
	firstOpen Status // first open status of the pipeline
}

// NewRules returns the rules for channel c and its move m; the zero Move stands
// for a channel that has not begun to move. Snapshot has the agents with help
// desk access at the fence (Setup.Access), so that all workers agree. What lands
// after the end of the move goes by the access that s gives.
//
// Errors that would make every conversation fail, such as a mapping to statuses
// that do not exist, are returned as *InvalidErrors. Once the move has ended,
// pipelines may change: tickets created later use the statuses for new tickets.
func NewRules(s Setup, m Move, c Channel, snapshot map[string]bool) (*Rules, error) {
	settings, err := c.ParsedSettings()
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", c.ID, err)
	}
	r := &Rules{move: m, chosen: m.Choices.Statuses, channel: c, settings: settings, snapshot: snapshot, access: snapshot,
		eligibleOwners: s.Access(), statuses: map[Status]statusInfo{}}
	if !c.FenceAt.IsZero() {
		r.move.FenceAt = c.FenceAt
	}
	if r.ended() {
		r.access = r.eligibleOwners
	}
	for _, p := range s.Pipelines {
		for _, st := range p.Statuses {
			r.statuses[st.ID] = statusInfo{closed: st.Closed, pipeline: p.ID, firstOpen: p.first(false)}
		}
	}
	for _, id := range s.RoutedAgents(settings.Routing) {
		if r.access[id] {
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

// liveStatuses returns the statuses for tickets of new conversations (R18). The
// open one is that of the channel's settings, otherwise the first open one of
// the mapping's pipeline or of the first pipeline. The closed one, for a
// conversation that an agent closes before its ticket exists, is that of the
// mapping, otherwise the pipeline's first.
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
		return StatusMap{}, &InvalidError{Field: "pipelines", Code: CodeNoPipeline, Problem: "no pipeline has an open and a closed status",
			Remedy: "add a pipeline with both"}
	}
	return live, nil
}

// UsualStatuses returns the statuses that a move of c would most likely be given:
// those of the tickets of new conversations (R18). They are empty if the setup
// has none.
func (s Setup) UsualStatuses(c Channel) StatusMap {
	settings, err := c.ParsedSettings()
	if err != nil {
		return StatusMap{}
	}
	usual, err := s.liveStatuses(StatusMap{}, settings)
	if err != nil {
		return StatusMap{}
	}
	return usual
}

// mapping returns the ticket statuses for open and closed conversations. A move that
// leaves history behind maps none: what is brought in later gets those of new tickets.
func (r *Rules) mapping(p Provenance) StatusMap {
	if p == Live || r.move.Choices.History == NoHistory {
		return r.live
	}
	return r.move.Choices.Statuses
}

// Move returns the move.
func (r *Rules) Move() Move { return r.move }

// Channel returns the channel as it was when the rules were read.
func (r *Rules) Channel() Channel { return r.channel }

// ended reports whether the move has ended.
func (r *Rules) ended() bool { return r.channel.Home == HelpDesk }

// closed reports whether a ticket is closed. A status that was removed, or has
// changed its kind since, still counts as what it was: a reply must reopen such a
// ticket, too (R19).
func (r *Rules) closed(t Ticket) bool { return t.Closed || r.statuses[t.Status].closed }

// Belongs reports whether c belongs to the channel: it started there (R13), or
// it joined from a connected form (R14).
func (r *Rules) Belongs(c Conversation) bool {
	return c.Channel == r.channel.ID && c.Account == r.channel.Account
}

// Provenance returns the provenance of c's ticket, or of the one that it gets.
// A ticket created in the inbox is native (R15), however late it was created. A
// conversation that arrived since the fence is live (R18), whatever date its mail
// carries, unless it was brought in as history.
func (r *Rules) Provenance(c Conversation) Provenance {
	switch {
	case c.HasTicket():
		return c.Ticket.Provenance
	case !r.move.FenceAt.IsZero() && !c.TakenIn.Before(r.move.FenceAt) && !c.Past:
		return Live
	}
	return History
}

// StaysInInbox reports whether c stays in the inbox for good, together with its
// ticket if it has one: the move leaves history behind and c arrived before the
// fence (R20).
func (r *Rules) StaysInInbox(c Conversation) bool {
	return r.move.Choices.History == NoHistory &&
		(r.move.FenceAt.IsZero() || c.TakenIn.Before(r.move.FenceAt))
}

// route returns the agent who receives a live conversation, or "" if there is
// none. It always returns the same agent for the same conversation, and all
// agents equally often.
func (r *Rules) route(conversationID string) string {
	if len(r.routed) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(conversationID))
	return r.routed[binary.BigEndian.Uint64(sum[:])%uint64(len(r.routed))]
}
