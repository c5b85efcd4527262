package cli_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/verify"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// base is data on which every invariant is looked at: support has moved with
// history, website without, and hotline is in the inbox.
type base struct {
	dir                    string
	support, website       string // the moves
	open, lost, edited, as string // conversations of support: open, without its owner, edited, with its own ticket
	left, live             string // of website: left behind, and come since
	inbox                  string // of hotline
	settings               map[string][]byte
}

func makeBase(t *testing.T) base {
	t.Helper()
	e := start(t, t.TempDir())
	e.run(t, "apply", accountFile).ok(t, nil)
	b := base{dir: e.dir}
	take := func(channel, external, from string, at int) string {
		taken, err := e.stack.App.Intake.TakeIn(t.Context(), desk.Message{
			Account: "demo", Channel: channel, External: external, Author: desk.ByCustomer, From: from,
			At: time.Date(2026, 1, at, 9, 0, 0, 0, time.UTC), Subject: external, Text: "hello",
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return taken.Conversation.ID
	}
	edits := e.stack.App.Editor
	ben := desk.Caller{Account: "demo", Agent: "ben", Role: desk.AgentRole}
	give := func(id, owner string, state desk.ConversationStatus) {
		if _, err := edits.EditConversation(t.Context(), ben, id, desk.Edit{Status: &state, Owner: &owner}); err != nil {
			t.Fatal(err)
		}
	}
	b.open, b.lost, b.edited, b.as = take("support", "o", "jane", 1), take("support", "l", "carl", 2), take("support", "e", "dan", 3), take("support", "a", "eve", 4)
	b.left, b.inbox = take("website", "w", "flo", 5), take("hotline", "h", "gus", 6)
	give(b.open, "ben", desk.Open)
	give(b.lost, "dora", desk.Closed)
	if _, err := edits.NewTicket(t.Context(), ben, b.as, "waiting"); err != nil {
		t.Fatal(err)
	}
	inDesk := take("hotline", "n", "hal", 7)
	if _, err := edits.NewTicket(t.Context(), ben, inDesk, "new"); err != nil {
		t.Fatal(err)
	}

	var moved struct{ Move struct{ ID string } }
	e.run(t, "move", "--channel", "support", "--history", "all", "--open-status", "new", "--closed-status", "solved",
		"--ack", "agents-without-access,connected-left-behind", "--watch", "--json").ok(t, &moved)
	b.support = moved.Move.ID
	e.run(t, "move", "--channel", "website", "--history", "none", "--ack", "no-sla-policy", "--watch", "--json").ok(t, &moved)
	b.website = moved.Move.ID
	b.live = take("website", "x", "ida", 8)
	status, owner := desk.Status("waiting"), "cleo"
	_, err := edits.EditTicket(t.Context(), ben, desk.TicketID(b.edited), desk.TicketEdit{Status: &status, Owner: &owner})
	if err != nil {
		t.Fatal(err)
	}
	e.run(t, "verify", "--settings", accountFile).ok(t, nil) // waits for the live one
	setup, err := e.api(t).Setup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.settings = make(map[string][]byte)
	for _, c := range setup.Channels {
		b.settings[c.ID] = c.Settings
	}
	e.stop()
	return b
}

// spoil is a copy of the data, opened to be spoiled.
type spoil struct {
	*testing.T
	base
	cases  api.UseCases
	engine store.Engine
}

func (s spoil) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// ticket changes the ticket of a conversation behind everybody's back.
func (s spoil) ticket(conversation string, change func(*desk.Ticket)) {
	s.Helper()
	t, err := s.cases.Tickets.Get(s.Context(), "demo", desk.TicketID(conversation))
	s.must(err)
	old := t
	change(&t)
	s.must(s.cases.Tickets.Replace(s.Context(), t, old))
}

// create adds a ticket that is a copy of a conversation's.
func (s spoil) create(conversation string, change func(*desk.Ticket)) {
	s.Helper()
	t, err := s.cases.Tickets.Get(s.Context(), "demo", desk.TicketID(conversation))
	s.must(err)
	change(&t)
	for _, err := range s.cases.Tickets.Create(s.Context(), []desk.Ticket{t}) {
		s.must(err)
	}
}

func (s spoil) remove(conversation string) {
	s.Helper()
	t, err := s.cases.Tickets.Get(s.Context(), "demo", desk.TicketID(conversation))
	s.must(err)
	s.must(s.cases.Tickets.Delete(s.Context(), t))
}

// set sets attributes of an item, as no code of deskmove would.
func (s spoil) set(table store.Table, key store.Key, attrs ...store.Attr) {
	s.Helper()
	s.must(store.FirstError(s.engine.Write(s.Context(), []store.Write{{
		Op: store.Update, Table: table, Key: key, Set: attrs, If: store.Exists(),
	}})))
}

func (s spoil) conversation(id string, attrs ...store.Attr) {
	s.Helper()
	s.set(store.Conversations, store.HeaderKey("demo", id), attrs...)
}

// report changes a move's report.
func (s spoil) report(id string, change func(*desk.Report)) {
	s.Helper()
	m, err := s.cases.Moves.Get(s.Context(), "demo", id)
	s.must(err)
	change(&m.Report)
	text, err := json.Marshal(m.Report)
	s.must(err)
	s.set(store.Control, store.MoveKey("demo", id), attr(store.AttrReport, string(text)))
}

func attr(name, value string) store.Attr { return store.Attr{Name: name, Value: store.S(value)} }

// spoils are the ways in which data can be wrong, and the invariants of which
// verify must then report at least the first.
var spoils = map[string]struct {
	sees  []string
	spoil func(s spoil)
}{
	"a ticket is gone": {[]string{"marker-has-ticket"}, func(s spoil) { s.remove(s.open) }},
	"a native ticket of the inbox is gone": {[]string{"one-ticket"}, func(s spoil) {
		s.conversation(s.inbox, attr(store.AttrTicket, desk.TicketID(s.inbox)))
	}},
	"a conversation has two tickets": {[]string{"one-ticket"}, func(s spoil) {
		s.create(s.open, func(t *desk.Ticket) { t.ID = "t-second" })
	}},
	"a ticket has no conversation": {[]string{"one-ticket"}, func(s spoil) {
		s.create(s.open, func(t *desk.Ticket) { t.ID, t.Conversation = "t-c0nobody", "c0nobody" })
	}},
	"a marker is gone": {[]string{"ticket-has-marker", "complete"}, func(s spoil) {
		s.conversation(s.open, attr(store.AttrHome, "inbox"))
	}},
	"marker and ticket are gone": {[]string{"complete"}, func(s spoil) {
		s.remove(s.lost)
		s.conversation(s.lost, attr(store.AttrHome, "inbox"), attr(store.AttrTicket, ""))
	}},
	"a live conversation is in the inbox": {[]string{"complete"}, func(s spoil) {
		s.remove(s.live)
		s.conversation(s.live, attr(store.AttrHome, "inbox"), attr(store.AttrTicket, ""))
	}},
	"another move's name": {[]string{"complete"}, func(s spoil) {
		s.conversation(s.open, attr(store.AttrMove, s.website))
	}},
	"the marker names another ticket": {[]string{"one-ticket"}, func(s spoil) {
		s.conversation(s.open, attr(store.AttrTicket, desk.TicketID(s.lost)))
	}},
	"a wrong date": {[]string{"created-is-started", "checksums"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Created = t.Created.Add(time.Hour) })
	}},
	"the day of the import as date": {[]string{"created-is-started"}, func(s spoil) {
		s.ticket(s.live, func(t *desk.Ticket) { t.Created = t.Imported })
	}},
	"an old version": {[]string{"version-at-rest"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.SourceVersion-- })
	}},
	"a reply that never came": {[]string{"version-at-rest"}, func(s spoil) {
		s.conversation(s.live, store.Attr{Name: store.Version, Value: store.N(9)})
	}},
	"the other status": {[]string{"status", "checksums"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Status, t.MovedStatus = "solved", "solved" })
	}},
	"a status that nobody set": {[]string{"status"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Status = "waiting" })
	}},
	"a status of no pipeline": {[]string{"status"}, func(s spoil) {
		s.ticket(s.edited, func(t *desk.Ticket) { t.Status, t.Edited.Status = "nowhere", "nowhere" })
	}},
	"a closed status on a live ticket": {[]string{"status"}, func(s spoil) {
		s.ticket(s.live, func(t *desk.Ticket) { t.Status, t.MovedStatus = "solved", "solved" })
	}},
	"history called live": {[]string{"status"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Provenance = desk.Live })
	}},
	"an owner without access": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.lost, func(t *desk.Ticket) { t.Owner, t.MovedOwner, t.LostOwner = "dora", "dora", "" })
	}},
	"an owner lost who has access": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Owner, t.MovedOwner, t.LostOwner = "", "", "ben" })
	}},
	"an owner lost without a word": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.lost, func(t *desk.Ticket) { t.LostOwner = "" })
	}},
	"another owner": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Owner, t.MovedOwner = "cleo", "cleo" })
	}},
	"an owner that nobody set": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.as, func(t *desk.Ticket) { t.Owner = "ben" })
	}},
	"a live ticket of a stranger": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.live, func(t *desk.Ticket) { t.Owner, t.MovedOwner = "mallory", "mallory" })
	}},
	"an agent's status overwritten": {[]string{"edits-kept"}, func(s spoil) {
		s.ticket(s.edited, func(t *desk.Ticket) { t.Status = "new" })
	}},
	"an agent's owner overwritten": {[]string{"edits-kept"}, func(s spoil) {
		s.ticket(s.edited, func(t *desk.Ticket) { t.Owner = "ben" })
	}},
	"history moved that was to stay": {[]string{"history-left"}, func(s spoil) {
		s.create(s.live, func(t *desk.Ticket) { t.ID, t.Conversation = desk.TicketID(s.left), s.left })
		s.conversation(s.left, attr(store.AttrHome, "helpdesk"), attr(store.AttrTicket, desk.TicketID(s.left)))
	}},
	"a conversation of the inbox moved": {[]string{"foreign-untouched"}, func(s spoil) {
		s.create(s.live, func(t *desk.Ticket) { t.ID, t.Conversation, t.Channel = desk.TicketID(s.inbox), s.inbox, "hotline" })
		s.conversation(s.inbox, attr(store.AttrHome, "helpdesk"), attr(store.AttrTicket, desk.TicketID(s.inbox)))
	}},
	"a ticket of the inbox's conversation": {[]string{"foreign-untouched"}, func(s spoil) {
		s.create(s.live, func(t *desk.Ticket) { t.ID, t.Conversation, t.Channel = desk.TicketID(s.inbox), s.inbox, "hotline" })
	}},
	"a ticket of another channel": {[]string{"foreign-untouched"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Channel = "website" })
	}},
	"an open batch": {[]string{"ledger-empty", "counters-planned"}, func(s spoil) {
		s.must(s.cases.Ledger.Add(s.Context(), move.Entry{Account: "demo", Move: s.support, ID: "late", IDs: []string{s.open}, Count: 1, SentAt: time.Now()}))
	}},
	"a batch counted twice": {[]string{"counters-planned"}, func(s spoil) {
		s.must(s.cases.Ledger.Add(s.Context(), move.Entry{Account: "demo", Move: s.support, ID: "twice", IDs: []string{s.open}, Count: 1, SentAt: time.Now()}))
		s.must(s.cases.Ledger.Done(s.Context(), move.Batch{Account: "demo", Move: s.support, Entry: "twice", Count: 2}, move.Counts{Created: 1}))
	}},
	"two moves at once": {[]string{"one-move"}, func(s spoil) {
		s.set(store.Control, store.MoveKey("demo", s.support), attr(store.AttrState, "running"))
		s.set(store.Control, store.MoveKey("demo", s.website), attr(store.AttrState, "running"))
	}},
	"a moved channel is back in the inbox": {[]string{"one-move", "foreign-untouched"}, func(s spoil) {
		s.set(store.Control, store.ChannelKey("demo", "support"), attr(store.AttrHome, "inbox"))
	}},
	"a channel moving by nobody": {[]string{"one-move"}, func(s spoil) {
		s.set(store.Control, store.ChannelKey("demo", "hotline"), attr(store.AttrHome, "moving"), attr(store.AttrMove, "m0"))
	}},
	"a channel still moving after the end": {[]string{"one-move"}, func(s spoil) {
		s.set(store.Control, store.ChannelKey("demo", "support"), attr(store.AttrHome, "moving"))
	}},
	"a report with one too many": {[]string{"report-totals"}, func(s spoil) {
		s.report(s.support, func(r *desk.Report) { r.Created++; r.Found++; r.ByStatus["new"]++ })
	}},
	"a report with one too few": {[]string{"report-totals"}, func(s spoil) {
		s.report(s.support, func(r *desk.Report) { r.Created--; r.Found--; r.ByStatus["new"]-- })
	}},
	"a report that does not add up": {[]string{"report-totals"}, func(s spoil) {
		s.report(s.support, func(r *desk.Report) { r.Found++ })
	}},
	"a report with other statuses": {[]string{"report-totals"}, func(s spoil) {
		s.report(s.support, func(r *desk.Report) { r.ByStatus["new"]--; r.ByStatus["solved"]++ })
	}},
	"a report with no owner lost": {[]string{"report-totals"}, func(s spoil) {
		s.report(s.support, func(r *desk.Report) { r.OwnersLost = 0 })
	}},
	"checksums that differ": {[]string{"checksums"}, func(s spoil) {
		s.report(s.support, func(r *desk.Report) { r.DeskSum = "0000000000000001" })
	}},
	"checksums of other data": {[]string{"checksums"}, func(s spoil) {
		s.report(s.support, func(r *desk.Report) { r.InboxSum, r.DeskSum = "0000000000000001", "0000000000000001" })
	}},
	"other settings": {[]string{"settings-kept"}, func(s spoil) {
		setup, err := s.cases.Setups.Setup(s.Context(), "demo")
		s.must(err)
		setup.Channels[0].Settings = json.RawMessage(`{"signature":"Moved!"}`)
		s.must(s.cases.Setups.Replace(s.Context(), setup))
	}},
	"an end that was not logged": {[]string{"audit-logged"}, func(s spoil) {
		log, _, err := store.JournalStore{Engine: s.engine}.AuditLog(s.Context(), "demo", "", 100)
		s.must(err)
		page, err := s.engine.Query(s.Context(), store.Query{
			Table: store.Control, PK: store.AuditPK("demo"), Descending: true, Limit: 100, Read: store.Strong,
		})
		s.must(err)
		for i, entry := range log {
			if entry.Action == desk.ActionEnd {
				s.must(store.FirstError(s.engine.Write(s.Context(), []store.Write{{Op: store.Delete, Table: store.Control, Key: page.Items[i].Key}})))
			}
		}
	}},
}

