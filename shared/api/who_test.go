package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
)

// operations are all of the API's, on things of the account acme.
func (r *rig) operations(conversation, moved, moveID string) map[string]refusal {
	call := func(method, path string, body any) refusal { return refusal{method: method, path: path, body: body} }
	message := object{"externalId": "x1", "author": "customer"}
	return map[string]refusal{
		"me":            call("GET", "/v1/me", nil),
		"directory":     call("GET", "/v1/directory", nil),
		"channels":      call("GET", "/v1/channels", nil),
		"channel":       call("GET", "/v1/channels/mail", nil),
		"plan":          call("GET", "/v1/channels/mail/plan?history=none", nil),
		"start":         call("POST", "/v1/moves", order("mail")),
		"moves":         call("GET", "/v1/moves", nil),
		"move":          call("GET", "/v1/moves/"+moveID, nil),
		"report":        call("GET", "/v1/moves/"+moveID+"/report", nil),
		"failures":      call("GET", "/v1/moves/"+moveID+"/failures", nil),
		"retry":         call("POST", "/v1/moves/"+moveID+"/retry", nil),
		"notices":       call("GET", "/v1/notices", nil),
		"conversations": call("GET", "/v1/conversations", nil),
		"conversation":  call("GET", "/v1/conversations/"+conversation, nil),
		"messages":      call("GET", "/v1/conversations/"+conversation+"/messages", nil),
		"message":       call("GET", "/v1/conversations/"+conversation+"/messages/none/text", nil),
		"edit":          call("PATCH", "/v1/conversations/"+conversation, object{"status": "closed"}),
		"make ticket":   call("POST", "/v1/conversations/"+conversation+"/tickets", object{"status": "new"}),
		"take":          call("POST", "/v1/channels/mail/conversations", message),
		"append":        call("POST", "/v1/conversations/"+conversation+"/messages", message),
		"repair":        call("POST", "/v1/channels/form/repair", nil),
		"facts":         call("GET", "/v1/channels/form/facts", nil),
		"restoration":   call("POST", "/v1/channels/mail/restoration", object{"from": "acme"}),
		"restore":       call("POST", "/v1/channels/mail/restoration/conversations", object{"conversation": object{"id": "c1", "channelId": "mail", "status": "open", "home": "inbox", "messageCount": 1}}),
		"restored":      call("DELETE", "/v1/channels/mail/restoration", nil),
		"counts":        call("GET", "/v1/counts", nil),
		"tickets":       call("GET", "/v1/tickets", nil),
		"ticket":        call("GET", "/v1/tickets/t-"+moved, nil),
		"edit ticket":   call("PATCH", "/v1/tickets/t-"+moved, object{"status": "solved"}),
		"account":       call("GET", "/v1/account", nil),
		"replace":       call("PUT", "/v1/account", acme),
		"audit":         call("GET", "/v1/audit", nil),
		"notifications": call("GET", "/v1/notifications", nil),
		"deliver":       call("POST", "/v1/notifications/live-1/delivered", nil),
	}
}

// moved is a rig whose channel form has moved; it returns a conversation of
// the channel mail, one that has moved, and the move.
func moved(t *testing.T) (r *rig, inbox, desk, moveID string) {
	r = newRig(t)
	desk, inbox = r.take("form", "f1"), r.take("mail", "m1")
	moveID = r.start("form")
	r.Run()
	return r, inbox, desk, moveID
}

func TestNobodyGetsIn(t *testing.T) {
	r, inbox, landed, id := moved(t)
	cases := r.operations(inbox, landed, id)
	for name, c := range cases {
		c.status, c.code, c.remedy = 401, "unauthenticated", "Bearer"
		cases[name] = c
	}
	r.refuse(cases)
	if got := r.do(nobody, "GET", "/v1/me", nil).Header().Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate = %q", got)
	}
	r.do(nobody, "GET", "/healthz", nil).want(200)
	if a := r.do(nobody, "GET", "/openapi.yaml", nil).want(200); a.Header().Get("Content-Type") != "application/yaml" {
		t.Errorf("openapi.yaml is %q", a.Header().Get("Content-Type"))
	}
}

