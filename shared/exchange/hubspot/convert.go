package hubspot

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
)

// Options say what is converted beside what usually is.
type Options struct {
	Archived bool // threads and messages that are archived
	Spam     bool // threads that are marked as spam
	// Threads hears how many threads are done; it may be nil.
	Threads func(done, total int64)
}

// Result is what has become of a folder.
type Result struct {
	Report Report
	Files  map[string]string // files of the folder by the SHA-256 by which lines name them
}

// Convert reads a folder and hands its lines on. The same folder gives the same lines. If
// the folder is not whole, the error is a *PageError that names a file and a field.
func Convert(in fs.FS, to *exchange.Sorter, o Options) (Result, error) {
	c := &converter{
		options: o, to: to, unused: make(unused), leftOut: make(findings), notes: make(findings), files: make(map[string]exchange.File), named: make(map[string]bool),
		actors: make(map[string]actor), owners: make(map[string]string), agents: make(map[string]*api.AgentFacts), inboxes: make(map[string]inbox),
		channels: make(map[string]*api.ChannelFacts), kinds: make(map[string]string), statuses: make(map[string]bool), tickets: make(map[string]*ticket),
		result: Result{Files: make(map[string]string)},
	}
	err := c.convert(in)
	r := &c.result.Report
	r.LeftOut, r.Notes, r.Unused = c.leftOut.list(), c.notes.list(), c.unused.list()
	return c.result, err
}

type converter struct {
	options Options
	source  *source
	to      *exchange.Sorter
	result  Result
	unused  unused
	leftOut findings
	notes   findings

	actors   map[string]actor
	owners   map[string]string // agents by IDs of owners
	agents   map[string]*api.AgentFacts
	inboxes  map[string]inbox
	kinds    map[string]string // of channels, as HubSpot calls them, by ID
	channels map[string]*api.ChannelFacts
	statuses map[string]bool
	tickets  map[string]*ticket
	files    map[string]exchange.File // by fileId
	named    map[string]bool          // what messages name: files by fileId, and originals
}

// actor is somebody who takes part.
type actor struct{ name, email string }

type inbox struct{ name, kind string }

// thread is a thread, as its page has it.
type thread struct {
	id, inbox, owner, kind, account, ticket string
	status                                  string
	spam, archived                          bool
	createdAt, closedAt, latestAt           time.Time
}

func (c *converter) convert(in fs.FS) (err error) {
	if c.source, err = openSource(in); err != nil {
		return err
	}
	for _, name := range c.source.other {
		c.leftOut.add(name, "it is no page of HubSpot's API: it was not read")
	}
	for _, kind := range []string{"threads", "messages"} {
		if len(c.source.kinds[kind]) == 0 {
			return &PageError{kind + ".json", "", "the folder has no pages of " + kind, "save them as " + kind + ".json, or in a folder of that name"}
		}
	}
	for _, kind := range []struct {
		name string
		read func(record) error
	}{
		{"actors", c.actor}, {"owners", c.owner}, {"inboxes", c.inbox}, {"channels", c.kind}, {"channel-accounts", c.account}, {"pipelines", c.pipeline}, {"tickets", c.ticket},
	} {
		if err := c.source.each(kind.name, kind.read); err != nil {
			return err
		}
	}
	threads, all, err := c.threads()
	if err != nil {
		return err
	}
	if err := c.conversations(threads, all); err != nil {
		return err
	}
	return c.finish()
}

// id makes an ID of one of HubSpot's.
func id(of string) string { return "hs-" + of }

func (c *converter) actor(r record) error {
	kind, of := r.text("type"), r.text("id")
	if of == "" {
		return missing("id")
	}
	a := actor{r.text("name"), r.text("email")}
	c.actors[of] = a
	if kind == "AGENT" && desk.CheckID("id", of) == nil {
		c.agents[of] = &api.AgentFacts{Agent: api.Agent{ID: of, Name: a.name, Email: a.email, Role: string(desk.AgentRole)}}
	}
	c.unused.count("actor", r)
	return nil
}

func missing(field string) error { return fmt.Errorf("one has no %s", field) }

// agent returns the ID of an agent who is named, and adds one who is not among the actors.
func (c *converter) agent(actor string) string {
	if c.agents[actor] == nil {
		c.notes.add(actor, "the agent is not among the actors: only an ID is known")
		c.agents[actor] = &api.AgentFacts{Agent: api.Agent{ID: actor, Role: string(desk.AgentRole)}, Left: true}
	}
	return actor
}

