package api_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// facts are all of a channel's, page by page.
func (r *rig) facts(as desk.Caller, channel string) (all []api.Fact) {
	r.Helper()
	for next := ""; ; {
		path := "/v1/channels/" + channel + "/facts"
		if next != "" {
			path += "?cursor=" + next
		}
		var page struct {
			Items []api.Fact `json:"items"`
			Next  string     `json:"next"`
		}
		if err := json.Unmarshal(r.do(as, "GET", path, nil).want(200).Body.Bytes(), &page); err != nil {
			r.Fatal(err)
		}
		if all = append(all, page.Items...); page.Next == "" {
			return all
		}
		next = page.Next
	}
}

// threads are conversations with their messages, as they are sent.
func threads(facts []api.Fact) (all []api.RestoredConversation) {
	for _, f := range facts {
		if f.Conversation != nil {
			all = append(all, api.RestoredConversation{Conversation: *f.Conversation})
		} else {
			last := &all[len(all)-1]
			last.Messages = append(last.Messages, *f.Message)
		}
	}
	return all
}

// begin begins to bring a channel in.
func (r *rig) begin(as desk.Caller, channel string, of api.NewRestoration) answer {
	r.Helper()
	return r.do(as, "POST", "/v1/channels/"+channel+"/restoration", of)
}

// land brings conversations in, and returns what has become of each.
func (r *rig) land(as desk.Caller, channel string, all []api.RestoredConversation) (landings []string) {
	r.Helper()
	for _, c := range all {
		landing, _ := r.do(as, "POST", "/v1/channels/"+channel+"/restoration/conversations", c).want(200).at("landing").(string)
		landings = append(landings, landing)
	}
	return landings
}

// moveFacts are those of a move of acme.
func (r *rig) moveFacts(id string) *api.MoveFacts {
	r.Helper()
	var m api.ChannelMove
	var report api.Report
	for path, into := range map[string]any{"/v1/moves/" + id: &m, "/v1/moves/" + id + "/report": &report} {
		if err := json.Unmarshal(r.do(ann, "GET", path, nil).want(200).Body.Bytes(), into); err != nil {
			r.Fatal(err)
		}
	}
	f := m.Facts(report)
	return &f
}

// eventful is a rig whose channels mail, which has moved, and plain, which has not, have
// something of everything. It returns the move.
func eventful(t *testing.T) (*rig, string) {
	t.Helper()
	r := newRig(t)
	form := r.take("form", "f1")
	r.do(bot, "POST", "/v1/conversations/"+form+"/messages", object{"externalId": "m0", "channelId": "mail", "author": "customer", "text": "by mail"}).want(201)
	if is := r.do(ann, "GET", "/v1/conversations/"+form, nil).want(200).at("channelId"); is != "mail" { // R14
		t.Fatalf("what began on the form is of %v", is)
	}
	native, owned, closed := r.take("mail", "m1"), r.take("mail", "m2"), r.take("mail", "m3")
	r.do(ann, "POST", "/v1/conversations/"+native+"/tickets", object{"status": "new"}).want(201)
	r.do(ann, "PATCH", "/v1/conversations/"+owned, object{"owner": "cem", "tags": []string{"invoice", "urgent"}}).want(200)
	r.do(bob, "PATCH", "/v1/conversations/"+closed, object{"status": "closed", "owner": "bob"}).want(200)
	add := func(conversation string, m object) {
		t.Helper()
		r.do(bot, "POST", "/v1/conversations/"+conversation+"/messages", m).want(201)
	}
	add(owned, object{"externalId": "n1", "kind": "note", "author": "agent", "agent": "bob", "text": "Look at this."})
	add(owned, object{"externalId": "a1", "author": "agent", "agent": "ann", "text": "Hei 😀", "html": "<p>Hei</p>", "to": []object{{"name": "Jane", "address": "jane@customer.example"}},
		"cc": []object{{"address": "b@customer.example"}}, "subject": strings.Repeat("Very long ", 300)})
	add(form, object{"externalId": "l1", "author": "customer", "automatic": "auto-replied", "text": strings.Repeat("long ", 20_000), "html": strings.Repeat("<p>wide</p>", 10_000), "repairs": []string{"date-guessed"}})
	add(form, object{"externalId": "l2", "author": "customer", "kind": "call", "call": object{"seconds": 184, "outcome": "answered"}, "fields": []object{{"name": "Order", "value": "4711"}}, "forged": true})
	move := r.start("mail")
	r.Run()
	live := r.take("mail", "live")
	r.Changed(live)
	r.do(ann, "PATCH", "/v1/tickets/t-"+owned, object{"status": "solved", "owner": "ann"}).want(200)
	r.do(ann, "PATCH", "/v1/tickets/t-"+live, object{"owner": "bob"}).want(200)
	add(closed, object{"externalId": "again", "author": "customer", "from": object{"address": "jane@customer.example"}, "text": "Once more"}) // reopens
	add(closed, object{"externalId": "stranger", "author": "customer", "from": object{"address": "x@elsewhere.example"}})
	add(closed, object{"externalId": "old", "author": "customer", "history": true, "at": "2020-01-01T00:00:00Z"})

	other := r.take("plain", "p1")
	r.do(ann, "POST", "/v1/conversations/"+other+"/tickets", object{"status": "waiting"}).want(201)
	r.do(ann, "PATCH", "/v1/tickets/t-"+other, object{"owner": "ann"}).want(200)
	r.take("plain", "p2")
	return r, move
}