// TestRoles says who may do what; the rest is refused.
func TestRoles(t *testing.T) {
	r, inbox, landed, id := moved(t)
	common := []string{"me", "channels", "channel", "notices"}
	may := map[*desk.Caller][]string{
		&bob: append(common, "directory", "conversations", "conversation", "messages", "message", "edit", "make ticket", "counts", "tickets", "ticket", "edit ticket"),
		&bot: append(common, "take", "append", "notifications", "deliver"),
	}
	for as, allowed := range may {
		t.Run(as.Agent, func(t *testing.T) {
			refused := r.operations(inbox, landed, id)
			for name, c := range refused {
				c.as, c.status, c.code, c.remedy = *as, 403, "role", "use a token with one of the roles"
				if name == "start" || name == "retry" || name == "repair" {
					c.code, c.remedy = "not-super-admin", "ask a super administrator"
				}
				refused[name] = c
				if slices.Contains(allowed, name) {
					delete(refused, name)
					if a := r.do(*as, c.method, c.path, c.body); a.Code == 403 || a.Code == 401 {
						t.Errorf("%s: %d %s", name, a.Code, a.Body)
					}
				}
			}
			r.T = t
			r.refuse(refused)
		})
	}
}

// TestForeign looks for acme's things from another account.
func TestForeign(t *testing.T) {
	r, inbox, landed, id := moved(t)
	elsewhere := r.operations(inbox, landed, id)
	for _, ofOwn := range []string{"me", "directory", "channels", "channel", "plan", "start", "moves", "notices", "conversations", "take", "counts", "tickets", "account", "audit", "notifications", "repair", "facts", "restoration", "restore", "restored"} {
		delete(elsewhere, ofOwn) // acme is not in the request
	}
	for name, c := range elsewhere {
		c.as, c.status, c.code, c.remedy = zoe, 404, "not-found", "check the ID"
		elsewhere[name] = c
	}
	elsewhere["channel filter"] = refusal{as: zoe, method: "GET", path: "/v1/conversations?channel=none", status: 404, code: "not-found"}
	elsewhere["channel"] = refusal{as: zoe, method: "GET", path: "/v1/channels/none", status: 404, code: "not-found"}
	elsewhere["plan"] = refusal{as: zoe, method: "GET", path: "/v1/channels/none/plan?history=all", status: 404, code: "not-found"}
	elsewhere["repair"] = refusal{as: zoe, method: "POST", path: "/v1/channels/none/repair", status: 404, code: "not-found"}
	elsewhere["facts"] = refusal{as: zoe, method: "GET", path: "/v1/channels/none/facts", status: 404, code: "not-found"}
	elsewhere["restoration"] = refusal{as: zoe, method: "POST", path: "/v1/channels/none/restoration", body: object{"from": "acme"}, status: 404, code: "not-found"}
	elsewhere["restored"] = refusal{as: zoe, method: "DELETE", path: "/v1/channels/none/restoration", status: 404, code: "not-found"}
	elsewhere["start"] = refusal{as: zoe, method: "POST", path: "/v1/moves", body: order("none"), status: 404, code: "not-found"}
	elsewhere["take"] = refusal{as: zoe, method: "POST", path: "/v1/channels/none/conversations", body: object{"externalId": "x", "author": "agent"}, status: 404, code: "not-found"}
	r.refuse(elsewhere)
	for _, path := range []string{"/v1/conversations", "/v1/tickets", "/v1/moves", "/v1/audit", "/v1/notices", "/v1/notifications"} {
		if ids := r.do(zoe, "GET", path, nil).want(200).ids(); len(ids) != 0 && path != "/v1/audit" {
			t.Errorf("%s of another account = %v", path, ids)
		}
	}
	for _, e := range r.do(zoe, "GET", "/v1/audit", nil).want(200).at("items").([]any) {
		if at(e, "moveId") != nil || at(e, "by") != "zoe" {
			t.Errorf("audit entry of another account = %v", e)
		}
	}
	if a := r.do(zoe, "GET", "/v1/moves/"+id, nil); a.at("detail") != "move "+id+": not found" {
		t.Errorf("detail = %v", a.at("detail"))
	}
}

