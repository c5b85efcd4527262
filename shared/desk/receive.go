package desk

import (
	"fmt"
	"time"
)

// StartConversation returns the conversation that begins with m, as the
// store first sees it at now. The caller chooses its ID and its owner, ""
// for nobody. A message without a date gives a conversation without a start,
// which no move can date (R16): a connector that hears mails arrive fills
// in the time. An unknown author is an *InvalidError.
func StartConversation(id string, m Message, by Channel, owner string, now time.Time) (Conversation, error) {
	c := Conversation{
		Account: m.Account, ID: id, Origin: by.ID, Channel: by.ID,
		Subject: Cut(m.Subject, MaxSubject), Status: Open, Owner: owner,
		Started: m.At, TakenIn: now, Joined: now, Home: Inbox,
	}
	if m.Author == ByCustomer {
		c.Customer = Cut(m.From, MaxCustomer)
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