// TestFactsGoRound brings channels into another account, and finds there what was here.
func TestFactsGoRound(t *testing.T) {
	r, move := eventful(t)
	for channel, of := range map[string]api.NewRestoration{"mail": {From: "acme", Move: r.moveFacts(move)}, "plain": {From: "acme"}} {
		facts := r.facts(ann, channel)
		sent := threads(facts)
		if len(sent) < 2 {
			t.Fatalf("%s has %d conversations", channel, len(sent))
		}
		r.begin(zoe, channel, of).want(200)
		if got := r.land(zoe, channel, sent); slices.ContainsFunc(got, func(l string) bool { return l != "added" }) {
			t.Errorf("%s: they are %v", channel, got)
		}
		if got := r.land(zoe, channel, sent); slices.ContainsFunc(got, func(l string) bool { return l != "known" }) {
			t.Errorf("%s: sent again, they are %v", channel, got)
		}
		r.do(zoe, "DELETE", "/v1/channels/"+channel+"/restoration", nil).want(204)
		if diff := cmp.Diff(facts, r.facts(zoe, channel)); diff != "" {
			t.Errorf("%s is other: %s", channel, diff)
		}
	}
	for _, path := range []string{"/v1/moves/" + move + "/report", "/v1/tickets", "/v1/conversations?channel=mail", "/v1/conversations?home=inbox&channel=plain", "/v1/conversations?home=inbox&channel=mail"} {
		was, is := r.do(ann, "GET", path, nil).want(200).json(), r.do(zoe, "GET", path, nil).want(200).json()
		delete(was, "leftBehind") // the form, which has its conversations still
		delete(is, "leftBehind")
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("%s is other: %s", path, diff)
		}
	}
	m := r.do(zoe, "GET", "/v1/moves/"+move, nil).want(200)
	if m.at("status") != "done" || fmt.Sprint(m.at("access")) != "[ann bob]" {
		t.Errorf("the move is %s", m.Body)
	}
}

// TestRestoredIsAlive has the help desk of a channel that was brought in go on.
func TestRestoredIsAlive(t *testing.T) {
	r, move := eventful(t)
	r.begin(zoe, "mail", api.NewRestoration{From: "acme", Move: r.moveFacts(move)}).want(200)
	sent := threads(r.facts(ann, "mail"))
	r.land(zoe, "mail", sent)
	r.do(zoe, "DELETE", "/v1/channels/mail/restoration", nil).want(204)
	mailer := desk.Caller{Account: "zoo", Agent: "mailer", Role: desk.ConnectorRole, IssuedAt: bot.IssuedAt}

	// A reply finds its conversation, and reopens its ticket (R19).
	solved := slices.IndexFunc(sent, func(c api.RestoredConversation) bool { return c.Conversation.Ticket.Closed })
	id := sent[solved].Conversation.ID
	got := r.do(mailer, "POST", "/v1/channels/mail/conversations", object{"externalId": "reply", "author": "customer", "references": []string{sent[solved].Messages[0].ExternalID}, "text": "And now?"}).want(201)
	if got.at("conversationId") != id {
		t.Errorf("the reply went to %v, not to %s", got.at("conversationId"), id)
	}
	if status := r.do(zoe, "GET", "/v1/tickets/t-"+id, nil).want(200).at("status"); status == "solved" {
		t.Error("its ticket is still solved")
	}
	// A new conversation gets a live ticket (R18).
	began := r.do(mailer, "POST", "/v1/channels/mail/conversations", object{"externalId": "new", "author": "customer", "text": "Hello"}).want(201).at("conversationId").(string)
	is, err := r.Conversations.Get(t.Context(), "zoo", began)
	if err != nil {
		t.Fatal(err)
	}
	if _, errs := r.Redirect.Use(t.Context(), []desk.Conversation{is}); len(errs) > 0 {
		t.Fatal(errs)
	}
	if live := r.do(zoe, "GET", "/v1/tickets/t-"+began, nil).want(200); live.at("provenance") != "live" || live.at("home") != "helpdesk" {
		t.Errorf("the new ticket is %s", live.Body)
	}
	// What a daily repair compares is in order.
	r.do(zoe, "POST", "/v1/channels/mail/repair", nil).want(202)
	r.RunOut()
	if failed := r.do(zoe, "GET", "/v1/moves/"+move+"/failures", nil).want(200).ids("conversationId"); len(failed) > 0 {
		t.Errorf("the repair found %v", failed)
	}
}

