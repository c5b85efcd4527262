package store

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"deskmove/shared/desk"
)

// aTime is a time to the millisecond, as the store keeps them.
var aTime = rapid.Map(rapid.Int64Range(1, 4_000_000_000_000), func(ms int64) time.Time { return time.UnixMilli(ms).UTC() })

func maybe[T any](g *rapid.Generator[T]) *rapid.Generator[T] {
	return rapid.OneOf(rapid.Just(*new(T)), g)
}

// sometimes draws a value that often equals a default.
func sometimes(t *rapid.T, label string, usual time.Time) time.Time {
	return rapid.OneOf(rapid.Just(usual), aTime).Draw(t, label)
}

// drawConversation draws a header such as there may be: its ticket is complete or
// missing.
func drawConversation(t *rapid.T, id string) desk.Conversation {
	text := maybe(rapid.StringN(1, 20, 80))
	name := rapid.StringMatching(`[a-z]{1,8}`)
	n := rapid.Int64Range(1, 1<<40)
	c := desk.Conversation{
		Account: "acme", ID: id, Channel: name.Draw(t, "channel"), Subject: text.Draw(t, "subject"), Customer: text.Draw(t, "customer"),
		Status: rapid.SampledFrom([]desk.ConversationStatus{desk.Open, desk.Closed}).Draw(t, "status"), Owner: maybe(name).Draw(t, "owner"),
		Started: maybe(aTime).Draw(t, "started"), Joined: aTime.Draw(t, "joined"), Rev: n.Draw(t, "rev"), CustomerRev: maybe(n).Draw(t, "customer's"),
		FirstReplyAt: maybe(aTime).Draw(t, "replied"), WaitingSince: maybe(aTime).Draw(t, "waiting"), ClosedAt: maybe(aTime).Draw(t, "closed"),
		Messages: rapid.Int64Range(0, 3).Draw(t, "messages"), LastEdit: maybe(name).Draw(t, "edit"),
		Past: rapid.Bool().Draw(t, "past"),
		Home: rapid.SampledFrom([]desk.Home{desk.Inbox, desk.HelpDesk}).Draw(t, "home"),
	}
	c.Origin = rapid.OneOf(rapid.Just(c.Channel), name).Draw(t, "origin")
	c.TakenIn = rapid.OneOf(rapid.Just(c.Joined), maybe(aTime)).Draw(t, "taken in")
	c.ChangedAt = sometimes(t, "changed", c.TakenIn)
	if c.CustomerRev > 0 {
		c.CustomerAt = sometimes(t, "written", c.TakenIn)
	}
	if c.Home == desk.HelpDesk || rapid.Bool().Draw(t, "native") {
		k := desk.Ticket{
			Status: desk.Status(name.Draw(t, "status")), Owner: maybe(name).Draw(t, "ticket's owner"),
			Provenance: rapid.SampledFrom([]desk.Provenance{desk.Native, desk.History, desk.Live}).Draw(t, "provenance"),
			Imported:   maybe(aTime).Draw(t, "imported"), Move: maybe(name).Draw(t, "move"), LostOwner: maybe(name).Draw(t, "lost"),
			Opened: maybe(aTime).Draw(t, "opened"), Breached: rapid.Bool().Draw(t, "breached"), Behind: maybe(n).Draw(t, "behind"),
			Clocks: desk.Clocks{
				Policy: maybe(name).Draw(t, "policy"), FirstReply: maybe(aTime).Draw(t, "first"), NextReply: maybe(aTime).Draw(t, "next"),
				Close: maybe(aTime).Draw(t, "close"),
			},
			Closed: c.Home == desk.HelpDesk && rapid.Bool().Draw(t, "closed"),
		}
		if k.Created = c.Started; k.Provenance == desk.Native {
			k.Created = aTime.Draw(t, "created")
		}
		if rapid.Bool().Draw(t, "landed") {
			k.Landed = desk.Landed{Status: desk.Status(name.Draw(t, "status")), Owner: maybe(name).Draw(t, "owner")}
		}
		if rapid.Bool().Draw(t, "edited") {
			k.Edited = desk.LastEdit{At: aTime.Draw(t, "at"), By: name.Draw(t, "by"), Status: desk.Status(name.Draw(t, "to")), Owner: maybe(name).Draw(t, "for"), Rev: n.Draw(t, "rev")}
		}
		c.Ticket = k
	}
	return c
}