func (c *converter) owner(r record) error {
	of := r.text("id")
	if of == "" {
		return missing("id")
	}
	user, left := r.text("userId"), false
	agent := "A-" + user
	if user == "" || desk.CheckID("id", agent) != nil { // who has left is no user any more
		agent, left = ownerOf(of), true
	}
	c.owners[of] = agent
	first, last, email := r.text("firstName"), r.text("lastName"), r.text("email")
	name := strings.TrimSpace(first + " " + last)
	a := c.agents[agent]
	if a == nil && desk.CheckID("id", agent) == nil {
		a = &api.AgentFacts{Left: left, Agent: api.Agent{ID: agent, Role: string(desk.AgentRole)}}
		c.agents[agent] = a
	}
	if a != nil {
		a.Name, a.Email = cmp.Or(a.Name, name), cmp.Or(a.Email, email)
	}
	if a == nil || a.Name != name {
		r.back("firstName", first)
		r.back("lastName", last)
	}
	if a == nil || a.Email != email {
		r.back("email", email)
	}
	c.unused.count("owner", r)
	return nil
}

// ownerOf is the ID of an agent of whom only that of an owner is known.
func ownerOf(of string) string { return "owner-" + of }

func (c *converter) inbox(r record) error {
	of := r.text("id")
	if of == "" {
		return missing("id")
	}
	c.inboxes[of] = inbox{r.text("name"), r.text("type")}
	c.unused.count("inbox", r)
	return nil
}

// inboxName is how an inbox is called.
func (c *converter) inboxName(of string) string { return cmp.Or(c.inboxes[of].name, of) }

func (c *converter) kind(r record) error {
	of := r.text("id")
	if of == "" {
		return missing("id")
	}
	c.kinds[of] = strings.ToUpper(r.text("name"))
	c.unused.count("channel", r)
	return nil
}

// channelType returns the type of a channel of HubSpot's; "" if there is none such here.
func (c *converter) channelType(channel string) desk.ChannelType {
	name := cmp.Or(c.kinds[channel], map[string]string{"1000": "CHAT", "1001": "MESSENGER", "1002": "EMAIL", "1003": "FORMS", "1007": "WHATSAPP"}[channel])
	for _, t := range []struct {
		in string
		is desk.ChannelType
	}{{"WHATSAPP", desk.WhatsApp}, {"MESSENGER", desk.Messenger}, {"FACEBOOK", desk.Messenger}, {"MAIL", desk.Email}, {"FORM", desk.Form}, {"CALL", desk.Calling}, {"CHAT", desk.Chat}} {
		if strings.Contains(name, t.in) {
			return t.is
		}
	}
	return ""
}

func (c *converter) account(r record) error {
	of, name, kind := r.text("id"), r.text("name"), r.text("channelId")
	if of == "" {
		return missing("id")
	}
	if t := c.channelType(kind); t == "" {
		c.leftOut.add(of, "channel accounts of a kind that there is not here: %s", cmp.Or(c.kinds[kind], kind))
	} else if desk.CheckID("id", id(of)) != nil {
		c.leftOut.add(of, "channel accounts whose ID is none here")
	} else {
		at := r.object("deliveryIdentifier")
		ch := api.ChannelSetup{ID: id(of), Name: name, Type: string(t)}
		if at["type"] != opaque {
			at.text("type")
			ch.Address = at.text("value")
		}
		c.channels[of] = &api.ChannelFacts{ChannelSetup: ch, Home: string(desk.Inbox)}
	}
	c.unused.count("channelAccount", r)
	return nil
}

// opaque is the type of what is no address to people.
const opaque = "CHANNEL_SPECIFIC_OPAQUE_ID"

// channel returns the ID of a channel account's channel; "" if there is no such channel here.
func (c *converter) channel(account, kind string) string {
	if ch := c.channels[account]; ch != nil {
		return ch.ID
	}
	t := c.channelType(kind)
	if t == "" || desk.CheckID("id", id(account)) != nil {
		return ""
	}
	c.notes.add(account, "the channel account is not among those saved: only its kind is known")
	c.channels[account] = &api.ChannelFacts{ChannelSetup: api.ChannelSetup{ID: id(account), Type: string(t)}, Home: string(desk.Inbox)}
	return id(account)
}

