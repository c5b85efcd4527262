package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/verify"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/support"
	"deskmove/shared/support/filetest"
)

// base is data on which every invariant is looked at: support has moved with
// history, website without, and hotline is in the inbox.
type base struct {
	dir                    string
	support, website       string // the moves
	open, lost, edited, as string // conversations of support: open, without its owner, edited, with its own ticket
	replied                string // of support: closed, and reopened by a reply after the move
	left, live             string // of website: left behind, and come since
	inbox                  string // of hotline
	settings               map[string][]byte
}

func makeBase(t *testing.T) base {
	t.Helper()
	e := start(t, t.TempDir())
	e.run(t, "apply", accountFile).ok(t, nil)
	b := base{dir: e.dir}
	take := func(channel, external, from string, at int, references ...string) string {
		data := []byte("a file of " + external)
		f := filetest.File("demo", data, time.Now())
		if _, err := e.stack.App.Files.Announce(t.Context(), "demo", []support.NewFile{{SHA256: f.SHA256, Size: f.Size, Data: data}}); err != nil {
			t.Fatal(err)
		}
		taken, err := e.stack.App.Intake.TakeIn(t.Context(), desk.Message{
			Account: "demo", Channel: channel, External: external, Author: desk.ByCustomer, From: desk.Address{Address: from},
			At: time.Date(2026, 1, at, 9, 0, 0, 0, time.UTC), Subject: external, Text: "hello",
			Attachments: []desk.Attachment{{Name: "a.txt", SHA256: f.SHA256}}, Source: desk.Attachment{SHA256: f.SHA256},
		}, references)
		if err != nil {
			t.Fatal(err)
		}
		return taken.Conversation.ID
	}
	edits := e.stack.App.Editor
	ben := desk.Caller{Account: "demo", Agent: "ben", Role: desk.AgentRole}
	give := func(id, owner string, state desk.ConversationStatus) {
		if _, err := edits.EditConversation(t.Context(), ben, id, "", desk.Edit{Status: &state, Owner: &owner}); err != nil {
			t.Fatal(err)
		}
	}
	b.open, b.lost, b.edited, b.as = take("support", "o", "jane", 1), take("support", "l", "carl", 2), take("support", "e", "dan", 3), take("support", "a", "eve", 4)
	b.replied = take("support", "r", "kim", 9)
	b.left, b.inbox = take("website", "w", "flo", 5), take("hotline", "h", "gus", 6)
	give(b.open, "ben", desk.Open)
	give(b.lost, "dora", desk.Closed)
	give(b.replied, "ben", desk.Closed)
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
	take("support", "r2", "kim", 10, "r")
	status, owner := desk.Status("waiting"), "cleo"
	_, err := edits.EditTicket(t.Context(), ben, b.edited, "", desk.TicketEdit{Status: &status, Owner: &owner})
	if err != nil {
		t.Fatal(err)
	}
	e.run(t, "verify", "--settings", accountFile).ok(t, nil) // waits for the live one
	setup, _, err := e.api(t).Setup(t.Context())
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

// change changes a conversation behind everybody's back.
func (s spoil) change(id string, change func(*desk.Conversation)) {
	s.Helper()
	store := store.ConversationStore{Engine: s.engine}
	c, err := store.Get(s.Context(), "demo", id)
	s.must(err)
	old := c
	change(&c)
	s.must(store.Save(s.Context(), old, c))
}

// ticket changes the ticket of a conversation, and what it was when it landed only
// if change does so.
func (s spoil) ticket(conversation string, change func(*desk.Ticket)) {
	s.Helper()
	s.change(conversation, func(c *desk.Conversation) {
		c.Ticket.Landed = c.Ticket.AtLanding()
		change(&c.Ticket)
	})
}

// land lands a conversation that is to stay in the inbox, as another did.
func (s spoil) land(id, like string) {
	s.Helper()
	other, err := s.cases.Conversations.Get(s.Context(), "demo", like)
	s.must(err)
	s.change(id, func(c *desk.Conversation) { c.Home, c.Ticket = desk.HelpDesk, other.Ticket })
}

// set sets attributes of an item, as no code of deskmove would.
func (s spoil) set(table store.Table, key store.Key, attrs ...store.Attr) {
	s.Helper()
	s.must(store.FirstError(s.engine.Write(s.Context(), []store.Write{{
		Op: store.Update, Table: table, Key: key, Set: attrs, If: store.Exists(),
	}})))
}

// batch enters a batch of one conversation into a ledger.
func (s spoil) batch(moveID, entry string) {
	s.Helper()
	ledger := store.LedgerStore{Engine: s.engine}
	is, err := ledger.Cursor(s.Context(), "demo", moveID)
	s.must(err)
	s.must(ledger.Advance(s.Context(), "demo", moveID, is, move.Cursor{Began: is.Began}, []move.Entry{{ID: entry, Count: 1, SentAt: time.Now()}}))
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

// file changes the bytes of a file that the conversation with an external ID names; nil
// deletes them.
func (s spoil) file(external string, b []byte) {
	s.Helper()
	hash := filetest.File("demo", []byte("a file of "+external), time.Time{}).SHA256
	known, err := store.FileStore{Engine: s.engine}.Known(s.Context(), "demo", []string{hash})
	s.must(err)
	if kept := (store.FileBytes{Engine: s.engine}); b == nil {
		s.must(kept.Delete(s.Context(), known[hash]))
	} else {
		s.must(kept.Put(s.Context(), known[hash], b))
	}
}

func attr(name, value string) store.Attr { return store.Attr{Name: name, Value: store.S(value)} }

// spoils are the ways in which data can be wrong, and the invariants of which
// verify must then report at least the first.
var spoils = map[string]struct {
	sees  []string
	spoil func(s spoil)
}{
	"a ticket is gone": {[]string{"landed-has-ticket"}, func(s spoil) {
		s.change(s.open, func(c *desk.Conversation) { c.Ticket = desk.Ticket{} })
	}},
	"a conversation is back in the inbox": {[]string{"complete"}, func(s spoil) {
		s.change(s.open, func(c *desk.Conversation) { c.Home = desk.Inbox })
	}},
	"a conversation never landed": {[]string{"complete"}, func(s spoil) {
		s.change(s.lost, func(c *desk.Conversation) { c.Home, c.Ticket = desk.Inbox, desk.Ticket{} })
	}},
	"a live conversation is in the inbox": {[]string{"complete"}, func(s spoil) {
		s.change(s.live, func(c *desk.Conversation) { c.Home, c.Ticket = desk.Inbox, desk.Ticket{} })
	}},
	"another move's name": {[]string{"complete"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Move = s.website })
	}},
	"a wrong date": {[]string{"created-is-started", "checksums"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Created = t.Created.Add(time.Hour) })
	}},
	"the day of the import as date": {[]string{"created-is-started"}, func(s spoil) {
		s.ticket(s.live, func(t *desk.Ticket) { t.Created = t.Imported })
	}},
	"the other status": {[]string{"status", "checksums"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Status, t.Landed.Status = "solved", "solved" })
	}},
	"a status that nobody set": {[]string{"status"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Status = "waiting" })
	}},
	"a ticket that nobody reopened": {[]string{"status"}, func(s spoil) {
		s.ticket(s.lost, func(t *desk.Ticket) { t.Status = "new" })
	}},
	"a reply that closed a ticket": {[]string{"status"}, func(s spoil) {
		s.change(s.open, func(c *desk.Conversation) { c.CustomerAt = time.Now() })
		s.ticket(s.open, func(t *desk.Ticket) { t.Status = "solved" })
	}},
	"a status of no pipeline": {[]string{"status"}, func(s spoil) {
		s.ticket(s.edited, func(t *desk.Ticket) { t.Status, t.Edited.Status = "nowhere", "nowhere" })
	}},
	"a closed status on a live ticket": {[]string{"status"}, func(s spoil) {
		s.ticket(s.live, func(t *desk.Ticket) { t.Status, t.Landed.Status = "solved", "solved" })
	}},
	"history called live": {[]string{"status"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Provenance = desk.Live })
	}},
	"an owner without access": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.lost, func(t *desk.Ticket) { t.Owner, t.Landed.Owner, t.LostOwner = "dora", "dora", "" })
	}},
	"an owner lost who has access": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Owner, t.Landed.Owner, t.LostOwner = "", "", "ben" })
	}},
	"an owner lost without a word": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.lost, func(t *desk.Ticket) { t.LostOwner = "" })
	}},
	"another owner": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.open, func(t *desk.Ticket) { t.Owner, t.Landed.Owner = "cleo", "cleo" })
	}},
	"an owner that nobody set": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.as, func(t *desk.Ticket) { t.Owner = "ben" })
	}},
	"a live ticket of a stranger": {[]string{"owner"}, func(s spoil) {
		s.ticket(s.live, func(t *desk.Ticket) { t.Owner, t.Landed.Owner = "mallory", "mallory" })
	}},
	"an agent's status overwritten": {[]string{"edits-kept"}, func(s spoil) {
		s.ticket(s.edited, func(t *desk.Ticket) { t.Status = "new" })
	}},
	"an agent's owner overwritten": {[]string{"edits-kept"}, func(s spoil) {
		s.ticket(s.edited, func(t *desk.Ticket) { t.Owner = "ben" })
	}},
	"history moved that was to stay":    {[]string{"history-left"}, func(s spoil) { s.land(s.left, s.live) }},
	"a conversation of the inbox moved": {[]string{"foreign-untouched"}, func(s spoil) { s.land(s.inbox, s.live) }},
	"an open batch":                     {[]string{"ledger-empty", "counters-planned"}, func(s spoil) { s.batch(s.support, "late") }},
	"a batch counted twice": {[]string{"counters-planned"}, func(s spoil) {
		s.batch(s.support, "twice")
		s.must(store.LedgerStore{Engine: s.engine}.Done(s.Context(), move.Batch{
			Account: "demo", Move: s.support, Job: s.support, Pass: "0", Entry: "twice", IDs: []string{s.open}, Count: 1,
		}, move.Found{Counts: move.Counts{Created: 2}}))
	}},
	"two moves at once": {[]string{"one-move"}, func(s spoil) {
		s.set(store.Control, store.MoveKey("demo", s.support), attr(store.AttrStatus, "running"))
		s.set(store.Control, store.MoveKey("demo", s.website), attr(store.AttrStatus, "running"))
	}},
	"a moved channel is back in the inbox": {[]string{"one-move", "foreign-untouched"}, func(s spoil) {
		s.set(store.Control, store.ChannelKey("demo", "support"), attr(store.Home, "inbox"))
	}},
	"a channel moving by nobody": {[]string{"one-move"}, func(s spoil) {
		s.set(store.Control, store.ChannelKey("demo", "hotline"), attr(store.Home, "moving"), attr("move", "m0"))
	}},
	"a channel still moving after the end": {[]string{"one-move"}, func(s spoil) {
		s.set(store.Control, store.ChannelKey("demo", "support"), attr(store.Home, "moving"))
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
		_, err = s.cases.Setups.Replace(s.Context(), setup, time.Now())
		s.must(err)
	}},
	"a file that is gone":             {[]string{"files-kept"}, func(s spoil) { s.file("o", nil) }},
	"a file that is damaged":          {[]string{"files-kept"}, func(s spoil) { s.file("h", []byte("a file of H")) }},
	"a file of which the end is gone": {[]string{"files-kept"}, func(s spoil) { s.file("r", []byte("a file of")) }},
	"an end that was not logged": {[]string{"audit-logged"}, func(s spoil) {
		log, _, err := store.JournalStore{Engine: s.engine}.AuditLog(s.Context(), "demo", "", 100)
		s.must(err)
		for _, entry := range log {
			if entry.Action == desk.ActionEnd {
				s.must(store.FirstError(s.engine.Write(s.Context(), []store.Write{{
					Op: store.Delete, Table: store.Control, Key: store.AuditKey("demo", entry.Chain, entry.Number),
				}})))
			}
		}
	}},
}

