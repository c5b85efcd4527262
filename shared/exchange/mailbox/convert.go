package mailbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
	"deskmove/shared/mail"
	"deskmove/shared/mail/note"
	"deskmove/shared/mail/thread"
)

// mostText is how long a text or an HTML part is in a message, which has to pass the
// gateway of Lambda. The source is whole.
const mostText = 2 << 20

// Write writes the channel, and all threads as conversations of it. Of the channel there is
// only what came by mail, so that it is brought in beside what there is.
func (b *Box) Write(out *exchange.Sorter) error {
	c := b.options.Channel
	w := &writer{Box: b, out: out, now: time.Now().UTC().Truncate(time.Second), agents: make(map[string]bool), tags: make(map[string]bool), unknown: make(map[string]*Unknown)}
	w.line(exchange.Line{Channel: &api.ChannelFacts{
		ChannelSetup: api.ChannelSetup{ID: c.ID, Name: c.Name, Type: c.Type, Address: c.Address, Fallback: c.Fallback}, Home: string(desk.Inbox), Part: true,
	}})
	for i := range b.threads {
		w.thread(&b.threads[i])
	}
	for _, a := range b.options.Setup.Agents {
		if w.agents[a.ID] {
			w.line(exchange.Line{Agent: &api.AgentFacts{Agent: a}})
		}
	}
	for tag := range w.tags {
		w.line(exchange.Line{Tag: &exchange.Tag{ID: tag}})
	}
	b.Report.Unknown = w.unknowns()
	return w.err
}

// Open reads the bytes of a file.
func (b *Box) Open(hash string) (io.ReadCloser, error) {
	var sum [sha256.Size]byte
	if n, err := hex.Decode(sum[:], []byte(hash)); err != nil || n != len(sum) {
		return nil, fs.ErrNotExist
	}
	at, ok := b.files[sum]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(b.spool.File(at.message, at.n)), nil
}

// Place returns the file of mail that a message was in, by its ID, and its number in there.
func (b *Box) Place(message string) (file string, number int) {
	i, ok := b.written[message]
	if !ok {
		return "", 0
	}
	h := b.spool.Headers()[i]
	return h.File, h.Number
}

// writer writes lines. The first error is kept, and nothing is written after it.
type writer struct {
	*Box
	out     *exchange.Sorter
	now     time.Time
	agents  map[string]bool
	tags    map[string]bool
	unknown map[string]*Unknown
	err     error
}

func (w *writer) line(l exchange.Line) {
	if w.err == nil {
		w.err = w.out.Add(l)
	}
}

// thread writes a thread, if anything of it comes in.
func (w *writer) thread(t *thread.Thread) {
	id := desk.ConversationID(t.Started, desk.Message{Channel: w.channel.ID, External: t.Root}) // so that the newest come in last
	c := &api.ConversationFacts{ID: id, ChannelID: w.channel.ID, Home: string(desk.Inbox), History: true}
	var tags desk.Tags
	var last, stamp time.Time
	for _, item := range t.Items {
		if w.err != nil {
			return
		}
		h := w.spool.Headers()[item.Index]
		last = cmp.Or(dateOf(h), last)
		why, live := "", !w.options.Channel.FenceAt.IsZero() && !last.IsZero() && !last.Before(w.options.Channel.FenceAt)
		switch {
		case last.IsZero() && !w.options.Channel.FenceAt.IsZero():
			why, live = "it has no date, so that it would count as written", true
		case live:
			why = "it was written"
		}
		if live && !w.options.Live {
			w.Report.Skip(h.File, h.Number, why+" after the channel began to move; --live brings it in as new mail, with a notification")
			continue
		}
		m, err := w.message(item, cmp.Or(last, w.now))
		if err != nil {
			w.err = cmp.Or(w.err, err)
			return
		}
		if stamp = stamp.Add(time.Millisecond); stamp.Before(m.At) { // an answer comes later, whatever its date
			stamp = m.At
		}
		m.ConversationID, m.ID = c.ID, desk.MessageID(w.channel.ID, m.ExternalID, stamp)
		m.References = references(t, h, m.ExternalID, c.MessageCount == 0)
		labels := m.Tags
		m.Tags = nil
		if invalid := m.Check(); invalid != nil {
			w.Report.Skip(h.File, h.Number, invalid.Error())
			continue
		}
		var left int
		if tags, left = tags.With(labels); left > 0 {
			w.lessened(h, fmt.Sprintf("its conversation has more labels than the %d that it can have; the others are in its source", desk.MaxTags))
		}
		w.keep(item.Index, m)
		w.line(exchange.Line{Message: m})
		w.count(c, h, m, live)
	}
	if c.MessageCount == 0 {
		return
	}
	w.state(c, tags)
	w.line(exchange.Line{Conversation: c})
}