// threads returns the threads that are to be converted, in the order of their
// conversations, and all that were read.
func (c *converter) threads() (threads []thread, all map[string]thread, _ error) {
	known := make(map[string]thread)
	err := c.source.each("threads", func(r record) error {
		t := thread{
			id: r.text("id"), inbox: r.text("inboxId"), owner: r.text("assignedTo"), kind: r.text("originalChannelId"), account: r.text("originalChannelAccountId"),
			ticket: r.object("threadAssociations").text("associatedTicketId"), status: r.text("status"), spam: r.flag("spam"), archived: r.flag("archived"),
			createdAt: r.instant("createdAt"), closedAt: r.instant("closedAt"), latestAt: r.instant("latestMessageTimestamp"),
		}
		if t.id == "" {
			return missing("id")
		}
		r.back("inboxId", t.inbox) // which is but a note, if it is that of a help desk
		if t.status != "CLOSED" && !t.closedAt.IsZero() {
			r.back("closedAt", t.closedAt.Format(time.RFC3339Nano))
		}
		r.text("latestMessageReceivedTimestamp") // as its messages say
		r.text("latestMessageSentTimestamp")
		if was, twice := known[t.id]; twice && was.latestAt.After(t.latestAt) {
			return nil // it is on two pages, because it moved while they were read
		}
		known[t.id] = t
		c.unused.count("thread", r)
		return nil
	})
	c.result.Report.Threads = int64(len(known))
	for _, t := range known {
		if why := c.stays(t); why != "" {
			c.leftOut.add(t.id, why)
		} else {
			threads = append(threads, t)
		}
	}
	slices.SortFunc(threads, func(a, b thread) int { return strings.Compare(a.id, b.id) })
	return threads, known, err
}

// stays returns why a thread is left out; "" if it is not.
func (c *converter) stays(t thread) string {
	switch {
	case t.spam && !c.options.Spam:
		return "threads that are spam"
	case t.archived && !c.options.Archived:
		return "threads that are archived"
	case t.status != "OPEN" && t.status != "CLOSED":
		return "threads with a status that is neither OPEN nor CLOSED"
	case t.createdAt.IsZero():
		return "threads whose createdAt is no date"
	case desk.CheckID("id", "t-"+id(t.id)) != nil:
		return "threads whose ID is none here"
	case c.channel(t.account, t.kind) == "":
		return "threads of a kind of channel that there is not here: " + cmp.Or(c.kinds[t.kind], t.kind)
	}
	return ""
}

// conversations converts threads with their messages.
func (c *converter) conversations(threads []thread, all map[string]thread) error {
	pages, err := c.source.messagesOf()
	if err != nil {
		return err
	}
	threads = slices.DeleteFunc(threads, func(t thread) bool {
		switch of := pages[t.id]; {
		case of == nil:
			c.leftOut.add(t.id, "threads of which no messages are saved")
		case !of.whole:
			c.leftOut.add(t.id, "threads of whose messages the last page is not saved")
		case t.ticket != "" && c.tickets[t.ticket] == nil:
			c.leftOut.add(t.id, "threads whose ticket is not saved, or cannot be read")
		default:
			return false
		}
		return true
	})
	c.share(threads)
	for i, t := range threads {
		if c.options.Threads != nil {
			c.options.Threads(int64(i), int64(len(threads)))
		}
		if err := c.thread(t, pages[t.id].files); err != nil {
			return err
		}
	}
	for of := range pages {
		if _, ok := all[of]; !ok {
			c.leftOut.add(of, "messages of threads that are not saved")
		}
	}
	if c.options.Threads != nil {
		c.options.Threads(int64(len(threads)), int64(len(threads)))
	}
	return nil
}

// share sees to it that each ticket is that of one thread.
func (c *converter) share(threads []thread) {
	of := make(map[string]*thread)
	for i := range threads {
		t := &threads[i]
		if t.ticket == "" {
			continue
		}
		other := of[t.ticket]
		if other == nil {
			of[t.ticket] = t
			continue
		}
		if t.createdAt.Before(other.createdAt) {
			of[t.ticket] = t
			t, other = other, t
		}
		c.notes.add(t.id, "threads whose ticket is that of an older thread: they have none here")
		t.ticket = ""
	}
}