// lies are the ways in which answers can be wrong although no data could: what
// the API says of the ticket of an open conversation, of the conversation itself,
// and of another ticket that only the lie has.
var lies = map[string]struct {
	sees string
	lie  func(b base) liar
}{
	"a conversation has two tickets": {"one-ticket", func(base) liar { return liar{twin: thing{"id": "t-second"}} }},
	"a ticket has no conversation": {"one-ticket", func(base) liar {
		return liar{twin: thing{"id": "t-c0nobody", "conversationId": "c0nobody"}}
	}},
	"a conversation names another's ticket": {"one-ticket", func(b base) liar {
		return liar{conversation: thing{"ticketId": desk.TicketID(b.lost)}}
	}},
	"a ticket is of an older revision": {"one-revision", func(base) liar { return liar{ticket: thing{"revision": 1}} }},
	"a ticket is of another channel":   {"foreign-untouched", func(base) liar { return liar{ticket: thing{"channelId": "website"}} }},
	"a ticket stayed in the inbox":     {"landed-has-ticket", func(base) liar { return liar{ticket: thing{"home": "inbox"}} }},
}

type thing = map[string]any

// liar passes requests on and alters what is answered of one conversation.
type liar struct {
	http.RoundTripper
	of                         string // ID of the conversation
	conversation, ticket, twin thing
}

