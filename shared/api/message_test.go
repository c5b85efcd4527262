package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAMessageIsReadAsItWasSent with all that it has.
func TestAMessageIsReadAsItWasSent(t *testing.T) {
	r := newRig(t)
	person := func(name, address string) any {
		if name == "" {
			return object{"address": address}
		}
		return object{"name": name, "address": address}
	}
	m := object{
		"externalId": "whole@x", "kind": "email", "author": "customer", "visibility": "public", "automatic": "bulk", "forged": true,
		"from": person("Jane Doe", "jane@customer.example"), "replyTo": []any{person("", "jd@customer.example")},
		"to": []any{person("Support", "support@acme.example"), person("", "b@x")}, "cc": []any{person("C", "c@x")}, "bcc": []any{person("D", "d@x")},
		"at": "2026-11-20T07:15:00Z", "subject": "Order", "text": "Where?", "call": object{"seconds": 184.0, "outcome": "answered"},
		"fields": []any{object{"name": "Order number", "value": "4711"}}, "repairs": []any{"date-guessed"},
	}
	sent := with(with(m, "tags", []string{"invoice", "vip"}), "html", "<p>Where?</p>")
	id := r.do(bot, "POST", "/v1/channels/mail/conversations", sent).want(201).at("conversationId").(string)
	got := r.do(bob, "GET", "/v1/conversations/"+id+"/messages", nil).want(200).at("items", 0).(object)
	for field := range got {
		if strings.Contains(" id channelId takenInAt subjectCut textCut hasHtml size ", " "+field+" ") {
			delete(got, field)
		}
	}
	if diff := cmp.Diff(m, got, cmp.Transformer("plain", plain)); diff != "" {
		t.Error(diff)
	}
	c := r.do(bob, "GET", "/v1/conversations/"+id, nil).want(200)
	if c.at("status") != "closed" || c.at("waitingSince") != nil || c.at("tags", 0) != "invoice" || c.at("tags", 1) != "vip" {
		t.Errorf("what was sent to many begins %s", c.Body)
	}
}

// plain makes no difference between what was written and what JSON has made of it.
func plain(o object) map[string]any { return o }

