package api_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
)

func TestMessagesAreTakenInOnce(t *testing.T) {
	r := newRig(t)
	m := object{"externalId": "<1@x>", "author": "customer", "from": object{"address": "jane@customer.example"}, "subject": "Order", "text": "Where?", "html": "<p>Where?</p>", "at": "2026-11-20T08:15:00+01:00"}
	a := r.do(bot, "POST", "/v1/channels/mail/conversations", m).want(201)
	id, message := a.at("conversationId").(string), a.at("messageId")
	if a.at("began") != true || a.at("known") != false {
		t.Errorf("first = %s", a.Body)
	}
	a = r.do(bot, "POST", "/v1/channels/mail/conversations", m).want(200)
	if a.at("conversationId") != id || a.at("messageId") != message || a.at("began") != false || a.at("known") != true {
		t.Errorf("again = %s", a.Body)
	}
	reply := object{"externalId": "<2@x>", "references": []string{"<0@x>", "<1@x>"}, "author": "agent", "agent": "bob", "text": "Here."}
	if a = r.do(bot, "POST", "/v1/channels/mail/conversations", reply).want(201); a.at("conversationId") != id || a.at("began") != false {
		t.Errorf("reply = %s", a.Body)
	}
	added := object{"externalId": "<3@x>", "author": "customer", "channelId": "phone"}
	for _, status := range []int{201, 200} {
		if a = r.do(bot, "POST", "/v1/conversations/"+id+"/messages", added).want(status); a.at("conversationId") != id {
			t.Errorf("added = %s", a.Body)
		}
	}
	// An external ID that is known stays with its conversation.
	other := r.take("mail", "<9@x>")
	if a = r.do(bot, "POST", "/v1/conversations/"+other+"/messages", m).want(200); a.at("conversationId") != id || a.at("known") != true {
		t.Errorf("known elsewhere = %s", a.Body)
	}
	r.wantConversation(id)
}

func (r *rig) wantConversation(id string) {
	r.Helper()
	c := r.do(bob, "GET", "/v1/conversations/"+id, nil).want(200)
	for field, want := range map[string]any{
		"status": "open", "owner": "", "channelId": "mail", "originId": "mail", "home": "inbox", "customer": "jane@customer.example",
		"subject": "Order", "messageCount": 3.0, "version": 3.0, "customerVersion": 3.0, "startedAt": "2026-11-20T07:15:00Z", "ticketId": nil,
	} {
		if c.at(field) != want {
			r.Errorf("%s = %v, want %v", field, c.at(field), want)
		}
	}
	ms := r.do(bob, "GET", "/v1/conversations/"+id+"/messages", nil).want(200)
	first, second := ms.at("items", 2), ms.at("items", 1) // 3@x was written last
	if at(first, "externalId") != "1@x" || at(first, "hasHtml") != true || at(first, "kind") != "email" || at(second, "agent") != "bob" || at(second, "at") == nil {
		r.Errorf("messages = %v, %v", first, second)
	}
	path := "/v1/conversations/" + id + "/messages/" + at(first, "id").(string)
	if html := r.do(bob, "GET", path+"/html", nil).want(200).at("text"); html != "<p>Where?</p>" {
		r.Errorf("html = %q", html)
	}
}

// TestR19BracketsOfExternalIDs: the importer writes Message-IDs without brackets,
// and connectors as they are in the mail. Both find what the other took in.
func TestR19BracketsOfExternalIDs(t *testing.T) {
	r := newRig(t)
	imported, live := r.take("mail", "1@x"), r.take("mail", " <2@x>\n")
	for reply, wants := range map[string]string{"<1@x>": imported, "2@x": live, "\t<2@x> ": live} {
		if id := r.take("mail", "<re-"+reply+">", "<none@x>", "<>", reply); id != wants {
			t.Errorf("a reply to %q is in %s, want %s", reply, id, wants)
		}
	}
	for _, again := range []string{"<1@x>", "1@x", " <1@x> "} {
		m := object{"externalId": again, "author": "customer"}
		if a := r.do(bot, "POST", "/v1/channels/mail/conversations", m).want(200); a.at("known") != true || a.at("conversationId") != imported {
			t.Errorf("%q again = %s", again, a.Body)
		}
		if a := r.do(bot, "POST", "/v1/conversations/"+live+"/messages", m).want(200); a.at("known") != true || a.at("conversationId") != imported {
			t.Errorf("%q again, to another conversation = %s", again, a.Body)
		}
	}
	for _, none := range []string{"<>", " ", "\t<>"} {
		r.do(bot, "POST", "/v1/channels/mail/conversations", object{"externalId": none, "author": "customer"}).want(422)
	}
}

