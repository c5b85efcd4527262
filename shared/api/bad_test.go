package api_test

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// refusal is a request that must be refused, and how.
type refusal struct {
	as           desk.Caller
	method, path string
	body         any
	headers      []string

	status int
	code   string
	field  string // the only one among errors, if not ""
	remedy string // is in the remedy, or in that of the field
}

// refuse sends requests and checks that each is refused as it must be, and
// that nothing was written but the audit log.
func (r *rig) refuse(cases map[string]refusal) {
	for name, c := range cases {
		r.T.(*testing.T).Run(name, func(t *testing.T) {
			outer := r.T
			r.T = t
			defer func() { r.T = outer }()
			before, started := len(r.Written), len(r.Runs)
			a := r.do(c.as, c.method, c.path, c.body, c.headers...).want(c.status)
			a.wantProblem(c)
			for _, k := range r.Written[before:] {
				if !store.OfAudit(c.as.Account, k) {
					t.Errorf("%s wrote %v", a.request, k)
				}
			}
			r.Time = r.Time.Add(7 * time.Second) // ten refusals a minute are in the audit log
			if len(r.Runs) != started {
				t.Errorf("%s started an execution", a.request)
			}
		})
	}
}

func (a answer) wantProblem(c refusal) {
	a.t.Helper()
	if got := a.Header().Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("Content-Type = %q", got)
	}
	if a.at("code") != c.code || a.at("status") != float64(c.status) || a.at("title") != http.StatusText(c.status) {
		a.t.Errorf("%s answered %s, want code %s", a.request, a.Body, c.code)
	}
	remedy, _ := a.at("remedy").(string)
	if c.field != "" {
		if a.at("errors", 0, "field") != c.field || a.at("errors", 1) != nil || a.at("errors", 0, "problem") == "" {
			a.t.Errorf("%s answered %s, want %s alone", a.request, a.Body, c.field)
		}
		more, _ := a.at("errors", 0, "remedy").(string)
		remedy += "; " + more
	}
	if remedy == "" || !strings.Contains(remedy, c.remedy) {
		a.t.Errorf("%s answered %s, want a remedy with %q", a.request, a.Body, c.remedy)
	}
}

// with returns an order with a field changed; nil takes it away.
func with(o object, name string, value any) object {
	changed := object{}
	for k, v := range o {
		changed[k] = v
	}
	if changed[name] = value; value == nil {
		delete(changed, name)
	}
	return changed
}