// change applies acme's setup with a change.
func (r *rig) change(old, with string, as ...desk.Caller) {
	r.Helper()
	r.do(append(as, ann)[0], "PUT", "/v1/account", replaced(r.T, acme, old, with)).want(200)
}

func TestR01OnlySuperAdminsStart(t *testing.T) {
	r := newRig(t)
	dot := desk.Caller{Account: "acme", Agent: "dot", Role: desk.SuperAdmin}
	asAgent, asConnector := dot, dot
	asAgent.Role, asConnector.Role = desk.AgentRole, desk.ConnectorRole
	gone := desk.Caller{Account: "acme", Agent: "eve", Role: desk.SuperAdmin}
	unknown := func(as desk.Caller, code string) refusal {
		return refusal{as: as, method: "POST", path: "/v1/moves", body: order("mail"), status: 403, code: code, remedy: "account's setup"}
	}
	start := func(as desk.Caller) refusal {
		return refusal{as: as, method: "POST", path: "/v1/moves", body: order("mail"), status: 403, code: "not-super-admin", remedy: "ask a super administrator"}
	}
	r.refuse(map[string]refusal{
		"agent": start(bob), "connector": start(bot), "unknown": unknown(gone, "not-an-agent"),
		"by the token no super admin": start(asAgent), "a connector with the name of one": unknown(asConnector, "not-a-connector"),
	})
	r.change(`{"id": "dot", "role": "super-admin"}`, `{"id": "dot", "role": "agent"}`)
	demoted := func(method, path string, body any) refusal {
		return refusal{as: dot, method: method, path: path, body: body, status: 403, code: "not-super-admin", remedy: "ask a super administrator"}
	}
	r.refuse(map[string]refusal{
		"demoted":                      start(dot),
		"demoted takes the role back":  demoted("PUT", "/v1/account", acme),
		"demoted reads the setup":      demoted("GET", "/v1/account", nil),
		"demoted reads moves":          demoted("GET", "/v1/moves", nil),
		"demoted reads a move":         demoted("GET", "/v1/moves/m1", nil),
		"demoted reads a report":       demoted("GET", "/v1/moves/m1/report", nil),
		"demoted reads failures":       demoted("GET", "/v1/moves/m1/failures", nil),
		"demoted retries":              demoted("POST", "/v1/moves/m1/retry", nil),
		"demoted repairs":              demoted("POST", "/v1/channels/mail/repair", nil),
		"demoted plans":                demoted("GET", "/v1/channels/mail/plan?history=none", nil),
		"demoted reads the log":        demoted("GET", "/v1/audit", nil),
		"removed reads the inbox":      {as: gone, method: "GET", path: "/v1/conversations", status: 403, code: "not-an-agent", remedy: "setup"},
		"removed replaces the account": {as: gone, method: "PUT", path: "/v1/account", body: acme, status: 403, code: "not-an-agent", remedy: "setup"},
	})
	if a := r.do(dot, "GET", "/v1/me", nil).want(200); a.at("role") != "agent" || a.at("helpDesk") != false {
		t.Errorf("me = %s", a.Body)
	}
	// Every refusal is in the log: of starts, retries and repairs, and whatever else is
	// refused for want of a role (R29).
	var by []string
	refused := map[string]int{}
	for _, e := range r.do(ann, "GET", "/v1/audit?limit=1000", nil).want(200).at("items").([]any) {
		detail, _ := at(e, "detail").(string)
		what, _, _ := strings.Cut(detail, ": ")
		if at(e, "action") != "refuse" {
			continue
		}
		if at(e, "role") == nil {
			t.Errorf("entry = %v", e)
		}
		if refused[what]++; what == "start" || what == "repair" || what == "retry" {
			by = append(by, fmt.Sprint(at(e, "by")))
		}
	}
	slices.Sort(by)
	if want := []string{"bob", "dot", "dot", "dot", "dot", "dot", "eve", "mailer"}; !slices.Equal(by, want) {
		t.Errorf("refused = %v, want %v", by, want)
	}
	for what, n := range map[string]int{
		"start": 6, "retry": 1, "repair": 1, "put-account": 2, "get-account": 1, "list-moves": 1, "get-move": 1, "get-report": 1, "list-failures": 1,
		"plan-move": 1, "list-audit": 1, "list-conversations": 1,
	} {
		if refused[what] != n {
			t.Errorf("refusals of %s: %d, want %d of %v", what, refused[what], n, refused)
		}
	}
}