// TestR05RestoreOnlyWhatIsEmpty has a channel be brought in whole and once, or not at all.
func TestR05RestoreOnlyWhatIsEmpty(t *testing.T) {
	r, move := eventful(t)
	of := api.NewRestoration{From: "acme", Move: r.moveFacts(move)}
	plain := api.NewRestoration{From: "acme"}
	refused := func(a answer, status int, code string) {
		t.Helper()
		if a.Code != status || a.at("code") != code {
			t.Errorf("%s answered %d %s, want %s", a.request, a.Code, a.Body, code)
		}
	}
	refused(r.begin(ann, "mail", of), 409, "already-moved")
	refused(r.begin(ann, "plain", plain), 409, "channel-not-empty")
	refused(r.begin(zoe, "wa", of), 409, "reconnect")
	refused(r.begin(zoe, "catch-all", of), 409, "fallback-address")
	refused(r.do(zoe, "POST", "/v1/channels/plain/restoration/conversations", threads(r.facts(ann, "plain"))[0]), 409, "not-being-restored")

	// While a channel is brought in, it cannot move, and nobody else brings it in.
	r.begin(zoe, "plain", plain).want(200)
	r.begin(zoe, "plain", plain).want(200)
	refused(r.begin(zoe, "plain", api.NewRestoration{From: "other"}), 409, "being-restored")
	refused(r.do(zoe, "POST", "/v1/moves", order("plain")), 409, "being-restored")
	r.do(zoe, "DELETE", "/v1/channels/plain/restoration", nil).want(204)
	r.do(zoe, "DELETE", "/v1/channels/plain/restoration", nil).want(204)

	// What has come to the help desk is given no more.
	r.begin(zoe, "mail", of).want(200)
	r.do(zoe, "DELETE", "/v1/channels/mail/restoration", nil).want(204)
	refused(r.begin(zoe, "mail", of), 409, "already-moved")

	// What is in the inbox, by the one from whom it came alone, until it moves.
	r.begin(zoe, "plain", plain).want(200)
	r.land(zoe, "plain", threads(r.facts(ann, "plain")))
	r.do(zoe, "DELETE", "/v1/channels/plain/restoration", nil).want(204)
	refused(r.begin(zoe, "plain", api.NewRestoration{From: "other"}), 409, "channel-not-empty")
	refused(r.begin(zoe, "plain", api.NewRestoration{From: "acme", Move: of.Move}), 409, "channel-not-empty")
	r.begin(zoe, "plain", plain).want(200)
	r.do(zoe, "DELETE", "/v1/channels/plain/restoration", nil).want(204)
	r.do(zoe, "POST", "/v1/moves", order("plain")).want(202)
	refused(r.begin(zoe, "plain", plain), 409, "already-moving")

	var logged []string
	for _, e := range r.do(zoe, "GET", "/v1/audit?limit=1000", nil).want(200).at("items").([]any) {
		if action, _ := at(e, "action").(string); strings.HasPrefix(action, "restore") {
			logged = append(logged, fmt.Sprint(action, " ", at(e, "channelId"), " ", at(e, "by"), " ", at(e, "detail")))
		}
	}
	slices.Sort(logged)
	if want := []string{"restore mail zoe from acme, into the helpdesk", "restore plain zoe from acme, into the inbox"}; !slices.Equal(slices.Compact(logged)[:2], want) {
		t.Errorf("the audit log has %q", logged)
	}
}

// TestRestoredAgain brings a conversation in that is there, as it was and changed.
func TestRestoredAgain(t *testing.T) {
	r, _ := eventful(t)
	sent := threads(r.facts(ann, "plain"))[:1]
	of := api.NewRestoration{From: "acme"}
	r.begin(zoe, "plain", of).want(200)
	want := func(landing string) {
		t.Helper()
		if got := r.land(zoe, "plain", sent); got[0] != landing {
			t.Errorf("it is %s, not %s", got, landing)
		}
	}
	want("added")
	c := &sent[0]
	c.Conversation.Status, c.Conversation.Version = "closed", 0
	c.Messages = append(c.Messages, api.MessageFacts{ConversationID: c.Conversation.ID, ID: "zz", MessageContent: api.MessageContent{ExternalID: "later", Author: "customer", At: r.Time}})
	c.Conversation.MessageCount++
	want("updated")
	want("known")
	id := c.Conversation.ID
	is := r.do(zoe, "GET", "/v1/conversations/"+id, nil).want(200)
	if is.at("status") != "closed" || is.at("messageCount") != 2. {
		t.Errorf("it is %s", is.Body)
	}
	r.do(zoe, "PATCH", "/v1/conversations/"+id, object{"status": "open"}).want(200)
	c.Conversation.Owner = "bob"
	want("diverged")
	if is := r.do(zoe, "GET", "/v1/conversations/"+id, nil).want(200); is.at("status") != "open" || is.at("owner") != "" {
		t.Errorf("what people changed was changed back: %s", is.Body)
	}
}

