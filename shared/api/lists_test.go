package api_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// pages reads a list to its end and returns the IDs of its pages.
func (r *rig) pages(path string) (ids []string, n int) {
	r.Helper()
	for cursor := ""; ; n++ {
		a := r.do(ann, "GET", path+cursor, nil).want(200)
		ids = append(ids, a.ids()...)
		next, _ := a.at("next").(string)
		if next == "" {
			return ids, n + 1
		}
		if n > 1000 {
			r.Fatalf("%s does not end", path)
		}
		cursor = "&cursor=" + next
	}
}

// newest reverses a list of IDs.
func newest(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Reverse(ids)
	return ids
}

func TestConversationsOfAllChannelsNewestFirst(t *testing.T) {
	r := newRig(t)
	var all, mail []string
	for i := range 120 {
		channel := []string{"mail", "phone", "form", "mail"}[i%4]
		id := r.take(channel, fmt.Sprint("x", i))
		all = append(all, id)
		if channel == "mail" {
			mail = append(mail, id)
		}
	}
	r.do(zoe, "POST", "/v1/channels/mail/conversations", object{"externalId": "z", "author": "customer"}).want(201)
	for _, limit := range []int{1, 7, 60, 119, 120, 121, 1000} {
		ids, n := r.pages(fmt.Sprintf("/v1/conversations?limit=%d", limit))
		if !slices.Equal(ids, newest(all)) {
			t.Errorf("limit %d lists %d, want %d in order", limit, len(ids), len(all))
		}
		if most := len(all)/limit + 1; n > most {
			t.Errorf("limit %d takes %d pages, want at most %d", limit, n, most)
		}
	}
	if ids, _ := r.pages("/v1/conversations?channel=mail&limit=9"); !slices.Equal(ids, newest(mail)) {
		t.Errorf("mail lists %d, want %d in order", len(ids), len(mail))
	}
	if ids, _ := r.pages("/v1/conversations?home=helpdesk&limit=9"); len(ids) != 0 {
		t.Errorf("the help desk lists %v", ids)
	}
	// What begins while somebody reads on is not in the way.
	a := r.do(ann, "GET", "/v1/conversations?limit=60", nil).want(200)
	r.take("phone", "late")
	b := r.do(ann, "GET", "/v1/conversations?limit=60&cursor="+a.at("next").(string), nil).want(200)
	if got := append(a.ids(), b.ids()...); !slices.Equal(got, newest(all)) || b.at("next") != nil {
		t.Errorf("reading on lists %d, want %d in order", len(got), len(all))
	}
}

func TestR26WhatMovedIsNoLongerInTheInbox(t *testing.T) {
	r := newRig(t)
	var mail, phone []string
	for i := range 130 {
		mail = append(mail, r.take("mail", fmt.Sprint("m", i)))
		if i%10 == 0 {
			phone = append(phone, r.take("phone", fmt.Sprint("p", i)))
		}
	}
	check := func(when string, inbox, desk []string) {
		t.Helper()
		if ids, _ := r.pages("/v1/conversations?home=inbox&limit=30"); !slices.Equal(ids, newest(inbox)) {
			t.Errorf("%s the inbox lists %d, want %d", when, len(ids), len(inbox))
		}
		if ids, _ := r.pages("/v1/conversations?home=helpdesk&limit=30"); !slices.Equal(ids, newest(desk)) {
			t.Errorf("%s the help desk lists %d, want %d", when, len(ids), len(desk))
		}
		tickets := newest(desk)
		for i, id := range tickets {
			tickets[i] = "t-" + id
		}
		if ids, _ := r.pages("/v1/tickets?limit=30"); !slices.Equal(ids, tickets) {
			t.Errorf("%s there are %d tickets, want %d", when, len(ids), len(tickets))
		}
	}
	merged := func(a, b []string) []string {
		all := append(slices.Clone(a), b...)
		slices.Sort(all) // IDs begin with the time
		return all
	}
	check("before", merged(mail, phone), nil)
	r.start("mail")
	r.Run()
	check("after", phone, mail)

	// Live conversations come to the inbox, and are in the help desk seconds
	// later; one that nobody brought there is still in the inbox's list.
	live, stuck := r.take("mail", "live"), r.take("mail", "stuck")
	r.Changed(live)
	check("then", merged(phone, []string{stuck}), append(mail, live))
	r.Changed(stuck)
	mail = append(mail, live, stuck)

	// With history left behind, old conversations stay where they are (R20).
	r.do(ann, "POST", "/v1/moves", object{"channelId": "phone", "history": "none"}).want(202)
	r.Run()
	live = r.take("phone", "live")
	r.Changed(live)
	check("without history", phone, append(mail, live))
	r.Time = r.Time.Add(48 * time.Hour)
	check("days later", phone, append(mail, live))
	if a := r.do(ann, "GET", "/v1/conversations/"+mail[0], nil).want(200); a.at("home") != "helpdesk" || a.at("ticketId") != "t-"+mail[0] {
		t.Errorf("conversation = %s", a.Body)
	}
}