// TestR29RefusedBySchema: a start that no use case gets to see is in the log too, with
// the codes of what is wrong with it and nothing of what was sent.
func TestR29RefusedBySchema(t *testing.T) {
	r := newRig(t)
	for body, want := range map[string]string{
		`{"channelId": "mail", "history": "nonsense"}`:                 "start: invalid, not-one-of",
		`{"channelId": "mail", "history": "none", "jane doe": "jane"}`: "start: invalid, unknown-field",
		`{"channelId": "mail"`:                                         "start: not-json",
		``:                                                             "start: no-body",
		`{"channelId": "` + strings.Repeat("x", 70_000) + `"}`: "start: too-large",
	} {
		if a := r.do(ann, "POST", "/v1/moves", body); a.Code < 400 || a.Code > 422 {
			t.Errorf("%.80q: %d", body, a.Code)
		}
		e := r.do(ann, "GET", "/v1/audit?limit=1", nil).want(200).at("items", 0)
		if at(e, "action") != "refuse" || at(e, "by") != "ann" || at(e, "role") != "super-admin" || at(e, "detail") != want || at(e, "address") != "192.0.2.7" {
			t.Errorf("%.80q: entry = %v, want %s", body, e, want)
		}
		r.Time = r.Time.Add(time.Second)
	}
	before := len(r.do(ann, "GET", "/v1/audit", nil).want(200).ids())
	r.do(ann, "POST", "/v1/channels/nowhere/repair", nil).want(404) // logged by its use case
	r.do(ann, "POST", "/v1/tickets/nothing", nil).want(405)         // nobody was refused a right
	r.do(ann, "GET", "/v1/conversations?limit=nonsense", nil).want(422)
	if n := len(r.do(ann, "GET", "/v1/audit", nil).want(200).ids()) - before; n != 1 {
		t.Errorf("%d entries more, want one", n)
	}
}

func TestR01NobodyElseGetsAMoveByAnotherWay(t *testing.T) {
	r := newRig(t)
	key := []string{"Idempotency-Key", "k1"}
	rehearsal := with(order("mail"), "rehearsal", true)
	r.do(ann, "POST", "/v1/moves", rehearsal, key...).want(202)
	denied := func(body object, headers ...string) refusal {
		return refusal{as: bob, method: "POST", path: "/v1/moves", body: body, headers: headers, status: 403, code: "not-super-admin", remedy: "ask a super administrator"}
	}
	r.refuse(map[string]refusal{
		"a rehearsal":                 denied(rehearsal),
		"of an unknown channel":       denied(order("nowhere")),
		"what ann started, again":     denied(rehearsal, key...),
		"ann's key, another request":  denied(order("mail"), key...),
		"with choices that are wrong": denied(with(order("mail"), "history", "none")),
	})
	if by := r.do(ann, "GET", "/v1/audit", nil).want(200).ids("by"); len(by) != 11 {
		t.Errorf("log is of %v, want five refusals, a rehearsal and five of the setup (R29)", by)
	}
}

func TestMe(t *testing.T) {
	r := newRig(t)
	for as, want := range map[desk.Caller]string{
		ann: "acme Acme professional ann Ann super-admin true",
		cem: "acme Acme professional cem Cem agent false",
		bot: "acme Acme professional mailer Mailer connector false",
		// Nobody has set this account up yet.
		{Account: "fresh", Agent: "eve", Role: desk.SuperAdmin}: "fresh <nil> <nil> eve <nil> super-admin false",
	} {
		a := r.do(as, "GET", "/v1/me", nil).want(200)
		got := fmt.Sprint(a.at("account"), " ", a.at("accountName"), " ", a.at("plan"), " ", a.at("agent"), " ", a.at("name"), " ", a.at("role"), " ", a.at("helpDesk"))
		if got != want {
			t.Errorf("me = %s, want %s", got, want)
		}
	}
	r.refuse(map[string]refusal{"no agent": {
		as: desk.Caller{Account: "acme", Agent: "eve", Role: desk.AgentRole}, method: "GET", path: "/v1/me",
		status: 403, code: "not-an-agent", remedy: "setup",
	}, "no connector": { // it is none of the agents, whatever it is called
		as: desk.Caller{Account: "acme", Agent: "ann", Role: desk.ConnectorRole}, method: "GET", path: "/v1/me",
		status: 403, code: "not-a-connector", remedy: "setup",
	}})
}