// TestAHeaderIsReadAsItWasWritten.
func TestAHeaderIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawConversation(t, "c1")
		attrs := writeHeader(want)
		attrs = rapid.Permutation(attrs).Draw(t, "order")
		got, ok := ReadConversation(HeaderKey("acme", "c1"), attrs)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Fatalf("-written +read\n%s", diff)
		}
		for i, a := range attrs {
			if a.Value == S("") || a.Value == B("") || slices.ContainsFunc(attrs[i+1:], func(b Attr) bool { return b.Name == a.Name }) {
				t.Errorf("attribute %+v is empty or there twice", a)
			}
		}
	})
}

// TestAChangeLeavesAlone what it does not change, and what it does not know.
func TestAChangeLeavesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, is := drawConversation(t, "c1"), drawConversation(t, "c1")
		if rapid.Bool().Draw(t, "little") {
			is, old.Rev = old, 7
			is.Owner, is.Rev = "somebody else", old.Rev+1
		}
		w := changeHeader(old, is)
		if w.Op != Update || !w.If.Holds(writeHeader(old), true) || w.If.Holds(Attrs{{aRev, N(old.Rev + 1)}}, true) || w.If.Holds(nil, false) {
			t.Fatalf("write = %+v", w)
		}
		news := Attr{"news", S("of a later version")}
		item := w.Apply(nil, append(writeHeader(old), news))
		if v, ok := item.Find("news"); !ok || v != news.Value {
			t.Fatal("an attribute that nobody knows is lost")
		}
		got := readHeader("acme", "c1", item)
		if diff := cmp.Diff(is, got); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
		for _, a := range w.Set {
			if v, ok := writeHeader(old).Find(a.Name); ok && v == a.Value {
				t.Errorf("%s is set, although it is the same", a.Name)
			}
		}
	})
}

// TestDefaultsAreNotStored of a conversation as most begin, and of its ticket.
func TestDefaultsAreNotStored(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000).UTC()
	by := desk.Channel{ID: "mail", Home: desk.Inbox}
	m := desk.Message{Account: "acme", Channel: "mail", Author: desk.ByCustomer, At: at, Subject: "Hello", From: desk.Address{Address: "jane@customer.example"}}
	c, err := desk.StartConversation("c1", m, by, "", at)
	if err != nil {
		t.Fatal(err)
	}
	names := func(c desk.Conversation) (names []string) {
		for _, a := range writeHeader(c) {
			names = append(names, a.Name)
		}
		return names
	}
	want := []string{"home", "rev", "sub", "cus", "sta", "cur", "wai", "cpk", "csk", "opk"}
	if got := names(c); !slices.Equal(got, want) {
		t.Errorf("a new conversation has %v, want %v", got, want)
	}
	c.Home, c.Rev = desk.HelpDesk, 2
	c.Ticket = desk.Ticket{Status: "new", Created: c.Started, Provenance: desk.Live, Imported: at, Move: "m1", Opened: at}
	want = slices.Insert(want, len(want)-3, "prov", "tst", "imp", "mov", "opn")
	if got := names(c); !slices.Equal(got, want) {
		t.Errorf("a new ticket has %v, want %v", got, want)
	}
	// Landing what is closed writes no index at all.
	c.Ticket.Closed = true
	if got := names(c); slices.Contains(got, ByOwner.PK) {
		t.Errorf("a closed ticket has %v", got)
	}
}

// TestOnlyTheInboxIsStreamed.
func TestOnlyTheInboxIsStreamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConversation(t, "c1")
		if got := Streamed(writeHeader(c)); got != (c.Home == desk.Inbox) {
			t.Errorf("streamed %t: %+v", got, c)
		}
	})
}