// TestTagsAndEdits: tags are filters, on both sides of a move, and who edited what is
// to be seen.
func TestTagsAndEdits(t *testing.T) {
	r, inbox, landed, _ := moved(t)
	for _, path := range []string{"/v1/conversations/" + inbox, "/v1/tickets/t-" + landed} {
		a := r.do(ann, "PATCH", path, object{"tags": []string{"vip", "a b"}}).want(200)
		if a.at("tags", 0) != "a b" || a.at("tags", 1) != "vip" || a.at("edits", 0, "by") != "ann" || a.at("edits", 0, "tags") != true {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	ticket := r.do(ann, "PATCH", "/v1/tickets/t-"+landed, object{"status": "solved", "owner": "bob"}).want(200)
	if e := ticket.at("edits", 1); at(e, "status") != "solved" || at(e, "owner") != "bob" || at(e, "at") != r.Time.Format(time.RFC3339Nano) {
		t.Errorf("%v at %s", e, r.Time)
	}
	for path, want := range map[string]string{
		"/v1/conversations?tag=vip&home=inbox": inbox, "/v1/conversations?tag=vip&home=helpdesk": landed, "/v1/tickets?tag=a%20b": "t-" + landed,
		"/v1/tickets?tag=vip&open=true": "", "/v1/conversations?tag=no": "", "/v1/conversations?tag=vip&status=open&home=inbox": inbox,
	} {
		var ids []string
		for next := ""; ; {
			a := r.do(ann, "GET", path+next, nil).want(200)
			ids = append(ids, a.ids()...)
			cursor, more := a.at("next").(string)
			if !more {
				break
			}
			next = "&cursor=" + cursor
		}
		if strings.Join(ids, " ") != want {
			t.Errorf("%s: %q, want %q", path, ids, want)
		}
	}
}

// TestAMessageOfTheMost that one may have can be taken in and read, and so can the one
// before it.
func TestAMessageOfTheMost(t *testing.T) {
	r := newRig(t)
	most := func(s string, bytes int) string { return strings.Repeat(s, bytes/len(s)) }
	id := r.do(bot, "POST", "/v1/channels/mail/conversations", object{"externalId": "first", "author": "customer"}).want(201).at("conversationId").(string)
	m := object{
		"externalId": most("ä", 1000), "author": "customer", "subject": most("<", 2<<10), "text": most("\x01", 64<<10), "html": most("<", 64<<10),
		"to":     slices.Repeat([]any{object{"name": most("<&>", 66), "address": most("&", 60)}}, 999),
		"fields": slices.Repeat([]any{object{"name": most("<", 150), "value": most("&", 150)}}, 200),
	}
	r.do(bot, "POST", "/v1/conversations/"+id+"/messages", m).want(201)
	var got []string
	for next := ""; len(got) < 3; {
		a := r.do(bob, "GET", "/v1/conversations/"+id+"/messages?limit=50"+next, nil).want(200)
		for _, item := range a.at("items").([]any) {
			got = append(got, item.(object)["externalId"].(string)[:2])
		}
		cursor, more := a.at("next").(string)
		if !more {
			break
		}
		next = "&cursor=" + cursor
	}
	if !slices.Equal(got, []string{"ä", "fi"}) {
		t.Errorf("messages %q", got)
	}
}

// TestMessagesRefused for what they say of themselves.
func TestMessagesRefused(t *testing.T) {
	r := newRig(t)
	people := func(n int) []any { return slices.Repeat([]any{object{"name": "x"}}, n) }
	m := object{"externalId": "x", "author": "agent"}
	take := func(field string, value any, at, remedy string) refusal {
		return refusal{as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: with(m, field, value), status: 422, code: "invalid", field: at, remedy: remedy}
	}
	r.refuse(map[string]refusal{
		"unknown agent":          take("agent", "zoe", "agent", "leave it out"),
		"unknown kind":           take("kind", "fax", "kind", "email, form"),
		"internal by a customer": {as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: object{"externalId": "x", "author": "customer", "visibility": "internal"}, status: 422, code: "invalid", field: "visibility", remedy: "leave"},
		"a customer's note":      {as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: object{"externalId": "x", "author": "customer", "kind": "note"}, status: 422, code: "invalid", field: "kind", remedy: "name the agent"},
		"10,000 recipients":      take("to", people(10_000), "to", "1000"),
		"many recipients":        take("bcc", people(1000), "to", "leave some out"),
		"HTML of 9 MB":           take("html", strings.Repeat("x", 9<<20), "html", "leave some out"),
		"a hash that is none":    take("source", "abc", "source", "64 hex digits"),
		"a tag of two lines":     take("tags", []string{"a\nb"}, "tags[0]", "text alone"),
		"names of marks":         take("to", slices.Repeat([]any{object{"name": strings.Repeat("\x01", 130)}}, 950), "to", "leave some out"),
		"long repairs":           take("repairs", slices.Repeat([]string{strings.Repeat("x", 10<<10)}, 40), "to", "leave some out"),
		"a long tag":             take("tags", []string{strings.Repeat("x", 41)}, "tags[0]", "shorten"),
	})
	if got := r.do(bob, "GET", "/v1/conversations", nil).want(200).ids(); len(got) != 0 {
		t.Errorf("what was refused is there: %v", got)
	}
}

// TestCustomersHaveNames in lists, beside their addresses, and so have those of tickets.
func TestCustomersHaveNames(t *testing.T) {
	r := newRig(t)
	m := object{"externalId": "named", "author": "customer", "from": object{"name": "Jane Doe", "address": "jane@customer.example"}}
	id := r.do(bot, "POST", "/v1/channels/mail/conversations", m).want(201).at("conversationId").(string)
	r.do(ann, "POST", "/v1/conversations/"+id+"/tickets", object{"status": "new"}).want(201)
	for path, item := range map[string][]any{
		"/v1/conversations/" + id: nil, "/v1/conversations?home=inbox": {"items", 0}, "/v1/tickets/t-" + id: nil,
	} {
		got := r.do(ann, "GET", path, nil).want(200).at(item...)
		if at(got, "customer") != "jane@customer.example" || at(got, "customerName") != "Jane Doe" {
			t.Errorf("%s: %v", path, got)
		}
	}
}