func TestR21HelpDeskAccess(t *testing.T) {
	r, inbox, landed, _ := moved(t)
	native, _ := r.do(cem, "POST", "/v1/conversations/"+inbox+"/tickets", object{"status": "new"}).want(201).at("id").(string)
	denied := func(as desk.Caller, method, path string, body any) refusal {
		return refusal{as: as, method: method, path: path, body: body, status: 403, code: "no-help-desk-access", remedy: "ask a super administrator"}
	}
	cases := func(as desk.Caller) map[string]refusal {
		return map[string]refusal{
			"tickets":       denied(as, "GET", "/v1/tickets", nil),
			"late soon":     denied(as, "GET", "/v1/tickets?due=2026-12-24T00:00:00Z", nil),
			"ticket":        denied(as, "GET", "/v1/tickets/t-"+landed, nil),
			"edit ticket":   denied(as, "PATCH", "/v1/tickets/t-"+landed, object{"owner": ""}),
			"list":          denied(as, "GET", "/v1/conversations?home=helpdesk", nil),
			"conversation":  denied(as, "GET", "/v1/conversations/"+landed, nil),
			"messages":      denied(as, "GET", "/v1/conversations/"+landed+"/messages", nil),
			"text":          denied(as, "GET", "/v1/conversations/"+landed+"/messages/none/text", nil),
			"html":          denied(as, "GET", "/v1/conversations/"+landed+"/messages/none/html", nil),
			"edit":          denied(as, "PATCH", "/v1/conversations/"+landed, object{"status": "closed"}),
			"make a ticket": denied(as, "POST", "/v1/conversations/"+landed+"/tickets", object{"status": "new"}),
		}
	}
	r.refuse(cases(cem))
	r.refuse(cases(desk.Caller{Account: "acme", Agent: "dot", Role: desk.SuperAdmin})) // neither has a super admin without access
	// What is in the inbox is theirs too.
	if ids := r.do(cem, "GET", "/v1/conversations", nil).want(200).ids(); !slices.Equal(ids, []string{inbox}) {
		t.Errorf("cem sees %v, want %v", ids, []string{inbox})
	}
	r.do(cem, "GET", "/v1/tickets/"+native, nil).want(200)
	r.do(cem, "PATCH", "/v1/tickets/"+native, object{"status": "waiting"}).want(200)
	if a := r.do(cem, "GET", "/v1/counts", nil).want(200); a.at("inbox", "open", "n") != 1.0 || a.at("desk") != nil {
		t.Errorf("cem counts %s", a.Body)
	}
	// With access, given or taken a moment ago, whatever the token says.
	r.do(bob, "GET", "/v1/tickets/t-"+landed, nil).want(200)
	r.change(`{"id": "bob", "name": "Bob", "role": "agent", "helpDesk": true}`, `{"id": "bob", "name": "Bob", "role": "agent"}`)
	r.refuse(cases(bob))
	r.change(`{"id": "cem", "name": "Cem", "role": "agent"}`, `{"id": "cem", "name": "Cem", "role": "agent", "helpDesk": true}`)
	r.do(cem, "GET", "/v1/tickets/t-"+landed, nil).want(200)
	if ids := r.do(cem, "GET", "/v1/conversations", nil).want(200).ids(); len(ids) != 2 {
		t.Errorf("cem sees %v with access", ids)
	}
	if a := r.do(cem, "GET", "/v1/counts", nil).want(200); a.at("desk", "open", "n") != 1.0 {
		t.Errorf("cem counts %s with access", a.Body)
	}
}
