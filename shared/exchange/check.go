package exchange

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"deskmove/shared/api"
	"deskmove/shared/desk"
)

// checker checks what lines say of each other: their order, and that what one refers to is
// there. It keeps some 100 bytes of each conversation and file.
type checker struct {
	last  key
	lines int64

	agents, teams, pipelines, statuses, tags map[string]bool
	channels                                 map[string]place
	connected                                map[string]int64 // channels that forms name, by the first line that does
	files                                    map[[32]byte]int64
	conversations                            map[string]*thread
	latest                                   *thread // the conversation whose messages come
	latestID                                 string
	ended                                    bool
	blind                                    bool // a line could not be read: what it was about may be referred to
	facts                                    bool // check what a conversation says of itself, too
}

// place is where a channel lives.
type place struct{ home, move string }

// thread is what is known of a conversation's messages.
type thread struct {
	line      int64
	want, got int64
}

func newChecker() *checker {
	return &checker{
		agents: make(map[string]bool), teams: make(map[string]bool), pipelines: make(map[string]bool), statuses: make(map[string]bool),
		tags: make(map[string]bool), channels: make(map[string]place), connected: make(map[string]int64), files: make(map[[32]byte]int64),
		conversations: make(map[string]*thread),
	}
}

// add checks a line with its number.
func (c *checker) add(number int64, l Line) []*Error {
	w := &wrong{line: number}
	k := l.key()
	c.order(w, k)
	c.lines++
	if c.last.rank < k.rank {
		c.leave(w, c.last.rank, k.rank)
	}
	if c.last.compare(k) < 0 {
		c.last = k
	}
	switch {
	case l.Agent != nil:
		w.check("agent", desk.CheckID("id", l.Agent.ID))
		c.agents[l.Agent.ID] = true
	case l.Team != nil:
		w.check("team", desk.CheckID("id", l.Team.ID))
		c.teams[l.Team.ID] = true
		for i, id := range l.Team.Agents {
			c.agent(w, fmt.Sprintf("team.agents[%d]", i), id)
		}
	case l.Pipeline != nil:
		c.pipeline(w, l.Pipeline)
	case l.Channel != nil:
		c.channel(w, l.Channel)
	case l.Policy != nil:
		c.policy(w, l.Policy)
	case l.Tag != nil:
		_, err := desk.ParseTags("id", []string{l.Tag.ID})
		w.check("tag", err)
		c.tags[l.Tag.ID] = true
	case l.File != nil:
		if hash, ok := hashOf(l.File.SHA256); ok {
			c.files[hash] = l.File.Size
		}
	case l.Conversation != nil:
		c.conversation(w, l.Conversation)
	case l.Message != nil:
		c.message(w, l.Message)
	case l.End != nil:
		c.ended = true
		if n := c.lines - 1; l.End.Lines != n {
			w.add("end.lines", fmt.Sprintf("it says %d, but %d have come: lines are missing, or were added", l.End.Lines, n), "take the file as it was written")
		}
	}
	return w.errs
}

// miss counts a line that could not be read.
func (c *checker) miss() {
	c.lines++
	c.blind = true
}

// order checks that a line comes after the last one, and only once.
func (c *checker) order(w *wrong, k key) {
	named := k.kind()
	if c.ended {
		w.add("", "it comes after the end", "take the file as it was written")
		return
	}
	switch was := c.last; {
	case was.rank == 0 || was.compare(k) < 0:
	case was == k:
		w.add(named+".id", "the line before is of the same one", "have each once")
	case was.rank > k.rank:
		w.add(named, "lines of this kind come before those of "+was.kind(), "sort the lines by kind and ID, or take the file as it was written")
	default:
		w.add(named+".id", "it is doubled, or out of order", "have each once, and sort the lines by kind and ID")
	}
}

// leave checks what can be known once all lines of some kinds have come.
func (c *checker) leave(w *wrong, from, to int) {
	passed := func(kind string) bool {
		rank := slices.Index(kinds, kind) + 1
		return from <= rank && rank < to
	}
	if c.blind {
		return
	}
	if passed("channel") {
		for _, id := range slices.Sorted(maps.Keys(c.connected)) {
			if _, ok := c.channels[id]; !ok {
				at := &wrong{line: c.connected[id]}
				c.unknown(at, "channel.connected", "channel", id)
				w.errs = append(w.errs, at.errs...)
			}
		}
	}
	if passed("message") {
		c.counted(w)
	}
}