// thread writes a thread as a conversation.
func (c *converter) thread(t thread, files []int32) error {
	v := &api.ConversationFacts{
		ID: id(t.id), ChannelID: c.channel(t.account, t.kind), Status: string(desk.Open), Home: string(desk.Inbox), History: true, StartedAt: t.createdAt, TakenInAt: t.createdAt,
	}
	if t.status == "CLOSED" {
		v.Status, v.ClosedAt = string(desk.Closed), t.closedAt
	}
	switch {
	case t.owner == "":
	case strings.HasPrefix(t.owner, "A-") && desk.CheckID("id", t.owner) == nil:
		v.Owner = c.agent(t.owner)
	default:
		c.notes.add(t.id, "threads that are assigned to no agent, but to a program: nobody owns them here")
	}
	if t.spam {
		c.notes.add(t.id, "threads that are spam: they are like any other here")
	}
	if t.archived {
		c.notes.add(t.id, "threads that are archived: they are like any other here")
	}
	if c.inboxes[t.inbox].kind == "HELP_DESK" {
		c.notes.add(t.id, "threads in a help desk: they come into the inbox, and go to the help desk by a move of their channel")
	}
	messages, err := c.messages(t, v, files)
	if err != nil {
		return err
	}
	if of := c.tickets[t.ticket]; of != nil && len(messages) > 0 {
		messages = append(messages, c.ticketOf(of, v))
		c.result.Report.Tickets++
	}
	if len(messages) == 0 {
		c.leftOut.add(t.id, "threads without messages")
		return nil
	}
	slices.SortFunc(messages, func(a, b exchange.Line) int { return exchange.Compare(a, b) })
	v.MessageCount = int64(len(messages))
	summarize(v, messages)
	c.result.Report.Conversations++
	c.result.Report.Messages += v.MessageCount
	if err := c.to.Add(exchange.Line{Conversation: v}); err != nil {
		return err
	}
	for _, m := range messages {
		if err := c.to.Add(m); err != nil {
			return err
		}
	}
	return nil
}

// summarize sets what a conversation's messages say of it, as if they had come one by one.
func summarize(v *api.ConversationFacts, messages []exchange.Line) {
	v.ChangedAt = v.ClosedAt
	for _, l := range messages {
		m := l.Message
		if m.At.After(v.ChangedAt) {
			v.ChangedAt = m.At
		}
		if v.Subject == "" {
			v.Subject = desk.Truncate(m.Subject, desk.MaxSubject)
		}
		aside := m.Kind == string(desk.Note) || m.Kind == string(desk.Event) || m.Visibility == string(desk.Internal)
		switch {
		case aside:
		case m.Author == string(desk.ByCustomer):
			if v.Customer == "" && m.From != nil {
				meet(v, desk.Address(*m.From))
			}
			if v.WaitingSince.IsZero() {
				v.WaitingSince = m.At
			}
		case m.Author == string(desk.ByAgent):
			if v.Customer == "" && len(m.To) > 0 {
				meet(v, desk.Address(m.To[0]))
			}
			if v.FirstReplyAt.IsZero() {
				v.FirstReplyAt = m.At
			}
			v.WaitingSince = time.Time{}
		}
	}
	if v.Status == string(desk.Closed) {
		v.WaitingSince = time.Time{}
		if v.ClosedAt.IsZero() {
			v.ClosedAt = v.ChangedAt
		}
	}
}

// meet sets who the customer is.
func meet(v *api.ConversationFacts, who desk.Address) {
	v.Customer = desk.Truncate(who.String(), desk.MaxCustomer)
	if who.Address != "" && who.Name != who.Address {
		v.CustomerName = desk.Truncate(who.Name, desk.MaxCustomerName)
	}
}

// finish writes what conversations and messages have named.
func (c *converter) finish() error {
	var lines []exchange.Line
	for _, a := range c.agents {
		lines = append(lines, exchange.Line{Agent: a})
	}
	for _, ch := range c.channels {
		lines = append(lines, exchange.Line{Channel: ch})
	}
	for _, f := range c.files {
		lines = append(lines, exchange.Line{File: &f})
	}
	for of, t := range c.tickets {
		if !t.used {
			c.leftOut.add(of, "tickets of no thread that was written")
		}
	}
	for of := range c.source.files {
		if !c.named[of] {
			c.leftOut.add(of, "files that no message names")
		}
	}
	for _, name := range c.source.kinds["originals"] {
		if !c.named[name] {
			c.leftOut.add(name, "originals of no message that is cut off")
		}
	}
	for _, l := range lines {
		if err := c.to.Add(l); err != nil {
			return err
		}
	}
	return nil
}