func TestBadBodies(t *testing.T) {
	r := newRig(t)
	id := r.take("mail", "m1")
	message := object{"externalId": "x1", "author": "customer"}
	moves := func(body any, status int, code, field, remedy string) refusal {
		return refusal{as: ann, method: "POST", path: "/v1/moves", body: body, status: status, code: code, field: field, remedy: remedy}
	}
	large := `{"channelId": "` + strings.Repeat("x", 64<<10) + `"}`
	r.refuse(map[string]refusal{
		"no body":            moves(nil, 400, "no-body", "", "JSON object"),
		"not JSON":           moves(`{"channelId": "mail",}`, 400, "not-json", "", "JSON object"),
		"two documents":      moves(`{} {}`, 400, "not-json", "", "nothing else"),
		"a list":             moves(`[]`, 422, "invalid", "body", "object"),
		"null":               moves(`null`, 422, "invalid", "body", "object"),
		"unknown field":      moves(with(order("mail"), "chanel", "mail"), 422, "invalid", "chanel", "spelling"),
		"unknown below":      moves(with(order("mail"), "statusMap", object{"open": "new", "closed": "solved", "spam": "x"}), 422, "invalid", "statusMap.spam", "spelling"),
		"other case":         moves(with(order("mail"), "HISTORY", "none"), 422, "invalid", "HISTORY", "case"),
		"missing field":      moves(with(order("mail"), "channelId", nil), 422, "invalid", "channelId", "add"),
		"number for text":    moves(with(order("mail"), "channelId", 7), 422, "invalid", "channelId", "string"),
		"text for boolean":   moves(with(order("mail"), "rehearsal", "yes"), 422, "invalid", "rehearsal", "true or false"),
		"text for list":      moves(with(order("mail"), "acknowledged", "all"), 422, "invalid", "acknowledged", "array"),
		"number in list":     moves(with(order("mail"), "acknowledged", []any{1}), 422, "invalid", "acknowledged[0]", "string"),
		"text for object":    moves(with(order("mail"), "statusMap", "new"), 422, "invalid", "statusMap", "object"),
		"unknown history":    moves(with(order("mail"), "history", "some"), 422, "invalid", "history", "all, none"),
		"unknown SLA":        moves(with(order("mail"), "sla", "now"), 422, "invalid", "sla", "from-move, original, none"),
		"unknown notifying":  moves(with(order("mail"), "notifications", "loud"), 422, "invalid", "notifications", "quiet, digest, all"),
		"unknown warning":    moves(with(order("mail"), "acknowledged", []string{"fire"}), 422, "invalid", "acknowledged[0]", "use one of"),
		"too large":          moves(large, 413, "too-large", "", "send less"),
		"other media type":   {as: ann, method: "POST", path: "/v1/moves", body: "a=b", headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415, code: "media-type", remedy: "application/json"},
		"key with a space":   {as: ann, method: "POST", path: "/v1/moves", body: order("mail"), headers: []string{"Idempotency-Key", "a b"}, status: 422, code: "invalid", field: "Idempotency-Key", remedy: "letters"},
		"key too long":       {as: ann, method: "POST", path: "/v1/moves", body: order("mail"), headers: []string{"Idempotency-Key", strings.Repeat("k", 65)}, status: 422, code: "invalid", field: "Idempotency-Key", remedy: "64"},
		"no external ID":     {as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: with(message, "externalId", nil), status: 422, code: "invalid", field: "externalId", remedy: "add"},
		"empty external ID":  {as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: with(message, "externalId", ""), status: 422, code: "invalid", field: "externalId", remedy: "length"},
		"unknown author":     {as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: with(message, "author", "robot"), status: 422, code: "invalid", field: "author", remedy: "customer, agent, bot, system"},
		"no date":            {as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: with(message, "at", "yesterday"), status: 422, code: "invalid", field: "at", remedy: "2026-11-23T09:00:00Z"},
		"date too early":     {as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: with(message, "at", "1969-12-31T23:59:59Z"), status: 422, code: "invalid", field: "at", remedy: "leave it out"},
		"date too late":      {as: bot, method: "POST", path: "/v1/conversations/" + id + "/messages", body: with(message, "at", "2287-01-01T00:00:00Z"), status: 422, code: "invalid", field: "at", remedy: "leave it out"},
		"agent no ID":        {as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: with(message, "agent", "a#b"), status: 422, code: "invalid", field: "agent", remedy: "letters"},
		"channel here":       {as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: with(message, "channelId", "mail"), status: 422, code: "invalid", field: "channelId", remedy: "remove"},
		"message too large":  {as: bot, method: "POST", path: "/v1/channels/mail/conversations", body: with(message, "text", strings.Repeat("x", 10<<20)), status: 413, code: "too-large", remedy: "10 MB"},
		"setup too large":    {as: ann, method: "PUT", path: "/v1/account", body: strings.Repeat(" ", 1<<20) + acme, status: 413, code: "too-large", remedy: "1 MB"},
		"unknown status":     {as: bob, method: "PATCH", path: "/v1/conversations/" + id, body: object{"status": "gone"}, status: 422, code: "invalid", field: "status", remedy: "open, closed"},
		"unknown owner":      {as: bob, method: "PATCH", path: "/v1/conversations/" + id, body: object{"owner": "eve"}, status: 422, code: "invalid", field: "owner", remedy: "exists in the account"},
		"nothing to change":  {as: bob, method: "PATCH", path: "/v1/conversations/" + id, body: object{}, status: 422, code: "invalid", field: "status", remedy: "an owner"},
		"no ticket status":   {as: bob, method: "POST", path: "/v1/conversations/" + id + "/tickets", body: object{}, status: 422, code: "invalid", field: "status", remedy: "add"},
		"bad ticket status":  {as: bob, method: "POST", path: "/v1/conversations/" + id + "/tickets", body: object{"status": "nwe"}, status: 422, code: "invalid", field: "status", remedy: "pipeline"},
		"edit unknown field": {as: bob, method: "PATCH", path: "/v1/conversations/" + id, body: object{"state": "closed"}, status: 422, code: "invalid", field: "state", remedy: "spelling"},
	})
}

