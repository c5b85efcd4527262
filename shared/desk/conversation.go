package desk

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// ConversationStatus tells whether a conversation is still being worked on.
type ConversationStatus string

// The statuses of a conversation.
const (
	Open   ConversationStatus = "open"
	Closed ConversationStatus = "closed"
)

// ParseConversationStatus returns the status named s, or an *InvalidError for
// field.
func ParseConversationStatus(field, s string) (ConversationStatus, error) {
	return parse(field, s, Open, Closed)
}

// Conversation is the header of a thread with one customer, without its
// messages. Its ticket is a part of it, so that there is never more than one, and
// never one without the other. Subject, Customer and CustomerName are truncated on
// arrival, which keeps the stored item within 1 KB.
//
// Until it has landed in the help desk, people edit its Status and Owner. From
// then on they edit those of its ticket, and Status, Owner, ClosedAt, Channel,
// Joined, Started and TakenIn stay as they were: the source from which the proof
// works out what the move had to make of it (R27).
type Conversation struct {
	Account  string
	ID       string // begins with the time of arrival, so newer IDs sort later
	Origin   string // ID of the channel on which it started (R13)
	Channel  string // ID of its channel: Origin, or the connected e-mail channel (R14)
	Subject  string
	Customer string // address, number or name of the customer
	// CustomerName is the name that goes with Customer, "" if no other is known.
	CustomerName string
	Status       ConversationStatus
	Owner        string // agent ID or ""

	Started time.Time // date of the first message, according to its sender
	TakenIn time.Time // arrival in the store
	Joined  time.Time // since when it belongs to Channel, by the store's clock
	Past    bool      // it began with history that was brought in later: it is no live conversation, whenever it came

	Rev          int64     // starts at 1; every change adds 1 and checks the one that was read
	ChangedAt    time.Time // when a customer or agent last changed it, by the store's clock
	CustomerRev  int64     // Rev of the customer's last message
	CustomerAt   time.Time // arrival of the customer's last message, by the store's clock
	FirstReplyAt time.Time // first answer by an agent; zero if none
	WaitingSince time.Time // oldest unanswered message of the customer; zero if none
	ClosedAt     time.Time // zero while open
	Messages     int64
	Tags         Tags
	LastEdit     string  // token of the last edit by an agent, so that a repeated one is recognised
	Edits        EditLog // who did what, lately

	Home   Home   // Inbox or HelpDesk; never goes back
	Ticket Ticket // zero until it has one; in the inbox, only if one was created there
}

// HasTicket reports whether c has a ticket.
func (c Conversation) HasTicket() bool { return c.Ticket.Provenance != "" }

// TicketID returns the ID of c's ticket, "" if it has none.
func (c Conversation) TicketID() string {
	if !c.HasTicket() {
		return ""
	}
	return TicketID(c.ID)
}

// IsOpen reports whether somebody has to work on it, or on its ticket once it is in
// the help desk.
func (c Conversation) IsOpen() bool {
	if c.Home == HelpDesk {
		return !c.Ticket.Closed
	}
	return c.Status != Closed
}

// Waits reports whether it is open and its customer waits for an answer.
func (c Conversation) Waits() bool { return c.IsOpen() && !c.WaitingSince.IsZero() }

// Change is what a conversation becomes, and whom to tell of it.
type Change struct {
	Old, New Conversation
	Notify   *Notification // nil for nobody
}

// Quiet reports whether m is old mail that is brought in after c's fence: it was
// written before the fence, and nobody waits for it. It changes neither status nor
// clocks, and a conversation that it begins becomes a ticket from history. What a
// connector delivers late is live whatever its date, because it does not say that it
// is history.
func (c Channel) Quiet(m Message) bool {
	return m.History && m.At.Before(c.FenceAt)
}

// TakesHistory returns an *InvalidError if m claims to be history but was written
// at or after c's fence.
func (c Channel) TakesHistory(m Message) error {
	if !m.History || c.FenceAt.IsZero() || c.Quiet(m) {
		return nil
	}
	fence := c.FenceAt.UTC().Format(time.RFC3339)
	return &InvalidError{Field: "at", Code: CodeNotHistory, Params: Params{"fence": fence},
		Problem: "it is not history: the channel began to move at " + fence + ", before it was written",
		Remedy:  "send it as live mail, without history"}
}

