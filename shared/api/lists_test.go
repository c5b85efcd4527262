package api_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
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

// TestInboxOfAMovedChannelIsCheap reads none of the closed ones that have left.
func TestInboxOfAMovedChannelIsCheap(t *testing.T) {
	r := newRig(t)
	for i := range 60 {
		r.do(bob, "PATCH", "/v1/conversations/"+r.take("mail", fmt.Sprint("m", i)), object{"status": "closed"}).want(200)
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
	if a.at("status") != "solved" || a.at("owner") != "" || a.at("movedStatus") != "waiting" || a.at("edited", "by") != "bob" || a.at("edited", "revision") != 3.0 || a.at("revision") != 3.0 {
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

// TestTicketFilters compares every combination of filters with what the tickets
// themselves say, on every way of paging.
func TestTicketFilters(t *testing.T) {
	r := newRig(t)
	var ids []string
	take := func(channel string, n int) {
		for i := range n {
			id := r.take(channel, fmt.Sprint(channel, len(ids)))
			ids = append(ids, id)
			edit := object{"owner": []string{"ann", "bob", ""}[i%3]}
			if i%4 == 0 {
				edit["status"] = "closed"
			}
			r.do(bob, "PATCH", "/v1/conversations/"+id, edit).want(200)
			if i%5 == 0 {
				r.do(bob, "POST", "/v1/conversations/"+id+"/tickets", object{"status": []string{"lead", "won"}[i%2]}).want(201)
			}
		}
	}
	take("phone", 12)
	take("mail", 24)
	for _, channel := range []string{"phone", "mail"} {
		r.start(channel)
		r.Run()
	}
	take("form", 3) // stays in the inbox
	for i := range 4 {
		id := r.take("phone", fmt.Sprint("live", i))
		r.Changed(id)
		ids = append(ids, id)
	}
	r.do(bob, "PATCH", "/v1/tickets/t-"+ids[1], object{"status": "waiting", "owner": "ann"}).want(200)
	soon := r.Time.Add(4*time.Hour - 2*time.Minute).Truncate(time.Second) // the last two have until later
	open := map[any]bool{"new": true, "waiting": true, "lead": true}
	filters := map[string]func(a answer) bool{
		"status=waiting":            func(a answer) bool { return a.at("status") == "waiting" },
		"status=waiting,solved,new": func(a answer) bool { s := a.at("status"); return s == "waiting" || s == "solved" || s == "new" },
		"open=true":                 func(a answer) bool { return open[a.at("status")] },
		"owner=ann":                 func(a answer) bool { return a.at("owner") == "ann" },
		"unowned=true":              func(a answer) bool { return a.at("owner") == "" },
		"channel=phone":             func(a answer) bool { return a.at("channelId") == "phone" },
		"provenance=live":           func(a answer) bool { return a.at("provenance") == "live" },
		"provenance=native":         func(a answer) bool { return a.at("provenance") == "native" },
		"due=" + soon.Format("2006-01-02T15:04:05Z"): func(a answer) bool { d := due(a); return !d.IsZero() && d.Before(soon) },
	}
	var tickets []answer
	for _, id := range newest(ids) {
		if a := r.do(ann, "GET", "/v1/tickets/t-"+id, nil); a.Code == 200 && a.at("home") == "helpdesk" {
			tickets = append(tickets, a)
		}
	}
	if len(tickets) != 40 {
		t.Fatalf("%d tickets", len(tickets))
	}
	found := map[string]int{}
	check := func(names ...string) {
		t.Helper()
		var want []answer
		for _, a := range tickets {
			if !slices.ContainsFunc(names, func(name string) bool { return !filters[name](a) }) {
				want = append(want, a)
			}
		}
		query := strings.Join(names, "&")
		if strings.Contains(query, "due=") {
			slices.SortFunc(want, func(a, b answer) int {
				return cmp.Or(due(a).Compare(due(b)), strings.Compare(a.at("id").(string), b.at("id").(string)))
			})
		}
		var wanted []string
		for _, a := range want {
			wanted = append(wanted, a.at("id").(string))
		}
		for _, limit := range []int{1, 3, 1000} {
			if got, n := r.pages(fmt.Sprintf("/v1/tickets?limit=%d&%s", limit, query)); !slices.Equal(got, wanted) || n > len(wanted)+2 {
				t.Errorf("%s by %d lists %d in %d pages, want %d", query, limit, len(got), n, len(wanted))
			}
		}
		found[query] = len(wanted)
	}
	names := slices.Sorted(maps.Keys(filters))
	check()
	for i, one := range names {
		check(one)
		if n := found[one]; n == 0 || n == len(tickets) {
			t.Errorf("%s selects %d: the test tests little", one, n)
		}
		for _, other := range names[i+1:] {
			if name, _, _ := strings.Cut(one, "="); !strings.HasPrefix(other, name+"=") && one+other != "owner=annunowned=true" {
				check(one, other)
			}
		}
	}
}

// due is when the first clock of a ticket runs out, zero if none runs.
func due(a answer) (first time.Time) {
	for _, clock := range []string{"firstReplyAt", "nextReplyAt", "closeAt"} {
		text, _ := a.at("clocks", clock).(string)
		if at, err := time.Parse(time.RFC3339, text); err == nil && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// TestConversationFilters asks for what stands in the inbox and the help desk before,
// during and after a move.
func TestConversationFilters(t *testing.T) {
	r := newRig(t)
	var ids []string
	for i := range 24 {
		id := r.take([]string{"mail", "phone"}[i%2], fmt.Sprint("x", i))
		ids = append(ids, id)
		edit := object{"owner": []string{"ann", "bob", ""}[i%3]}
		if i%4 < 2 {
			edit["status"] = "closed"
		}
		r.do(bob, "PATCH", "/v1/conversations/"+id, edit).want(200)
	}
	check := func(when string) {
		t.Helper()
		var all []answer
		for _, id := range newest(ids) {
			all = append(all, r.do(ann, "GET", "/v1/conversations/"+id, nil).want(200))
		}
		for _, home := range []string{"", "home=inbox", "home=helpdesk"} {
			for _, status := range []string{"", "status=open", "status=closed"} {
				for _, owner := range []string{"", "owner=bob", "unowned=true"} {
					for _, channel := range []string{"", "channel=mail"} {
						var want []string
						for _, a := range all {
							is := func(filter, field string) bool {
								_, value, some := strings.Cut(filter, "=")
								return !some || a.at(field) == strings.TrimPrefix(value, "true")
							}
							if is(home, "home") && is(status, "status") && is(owner, "owner") && is(channel, "channelId") {
								want = append(want, a.at("id").(string))
							}
						}
						query := strings.Join([]string{home, status, owner, channel}, "&")
						for _, limit := range []int{2, 1000} {
							if got, _ := r.pages(fmt.Sprintf("/v1/conversations?limit=%d&%s", limit, strings.Trim(query, "&"))); !slices.Equal(got, want) {
								t.Errorf("%s, %s by %d lists %v, want %v", when, query, limit, got, want)
							}
						}
					}
				}
			}
		}
	}
	check("before")
	r.start("mail")
	run := r.ListLast()
	check("while it moves")
	r.Deliver()
	check("converted")
	r.finish(run)
	r.Time = r.Time.Add(48 * time.Hour)
	check("moved")
}

// TestReachedAt says how far a list came that goes on.
func TestReachedAt(t *testing.T) {
	r := newRig(t)
	for i := range 3 {
		r.take("mail", fmt.Sprint("m", i))
	}
	a := r.do(ann, "GET", "/v1/conversations?limit=2", nil).want(200)
	if a.at("reachedAt") == nil || a.at("reachedAt") != a.at("items", 1, "joinedAt") {
		t.Errorf("reached %v, want %v", a.at("reachedAt"), a.at("items", 1, "joinedAt"))
	}
	if a := r.do(ann, "GET", "/v1/conversations?limit=3", nil).want(200); a.at("reachedAt") != nil || a.at("next") != nil {
		t.Errorf("a list at its end reached %v, and goes on at %v", a.at("reachedAt"), a.at("next"))
	}
	// A page of closed ones of an owner may end early, and says where.
	r.Import("phone", 2500)
	a = r.do(ann, "GET", "/v1/conversations?status=closed&owner=bob&channel=phone", nil).want(200)
	if len(a.ids()) != 0 || a.at("next") == nil || a.at("reachedAt") == nil {
		t.Errorf("answer = %s, want it to end early", a.Body)
	}
	if ids, n := r.pages("/v1/conversations?status=closed&owner=bob&channel=phone"); len(ids) != 0 || n > 3 {
		t.Errorf("%v in %d pages", ids, n)
	}
}

func TestCounts(t *testing.T) {
	r := newRig(t)
	for i := range 12 {
		id := r.take([]string{"mail", "phone"}[i%2], fmt.Sprint("x", i))
		edit := object{"owner": []string{"ann", "bob", ""}[i%3]}
		if i == 0 {
			edit["status"] = "closed"
		}
		r.do(bob, "PATCH", "/v1/conversations/"+id, edit).want(200)
	}
	count := func(home string, open, mine, unowned float64) {
		t.Helper()
		a := r.do(ann, "GET", "/v1/counts", nil).want(200)
		for name, want := range map[string]float64{"open": open, "mine": mine, "unowned": unowned} {
			if a.at(home, name, "n") != want || a.at(home, name, "atLeast") != false {
				t.Errorf("%s of the %s are %v, want %v", name, home, a.at(home, name), want)
			}
		}
	}
	count("inbox", 11, 3, 4)
	count("desk", 0, 0, 0)
	r.start("mail")
	r.Run()
	count("inbox", 6, 2, 2)
	count("desk", 5, 1, 2)
	if late := r.do(ann, "GET", "/v1/counts", nil).want(200).at("desk", "late", "n"); late != 0.0 {
		t.Errorf("late = %v", late)
	}
	r.Time = r.Time.AddDate(0, 0, 7)
	if late := r.do(ann, "GET", "/v1/counts", nil).want(200).at("desk", "late", "n"); late != 5.0 {
		t.Errorf("late a week after = %v", late)
	}
	r.Import("form", 1100)
	if a := r.do(ann, "GET", "/v1/counts", nil).want(200); a.at("inbox", "open", "n") != 1106.0 && a.at("inbox", "open", "atLeast") != true || a.at("desk", "open", "n") != 5.0 {
		t.Errorf("counts = %s", a.Body)
	}
}

// TestWhatWaitsAndWhatChangedLast are lists of what is open.
func TestWhatWaitsAndWhatChangedLast(t *testing.T) {
	r := newRig(t)
	var ids []string
	for i := range 6 {
		ids = append(ids, r.take("mail", fmt.Sprint("x", i)))
	}
	answer := func(i int) {
		r.Time = r.Time.Add(time.Minute)
		r.do(bot, "POST", "/v1/conversations/"+ids[i]+"/messages", object{"externalId": fmt.Sprint("re", i), "author": "agent", "agent": "bob"}).want(201)
	}
	answer(1)
	answer(3)
	r.do(bob, "PATCH", "/v1/conversations/"+ids[0], object{"status": "closed"}).want(200)
	r.do(bob, "PATCH", "/v1/conversations/"+ids[2], object{"owner": "bob"}).want(200)
	check := func(when, path string, want ...int) {
		t.Helper()
		for _, limit := range []int{1, 2, 100} {
			got, _ := r.pages(fmt.Sprintf("%s&limit=%d", path, limit))
			var wants []string
			for _, i := range want {
				wants = append(wants, ids[i])
			}
			for i := range got {
				got[i] = strings.TrimPrefix(got[i], "t-")
			}
			if !slices.Equal(got, wants) {
				t.Errorf("%s, %s, pages of %d: %v, want %v", when, path, limit, got, wants)
			}
		}
	}
	check("in the inbox", "/v1/conversations?waiting=true", 5, 4, 2)
	check("in the inbox", "/v1/conversations?waiting=true&home=inbox&owner=bob", 2)
	check("in the inbox", "/v1/conversations?sort=activity", 2, 3, 1, 5, 4)
	check("in the inbox", "/v1/conversations?sort=activity&waiting=true&unowned=true", 5, 4)
	r.start("mail")
	r.Run()
	r.do(bob, "PATCH", "/v1/tickets/t-"+ids[4], object{"status": "solved"}).want(200)
	answer(2)
	check("moved", "/v1/tickets?waiting=true", 5)
	check("moved", "/v1/conversations?waiting=true", 5)
	check("moved", "/v1/tickets?sort=activity&status=waiting,new", 2, 3, 1, 5)
	check("moved", "/v1/conversations?home=helpdesk&sort=activity", 2, 3, 1, 5)
	check("moved", "/v1/conversations?home=inbox&sort=activity")
	get := func(path, field string) refusal {
		return refusal{as: ann, method: "GET", path: path, status: 422, code: "invalid", field: field}
	}
	cursor, _ := r.do(ann, "GET", "/v1/tickets?limit=1", nil).at("next").(string)
	r.refuse(map[string]refusal{
		"sort":                    get("/v1/tickets?sort=age", "sort"),
		"two orders":              get("/v1/tickets?sort=activity&due=2026-12-24T00:00:00Z", "sort"),
		"cursor of another order": get("/v1/tickets?sort=activity&cursor="+cursor, "cursor"),
		"search goes on":          get("/v1/tickets?q=x1&cursor="+cursor, "cursor"),
		"search for nothing":      get("/v1/conversations?q=%20%3C%3E", "q"),
		"waits perhaps":           get("/v1/conversations?waiting=maybe", "waiting"),
	})
}

// TestSearchFindsWhatIsNamedExactly, and only what the caller may see.
func TestSearchFindsWhatIsNamedExactly(t *testing.T) {
	r, inbox, landed, _ := moved(t)
	r.do(bot, "POST", "/v1/conversations/"+inbox+"/messages", object{"externalId": "f1", "author": "customer"}).want(201) // by another channel
	search := func(as desk.Caller, list, q, more string) string {
		t.Helper()
		a := r.do(as, "GET", "/v1/"+list+"?q="+url.QueryEscape(q)+more, nil).want(200)
		if a.at("next") != nil {
			t.Errorf("a search for %q goes on", q)
		}
		return strings.Join(a.ids(), " ")
	}
	for _, c := range []struct {
		as            desk.Caller
		list, q, more string
		want          string
	}{
		{ann, "conversations", inbox, "", inbox},
		{ann, "conversations", " " + landed + "\n", "", landed},
		{ann, "conversations", "t-" + landed, "", landed},
		{ann, "conversations", "m1", "", inbox},
		{ann, "conversations", " <m1> ", "", inbox},
		{ann, "conversations", "f1", "", inbox + " " + landed},
		{ann, "conversations", "f1", "&home=helpdesk", landed},
		{ann, "conversations", "f1", "&channel=mail", inbox},
		{ann, "conversations", "m", "", ""},
		{ann, "conversations", "C#x", "", ""},
		{ann, "conversations", strings.Repeat("#", 1000), "", ""},
		{cem, "conversations", "f1", "", inbox},
		{cem, "conversations", landed, "", ""},
		{zoe, "conversations", inbox, "", ""},
		{zoe, "conversations", "m1", "", ""},
		{ann, "tickets", landed, "", "t-" + landed},
		{ann, "tickets", "t-" + landed, "&open=true", "t-" + landed},
		{ann, "tickets", "f1", "", "t-" + landed},
		{ann, "tickets", "f1", "&status=solved", ""},
		{ann, "tickets", inbox, "", ""},
		{ann, "tickets", landed, "&waiting=true", "t-" + landed},
	} {
		if got := search(c.as, c.list, c.q, c.more); got != c.want {
			t.Errorf("%s finds %q in %s%s: %q, want %q", c.as.Agent, c.q, c.list, c.more, got, c.want)
		}
	}
	r.do(ann, "PATCH", "/v1/tickets/t-"+landed, object{"status": "solved"}).want(200)
	if got := search(ann, "tickets", landed, "&waiting=true") + search(ann, "conversations", landed, "&sort=activity"); got != "" {
		t.Errorf("a solved ticket waits, or is open: %s", got)
	}
	r.refuse(map[string]refusal{
		"without access":  {as: cem, method: "GET", path: "/v1/tickets?q=f1", status: 403, code: "no-help-desk-access"},
		"in the helpdesk": {as: cem, method: "GET", path: "/v1/conversations?home=helpdesk&q=f1", status: 403, code: "no-help-desk-access"},
		"unknown status":  {as: ann, method: "GET", path: "/v1/tickets?q=f1&status=old", status: 422, code: "invalid", field: "status"},
		"unknown channel": {as: ann, method: "GET", path: "/v1/conversations?q=f1&channel=none", status: 404, code: "not-found"},
		"a long text":     {as: ann, method: "GET", path: "/v1/conversations?q=" + strings.Repeat("x", 1001), status: 422, code: "invalid", field: "q"},
	})
}

// TestATicketWithItsConversation is one answer.
func TestATicketWithItsConversation(t *testing.T) {
	r, inbox, landed, _ := moved(t)
	r.do(cem, "POST", "/v1/conversations/"+inbox+"/tickets", object{"status": "new"}).want(201)
	for _, id := range []string{inbox, landed} {
		want := r.do(ann, "GET", "/v1/conversations/"+id, nil).want(200).json()
		a := r.do(ann, "GET", "/v1/tickets/t-"+id+"?with=conversation", nil).want(200)
		if got, _ := a.at("conversation").(object); !reflect.DeepEqual(got, want) || a.at("revision") != got["version"] {
			t.Errorf("with its conversation: %s, want %v", a.Body, want)
		}
	}
	if a := r.do(ann, "GET", "/v1/tickets/t-"+landed, nil).want(200); a.at("conversation") != nil {
		t.Errorf("without: %s", a.Body)
	}
	r.refuse(map[string]refusal{
		"with":           {as: ann, method: "GET", path: "/v1/tickets/t-" + landed + "?with=all", status: 422, code: "invalid", field: "with"},
		"without access": {as: cem, method: "GET", path: "/v1/tickets/t-" + landed + "?with=conversation", status: 403, code: "no-help-desk-access"},
	})
}