// TestRestoredInParts brings one in whose messages come in several bodies.
func TestRestoredInParts(t *testing.T) {
	r, _ := eventful(t)
	r.begin(zoe, "plain", api.NewRestoration{From: "acme"}).want(200)
	c := api.RestoredConversation{Conversation: api.ConversationFacts{ID: "c1", ChannelID: "plain", Status: "open", Home: "inbox", MessageCount: 120}}
	path := "/v1/channels/plain/restoration/conversations"
	for n := range 3 {
		c.Messages = nil
		for i := range 40 {
			id := fmt.Sprintf("%03d", n*40+i)
			c.Messages = append(c.Messages, api.MessageFacts{ConversationID: "c1", ID: id, MessageContent: api.MessageContent{ExternalID: id, Author: "customer", At: r.Time}})
		}
		if n == 1 { // not all that it says
			c.More = false
			if a := r.do(zoe, "POST", path, c); a.Code != 422 || a.at("errors", 0, "field") != "conversation.messageCount" {
				t.Errorf("two of three parts are taken for all: %d %s", a.Code, a.Body)
			}
		}
		if c.More = n < 2; c.More {
			r.do(zoe, "GET", "/v1/conversations/c1", nil).want(404)
		}
		if got := r.land(zoe, "plain", []api.RestoredConversation{c}); (got[0] == "part") != c.More {
			t.Errorf("part %d is %v", n, got)
		}
	}
	if n := r.do(zoe, "GET", "/v1/conversations/c1", nil).want(200).at("messageCount"); n != 120. {
		t.Errorf("it has %v messages", n)
	}
	if n := len(r.facts(zoe, "plain")); n != 121 {
		t.Errorf("there are %d facts", n)
	}
}