// StartConversation returns the conversation that begins with m, which arrives
// at now through the channel by. The owner may be "". If m has no date, the
// conversation has no start and cannot be converted (R16); connectors that
// receive messages as they arrive should therefore set it. With history it begins as
// m.Past says. What a program wrote begins a closed one: nobody has to answer it. An
// unknown author or status is an *InvalidError.
func StartConversation(id string, m Message, by Channel, owner string, now time.Time) (Conversation, error) {
	c := Conversation{
		Account: m.Account, ID: id, Origin: by.ID, Channel: by.ID,
		Subject: Truncate(m.Subject, MaxSubject), Status: Open, Owner: owner,
		Started: m.At, TakenIn: now, Joined: now, Home: Inbox,
	}
	if m = m.Complete(by); m.Automatic != "" {
		c.Status, c.ClosedAt = Closed, now
	}
	c, err := c.count(m, by, now)
	if c.Past = m.History; err != nil || m.Past == (Past{}) {
		return c, err
	}
	c.Owner, c.FirstReplyAt, c.WaitingSince = m.Past.Owner, m.Past.FirstReplyAt, m.Past.WaitingSince
	if m.Past.Status != "" {
		c.Status, err = ParseConversationStatus("conversation.status", string(m.Past.Status))
		c.ClosedAt = time.Time{}
	}
	if c.Status == Closed {
		c.ClosedAt, c.WaitingSince = now, time.Time{}
	}
	return c, err
}

// Receive returns c after the message m, which arrives at now through the
// channel by. The channel of c until then is belongs. If that is a form
// answered through by, and c is still in the inbox and was there before the
// form's own move began, c joins by (R14). What a customer asks opens a
// conversation in the inbox, unless its channel keeps closed ones closed (R19);
// that of one in the help desk is for Rules.Follow to apply to its ticket. A quiet
// message, a note, an event, and what a program or a bot wrote is added, and nothing
// else. An unknown author or invalid settings are *InvalidErrors.
func (c Conversation) Receive(m Message, belongs, by Channel, now time.Time) (Conversation, error) {
	if belongs.ID != c.Channel {
		return c, fmt.Errorf("conversation %s belongs to channel %s, not %s", c.ID, c.Channel, belongs.ID)
	}
	got := c
	if c.Home == Inbox {
		if belongs.answeredBy(by) && !belongs.fencedBefore(c) {
			got.Channel, got.Joined = by.ID, now
			belongs = by
		}
		settings, err := belongs.ParsedSettings()
		if err != nil {
			return c, fmt.Errorf("channel %s: %w", belongs.ID, err)
		}
		if m.Complete(by).Asks() && !settings.Automation.KeepClosed && !belongs.Quiet(m) {
			got.Status, got.ClosedAt = Open, time.Time{}
		}
	}
	counted, err := got.count(m, by, now)
	if err != nil {
		return c, err
	}
	if belongs.Quiet(m) {
		got.Rev, got.ChangedAt, got.Messages, got.Tags = counted.Rev, counted.ChangedAt, counted.Messages, counted.Tags
		return got, nil
	}
	return counted, nil
}

// answeredBy reports whether by is the e-mail channel that answers the form c.
func (c Channel) answeredBy(by Channel) bool {
	return c.Type == Form && by.Type == Email && c.Connected == by.ID
}

// fencedBefore reports whether x was taken in at or after c's fence. Then it is
// the help desk's from its first moment on.
func (c Channel) fencedBefore(x Conversation) bool {
	return !c.FenceAt.IsZero() && !x.TakenIn.Before(c.FenceAt)
}

// count updates the revision, the number of messages, the tags and the times that
// depend on who wrote m. By history the customer writes nothing now.
func (c Conversation) count(m Message, by Channel, now time.Time) (Conversation, error) {
	if _, err := ParseAuthor("author", string(m.Author)); err != nil {
		return c, err
	}
	m = m.Complete(by)
	c.Rev++
	c.ChangedAt = now
	c.Messages++
	c.Tags, _ = c.Tags.With(m.Tags)
	c.Meet(m, by)
	written := m.writtenAt(by, now)
	switch {
	case m.Answers():
		if c.FirstReplyAt.IsZero() {
			c.FirstReplyAt = written
		}
		c.WaitingSince = time.Time{}
	case m.Asks():
		if !m.History {
			c.CustomerRev, c.CustomerAt = c.Rev, now
		}
		if c.WaitingSince.IsZero() {
			c.WaitingSince = written
		}
	}
	return c, nil
}

// Meet sets who the customer is, once m says it, and the name that goes with that.
func (c *Conversation) Meet(m Message, by Channel) {
	who := m.customer(by)
	is := Truncate(who.String(), MaxCustomer)
	if c.Customer == "" {
		c.Customer = is
	}
	if c.CustomerName == "" && who.Address != "" && !who.is(who.Name) && strings.EqualFold(is, c.Customer) && !m.Forged {
		c.CustomerName = Truncate(who.Name, MaxCustomerName)
	}
}

