package api_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// replaced is s with the one place of old changed.
func replaced(t apptest.T, s, old, with string) string {
	t.Helper()
	if strings.Count(s, old) != 1 {
		t.Fatalf("%q is not there once", old)
	}
	return strings.Replace(s, old, with, 1)
}

func startWith(body object, status int, code, remedy string) refusal {
	return refusal{as: ann, method: "POST", path: "/v1/moves", body: body, status: status, code: code, remedy: remedy}
}

func TestR02ThePlanMustIncludeTheHelpDesk(t *testing.T) {
	r := newRig(t)
	r.change(`"plan": "professional"`, `"plan": "starter"`)
	r.refuse(map[string]refusal{"starter": startWith(order("mail"), 403, "plan", "professional or enterprise")})
	if a := r.do(ann, "GET", "/v1/channels/mail", nil).want(200); a.at("refusal", "code") != "plan" {
		t.Errorf("channel = %s", a.Body)
	}
}

func TestR03WhatCannotMove(t *testing.T) {
	r := newRig(t)
	first := r.start("phone")
	r.Run()
	r.refuse(map[string]refusal{
		"WhatsApp":  startWith(order("wa"), 409, "reconnect", "connect it to the help desk"),
		"Messenger": startWith(order("fb"), 409, "reconnect", "connect it to the help desk"),
		"fallback":  startWith(order("catch-all"), 409, "fallback-address", "address of your own"),
		"moved":     startWith(order("phone"), 409, "already-moved", "nothing left"),
		"unknown":   startWith(order("nowhere"), 404, "not-found", "check the ID"),
	})
	for id, code := range map[string]any{"wa": "reconnect", "catch-all": "fallback-address", "phone": "already-moved", "mail": nil} {
		if a := r.do(bob, "GET", "/v1/channels/"+id, nil).want(200); a.at("refusal", "code") != code {
			t.Errorf("channel = %s, want refusal %v", a.Body, code)
		}
	}
	a := r.do(bob, "GET", "/v1/channels/phone", nil)
	if a.at("home") != "helpdesk" || a.at("moveId") != first {
		t.Errorf("channel = %s", a.Body)
	}
	if a := r.do(ann, "GET", "/v1/channels/wa/plan?history=all", nil).want(200); a.at("blockers", 0, "code") != "reconnect" {
		t.Errorf("plan = %s", a.Body)
	}
}

func TestR04OneMoveAtATime(t *testing.T) {
	r := newRig(t)
	id := r.start("mail")
	if len(r.Runs) != 1 || r.Runs[0].Move != id {
		t.Fatalf("runs = %+v", r.Runs)
	}
	second := startWith(order("phone"), 409, "move-running", "when it has ended")
	r.refuse(map[string]refusal{"starting": second})
	a := r.do(ann, "POST", "/v1/moves", order("phone")).want(409)
	if a.at("moveId") != id || a.at("link") != "/v1/moves/"+id || a.Header().Get("Link") != "</v1/moves/"+id+`>; rel="related"` {
		t.Errorf("answer = %s with Link %q, want it to name %s", a.Body, a.Header().Get("Link"), id)
	}
	r.FenceLast()
	r.refuse(map[string]refusal{"fenced": second, "the same channel": startWith(order("mail"), 409, "already-moving", "wait")})
	r.do(ann, "POST", "/v1/moves", with(order("phone"), "rehearsal", true)).want(202) // disturbs nothing
	r.do(zoe, "POST", "/v1/moves", order("mail")).want(202)                           // another account
}

// TestR04EveryRefusalNamesTheMove: whatever the reason, a super administrator learns
// what runs, or what has moved the channel.
func TestR04EveryRefusalNamesTheMove(t *testing.T) {
	r := newRig(t)
	named := func(id string, status int, code string, body object, headers ...string) {
		t.Helper()
		a := r.do(ann, "POST", "/v1/moves", body, headers...).want(status)
		if link := "/v1/moves/" + id; a.at("code") != code || a.at("moveId") != id || a.at("link") != link || a.Header().Get("Link") != "<"+link+`>; rel="related"` {
			t.Errorf("answer = %s %v, want %s that names %s", a.Body, a.Header(), code, id)
		}
	}
	key := []string{"Idempotency-Key", "k1"}
	first := r.do(ann, "POST", "/v1/moves", order("phone"), key...).want(202).at("id").(string)
	named(first, 409, "move-running", order("phone")) // which has not been fenced
	r.Run()
	past := func() {
		t.Helper()
		named(first, 409, "already-moved", order("phone"))
		named(first, 409, "already-moved", with(order("phone"), "rehearsal", true))
		named(first, 409, "already-moved", with(order("phone"), "statusMap", nil))
		named(first, 422, "key-reused", order("mail"), key...)
	}
	past()
	id := r.start("mail")
	r.FenceLast()
	past()
	named(id, 409, "already-moving", order("mail"))
	named(id, 409, "already-moving", with(order("mail"), "rehearsal", true))
	for _, body := range []object{
		order("form"), with(order("form"), "statusMap", nil), with(order("form"), "acknowledged", nil), order("chat"), // whose bot is unfit
	} {
		named(id, 409, "move-running", body)
	}
	named(id, 409, "reconnect", order("wa"))
	named(id, 409, "fallback-address", order("catch-all"))
	r.change(`"plan": "professional"`, `"plan": "starter"`)
	named(id, 403, "plan", order("form"))
	if a := r.do(bob, "POST", "/v1/moves", order("form")).want(403); a.at("moveId") != nil {
		t.Errorf("answer = %s tells an agent of a move", a.Body)
	}
}