func TestBadParameters(t *testing.T) {
	r := newRig(t)
	get := func(path, field, remedy string) refusal {
		return refusal{as: ann, method: "GET", path: path, status: 422, code: "invalid", field: field, remedy: remedy}
	}
	var other string
	for i := range 3 {
		r.take("mail", strings.Repeat("m", i+1))
	}
	other, _ = r.do(ann, "GET", "/v1/conversations?limit=1", nil).want(200).at("next").(string)
	if other == "" {
		t.Fatal("no cursor")
	}
	r.refuse(map[string]refusal{
		"limit 0":             get("/v1/conversations?limit=0", "limit", ">= 1"),
		"limit too high":      get("/v1/tickets?limit=1001", "limit", "<= 1000"),
		"limit no number":     get("/v1/moves?limit=ten", "limit", "whole number"),
		"unknown parameter":   get("/v1/conversations?chanel=mail", "chanel", "spelling"),
		"unknown home":        get("/v1/conversations?home=moving", "home", "inbox, helpdesk"),
		"cursor no base64":    get("/v1/conversations?cursor=%21", "cursor", "leave it out"),
		"cursor changed":      get("/v1/conversations?cursor=A"+other[1:], "cursor", "leave it out"),
		"cursor short":        get("/v1/audit?cursor=AAAA", "cursor", "leave it out"),
		"cursor of others":    get("/v1/tickets?cursor="+other, "cursor", "leave it out"),
		"cursor of moves":     get("/v1/moves?cursor="+other, "cursor", "leave it out"),
		"cursor of failures":  get("/v1/moves/m1/failures?cursor="+other, "cursor", "leave it out"),
		"cursor of messages":  get("/v1/notifications?cursor="+other, "cursor", "leave it out"),
		"unknown status":      get("/v1/tickets?status=nwe", "status", "pipeline"),
		"one unknown status":  get("/v1/tickets?status=new,nwe", "status", "pipeline"),
		"owned by nobody":     get("/v1/tickets?owner=ann&unowned=true", "unowned", "not both"),
		"owned by nobody too": get("/v1/conversations?owner=ann&unowned=true", "unowned", "not both"),
		"unknown provenance":  get("/v1/tickets?provenance=imported", "provenance", "native, history, live"),
		"due no date":         get("/v1/tickets?due=tomorrow", "due", "2026-11-23T09:00:00Z"),
		"open no boolean":     get("/v1/tickets?open=please", "open", "true or false"),
		"unknown state":       get("/v1/conversations?status=new", "status", "open, closed"),
		"counts of a channel": get("/v1/counts?channel=mail", "channel", "spelling"),
		"cursor of a status":  get("/v1/tickets?cursor="+oldCursor("tickets", "new.1795000000000.t-c1"), "cursor", "leave it out"),
		"plan without":        get("/v1/channels/mail/plan", "history", "add"),
		"plan unknown":        get("/v1/channels/mail/plan?history=some", "history", "all, none"),
		"plan closed as open": get("/v1/channels/mail/plan?history=all&open=solved&closed=solved", "statusMap.open", "an open status"),
		"plan useless":        get("/v1/channels/mail/plan?history=none&sla=original", "sla", "leave it out"),
		"unowned no boolean":  get("/v1/conversations?unowned=please", "unowned", "true or false"),
	})
}

// oldCursor is a cursor as the layout before wrote it, or anybody might: its sum is
// right, its position is not one of the list.
func oldCursor(of, place string) string {
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(of+place)))
	return base64.RawURLEncoding.EncodeToString(append(sum, place...))
}

func TestBadPaths(t *testing.T) {
	r := newRig(t)
	missing := func(method, path string) refusal {
		return refusal{as: ann, method: method, path: path, status: 404, code: "not-found"}
	}
	r.refuse(map[string]refusal{
		"repair nothing":  missing("POST", "/v1/channels/none/repair"),
		"read a repair":   {as: ann, method: "GET", path: "/v1/channels/mail/repair", status: 405, code: "method-not-allowed", remedy: "POST"},
		"no route":        missing("GET", "/v1/nothing"),
		"no version":      missing("GET", "/v2/me"),
		"root":            missing("GET", "/"),
		"slash":           missing("GET", "/v1/channels/"),
		"two slashes":     missing("POST", "/v1//moves"),
		"dots":            missing("GET", "/v1/moves/../me"),
		"separator":       missing("GET", "/v1/conversations/c1%23H"),
		"escaped slash":   missing("GET", "/v1/channels/mail%2Fplan"),
		"not UTF-8":       missing("GET", "/v1/channels/%ff"),
		"too long":        missing("GET", "/v1/conversations/"+strings.Repeat("c", 600)),
		"stop a move":     {as: ann, method: "DELETE", path: "/v1/moves/m1", status: 405, code: "method-not-allowed", remedy: "GET"},
		"wrong method":    {as: ann, method: "DELETE", path: "/v1/me", status: 405, code: "method-not-allowed", remedy: "GET, HEAD"},
		"put on a ticket": {as: ann, method: "PUT", path: "/v1/tickets/t1", status: 405, code: "method-not-allowed", remedy: "PATCH"},
	})
	// What cannot be an ID is not looked for: stores limit their keys.
	for _, path := range []string{"/v1/conversations/" + strings.Repeat("c", 600), "/v1/conversations/c1%23H"} {
		before := r.Read
		if r.do(ann, "GET", path, nil).want(404); r.Read != before {
			t.Errorf("%.40s is looked for", path)
		}
	}
	if allow := r.do(ann, "DELETE", "/v1/me", nil).Header().Get("Allow"); allow != "GET, HEAD" {
		t.Errorf("Allow = %q", allow)
	}
}