// TestBadFacts sends what cannot be.
func TestBadFacts(t *testing.T) {
	r, move := eventful(t)
	mail, plain := threads(r.facts(ann, "mail"))[0], threads(r.facts(ann, "plain"))[1]
	r.begin(zoe, "plain", api.NewRestoration{From: "acme"}).want(200)
	r.begin(zoe, "mail", api.NewRestoration{From: "acme", Move: r.moveFacts(move)}).want(200)
	r.land(zoe, "plain", []api.RestoredConversation{plain})
	for name, c := range map[string]struct {
		channel string
		do      func(c *api.RestoredConversation)
		field   string
	}{
		"another channel's":        {"plain", func(c *api.RestoredConversation) { c.Conversation.ChannelID = "mail" }, "conversation.channelId"},
		"moved alone":              {"plain", func(c *api.RestoredConversation) { c.Conversation.Home = "helpdesk" }, "conversation.home"},
		"moved without a ticket":   {"mail", func(c *api.RestoredConversation) { c.Conversation.Ticket = nil }, "conversation.ticket"},
		"another move's":           {"mail", func(c *api.RestoredConversation) { c.Conversation.Ticket.MoveID = "m0" }, "conversation.ticket.moveId"},
		"history in the inbox":     {"plain", func(c *api.RestoredConversation) { c.Conversation.Ticket.Provenance = "history" }, "conversation.ticket.provenance"},
		"a customer of the future": {"plain", func(c *api.RestoredConversation) { c.Conversation.CustomerVersion = 99 }, "conversation.customerVersion"},
		"an edit of the future":    {"plain", func(c *api.RestoredConversation) { c.Conversation.Ticket.Edited.Revision = 99 }, "conversation.ticket.edited.revision"},
		"open and closed":          {"plain", func(c *api.RestoredConversation) { c.Conversation.ClosedAt = r.Time }, "conversation.closedAt"},
		"a long subject":           {"plain", func(c *api.RestoredConversation) { c.Conversation.Subject = strings.Repeat("x", 201) }, "conversation.subject"},
		"an owner of no ID":        {"plain", func(c *api.RestoredConversation) { c.Conversation.Owner = "#" }, "conversation.owner"},
		"too many tags": {"plain", func(c *api.RestoredConversation) {
			c.Conversation.Tags = strings.Split("a b c d e f g h i j k l m", " ")
		}, "conversation.tags"},
		"a date before all":    {"plain", func(c *api.RestoredConversation) { c.Conversation.TakenInAt = r.Time.AddDate(-100, 0, 0) }, "conversation.takenInAt"},
		"more messages":        {"plain", func(c *api.RestoredConversation) { c.Conversation.MessageCount = 7 }, "conversation.messageCount"},
		"a message of another": {"plain", func(c *api.RestoredConversation) { c.Messages[0].ConversationID = "c0" }, "messages[0].conversationId"},
		"by no channel":        {"plain", func(c *api.RestoredConversation) { c.Messages[0].ChannelID = "none" }, "messages[0].channelId"},
		"an external ID twice": {"plain", func(c *api.RestoredConversation) { c.Conversation.ID, c.Messages[0].ConversationID = "c9", "c9" }, "messages[0].externalId"},
		"a customer's note":    {"plain", func(c *api.RestoredConversation) { c.Messages[0].Kind = "note" }, "messages[0].kind"},
		"a file of nothing": {"plain", func(c *api.RestoredConversation) {
			c.Messages[0].Attachments = []api.Attachment{{Name: "x", SHA256: strings.Repeat("0", 64)}}
		}, "messages[0].attachments[0].sha256"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := json.Marshal(map[string]api.RestoredConversation{"mail": mail, "plain": plain}[c.channel])
			if err != nil {
				t.Fatal(err)
			}
			var body api.RestoredConversation
			if err := json.Unmarshal(b, &body); err != nil {
				t.Fatal(err)
			}
			if c.field != "messages[0].externalId" && c.channel == "plain" {
				body.Conversation.ID += "x"
				for i := range body.Messages {
					body.Messages[i].ConversationID += "x"
					body.Messages[i].ExternalID += "x"
				}
			}
			c.do(&body)
			a := r.do(zoe, "POST", "/v1/channels/"+c.channel+"/restoration/conversations", body)
			if a.Code != 422 || a.at("errors", 0, "field") != c.field {
				t.Errorf("%d %s", a.Code, a.Body)
			}
			if id := body.Conversation.ID; id != plain.Conversation.ID {
				r.do(zoe, "GET", "/v1/conversations/"+id, nil).want(404)
			}
		})
	}
	for name, c := range map[string]struct {
		do    func(m *api.MoveFacts)
		field string
	}{
		"ends before it begins": {func(m *api.MoveFacts) { m.EndedAt = m.StartedAt.AddDate(0, 0, -1) }, "move.endedAt"},
		"ends in the future":    {func(m *api.MoveFacts) { m.EndedAt = r.Time.AddDate(1, 0, 0) }, "move.endedAt"},
		"access of no ID":       {func(m *api.MoveFacts) { m.Access = []string{"ann", "#"} }, "move.access[1]"},
	} {
		of := r.moveFacts(move)
		c.do(of)
		if a := r.begin(zoe, "phone", api.NewRestoration{From: "acme", Move: of}); a.Code != 422 || a.at("errors", 0, "field") != c.field {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
}

// TestR21FactsOfTheHelpDesk are for those with access.
func TestR21FactsOfTheHelpDesk(t *testing.T) {
	r, _ := eventful(t)
	dot := desk.Caller{Account: "acme", Agent: "dot", Role: desk.SuperAdmin, IssuedAt: ann.IssuedAt}
	r.do(dot, "GET", "/v1/channels/plain/facts", nil).want(200)
	if a := r.do(dot, "GET", "/v1/channels/mail/facts", nil).want(403); a.at("code") != "no-help-desk-access" {
		t.Errorf("%s", a.Body)
	}
}

// TestFactsPages reads a channel with a long thread in pages, and finds each message once.
func TestFactsPages(t *testing.T) {
	r := newRig(t)
	id := r.take("plain", "p0")
	for i := range 60 {
		r.do(bot, "POST", "/v1/conversations/"+id+"/messages", object{"externalId": fmt.Sprint("x", i), "author": "customer", "at": r.Time, "text": strings.Repeat("word ", 10_000)}).want(201)
	}
	r.do(bot, "POST", "/v1/conversations/"+id+"/messages", object{"externalId": "big", "author": "customer", "at": r.Time, "text": strings.Repeat("word ", 100_000), "html": "<p>" + strings.Repeat("word ", 100_000)}).want(201)
	r.take("plain", "p1")
	facts := r.facts(ann, "plain")
	seen := make(map[string]bool)
	for i, f := range facts {
		if m := f.Message; m != nil {
			if seen[m.ExternalID] {
				t.Errorf("%s comes twice", m.ExternalID)
			}
			seen[m.ExternalID] = true
			if i > 0 && facts[i-1].Message != nil && facts[i-1].Message.ConversationID == m.ConversationID && facts[i-1].Message.ID >= m.ID {
				t.Errorf("%s comes after %s", m.ID, facts[i-1].Message.ID)
			}
			if big := m.ExternalID == "big"; f.TextLeft != big || f.HTMLLeft != big || !big && m.Text == "" {
				t.Errorf("of %s is left: text %t, HTML part %t, and there are %d bytes", m.ExternalID, f.TextLeft, f.HTMLLeft, len(m.Text))
			}
		}
	}
	if len(seen) != 63 {
		t.Errorf("there are %d messages", len(seen))
	}
	r.refuse(map[string]refusal{
		"a cursor of none": {as: ann, method: "GET", path: "/v1/channels/plain/facts?cursor=x", status: 422, field: "cursor", code: "invalid", remedy: "use next"},
	})
}

// zooMailer brings the messages of zoo.
var zooMailer = desk.Caller{Account: "zoo", Agent: "mailer", Role: desk.ConnectorRole, IssuedAt: bot.IssuedAt}

// written is a message of a conversation that is brought in.
func (r *rig) written(conversation, external string) api.MessageFacts {
	return api.MessageFacts{ConversationID: conversation, ID: external, MessageContent: api.MessageContent{ExternalID: external, Author: "customer", At: r.Time, Text: "Hello"}}
}

// TestReplyToHalfOfAConversation has customers write to a conversation of which only some
// messages have come in. It comes in whole all the same.
func TestReplyToHalfOfAConversation(t *testing.T) {
	r := newRig(t)
	r.begin(zoe, "plain", api.NewRestoration{From: "acme"}).want(200)
	half := func(id string, more bool, externals ...string) string {
		c := api.RestoredConversation{Conversation: api.ConversationFacts{ID: id, ChannelID: "plain", Status: "open", Home: "inbox", MessageCount: 2}, More: more}
		for _, x := range externals {
			c.Messages = append(c.Messages, r.written(id, x))
		}
		return r.land(zoe, "plain", []api.RestoredConversation{c})[0]
	}
	post := func(external string, references ...string) answer {
		return r.do(zooMailer, "POST", "/v1/channels/plain/conversations", object{"externalId": external, "references": append([]string{}, references...), "author": "customer", "text": "And?"})
	}
	half("c1", true, "a")
	other, _ := post("reply", "a").want(201).at("conversationId").(string)
	if other == "c1" {
		t.Error("a reply began the conversation that is being brought in")
	}
	post("a").want(503) // it comes in by the other way
	r.do(zooMailer, "POST", "/v1/conversations/"+other+"/messages", object{"externalId": "a", "author": "customer", "text": "And?"}).want(503)
	if got := half("c1", false, "b"); got != "added" {
		t.Errorf("the rest of it is %s", got)
	}
	if n := r.do(zoe, "GET", "/v1/conversations/c1", nil).want(200).at("messageCount"); n != 2. {
		t.Errorf("it has %v messages", n)
	}
	if id := post("a").want(200).at("conversationId"); id != "c1" {
		t.Errorf("what had come in by the other way is of %v", id)
	}
	if id := post("later", "a").want(201).at("conversationId"); id != "c1" {
		t.Errorf("a reply to the whole of it went to %v", id)
	}

	// Nobody waits for what was given up.
	half("c2", true, "x")
	r.do(zoe, "DELETE", "/v1/channels/plain/restoration", nil).want(204)
	post("x").want(201)
	post("y", "x").want(201)
}

// TestRestoredIsLanded brings in what came to a moved channel a moment before it was
// exported, or could not be converted: it lands here.
func TestRestoredIsLanded(t *testing.T) {
	r, move := eventful(t)
	r.begin(zoe, "mail", api.NewRestoration{From: "acme", Move: r.moveFacts(move)}).want(200)
	sent := threads(r.facts(ann, "mail"))
	live := slices.IndexFunc(sent, func(c api.RestoredConversation) bool { return c.Conversation.Ticket.Provenance == "live" })
	c := sent[live : live+1]
	c[0].Conversation.Home, c[0].Conversation.Ticket = "inbox", nil
	if got := r.land(zoe, "mail", c); got[0] != "added" {
		t.Fatalf("it is %v", got)
	}
	id := c[0].Conversation.ID
	is, err := r.Conversations.Get(t.Context(), "zoo", id)
	if err != nil {
		t.Fatal(err)
	}
	if _, errs := r.Redirect.Use(t.Context(), []desk.Conversation{is}); len(errs) > 0 {
		t.Fatal(errs)
	}
	if a := r.do(zoe, "GET", "/v1/tickets/t-"+id, nil).want(200); a.at("provenance") != "live" || a.at("home") != "helpdesk" {
		t.Errorf("its ticket is %s", a.Body)
	}
}

// TestRestoredMessagesAgain brings a conversation in again with other messages of the same IDs.
func TestRestoredMessagesAgain(t *testing.T) {
	r := newRig(t)
	r.begin(zoe, "plain", api.NewRestoration{From: "acme"}).want(200)
	c := []api.RestoredConversation{{
		Conversation: api.ConversationFacts{ID: "c1", ChannelID: "plain", Status: "open", Home: "inbox", MessageCount: 1}, Messages: []api.MessageFacts{r.written("c1", "a")},
	}}
	for _, text := range []string{"cut off", strings.Repeat("all of it ", 10_000), strings.Repeat("a little less of it ", 4_000), "short"} {
		c[0].Messages[0].Text = text
		r.land(zoe, "plain", c)
		if facts := r.facts(zoe, "plain"); len(facts) != 2 || facts[1].Message.Text != text {
			t.Errorf("sent with %d bytes, it is %.50q… of %d bytes", len(text), facts[1].Message.Text, len(facts[1].Message.Text))
		}
	}
}

// TestRestoredWithoutAMessage brings a conversation in again of which a message has been deleted
// there since.
func TestRestoredWithoutAMessage(t *testing.T) {
	r := newRig(t)
	r.begin(zoe, "plain", api.NewRestoration{From: "acme"}).want(200)
	c := []api.RestoredConversation{{
		Conversation: api.ConversationFacts{ID: "c1", ChannelID: "plain", Status: "open", Home: "inbox", MessageCount: 2}, Messages: []api.MessageFacts{r.written("c1", "a"), r.written("c1", "b")},
	}}
	r.land(zoe, "plain", c)
	c[0].Conversation.MessageCount, c[0].Conversation.Status, c[0].Messages = 1, "closed", c[0].Messages[1:]
	if got := r.land(zoe, "plain", c); got[0] != "updated" {
		t.Errorf("it is %v", got)
	}
	if a := r.do(zoe, "GET", "/v1/conversations/c1", nil).want(200); a.at("status") != "closed" || a.at("messageCount") != 2. {
		t.Errorf("it is %s", a.Body)
	}
}

// TestRestoredIDsOfOthers brings a conversation in with the ID of another channel's.
func TestRestoredIDsOfOthers(t *testing.T) {
	r := newRig(t)
	of := func(channel, origin, external string) []api.RestoredConversation {
		return []api.RestoredConversation{{
			Conversation: api.ConversationFacts{ID: "c1", ChannelID: channel, OriginID: origin, Status: "open", Home: "inbox", MessageCount: 1},
			Messages:     []api.MessageFacts{r.written("c1", external)},
		}}
	}
	r.begin(zoe, "form", api.NewRestoration{From: "acme"}).want(200)
	r.land(zoe, "form", of("form", "", "a"))
	r.begin(zoe, "plain", api.NewRestoration{From: "other"}).want(200)
	if a := r.do(zoe, "POST", "/v1/channels/plain/restoration/conversations", of("plain", "", "b")[0]); a.Code != 422 || a.at("errors", 0, "field") != "conversation.id" {
		t.Errorf("another account's conversation of this ID: %d %s", a.Code, a.Body)
	}
	if is := r.do(zoe, "GET", "/v1/conversations/c1", nil).want(200).at("channelId"); is != "form" {
		t.Errorf("it is of %v", is)
	}

	// It is the same one if it has gone from the form to the channel that answers it (R14).
	r.begin(zoe, "mail", api.NewRestoration{From: "acme"}).want(200)
	if got := r.land(zoe, "mail", of("mail", "form", "a")); got[0] != "updated" {
		t.Errorf("what has joined another channel is %v", got)
	}
	for channel, want := range map[string]int{"form": 0, "mail": 1} {
		if ids := r.do(zoe, "GET", "/v1/conversations?channel="+channel, nil).want(200).ids(); len(ids) != want {
			t.Errorf("%s has %v", channel, ids)
		}
	}
}

// TestRestoredWhilePeopleWork has somebody change a conversation while it is brought in again:
// what has come of it by then is counted.
func TestRestoredWhilePeopleWork(t *testing.T) {
	r := newRig(t)
	r.begin(zoe, "plain", api.NewRestoration{From: "acme"}).want(200)
	c := api.RestoredConversation{Conversation: api.ConversationFacts{ID: "c1", ChannelID: "plain", Status: "open", Home: "inbox", MessageCount: 1}, Messages: []api.MessageFacts{r.written("c1", "a")}}
	send := func() string { return r.land(zoe, "plain", []api.RestoredConversation{c})[0] }
	send()
	c.Conversation.MessageCount = 3
	c.Messages, c.More = []api.MessageFacts{c.Messages[0], r.written("c1", "b")}, true
	send()
	r.do(zoe, "PATCH", "/v1/conversations/c1", object{"owner": "bob"}).want(200)
	c.Messages, c.More = []api.MessageFacts{r.written("c1", "c")}, false
	if got := send(); got != "diverged" {
		t.Errorf("it is %s", got)
	}
	n := r.do(zoe, "GET", "/v1/conversations/c1", nil).want(200).at("messageCount")
	if facts := r.facts(zoe, "plain"); n != float64(len(facts)-1) || len(facts) != 3 {
		t.Errorf("it says that it has %v messages, and has %d", n, len(facts)-1)
	}
}

// TestLargestMessageRestored brings in a message that is as long as one may be.
func TestLargestMessageRestored(t *testing.T) {
	r := newRig(t)
	text := strings.Repeat("x", 5<<20)
	frame := len(`{"externalId":"a","author":"customer","text":"","html":""}`)
	html := strings.Repeat("y", 10<<20-frame-len(text))
	r.do(zooMailer, "POST", "/v1/channels/phone/conversations", fmt.Sprintf(`{"externalId":"a","author":"customer","text":%q,"html":%q}`, text, html)).want(201)
	m := r.written("c1", "a")
	m.Text, m.HTML = text, html
	r.begin(zoe, "plain", api.NewRestoration{From: "acme"}).want(200)
	r.land(zoe, "plain", []api.RestoredConversation{{
		Conversation: api.ConversationFacts{ID: "c1", ChannelID: "plain", Subject: strings.Repeat("s", 200), Status: "open", Home: "inbox", MessageCount: 1}, Messages: []api.MessageFacts{m},
	}})
}

// TestRestorationMeetsARetry ends a restoration whose move has been started again meanwhile.
func TestRestorationMeetsARetry(t *testing.T) {
	r, id := eventful(t)
	r.begin(zoe, "mail", api.NewRestoration{From: "acme", Move: r.moveFacts(id)}).want(200)
	if err := r.Ledger.Fail(t.Context(), "zoo", id, move.Failure{Conversation: "c1", Code: move.CodeGone, Reason: "it is gone", At: r.Time}); err != nil {
		t.Fatal(err)
	}
	r.do(zoe, "POST", "/v1/moves/"+id+"/retry", nil).want(202)
	r.do(zoe, "DELETE", "/v1/channels/mail/restoration", nil).want(204)
	if a := r.do(zoe, "GET", "/v1/channels/mail", nil).want(200); a.at("restoring") != nil {
		t.Errorf("it has not ended: %s", a.Body)
	}
}

// TestRepairLooksBackToTheBeginning has a message come to a channel at the moment when it is
// first brought in, by somebody who had read the channel in the inbox. The first repair
// lands it, however long the import took.
func TestRepairLooksBackToTheBeginning(t *testing.T) {
	r, id := eventful(t)
	r.begin(zoe, "mail", api.NewRestoration{From: "acme", Move: r.moveFacts(id)}).want(200)
	missed := desk.Conversation{
		Account: "zoo", ID: "c1", Origin: "mail", Channel: "mail", Status: desk.Open, TakenIn: r.Time, Joined: r.Time, Started: r.Time, ChangedAt: r.Time, Rev: 1, Messages: 1, Home: desk.Inbox,
	}
	if err := r.Conversations.Import(t.Context(), []desk.Conversation{missed}); err != nil {
		t.Fatal(err)
	}
	r.land(zoe, "mail", threads(r.facts(ann, "mail")))
	r.Time = r.Time.Add(5 * time.Hour)
	r.do(zoe, "DELETE", "/v1/channels/mail/restoration", nil).want(204)
	for range 50 {
		r.Time = r.Time.Add(time.Hour)
		if _, err := r.Sweep.Use(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, run := range r.Runs {
			for !r.Executions[run.Name()].Ended() {
				r.Executions[run.Name()] = r.Advance(r.Executions[run.Name()])
				r.Deliver()
			}
		}
	}
	if is, err := r.Conversations.Get(t.Context(), "zoo", "c1"); err != nil || is.Home != desk.HelpDesk {
		t.Errorf("it is %+v, %v", is, err)
	}
}

// TestR21FactsByACursor makes up a cursor that goes on with a conversation of the help desk.
func TestR21FactsByACursor(t *testing.T) {
	r, _ := eventful(t)
	dot := desk.Caller{Account: "acme", Agent: "dot", Role: desk.SuperAdmin, IssuedAt: ann.IssuedAt}
	moved := threads(r.facts(ann, "mail"))[0].Conversation.ID
	at, err := desk.Position{Joined: r.Time, ID: moved}.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	place := string(at) + "#0"
	cursor := base64.RawURLEncoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte("facts of plain"+place))), place...))
	r.do(ann, "GET", "/v1/channels/plain/facts?cursor="+cursor, nil).want(200)
	if a := r.do(dot, "GET", "/v1/channels/plain/facts?cursor="+cursor, nil).want(403); a.at("code") != "no-help-desk-access" {
		t.Errorf("%s", a.Body)
	}
}

