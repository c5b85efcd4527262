package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
)

// TestWhoeverIsGoneIsGone walks all operations, from the list of routes itself, with
// every role's token of callers who are not in the setup any more, were demoted, or
// whose tokens were withdrawn (ASVS 7.4.2). It prints what each got.
func TestWhoeverIsGoneIsGone(t *testing.T) {
	r, inbox, landed, moveID := moved(t)
	r.change(`{"id": "dot", "role": "super-admin"}`, `{"id": "dot", "role": "agent", "helpDesk": true}`)
	bodies := map[string]any{
		"put-account": acme, "withdraw-tokens": object{"connector": "none"}, "start-move": order("phone"),
		"edit-conversation": object{"status": "open"}, "edit-ticket": object{"status": "new"}, "make-ticket": object{"status": "new"},
		"take-message": object{"externalId": "w1", "author": "customer"}, "append-message": object{"externalId": "w2", "author": "customer"},
	}
	ids := strings.NewReplacer("/v1/moves/{id}", "/v1/moves/"+moveID, "/v1/tickets/{id}", "/v1/tickets/t-"+landed,
		"/v1/conversations/{id}", "/v1/conversations/"+inbox, "/v1/channels/{id}/repair", "/v1/channels/form/repair",
		"/v1/channels/{id}", "/v1/channels/mail", "{id}", "x", "{message}", "x", "{part}", "text", "{file}", "1")
	ask := func(as desk.Caller, op api.Route) int {
		path := ids.Replace(op.Path)
		if op.ID == "plan-move" {
			path += "?history=none"
		}
		return r.do(as, op.Method, path, bodies[op.ID]).Code
	}
	gone := func(role desk.Role) desk.Caller {
		return desk.Caller{Account: "acme", Agent: "gone", Role: role, IssuedAt: apptest.Issued}
	}
	dot := desk.Caller{Account: "acme", Agent: "dot", Role: desk.SuperAdmin, IssuedAt: apptest.Issued}
	asAgent := dot
	asAgent.Role = desk.AgentRole
	roles := []desk.Role{desk.SuperAdmin, desk.AgentRole, desk.ConnectorRole}
	table := map[string][]string{}
	operations := slices.DeleteFunc(api.Routes(), func(op api.Route) bool { return op.Roles == nil })
	for _, op := range operations {
		for _, role := range roles {
			got := ask(gone(role), op)
			table[op.ID] = append(table[op.ID], fmt.Sprint(got))
			if got != 403 {
				t.Errorf("%s by a deleted %s: %d", op.ID, role, got)
			}
		}
		got, want := ask(dot, op), 403
		if slices.Contains(op.Roles, desk.AgentRole) {
			want = ask(asAgent, op)
		}
		table[op.ID] = append(table[op.ID], fmt.Sprint(got))
		if got != want || got < 300 && !slices.Contains(op.Roles, desk.AgentRole) {
			t.Errorf("%s by a demoted super administrator: %d, an agent gets %d", op.ID, got, want)
		}
	}
	r.do(ann, "POST", "/v1/withdrawals", object{"everybody": true}).want(201)
	r.change(`"Ann"`, `"Anne"`, withdrawnAt(r)) // a setup gives no token back
	for _, op := range operations {
		for _, as := range []desk.Caller{ann, bob, bot} {
			got := ask(as, op)
			table[op.ID] = append(table[op.ID], fmt.Sprint(got))
			if got != 401 && got != 403 || slices.Contains(op.Roles, as.Role) && got != 401 {
				t.Errorf("%s with a withdrawn token of a %s: %d", op.ID, as.Role, got)
			}
		}
	}
	t.Logf("%-22s deleted super-admin, agent, connector; demoted; withdrawn super-admin, agent, connector", "")
	for _, op := range operations {
		t.Logf("%-22s %s", op.ID, strings.Join(table[op.ID], " "))
	}
	// The same requests get in with tokens that are good, or this would show nothing.
	fresh := ann
	fresh.IssuedAt = r.Time.Add(time.Hour)
	for _, op := range operations {
		if got := ask(fresh, op); (got == 401 || got == 403) && slices.Contains(op.Roles, desk.SuperAdmin) {
			t.Errorf("%s with a token made after the withdrawal: %d", op.ID, got)
		}
	}
	if len(operations) < 30 {
		t.Errorf("%d operations", len(operations))
	}
}

// withdrawnAt is the administrator with a token of now.
func withdrawnAt(r *rig) desk.Caller {
	as := ann
	as.IssuedAt = r.Time.Add(time.Second)
	return as
}

