package desk

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// ConversationStatus says whether a conversation waits for anything.
type ConversationStatus string

// The statuses of a conversation.
const (
	Open   ConversationStatus = "open"
	Closed ConversationStatus = "closed"
)

// ParseConversationStatus reads a conversation's status; an unknown one is an
// *InvalidError about field.
func ParseConversationStatus(field, s string) (ConversationStatus, error) {
	return parse(field, s, Open, Closed)
}

// Conversation is a thread with one customer: the header, not the messages.
// Stored it stays within 1 KB, so Subject and Customer are cut when taken in.
type Conversation struct {
	Account  string
	ID       string // starts with the time it was taken in, so newer IDs sort later
	Origin   string // ID of the channel on which it started (R13)
	Channel  string // ID of the channel it belongs to: Origin, or the connected e-mail channel (R14)
	Subject  string
	Customer string // address, number or name of the customer
	Status   ConversationStatus
	Owner    string // agent ID or ""

	Started time.Time // when the customer began it, by the customer's date
	TakenIn time.Time // when the store first saw it
	Joined  time.Time // when it came to belong to Channel, store time

	ChangedAt       time.Time // store time of Version
	Version         int64     // one more with every change by a customer or agent; 1 at first
	CustomerVersion int64     // Version of the customer's last message
	CustomerAt      time.Time // store time of the customer's last message
	FirstReplyAt    time.Time // first answer by an agent; zero if none
	WaitingSince    time.Time // oldest customer message not yet answered; zero if none
	ClosedAt        time.Time // zero while open
	Messages        int64

	// The marker. Only the move sets it; it never goes back.
	Home   Home   // Inbox or HelpDesk
	Ticket string // ticket ID; also set in the inbox when a ticket was made there
	Move   string // the move, or "" for conversations redirected after its end
}

// Author says who wrote a message.
type Author string

// The authors of messages.
const (
	ByCustomer Author = "customer"
	ByAgent    Author = "agent"
)

// ParseAuthor reads a message's author; an unknown one is an *InvalidError
// about field.
func ParseAuthor(field, s string) (Author, error) {
	return parse(field, s, ByCustomer, ByAgent)
}

// Message is one mail, form submission, call note or chat line.
type Message struct {
	Account      string
	Conversation string
	ID           string
	External     string // the connector's ID, unique in a channel
	Channel      string // by which channel it came
	Author       Author
	From         string    // address, number or name of the sender
	Agent        string    // agent ID when Author is ByAgent and known
	At           time.Time // when it was written, by the sender's date
	TakenIn      time.Time // store time
	Subject      string
	Text         string
	HTML         string
	Raw          string // the source as it came, such as a whole mail; may be empty
}

// StartConversation returns the conversation that begins with m, as the
// store first sees it at now. The caller chooses its ID and its owner, ""
// for nobody. A message without a date gives a conversation without a start,
// which no move can date (R16): a connector that hears mails arrive fills
// in the time. An unknown author is an *InvalidError.
func StartConversation(id string, m Message, by Channel, owner string, now time.Time) (Conversation, error) {
	c := Conversation{
		Account: m.Account, ID: id, Origin: by.ID, Channel: by.ID,
		Subject: Truncate(m.Subject, MaxSubject), Status: Open, Owner: owner,
		Started: m.At, TakenIn: now, Joined: now, Home: Inbox,
	}
	if m.Author == ByCustomer {
		c.Customer = Truncate(m.From, MaxCustomer)
	}
	return c.count(m, by, now)
}

// Receive returns c with the message m, which came by the channel by and was
// taken in at now. The channel to which c belongs so far is belongs. If that
// is a form answered through by, and c is still in the inbox, c belongs to
// by from now on (R14). A customer's message opens c, unless the automation
// of its channel says otherwise (R19). An unknown author and settings that
// cannot be read are *InvalidErrors.
func (c Conversation) Receive(m Message, belongs, by Channel, now time.Time) (Conversation, error) {
	if belongs.ID != c.Channel {
		return c, fmt.Errorf("conversation %s belongs to channel %s, not %s", c.ID, c.Channel, belongs.ID)
	}
	got := c
	if c.Home == Inbox && belongs.Type == Form && by.Type == Email && belongs.Connected == by.ID {
		got.Channel, got.Joined = by.ID, now
		belongs = by
	}
	settings, err := belongs.ParsedSettings()
	if err != nil {
		return c, fmt.Errorf("channel %s: %w", belongs.ID, err)
	}
	if m.Author == ByCustomer && !settings.Automation.KeepClosed {
		got.Status, got.ClosedAt = Open, time.Time{}
	}
	if got, err = got.count(m, by, now); err != nil {
		return c, err
	}
	return got, nil
}

// count counts m in: a version, a message, who wrote last and who waits.
func (c Conversation) count(m Message, by Channel, now time.Time) (Conversation, error) {
	author, err := ParseAuthor("author", string(m.Author))
	if err != nil {
		return c, err
	}
	c.Version++
	c.ChangedAt = now
	c.Messages++
	written := m.writtenAt(by, now)
	if author == ByAgent {
		if c.FirstReplyAt.IsZero() {
			c.FirstReplyAt = written
		}
		c.WaitingSince = time.Time{}
		return c, nil
	}
	c.CustomerVersion, c.CustomerAt = c.Version, now
	if c.WaitingSince.IsZero() {
		c.WaitingSince = written
	}
	return c, nil
}

// writtenAt returns from when m counts for the clocks. In the inbox that is
// its date, so that clocks from the original times (R9) are right for
// imported mail; but never later than it came, for a sender's clock may be
// wrong. Once the channel moves, only the store's clock counts.
func (m Message) writtenAt(by Channel, now time.Time) time.Time {
	if by.Home != Inbox || m.At.IsZero() || m.At.After(now) {
		return now
	}
	return m.At
}

// Edit is what an agent changes on a conversation in the inbox. Nil leaves
// a field alone; an empty owner is nobody.
type Edit struct {
	Status *ConversationStatus
	Owner  *string
}

// Edit returns c as e leaves it, one version later. A conversation that has
// moved is a *MovedError naming its ticket (R19); an unknown status or agent
// is an *InvalidError. Whoever closes a conversation lets nobody wait.
func (c Conversation) Edit(e Edit, s Setup, now time.Time) (Conversation, error) {
	if c.Home == HelpDesk {
		return c, &MovedError{Conversation: c.ID, Ticket: c.Ticket}
	}
	var errs problems
	if e.Status == nil && e.Owner == nil {
		errs.add("status", "nothing is to change", "give a status, an owner or both")
	}
	edited := c
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
	edited.Version++
	edited.ChangedAt = now
	return edited, nil
}

// The lengths to which headers are cut, in bytes, so that a conversation and
// a ticket each stay within the 1 KB that one write unit pays for.
const (
	MaxSubject  = 200
	MaxCustomer = 120
)

// Truncate returns as much of s as fits into bytes without splitting a character.
func Truncate(s string, bytes int) string {
	if len(s) <= bytes {
		return s
	}
	end := max(bytes, 0)
	// A character has at most utf8.UTFMax bytes; looking back further would
	// let bytes that are not UTF-8 eat the whole text.
	for back := 1; back < utf8.UTFMax && end > 0 && !utf8.RuneStart(s[end]); back++ {
		end--
	}
	return s[:end]
}