// before is the setup as it was when a slow request read it, and then as it is.
type before struct {
	move.SetupReader
	setup *desk.Setup
}

func (b *before) Setup(ctx context.Context, account string) (desk.Setup, error) {
	if was := b.setup; was != nil {
		b.setup = nil
		return *was, nil
	}
	return b.SetupReader.Setup(ctx, account)
}

// TestR05AChannelThatHasJustMoved has moved, and its move has ended, while a second
// start was being looked at.
func TestR05AChannelThatHasJustMoved(t *testing.T) {
	r := newRig(t)
	setup, err := r.Setups.Setup(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	id := r.start("phone")
	r.Run()
	slow := r.Starter
	slow.Setups = &before{r.Setups, &setup}
	_, err = slow.Start(t.Context(), ann, apptest.History("phone"), desk.Idempotency{})
	if refused, ok := errors.AsType[*desk.RefusedError](err); !ok || refused.Code != desk.CodeAlreadyMoved || refused.Move != id {
		t.Errorf("the slower start = %v, want a refusal that names %s", err, id)
	}
	if locked, err := r.Moves.Locked(t.Context(), "acme"); locked != "" || err != nil {
		t.Errorf("the lock is of %q, %v", locked, err)
	}
}

func TestR05AMoveCannotBeRepeated(t *testing.T) {
	r := newRig(t)
	r.take("phone", "p1")
	r.do(ann, "POST", "/v1/moves", object{"channelId": "phone", "history": "none"}).want(202)
	r.Run()
	r.refuse(map[string]refusal{
		"history after all": startWith(order("phone"), 409, "already-moved", "nothing left to do"),
		"none again":        startWith(object{"channelId": "phone", "history": "none"}, 409, "already-moved", "stays in the inbox"),
		"a rehearsal":       startWith(with(order("phone"), "rehearsal", true), 409, "already-moved", "nothing left to do"),
		"stop it":           {as: ann, method: "DELETE", path: "/v1/moves/m1", status: 405, code: "method-not-allowed"},
		"undo it":           {as: ann, method: "POST", path: "/v1/moves/m1/undo", status: 404, code: "not-found"},
	})
}

func TestR06UnfitBots(t *testing.T) {
	r := newRig(t)
	c := startWith(order("chat"), 422, "blocked", "settle the blockers")
	r.refuse(map[string]refusal{"agent without access": c})
	blocker := func() any { return r.do(ann, "POST", "/v1/moves", order("chat")).want(422).at("blockers", 0) }
	if b := blocker(); at(b, "code") != "bot-target-without-access" || at(b, "each", 0, "id") != "cem" || at(b, "n") != 1.0 || at(b, "remedy") == nil {
		t.Errorf("blocker = %v", b)
	}
	for with, code := range map[string]string{
		`{}`: "bot-no-handover",
		`{"handsOverTo": [{"agent": "bob"}], "createsTickets": true}`: "bot-creates-tickets",
		`{"handsOverTo": [{"team": "all"}], "usesInbox": true}`:       "bot-uses-inbox",
	} {
		r.change(`{"handsOverTo": [{"agent": "cem"}]}`, with)
		if b := blocker(); at(b, "code") != code {
			t.Errorf("blocker of %s = %v, want %s", with, b, code)
		}
	}
	r.change(`{"handsOverTo": [{"agent": "cem"}]}`, `{"handsOverTo": [{"team": "all"}]}`)
	r.start("chat")
}

func TestR08Statuses(t *testing.T) {
	r := newRig(t)
	mapped := func(open, closed, field, remedy string) refusal {
		c := startWith(with(order("mail"), "statusMap", object{"open": open, "closed": closed}), 422, "invalid", remedy)
		c.field = field
		return c
	}
	r.refuse(map[string]refusal{
		"unknown":         mapped("nwe", "solved", "statusMap.open", "choose an open status"),
		"unknown closed":  mapped("new", "slovd", "statusMap.closed", "choose a closed status"),
		"open is closed":  mapped("solved", "solved", "statusMap.open", "choose an open status"),
		"closed is open":  mapped("new", "waiting", "statusMap.closed", "choose a closed status"),
		"other pipelines": mapped("new", "won", "statusMap", "same pipeline"),
		"for no history":  {as: ann, method: "POST", path: "/v1/moves", body: with(order("mail"), "history", "none"), status: 422, code: "invalid", field: "statusMap", remedy: "leave it out"},
	})
	a := r.do(ann, "POST", "/v1/moves", with(order("mail"), "statusMap", object{"open": "solved"})).want(422)
	if a.at("errors", 0, "field") != "statusMap.open" || a.at("errors", 1, "field") != "statusMap.closed" {
		t.Errorf("errors = %s, want both", a.Body)
	}
	a = r.do(ann, "POST", "/v1/moves", object{"channelId": "mail", "history": "none", "sla": "original", "notifications": "all"}).want(422)
	if a.at("errors", 0, "field") != "sla" || a.at("errors", 1, "field") != "notifications" {
		t.Errorf("errors = %s, want both", a.Body)
	}
}

func TestR11WarningsMustBeAcknowledged(t *testing.T) {
	r := newRig(t)
	id := r.take("mail", "m1")
	r.do(ann, "PATCH", "/v1/conversations/"+id, object{"owner": "cem"}).want(200)
	// A connected channel without conversations leaves nothing behind.
	plan := r.do(ann, "GET", "/v1/channels/mail/plan?history=all", nil).want(200)
	if got := codes(plan, "warnings"); !slices.Equal(got, []string{"agents-without-access"}) {
		t.Errorf("warnings = %v", got)
	}
	r.take("form", "f1")
	r.Time = r.Time.Add(time.Hour) // what was counted is forgotten
	plan = r.do(ann, "GET", "/v1/channels/mail/plan?history=all", nil).want(200)
	if got := codes(plan, "warnings"); !slices.Equal(got, []string{"agents-without-access", "connected-left-behind"}) {
		t.Errorf("warnings = %v", got)
	}
	if w := plan.at("warnings", 0); at(w, "n") != 1.0 || at(w, "each", 0, "id") != "cem" || at(w, "remedy") == "" {
		t.Errorf("warning = %v", w)
	}
	one := with(order("mail"), "acknowledged", []string{"connected-left-behind"})
	r.refuse(map[string]refusal{
		"none": startWith(with(order("mail"), "acknowledged", nil), 422, "blocked", "acknowledge the warnings"),
		"one":  startWith(one, 422, "blocked", "acknowledge the warnings"),
	})
	a := r.do(ann, "POST", "/v1/moves", one).want(422)
	if got := codes(a, "warnings"); !slices.Equal(got, []string{"agents-without-access"}) || a.at("blockers") != nil {
		t.Errorf("answer = %s, want the warning that was not acknowledged", a.Body)
	}
	r.start("mail")
}

func codes(a answer, list string) []string {
	var all []string
	items, _ := a.at(list).([]any)
	for _, item := range items {
		c, _ := at(item, "code").(string)
		all = append(all, c)
	}
	return all
}

func TestR11Plan(t *testing.T) {
	r := newRig(t)
	for _, x := range []string{"m1", "m2", "m3"} {
		r.take("mail", x)
	}
	r.take("form", "f1")
	r.do(bob, "PATCH", "/v1/conversations/"+r.take("mail", "m4"), object{"status": "closed", "owner": "bob"}).want(200)
	a := r.do(ann, "GET", "/v1/channels/mail/plan?history=all", nil).want(200)
	for field, want := range map[string]any{"channelId": "mail", "history": "all", "zone": "Europe/Berlin", "hourlyOf": 4.0} {
		if a.at(field) != want {
			t.Errorf("%s = %v, want %v", field, a.at(field), want)
		}
	}
	for field, want := range map[string]float64{"conversations": 4, "open": 3, "closed": 1, "withTicket": 0, "create": 4, "ownersLost": 0} {
		if a.at(field, "n") != want || a.at(field, "is") != "exact" {
			t.Errorf("%s = %v, want %v", field, a.at(field), want)
		}
	}
	if left := a.at("warnings", 0); at(left, "each", 0, "id") != "form" || at(left, "n") != 1.0 || at(left, "is") != "exact" {
		t.Errorf("left behind: %v", left)
	}
	// They began at 8 in UTC, on a Monday.
	if a.at("hourly", 24+9) != 4.0 || a.at("quietest", "hours") != 3.0 || a.at("quietHours", 0, "startAt") == nil || a.at("estimate", "conversations", "n") != 4.0 {
		t.Errorf("plan = %s", a.Body)
	}
	if m := a.at("messages"); at(m, "quiet", "n") != 0.0 || at(m, "digest", "n") != 1.0 || at(m, "all", "n") != 4.0 {
		t.Errorf("messages = %v", m)
	}
	told := r.do(ann, "GET", "/v1/channels/mail/plan?history=all&notifications=all", nil).want(200)
	if told.at("estimate", "writeUnits").(float64) < a.at("estimate", "writeUnits").(float64)+11 {
		t.Errorf("told of all: %v", told.at("estimate"))
	}
	// Promised was an answer within four hours of work: on the next Monday all
	// that wait breach, were it not for clocks that start at the move (R9).
	r.Time = r.Time.AddDate(0, 0, 7)
	for _, sla := range []string{"", "&sla=original", "&sla=none"} {
		a = r.do(ann, "GET", "/v1/channels/mail/plan?history=all&open=new&closed=solved"+sla, nil).want(200)
		if b := a.at("breaching"); at(b, "fromMove", "n") != 0.0 || at(b, "original", "n") != 3.0 || at(b, "original", "is") != "exact" || at(b, "none", "n") != 0.0 {
			t.Errorf("breaching%s = %v, want 3", sla, b)
		}
		if warned := slices.Contains(codes(a, "warnings"), "would-breach"); warned != (sla == "&sla=original") {
			t.Errorf("warned%s = %t", sla, warned)
		}
	}
	read := r.Read
	a = r.do(ann, "GET", "/v1/channels/mail/plan?history=none", nil).want(200)
	if read = r.Read - read; read > 30 || a.at("conversations", "n") != 0.0 || a.at("quietest") != nil || a.at("warnings", 0, "n") != 1.0 {
		t.Errorf("without history %d items are read; plan = %s", read, a.Body)
	}
	a = r.do(ann, "GET", "/v1/channels/plain/plan?history=none", nil).want(200)
	if a.at("blockers", 0) != nil || a.at("quietHours", 0) != nil || !strings.Contains(a.Body.String(), `"blockers":[]`) {
		t.Errorf("plan = %s", a.Body)
	}
}

func TestIdempotencyKey(t *testing.T) {
	r := newRig(t)
	key := []string{"Idempotency-Key", "k1"}
	a := r.do(ann, "POST", "/v1/moves", order("mail"), key...).want(202)
	id, location := a.at("id"), a.Header().Get("Location")
	if location != "/v1/moves/"+id.(string) || a.at("status") != "starting" || a.at("by") != "ann" {
		t.Errorf("answer = %s at %q", a.Body, location)
	}
	written := `{"statusMap":{"closed":"solved","open":"waiting"}, "sla":"from-move", "notifications":"quiet", "rehearsal":false,
		"history":"all", "channelId":"mail", "acknowledged":["connected-left-behind","agents-without-access"]}`
	for _, body := range []any{order("mail"), written} {
		if again := r.do(ann, "POST", "/v1/moves", body, key...).want(202); again.at("id") != id {
			t.Errorf("the same request started %v, want %v", again.at("id"), id)
		}
	}
	r.refuse(map[string]refusal{"another request": {
		as: ann, method: "POST", path: "/v1/moves", body: with(order("mail"), "sla", "original"), headers: key,
		status: 422, code: "key-reused", field: "Idempotency-Key", remedy: "new key",
	}})
	if r.do(zoe, "POST", "/v1/moves", order("mail"), key...).want(202).at("id") == id {
		t.Error("another account's key is the same")
	}
	if ids := r.do(ann, "GET", "/v1/moves", nil).want(200).ids(); len(ids) != 1 {
		t.Errorf("moves = %v, want one", ids)
	}
}

func TestRefusalsAreLoggedWithTheirAddress(t *testing.T) {
	r := newRig(t)
	r.do(ann, "POST", "/v1/moves", order("wa")).want(409)
	a := r.do(ann, "GET", "/v1/audit", nil).want(200)
	e := a.at("items", 0)
	if at(e, "action") != "refuse" || at(e, "by") != "ann" || at(e, "channelId") != "wa" || at(e, "address") != ann.Address ||
		!strings.Contains(at(e, "detail").(string), desk.CodeReconnect) {
		t.Errorf("entry = %v", e)
	}
}