// TestWithdrawals: of an agent, of a connector, to the millisecond.
func TestWithdrawals(t *testing.T) {
	r := newRig(t)
	r.do(ann, "POST", "/v1/withdrawals", object{"agent": "bob"}).want(201)
	if a := r.do(bob, "GET", "/v1/me", nil).want(401); a.at("code") != "token-withdrawn" {
		t.Errorf("answer = %s", a.Body)
	}
	at := r.Time
	for after, want := range map[time.Duration]int{-2 * time.Millisecond: 401, time.Millisecond: 200} {
		again := bob
		again.IssuedAt = at.Add(after)
		r.do(again, "GET", "/v1/me", nil).want(want)
	}
	silent := bob
	silent.IssuedAt = time.Time{}
	r.do(silent, "GET", "/v1/me", nil).want(401)
	r.do(cem, "GET", "/v1/me", nil).want(200)
	r.do(bot, "GET", "/v1/me", nil).want(200)
	r.do(ann, "POST", "/v1/withdrawals", object{"connector": "mailer"}).want(201)
	if log := r.do(ann, "GET", "/v1/audit", nil).want(200); log.at("items", 0, "action") != "withdraw" || log.at("items", 0, "detail") != "connector mailer" {
		t.Errorf("log = %s", log.Body)
	}
	r.do(bot, "GET", "/v1/me", nil).want(401)
	r.do(cem, "POST", "/v1/withdrawals", object{"agent": "ann"}).want(403)
	r.do(ann, "POST", "/v1/withdrawals", object{"agent": "ann", "connector": "mailer"}).want(422)
	// Nothing that would withdraw nobody's tokens, or everybody's by mistake.
	for _, unclear := range []object{{}, {"agent": ""}, {"connector": ""}, {"everybody": false}, {"agent": "ann", "everybody": true}, {"agent": "mailer"}, {"connector": "ann"}} {
		r.do(ann, "POST", "/v1/withdrawals", unclear).want(422)
	}
}

// TestConnectorsHaveTheirChannels and find nothing of others.
func TestConnectorsHaveTheirChannels(t *testing.T) {
	r := newRig(t)
	inMail, inChat := r.take("mail", "m1"), r.take("chat", "c1")
	r.change(`"channels": ["mail", "form", "chat", "plain", "phone", "wa", "fb", "catch-all"]`, `"channels": ["mail"]`)
	message := object{"externalId": "x1", "author": "customer"}
	r.do(bot, "POST", "/v1/channels/mail/conversations", message).want(201)
	r.do(bot, "POST", "/v1/channels/chat/conversations", message).want(403)
	r.do(bot, "POST", "/v1/conversations/"+inMail+"/messages", object{"externalId": "x2", "author": "customer"}).want(201)
	r.do(bot, "POST", "/v1/conversations/"+inMail+"/messages", object{"externalId": "x3", "author": "customer", "channelId": "chat"}).want(403)
	r.do(bot, "POST", "/v1/conversations/"+inChat+"/messages", object{"externalId": "x4", "author": "customer"}).want(404)
	r.do(bot, "GET", "/v1/channels/chat", nil).want(403)
	if got := r.do(bot, "GET", "/v1/channels", nil).want(200).ids(); !slices.Equal(got, []string{"mail"}) {
		t.Errorf("channels = %v", got)
	}
}

// TestASetupReplacesOneVersion: 428 without one, 412 with another, and the same again
// after its answer was lost.
func TestASetupReplacesOneVersion(t *testing.T) {
	r := newRig(t)
	tag := r.do(ann, "GET", "/v1/account", nil).want(200).Header().Get("ETag")
	changed, other := strings.Replace(acme, `"Ann"`, `"Anne"`, 1), strings.Replace(acme, `"Ann"`, `"Anna"`, 1)
	r.do(ann, "PUT", "/v1/account", changed, "If-Match", "").want(428)
	r.do(ann, "PUT", "/v1/account", changed, "If-Match", "*").want(428)
	r.do(ann, "PUT", "/v1/account", changed, "If-Match", "", "If-None-Match", "*").want(412)
	first := r.do(ann, "PUT", "/v1/account", changed, "If-Match", tag).want(200)
	r.do(ann, "PUT", "/v1/account", other, "If-Match", tag).want(412)
	again := r.do(ann, "PUT", "/v1/account", changed, "If-Match", tag).want(200)
	if first.Header().Get("ETag") == tag || again.Header().Get("ETag") != first.Header().Get("ETag") {
		t.Errorf("%s, %s, %s", tag, first.Header(), again.Header())
	}
}