// TestInboxOfAMovedChannelIsCheap reads none of what has left.
func TestInboxOfAMovedChannelIsCheap(t *testing.T) {
	r := newRig(t)
	for i := range 60 {
		r.take("mail", fmt.Sprint("m", i))
	}
	r.start("mail")
	r.Run()
	r.Time = r.Time.Add(48 * time.Hour)
	before := r.Read
	if ids, n := r.pages("/v1/conversations?home=inbox&limit=10"); len(ids) != 0 || n != 1 {
		t.Errorf("the inbox lists %v in %d pages", ids, n)
	}
	if read := r.Read - before; read > 30 { // the setup, the move, the agent
		t.Errorf("that read %d items", read)
	}
}

func TestTicketsByStatusAndOwner(t *testing.T) {
	r := newRig(t)
	var all, bobs, solved []string
	for i := range 60 {
		id := r.take("mail", fmt.Sprint("m", i))
		all = append(all, "t-"+id)
		edit := object{}
		if i%3 == 0 {
			edit["owner"] = "bob"
			bobs = append(bobs, "t-"+id)
		}
		if i%5 == 0 {
			edit["status"] = "closed"
			solved = append(solved, "t-"+id)
		}
		if len(edit) > 0 {
			r.do(bob, "PATCH", "/v1/conversations/"+id, edit).want(200)
		}
	}
	r.start("mail")
	r.Run()
	for query, want := range map[string][]string{"": all, "&owner=bob": bobs, "&status=solved": solved, "&status=won": nil, "&owner=eve": nil} {
		for _, limit := range []int{4, 1000} {
			if ids, _ := r.pages(fmt.Sprintf("/v1/tickets?limit=%d%s", limit, query)); !slices.Equal(ids, newest(want)) {
				t.Errorf("tickets%s limit %d = %d, want %d in order", query, limit, len(ids), len(want))
			}
		}
	}
	// An edited status moves a ticket between lists at once, at its place.
	id := all[7]
	a := r.do(bob, "PATCH", "/v1/tickets/"+id, object{"status": "solved", "owner": ""}).want(200)
	if a.at("status") != "solved" || a.at("owner") != "" || a.at("movedStatus") != "waiting" || a.at("edited", "by") != "bob" || a.at("revision") != 2.0 {
		t.Errorf("ticket = %s", a.Body)
	}
	solved = append(solved, id)
	slices.Sort(solved)
	if ids, _ := r.pages("/v1/tickets?status=solved&limit=4"); !slices.Equal(ids, newest(solved)) {
		t.Errorf("solved = %v, want %v", ids, newest(solved))
	}
	r.refuse(map[string]refusal{
		"unknown status":       {as: bob, method: "PATCH", path: "/v1/tickets/" + id, body: object{"status": "nwe"}, status: 422, code: "invalid", field: "status", remedy: "exists in the account"},
		"owner without access": {as: bob, method: "PATCH", path: "/v1/tickets/" + id, body: object{"owner": "cem"}, status: 422, code: "invalid", field: "owner", remedy: "who has it"},
		"nothing":              {as: bob, method: "PATCH", path: "/v1/tickets/" + id, body: object{}, status: 422, code: "invalid", field: "status", remedy: "an owner"},
		"no such ticket":       {as: bob, method: "PATCH", path: "/v1/tickets/t-none", body: object{"owner": ""}, status: 404, code: "not-found"},
	})
}

// BenchmarkLists reads 10,000 conversations and tickets in pages of 1,000.
func BenchmarkLists(b *testing.B) {
	r := newRig(b)
	r.Import("mail", 10_000)
	r.do(ann, "POST", "/v1/moves", order("mail")).want(202)
	r.Run()
	for _, path := range []string{"/v1/conversations?limit=1000", "/v1/tickets?limit=1000"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				if ids, _ := r.pages(path); len(ids) != 10_000 {
					b.Fatalf("%d", len(ids))
				}
			}
		})
	}
}

// BenchmarkTake takes messages in, one after the other.
func BenchmarkTake(b *testing.B) {
	r := newRig(b)
	for i := 0; b.Loop(); i++ {
		r.take("mail", fmt.Sprint(i))
	}
}