// TestLargeMessagesAreKeptWhole takes in the largest body that is allowed,
// with what a mail may hold.
func TestLargeMessagesAreKeptWhole(t *testing.T) {
	r := newRig(t)
	long := strings.Repeat("äß<&>\u0001€ 0123456789\n", 10<<20/40)
	head, tail := `{"externalId":"x","author":"customer","text":`+quoted(long)+`,"html":"`, `"}`
	body := head + strings.Repeat("h", 10<<20-len(head)-len(tail)) + tail
	id := r.do(bot, "POST", "/v1/channels/mail/conversations", body).want(201).at("conversationId").(string)
	message := r.do(ann, "GET", "/v1/conversations/"+id+"/messages", nil).want(200).ids()[0]
	if got := r.part(id, message, "text"); got != long {
		t.Errorf("the text has %d bytes, want %d", len(got), len(long))
	}
	r.do(bot, "POST", "/v1/channels/mail/conversations", body+" ").want(413)
}

// part reads all pieces of a part of a message.
func (r *rig) part(conversation, message, name string) string {
	r.Helper()
	var whole strings.Builder
	for offset := 0.0; ; {
		piece := r.do(ann, "GET", fmt.Sprintf("/v1/conversations/%s/messages/%s/%s?offset=%.0f", conversation, message, name, offset), nil).want(200)
		text, _ := piece.at("text").(string)
		whole.WriteString(text)
		next, more := piece.at("next").(float64)
		if !more {
			return whole.String()
		}
		offset = next
	}
}

func quoted(s string) string {
	return fmt.Sprintf(`"%s"`, strings.NewReplacer("\n", `\n`, "\u0001", `\u0001`).Replace(s))
}

func TestR19WhatMovedIsEditedOnItsTicket(t *testing.T) {
	r := newRig(t)
	id := r.take("mail", "m1")
	started := r.do(bob, "PATCH", "/v1/conversations/"+id, object{"status": "closed", "owner": "bob"}).want(200).at("startedAt")
	r.start("mail")
	r.Run()
	moved := refusal{as: bob, method: "PATCH", path: "/v1/conversations/" + id, body: object{"status": "open"}, status: 409, code: "moved", remedy: "edit ticket t-" + id}
	asTicket := moved
	asTicket.method, asTicket.path, asTicket.body = "POST", moved.path+"/tickets", object{"status": "new"}
	r.refuse(map[string]refusal{"edit": moved, "make a ticket": asTicket})
	a := r.do(bob, "PATCH", moved.path, moved.body)
	if a.at("ticketId") != "t-"+id || a.at("link") != "/v1/tickets/t-"+id {
		t.Errorf("answer = %s, want it to name the ticket", a.Body)
	}
	ticket := func() answer { return r.do(bob, "GET", "/v1/tickets/t-"+id, nil).want(200) }
	if a := ticket(); a.at("status") != "solved" || a.at("owner") != "bob" || a.at("provenance") != "history" || a.at("createdAt") != started {
		t.Errorf("ticket = %s", a.Body)
	}
	// A reply is on its ticket when the answer returns; what the source was stays.
	r.do(bot, "POST", "/v1/conversations/"+id+"/messages", object{"externalId": "more", "author": "customer"}).want(201)
	if a := r.do(bob, "GET", moved.path, nil).want(200); a.at("status") != "closed" || a.at("owner") != "bob" || a.at("version") != 4.0 {
		t.Errorf("conversation after a reply = %s", a.Body)
	}
	if a := ticket(); a.at("status") != "waiting" || a.at("owner") != "bob" || a.at("revision") != 4.0 || a.at("movedStatus") != "solved" {
		t.Errorf("ticket after a reply = %s", a.Body)
	}
}

func TestR15NativeTickets(t *testing.T) {
	r := newRig(t)
	id := r.take("mail", "m1")
	a := r.do(bob, "POST", "/v1/conversations/"+id+"/tickets", object{"status": "lead"}).want(201)
	if a.Header().Get("Location") != "/v1/tickets/t-"+id || a.at("home") != "inbox" || a.at("provenance") != "native" || a.at("status") != "lead" {
		t.Errorf("ticket = %s", a.Body)
	}
	if again := r.do(bob, "POST", "/v1/conversations/"+id+"/tickets", object{"status": "new"}).want(201); again.at("status") != "lead" {
		t.Errorf("a second ticket = %s", again.Body)
	}
	if ids, _ := r.pages("/v1/tickets?limit=10"); len(ids) != 0 {
		t.Errorf("the help desk lists %v", ids)
	}
	r.start("mail")
	r.Run()
	moved := r.do(bob, "GET", "/v1/tickets/t-"+id, nil).want(200)
	for _, field := range []string{"status", "owner", "createdAt", "provenance"} {
		if moved.at(field) != a.at(field) {
			t.Errorf("%s = %v after the move, %v before", field, moved.at(field), a.at(field))
		}
	}
	if moved.at("home") != "helpdesk" {
		t.Errorf("ticket = %s", moved.Body)
	}
}