// counted checks that each conversation has as many messages as it says.
func (c *checker) counted(w *wrong) {
	var short []*thread
	for _, t := range c.conversations {
		if t.got != t.want {
			short = append(short, t)
		}
	}
	slices.SortFunc(short, func(a, b *thread) int { return cmp.Compare(a.line, b.line) })
	for _, t := range short[:min(len(short), mostErrors)] {
		at := &wrong{line: t.line}
		at.add("conversation.messageCount", fmt.Sprintf("it says %d, but the conversation has %d messages here", t.want, t.got), "take the file as it was written")
		w.errs = append(w.errs, at.errs...)
	}
}

// mostErrors is how many errors are named that show only at the end.
const mostErrors = 20

// unknown adds that a field names what there is no line of, unless that line may be one
// that could not be read.
func (c *checker) unknown(w *wrong, field, kind, id string) {
	if c.blind {
		return
	}
	if id != "" { // or it is not to be named
		kind += fmt.Sprintf(" %q", desk.Truncate(id, 80))
	}
	w.add(field, "there is no line of the "+kind+" that it names", "add the line, or take the file as it was written")
}

func (c *checker) agent(w *wrong, field, id string) {
	if id != "" && !c.agents[id] {
		c.unknown(w, field, "agent", id)
	}
}

func (c *checker) status(w *wrong, field, id string) {
	if !c.statuses[id] {
		c.unknown(w, field, "status", id)
	}
}

func (c *checker) pipeline(w *wrong, p *api.PipelineFacts) {
	w.check("pipeline", desk.CheckID("id", p.ID))
	c.pipelines[p.ID] = true
	for i, st := range p.Statuses {
		at := fmt.Sprintf("statuses[%d].id", i)
		w.check("pipeline", desk.CheckID(at, st.ID))
		if c.statuses[st.ID] {
			w.add("pipeline."+at, "another status has this ID", "give each status of the account an ID of its own")
		}
		c.statuses[st.ID] = true
	}
}

func (c *checker) channel(w *wrong, ch *api.ChannelFacts) {
	w.check("channel", desk.CheckID("id", ch.ID))
	is := place{home: ch.Home}
	if ch.Connected != "" {
		if _, ok := c.connected[ch.Connected]; !ok {
			c.connected[ch.Connected] = w.line
		}
	}
	m := ch.Move
	switch {
	case (m != nil) != (ch.Home == string(desk.HelpDesk)):
		w.add("channel.move", "a channel has a move if, and only if, it is in the help desk", "take the file as it was written")
	case m != nil:
		is.move = m.ID
		c.agent(w, "channel.move.by", m.By)
		for i, id := range m.Access {
			c.agent(w, fmt.Sprintf("channel.move.access[%d]", i), id)
		}
		if of := m.StatusMap; of != nil {
			c.status(w, "channel.move.statusMap.open", of.Open)
			c.status(w, "channel.move.statusMap.closed", of.Closed)
		}
	}
	c.channels[ch.ID] = is
}

func (c *checker) policy(w *wrong, p *api.PolicyFacts) {
	w.check("policy", desk.CheckID("id", p.ID))
	for i, id := range p.Channels {
		if _, ok := c.channels[id]; !ok {
			c.unknown(w, fmt.Sprintf("policy.channels[%d]", i), "channel", id)
		}
	}
	for i, id := range p.Statuses {
		c.status(w, fmt.Sprintf("policy.statuses[%d]", i), id)
	}
}