// count adds a message to its conversation. One that comes in as new mail does by itself
// what it does to the state.
func (w *writer) count(c *api.ConversationFacts, h mail.Header, m *api.MessageFacts, live bool) {
	if c.MessageCount++; c.MessageCount == 1 {
		c.Subject, c.StartedAt = desk.Truncate(m.Subject, desk.MaxSubject), m.At
	}
	of := desk.Message{Author: desk.Author(m.Author), From: desk.Address(h.From), ReplyTo: addresses(h.ReplyTo), To: addresses(h.To), Automatic: desk.Automatic(m.Automatic), Forged: m.Forged}.Complete(w.channel)
	met := desk.Conversation{Customer: c.Customer, CustomerName: c.CustomerName}
	met.Meet(of, w.channel)
	c.Customer, c.CustomerName = met.Customer, met.CustomerName
	switch {
	case live:
	case of.Answers():
		if c.FirstReplyAt.IsZero() {
			c.FirstReplyAt = m.At
		}
		c.WaitingSince, c.Status, c.ClosedAt = time.Time{}, string(desk.Closed), m.At
		c.Owner = cmp.Or(m.Agent, c.Owner)
	case of.Asks():
		if c.WaitingSince.IsZero() {
			c.WaitingSince = m.At
		}
		c.Status, c.ClosedAt = string(desk.Open), time.Time{}
	case c.Status == "" && of.Automatic != "": // it begins nothing that anybody has to answer
		c.Status, c.ClosedAt = string(desk.Closed), m.At
	}
	if m.Agent != "" {
		w.agents[m.Agent] = true
	}
	w.looksLikeOurs(h)
}

// state completes what a conversation is.
func (w *writer) state(c *api.ConversationFacts, tags desk.Tags) {
	c.Status = cmp.Or(c.Status, string(desk.Open))
	if !w.options.States {
		if c.Owner = ""; c.FirstReplyAt != (time.Time{}) || !c.WaitingSince.IsZero() {
			c.Status, c.ClosedAt = string(desk.Open), time.Time{}
		}
	}
	for _, tag := range tags.List() {
		c.Tags = append(c.Tags, tag)
		w.tags[tag] = true
	}
}

// keep notes where a message and its files are.
func (w *writer) keep(message int, m *api.MessageFacts) {
	w.written[m.ID] = message
	add := func(hash string, size int64, n int) {
		var sum [sha256.Size]byte
		_, _ = hex.Decode(sum[:], []byte(hash)) // which we have made
		if _, ok := w.files[sum]; !ok {
			w.files[sum] = source{message, n}
			w.line(exchange.Line{File: &exchange.File{SHA256: hash, Size: size}})
		}
	}
	for i, a := range m.Attachments {
		add(a.SHA256, a.Size, i+1)
	}
	if m.Source != "" {
		add(m.Source, w.spool.File(message, 0).Size(), 0)
	}
}

// dateOf is when a mail was written or received; zero if neither is known.
func dateOf(h mail.Header) time.Time { return cmp.Or(h.Date, h.Arrival) }

// message makes a message of a mail.
func (w *writer) message(item thread.Item, at time.Time) (*api.MessageFacts, error) {
	m, err := w.spool.Message(item.Index)
	if err != nil {
		return nil, err
	}
	author, agent := w.people.author(m.Header)
	n := &api.MessageFacts{MessageContent: api.MessageContent{
		ExternalID: item.ExternalID, Kind: string(desk.Mail), Author: string(author), Agent: agent, Automatic: string(m.Automatic), Forged: m.Forged,
		ReplyTo: persons(m.ReplyTo), To: persons(m.To), Cc: persons(m.Cc), Bcc: persons(m.Bcc),
		At: at, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Repairs: codes(m.Notes),
	}}
	n.Tags = w.tagsOf(m.Header)
	if from := person(m.From); from != (api.Address{}) {
		n.From = &from
	}
	if m.Box == mail.Chat {
		n.Kind = string(desk.ChatLine)
	}
	w.shorten(m.Header, n)
	for _, a := range m.Attachments {
		if len(n.Attachments) == desk.MaxAttachments {
			w.lessened(m.Header, fmt.Sprintf("it has more than %d files; the others are in its source", desk.MaxAttachments))
			break
		}
		n.Attachments = append(n.Attachments, api.Attachment{
			Name: cmp.Or(desk.CleanFileName(a.Name), "file"), Type: desk.Truncate(a.Type, 255), Size: int64(len(a.Data)), SHA256: hashOf(a.Data),
			ContentID: contentID(a.ContentID), Inline: a.Inline,
		})
	}
	if m.Source != nil {
		n.Source = hashOf(m.Source)
	}
	return n, nil
}