func TestDatesAtTheEdges(t *testing.T) {
	r := newRig(t)
	for i, at := range []string{"1970-01-01T00:00:00Z", "2286-11-20T17:46:39.999Z"} {
		id := r.do(bot, "POST", "/v1/channels/phone/conversations", object{"externalId": fmt.Sprint(i), "author": "customer", "at": at}).want(201).at("conversationId").(string)
		got, err := time.Parse(time.RFC3339, r.do(bob, "GET", "/v1/conversations/"+id, nil).want(200).at("startedAt").(string))
		if want, _ := time.Parse(time.RFC3339, at); err != nil || !got.Equal(want) {
			t.Errorf("started %v, want %v", got, want)
		}
	}
	r.start("phone")
	r.Run()
	if ids, _ := r.pages("/v1/tickets?limit=1"); len(ids) != 2 {
		t.Errorf("tickets = %v, want both", ids)
	}
}

// TestR20WhatStaysWorksAsBefore moves a channel without its history.
func TestR20WhatStaysWorksAsBefore(t *testing.T) {
	r := newRig(t)
	closed, native := r.take("phone", "closed"), r.take("phone", "native")
	r.do(cem, "PATCH", "/v1/conversations/"+closed, object{"status": "closed", "owner": "cem"}).want(200)
	r.do(cem, "POST", "/v1/conversations/"+native+"/tickets", object{"status": "won"}).want(201)
	id := r.do(ann, "POST", "/v1/moves", object{"channelId": "phone", "history": "none"}).want(202).at("id").(string)
	check := func(when string) {
		t.Helper()
		for _, conversation := range []string{closed, native} {
			r.Append(conversation, "phone", when+conversation)
			r.Changed(conversation)
			a := r.do(cem, "GET", "/v1/conversations/"+conversation, nil).want(200)
			if a.at("home") != "inbox" || a.at("status") != "open" || a.at("channelId") != "phone" {
				t.Errorf("%s conversation = %s", when, a.Body)
			}
			r.do(cem, "PATCH", "/v1/conversations/"+conversation, object{"status": "closed", "owner": "bob"}).want(200)
			r.Changed(conversation)
		}
		r.do(cem, "PATCH", "/v1/tickets/t-"+native, object{"status": "lead"}).want(200)
		a := r.do(cem, "PATCH", "/v1/tickets/t-"+native, object{"status": "won"}).want(200)
		if a.at("home") != "inbox" || a.at("status") != "won" || a.at("provenance") != "native" {
			t.Errorf("%s ticket = %s", when, a.Body)
		}
		if ids := r.do(cem, "GET", "/v1/conversations?channel=phone", nil).want(200).ids(); !slices.Equal(ids, []string{native, closed}) {
			t.Errorf("%s cem sees %v", when, ids)
		}
	}
	check("before")
	r.FenceLast()
	check("moving")
	r.Run()
	check("moved")
	r.Time = r.Time.AddDate(0, 1, 0)
	made := r.do(cem, "POST", "/v1/conversations/"+closed+"/tickets", object{"status": "new"}).want(201)
	if made.at("home") != "inbox" || made.at("provenance") != "native" {
		t.Errorf("ticket = %s", made.Body)
	}
	check("a month later")
	if ids := r.do(ann, "GET", "/v1/moves/"+id+"/failures", nil).want(200).ids("conversationId"); len(ids) != 0 {
		t.Errorf("failures = %v", ids)
	}
}

// TestAnEditSentAgainIsDoneOnce: whoever got no answer sends it again with its key,
// and does not close what a customer has opened since.
func TestAnEditSentAgainIsDoneOnce(t *testing.T) {
	r := newRig(t)
	id := r.take("mail", "m1")
	key := []string{"Idempotency-Key", "close-1"}
	n := 0
	check := func(path, closed, open string) {
		t.Helper()
		edit := func(as desk.Caller, want string, headers ...string) (version any) {
			t.Helper()
			a := r.do(as, "PATCH", path, object{"status": closed}, headers...).want(200)
			if a.at("status") != want {
				t.Errorf("%s as %s with %v is %v, want %s", path, as.Agent, headers, a.at("status"), want)
			}
			return cmp.Or(a.at("version"), a.at("revision"))
		}
		if first := edit(bob, closed, key...); first != edit(bob, closed, key...) {
			t.Errorf("%s changed twice", path)
		}
		reply := func() {
			n++
			r.Append(id, "mail", fmt.Sprint("reply", n))
		}
		reply()
		edit(ann, closed, key...) // her key is another one
		reply()
		edit(bob, closed)
		edit(bob, closed, key...)
		reply()
		edit(bob, open, key...)
		edit(bob, closed, "Idempotency-Key", "close-2")
	}
	check("/v1/conversations/"+id, "closed", "open")
	r.start("mail")
	r.Run()
	r.Append(id, "mail", "after the move")
	check("/v1/tickets/t-"+id, "solved", "waiting")
}