// TestVerifySees spoils good data in every way, and wants verify to say so.
func TestVerifySees(t *testing.T) {
	t.Parallel()
	b := makeBase(t)
	good := spoiled(t, b, func(spoil) {})
	if !good.OK {
		t.Fatalf("the data are wrong before they are spoiled: %+v", good)
	}
	t.Run("and says so", func(t *testing.T) {
		t.Parallel()
		dir := copied(t, b.dir)
		line := []string{"verify", "--data", dir, "--account", "demo", "--settings", accountFile}
		run(t, line...).ok(t, nil)
		e := start(t, dir)
		ticket, err := e.stack.App.Tickets.Get(t.Context(), "demo", desk.TicketID(b.open))
		if err != nil {
			t.Fatal(err)
		}
		if err := e.stack.App.Tickets.Delete(t.Context(), ticket); err != nil {
			t.Fatal(err)
		}
		e.stop()
		run(t, line...).fails(t, 1, "VIOLATED marker-has-ticket: "+b.open+": it is marked as moved", "invariants are VIOLATED")
		run(t, append(line, "--json")...).fails(t, 1, `"ok":false`, b.open)
	})
	seen := map[string]bool{}
	for name, test := range spoils {
		seen[test.sees[0]] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := spoiled(t, b, test.spoil)
			var violated []string
			for _, c := range r.Checks {
				if c.Violations > 0 {
					violated = append(violated, c.Name)
					if len(c.First) == 0 || c.First[0].ID == "" || c.First[0].Problem == "" {
						t.Errorf("%s does not say where: %+v", c.Name, c)
					}
				}
			}
			for _, want := range test.sees {
				if !slices.Contains(violated, want) {
					t.Errorf("violated are %v, want %s among them", violated, want)
				}
			}
		})
	}
	for _, c := range good.Checks {
		if c.Checked == 0 {
			t.Errorf("%s was not checked on the good data", c.Name)
		}
		if !seen[c.Name] {
			t.Errorf("%s was never seen to fail", c.Name)
		}
	}
}

// copied is a copy of the data.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(to, "issuer.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// spoiled spoils a copy of the data and verifies it. Nothing runs on it that
// could mend it.
func spoiled(t *testing.T, b base, do func(spoil)) verify.Result {
	t.Helper()
	b.dir = copied(t, b.dir)
	s := spoil{T: t, base: b}
	st, err := local.Open(context.Background(), local.Config{Dir: b.dir, Log: slog.New(slog.DiscardHandler), Wrap: func(e store.Engine) store.Engine {
		s.engine = e
		return e
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.cases = st.App.UseCases
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	do(s)
	r, err := verify.Run(t.Context(), client.With("http://localhost", "", &client.InProcess{
		API:    st.App.API(),
		Caller: desk.Caller{Account: "demo", Agent: "admin", Role: desk.SuperAdmin},
	}), verify.Options{Grace: -1, Settings: b.settings})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