// shorten keeps a message within what the API takes. Its source is whole.
func (w *writer) shorten(h mail.Header, n *api.MessageFacts) {
	left := desk.MaxPeople - 1
	for _, list := range []*[]api.Address{&n.ReplyTo, &n.To, &n.Cc, &n.Bcc} {
		if len(*list) > left {
			w.lessened(h, fmt.Sprintf("it has more than %d recipients; the others are in its source", desk.MaxPeople))
			*list = (*list)[:left]
		}
		left -= len(*list)
	}
	if len(n.Text) > mostText {
		w.lessened(h, "its text is cut, because it is too large for the API; its source is whole")
		n.Text = desk.Truncate(n.Text, mostText)
	}
	if len(n.HTML) > mostText {
		w.lessened(h, "its HTML part is left out, because it is too large for the API; its source is whole")
		n.HTML = ""
	}
}

func (w *writer) lessened(h mail.Header, why string) {
	w.Report.Lessened = append(w.Report.Lessened, Skipped{h.File, h.Number, why})
}

// mostReferences is how many external IDs the API takes; the most telling
// come first.
const mostReferences = 1000

// references are the IDs by which the channel may know a message's thread. The first one of a
// thread has those of all others, too, which the channel may know or get to know later.
func references(t *thread.Thread, h mail.Header, self string, first bool) []string {
	var refs []string
	seen := map[string]bool{self: true}
	lists := [][]string{h.InReplyTo, h.References}
	if first {
		lists = append(lists, t.Aliases)
	}
	for _, ids := range lists {
		for _, id := range ids {
			if len(refs) == mostReferences {
				return refs
			}
			if !seen[id] {
				seen[id] = true
				refs = append(refs, id)
			}
		}
	}
	return refs
}

// mostUnknown is how many addresses are named that look like an agent's.
const mostUnknown = 20

// looksLikeOurs notes the sender of a mail, if the address is at the channel's own domain and
// nobody's here: perhaps that of an agent who has left, or who has another one by now.
func (w *writer) looksLikeOurs(h mail.Header) {
	_, domain, _ := strings.Cut(w.channel.Address, "@")
	address := h.From.Address
	if domain == "" || !strings.HasSuffix(address, "@"+strings.ToLower(domain)) || w.people.own(address) || h.Automatic != "" {
		return
	}
	if _, said := w.options.Agents[address]; said {
		return
	}
	u := w.unknown[address]
	if u == nil {
		u = &Unknown{Address: address, Similar: exchange.Similar(api.Agent{Name: h.From.Name, Email: address}, w.options.Setup.Agents)}
		w.unknown[address] = u
	}
	u.Wrote++
}

// unknowns are those who wrote most.
func (w *writer) unknowns() (all []Unknown) {
	for _, u := range w.unknown {
		all = append(all, *u)
	}
	slices.SortFunc(all, func(a, b Unknown) int {
		return cmp.Or(cmp.Compare(b.Wrote, a.Wrote), strings.Compare(a.Address, b.Address))
	})
	return all[:min(len(all), mostUnknown)]
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// mostName is how long a name or an address is in the API, in bytes.
const mostName = 1000

func person(a mail.Address) api.Address {
	return api.Address{Name: desk.Truncate(a.Name, mostName), Address: desk.Truncate(a.Address, mostName)}
}

func persons(as []mail.Address) []api.Address {
	if len(as) == 0 {
		return nil
	}
	of := make([]api.Address, len(as))
	for i, a := range as {
		of[i] = person(a)
	}
	return of
}

func addresses(as []mail.Address) []desk.Address {
	of := make([]desk.Address, len(as))
	for i, a := range as {
		of[i] = desk.Address(a)
	}
	return of
}

// contentID returns an ID that the API takes; one that is too long refers to nothing.
func contentID(id string) string {
	if len(id) > mostName {
		return ""
	}
	return id
}

func codes(notes []note.Code) []string {
	var of []string
	for _, c := range notes {
		of = append(of, string(c))
	}
	return of
}

// tagsOf makes tags of a mail's labels.
func (w *writer) tagsOf(h mail.Header) (of []string) {
	long := false
	for _, l := range h.Labels {
		l = strings.TrimSpace(strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, l))
		long = long || len(l) > desk.MaxTagBytes
		if l = strings.TrimSpace(desk.Truncate(l, desk.MaxTagBytes)); l != "" {
			of = append(of, l)
		}
	}
	if long {
		w.lessened(h, fmt.Sprintf("a label is cut to the %d bytes that one can have; the whole is in its source", desk.MaxTagBytes))
	}
	return of
}