func (l liar) RoundTrip(r *http.Request) (*http.Response, error) {
	twin, _ := l.twin["id"].(string)
	if l.twin != nil && r.URL.Path == "/v1/tickets/"+twin {
		r = r.Clone(r.Context())
		r.URL.Path = "/v1/tickets/" + desk.TicketID(l.of)
		return l.answer(r, func(t thing) { maps.Copy(t, l.twin) })
	}
	return l.answer(r, func(body thing) {
		items, list := body["items"].([]any)
		if !list {
			items = []any{body}
		}
		for _, item := range items {
			switch item := item.(thing); item["id"] {
			case l.of:
				maps.Copy(item, l.conversation)
			case desk.TicketID(l.of):
				if list && l.twin != nil {
					other := maps.Clone(item)
					maps.Copy(other, l.twin)
					body["items"] = append(items, other)
				}
				maps.Copy(item, l.ticket)
			}
		}
	})
}

func (l liar) answer(r *http.Request, alter func(thing)) (*http.Response, error) {
	res, err := l.RoundTripper.RoundTrip(r)
	if err != nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(r.URL.Path, "/v1/tickets") && !strings.HasPrefix(r.URL.Path, "/v1/conversations") {
		return res, err
	}
	var body thing
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return nil, err
	}
	alter(body)
	text, err := json.Marshal(body)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return res, err
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
		spoil{T: t, engine: e.store}.change(b.open, func(c *desk.Conversation) { c.Ticket = desk.Ticket{} })
		e.stop()
		run(t, line...).fails(t, 1, "VIOLATED landed-has-ticket: "+b.open+": it is in the help desk", "invariants are VIOLATED")
		run(t, append(line, "--json")...).fails(t, 1, `"ok":false`, b.open)
	})
	seen := map[string]bool{}
	sees := func(name string, wants []string, verified func(t *testing.T) verify.Result) {
		seen[wants[0]] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var violated []string
			for _, c := range verified(t).Checks {
				if c.Violations > 0 {
					violated = append(violated, c.Name)
					if len(c.First) == 0 || c.First[0].ID == "" || c.First[0].Problem == "" {
						t.Errorf("%s does not say where: %+v", c.Name, c)
					}
				}
			}
			for _, want := range wants {
				if !slices.Contains(violated, want) {
					t.Errorf("violated are %v, want %s among them", violated, want)
				}
			}
		})
	}
	for name, test := range spoils {
		sees(name, test.sees, func(t *testing.T) verify.Result { return spoiled(t, b, test.spoil) })
	}
	for name, test := range lies {
		sees(name, []string{test.sees}, func(t *testing.T) verify.Result { return verified(t, b, test.lie(b), func(spoil) {}) })
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

// spoiled spoils a copy of the data and verifies it.
func spoiled(t *testing.T, b base, do func(spoil)) verify.Result {
	t.Helper()
	return verified(t, b, liar{}, do)
}

// verified verifies a copy of the data, spoiled and with lies about an open
// conversation. Nothing runs on it that could mend it.
func verified(t *testing.T, b base, l liar, do func(spoil)) verify.Result {
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
	l.of = b.open
	l.RoundTripper = &client.InProcess{API: st.Site, Caller: desk.Caller{Account: "demo", Agent: "admin", Role: desk.SuperAdmin}}
	r, err := verify.Run(t.Context(), client.With("http://localhost", "", l), verify.Options{Grace: -1, Settings: b.settings})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