// TestRestoredAfterItCame brings conversations in of which messages have come by themselves
// meanwhile, as when two systems get the same mail at a cut-over: each message is there once.
func TestRestoredAfterItCame(t *testing.T) {
	r := newRig(t)
	r.begin(zoe, "plain", api.NewRestoration{From: "acme"}).want(200)
	live := make(map[string]string)
	for _, external := range []string{"b", "d"} {
		a := r.do(zoe, "POST", "/v1/channels/plain/conversations", object{"externalId": external, "author": "customer", "text": "It came here first."}).want(201)
		live[external], _ = a.at("conversationId").(string)
	}
	restored := func(id string, more bool, count int64, externals ...string) answer {
		t.Helper()
		c := api.RestoredConversation{More: more, Conversation: api.ConversationFacts{ID: id, ChannelID: "plain", Status: "open", Home: "inbox", MessageCount: count}}
		for _, external := range externals {
			c.Messages = append(c.Messages, r.written(id, external))
		}
		return r.do(zoe, "POST", "/v1/channels/plain/restoration/conversations", c).want(200)
	}
	for _, landing := range []string{"added", "known"} {
		if a := restored("c1", false, 3, "a", "b", "c"); a.at("landing") != landing || a.at("elsewhere", 0) != live["b"] || a.at("elsewhere", 1) != nil {
			t.Errorf("a conversation of which one message came: %s, want %s", a.Body, landing)
		}
		if a := restored("c2", false, 1, "d"); a.at("landing") != landing || a.at("elsewhere", 0) != live["d"] {
			t.Errorf("one whose only message came: %s, want %s", a.Body, landing)
		}
	}
	externals := make(map[string]int)
	for _, c := range threads(r.facts(zoe, "plain")) {
		if int(c.Conversation.MessageCount) != len(c.Messages) {
			t.Errorf("conversation %s says that it has %d messages, and has %d", c.Conversation.ID, c.Conversation.MessageCount, len(c.Messages))
		}
		for _, m := range c.Messages {
			if m.Kind != "event" {
				externals[m.ExternalID]++
			} else if !strings.Contains(m.Text, live["b"]) && !strings.Contains(m.Text, live["d"]) || m.Visibility != "internal" || m.Author != "system" {
				t.Errorf("in place of one that came is %+v", m)
			}
		}
	}
	if want := map[string]int{"a": 1, "b": 1, "c": 1, "d": 1}; !cmp.Equal(externals, want) {
		t.Errorf("messages are there so often: %v", externals)
	}
	// Whoever sends what is in the place of a message gets it into the way of that alone.
	c := api.RestoredConversation{Conversation: api.ConversationFacts{ID: "c4", ChannelID: "plain", Status: "open", Home: "inbox", MessageCount: 1}, Messages: []api.MessageFacts{r.written("c4", "e")}}
	for _, external := range []string{"e", "came-" + c.Messages[0].ID} {
		r.do(zoe, "POST", "/v1/channels/plain/conversations", object{"externalId": external, "author": "customer"}).want(201)
	}
	if a := r.do(zoe, "POST", "/v1/channels/plain/restoration/conversations", c); a.Code != 422 || a.at("errors", 0, "field") != "messages[0].externalId" {
		t.Errorf("a message that came, and what is in its place: %d %s", a.Code, a.Body)
	}
	r.do(zoe, "DELETE", "/v1/channels/plain/restoration", nil).want(204)
}