// writtenAt returns the time from which the clocks count m. In the inbox that
// is the sender's date, because imported mail needs its original times (R9),
// but no later than its arrival, because the sender's clock may be wrong. Once
// the channel is moving, only the store's clock counts, but for history.
func (m Message) writtenAt(by Channel, now time.Time) time.Time {
	if by.Home != Inbox && !m.History || m.At.IsZero() || m.At.After(now) {
		return now
	}
	return m.At
}

// Edit is an agent's change to a conversation in the inbox. A nil field stays
// as it is; an empty owner means nobody.
type Edit struct {
	Status *ConversationStatus
	Owner  *string
	Tags   *[]string // all that it is to have
	Of     int64     // the revision that the agent has seen; 0 for whichever it is
}

// Edit returns c with the changes e of the agent by, its token and the next revision. Closing
// a conversation also clears WaitingSince. For a conversation that has moved it
// returns a *MovedError that names the ticket (R19), for one that has changed since
// it was seen a *ChangedError, for an unknown status or agent an *InvalidError.
func (c Conversation) Edit(e Edit, by, token string, s Setup, now time.Time) (Conversation, error) {
	if c.Home == HelpDesk {
		return c, &MovedError{Conversation: c.ID, Ticket: c.TicketID()}
	}
	if err := c.seen(e.Of); err != nil {
		return c, err
	}
	var errs problems
	if e.Status == nil && e.Owner == nil && e.Tags == nil {
		errs.add("status", CodeNoChange, nil, "there is nothing to change", "send a status, an owner or tags")
	}
	edited := c
	errs.check(edited.tag(e.Tags))
	if e.Owner != nil {
		_, ok := s.Agent(*e.Owner)
		errs.checkKnown("owner", "agent", *e.Owner, ok || *e.Owner == "")
		edited.Owner = *e.Owner
	}
	if e.Status != nil {
		status, err := ParseConversationStatus("status", string(*e.Status))
		errs.check(err)
		if edited.Status = status; status == Open {
			edited.ClosedAt = time.Time{}
		} else if c.Status != Closed {
			edited.ClosedAt, edited.WaitingSince = now, time.Time{}
		}
	}
	if err := errs.join(); err != nil {
		return c, err
	}
	edited.Rev++
	edited.ChangedAt, edited.LastEdit = now, token
	edited.Edits = edited.Edits.add(LoggedEdit{At: now, By: by, Status: (*string)(e.Status), Owner: e.Owner, Tags: e.Tags != nil})
	return edited, nil
}

// tag gives c the tags that it is to have, if that is not nil.
func (c *Conversation) tag(tags *[]string) error {
	if tags == nil {
		return nil
	}
	of, err := ParseTags("tags", *tags)
	if err == nil {
		c.Tags = of
	}
	return err
}

// seen returns a *ChangedError unless c has the revision that an agent has seen; 0
// fits any.
func (c Conversation) seen(rev int64) error {
	if rev == 0 || rev == c.Rev {
		return nil
	}
	return &ChangedError{Conversation: c.ID, Now: &c}
}

// MakeTicket returns c with the ticket that the agent by makes of it in the inbox
// (R15). One that has a ticket keeps it. For a conversation that has moved it
// returns a *MovedError.
func (c Conversation) MakeTicket(status Status, by string, now time.Time) (Conversation, error) {
	if c.Home == HelpDesk {
		return c, &MovedError{Conversation: c.ID, Ticket: c.TicketID()}
	}
	if !c.HasTicket() {
		c.Rev++
		c.ChangedAt = now
		c.Ticket = Ticket{Status: status, Owner: c.Owner, Created: now, Provenance: Native}
		c.Ticket.Edited.Rev = c.Rev // what the customer wrote before does not reopen it
		c.Edits = c.Edits.add(LoggedEdit{At: now, By: by, Made: true, Status: (*string)(&status)})
	}
	return c, nil
}

// The maximum lengths in bytes. They keep conversations and tickets within the
// 1 KB that one write unit of DynamoDB pays for.
const (
	MaxSubject      = 200
	MaxCustomer     = 120
	MaxCustomerName = 60
)

// Truncate returns the longest prefix of s that has at most the given number of
// bytes and does not split a character.
func Truncate(s string, bytes int) string {
	if len(s) <= bytes {
		return s
	}
	end := max(bytes, 0)
	// A character has at most utf8.UTFMax bytes. Looking back further would
	// remove all of a text that is not UTF-8.
	for back := 1; back < utf8.UTFMax && end > 0 && !utf8.RuneStart(s[end]); back++ {
		end--
	}
	return s[:end]
}