func (c *checker) conversation(w *wrong, v *api.ConversationFacts) {
	c.conversations[v.ID] = &thread{line: w.line, want: v.MessageCount}
	in, ok := c.channels[v.ChannelID]
	if !ok {
		c.unknown(w, "conversation.channelId", "channel", v.ChannelID)
	}
	if _, ok := c.channels[v.OriginID]; !ok && v.OriginID != "" {
		c.unknown(w, "conversation.originId", "channel", v.OriginID)
	}
	c.agent(w, "conversation.owner", v.Owner)
	_, err := desk.ParseTags("tags", v.Tags)
	w.check("conversation", err)
	for i, tag := range v.Tags {
		if !c.tags[tag] {
			c.unknown(w, fmt.Sprintf("conversation.tags[%d]", i), "tag", "")
		}
	}
	for i, e := range v.Edits {
		c.agent(w, fmt.Sprintf("conversation.edits[%d].by", i), e.By)
	}
	moved := v.Home == string(desk.HelpDesk)
	if moved && in.home != v.Home && ok {
		w.add("conversation.home", "it is in the help desk, but its channel is in the inbox", "take the file as it was written")
	}
	if v.Ticket != nil {
		c.ticket(w, v.Ticket, moved, in)
	} else if moved {
		w.add("conversation.ticket", "it is in the help desk and has no ticket", "add its ticket")
	}
	if !ok || !c.facts {
		return
	}
	for _, e := range desk.Invalid(v.Check(in.home, in.move)) {
		field := "conversation." + e.Field
		if !slices.ContainsFunc(w.errs, func(known *Error) bool { return known.Field == field }) {
			w.add(field, e.Problem, e.Remedy)
		}
	}
}

func (c *checker) ticket(w *wrong, t *api.TicketFacts, moved bool, in place) {
	const at = "conversation.ticket."
	c.status(w, at+"status", t.Status)
	c.agent(w, at+"owner", t.Owner)
	c.agent(w, at+"lostOwner", t.LostOwner)
	if !moved && t.Provenance != string(desk.Native) {
		w.add(at+"provenance", "only a native ticket is in the inbox", "take the file as it was written")
	}
	if t.MoveID != "" && t.MoveID != in.move {
		w.add(at+"moveId", "its channel's move is another one", "take the file as it was written")
	}
	if l := t.Landed; l != nil {
		c.status(w, at+"landed.status", l.Status)
		c.agent(w, at+"landed.owner", l.Owner)
	}
	if e := t.Edited; e != nil {
		c.status(w, at+"edited.status", e.Status)
		c.agent(w, at+"edited.owner", e.Owner)
		c.agent(w, at+"edited.by", e.By)
	}
}

func (c *checker) message(w *wrong, m *api.MessageFacts) {
	if m.ConversationID != c.latestID {
		c.latest, c.latestID = c.conversations[m.ConversationID], m.ConversationID
	}
	if c.latest == nil {
		c.unknown(w, "message.conversationId", "conversation", m.ConversationID)
	} else {
		c.latest.got++
	}
	if _, ok := c.channels[m.ChannelID]; !ok && m.ChannelID != "" {
		c.unknown(w, "message.channelId", "channel", m.ChannelID)
	}
	c.agent(w, "message.agent", m.Agent)
	if m.At.IsZero() {
		w.add("message.at", "it is missing", "add when the message was written, or when it came")
	}
	if len(m.Tags) > 0 {
		w.add("message.tags", "a message has no tags here", "add them to its conversation")
	}
	if m.History {
		w.add("message.history", "it has no meaning here", "leave it out")
	}
	for i, a := range m.Attachments {
		size, ok := c.file(w, fmt.Sprintf("message.attachments[%d].sha256", i), a.SHA256)
		if ok && size != a.Size {
			w.add(fmt.Sprintf("message.attachments[%d].size", i), fmt.Sprintf("the file has %d bytes, by its line", size), "take the file as it was written")
		}
	}
	if m.Source != "" {
		c.file(w, "message.source", m.Source)
	}
	w.check("message", m.Check())
}

// file returns the size of a file that a field names, if it is one.
func (c *checker) file(w *wrong, field, sha256 string) (size int64, ok bool) {
	hash, isHash := hashOf(sha256)
	if !isHash {
		return 0, false // which the message's own check names
	}
	size, ok = c.files[hash]
	if !ok {
		c.unknown(w, field, "file", sha256)
	}
	return size, ok
}

func hashOf(sha256 string) (hash [32]byte, ok bool) {
	b, err := hex.DecodeString(sha256)
	return hash, copy(hash[:], b) == len(hash) && err == nil && len(b) == len(hash)
}
