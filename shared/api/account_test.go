package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
)

func TestAccountIsReadAsItWasSent(t *testing.T) {
	r := newRig(t)
	var sent, got object
	if err := json.Unmarshal([]byte(acme), &sent); err != nil {
		t.Fatal(err)
	}
	a := r.do(ann, "GET", "/v1/account", nil).want(200)
	got = a.json()
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("setup (-sent +read):\n%s", diff)
	}
	if again := r.do(ann, "PUT", "/v1/account", a.Body.String()).want(200); again.Body.String() != a.Body.String() {
		t.Errorf("setup sent back = %s, want %s", again.Body, a.Body)
	}
}

// TestDirectory: every agent reads the names, connectors and other accounts do not.
func TestDirectory(t *testing.T) {
	r := newRig(t)
	a := r.do(cem, "GET", "/v1/directory", nil).want(200)
	for name, path := range map[string][]any{
		"Acme":              {"account", "name"},
		"Europe/Berlin":     {"account", "zone"},
		"Cem":               {"agents", 2, "name"},
		"super-admin":       {"agents", 3, "role"},
		"dot":               {"agents", 3, "name"}, // it has none
		"all":               {"teams", 0, "id"},
		"sales":             {"pipelines", 1, "name"},
		"won":               {"statuses", 4, "id"},
		"help@acme.example": {"channels", 0, "address"},
		"gold":              {"policies", 0, "name"},
		"4h":                {"policies", 0, "firstReply"},
	} {
		if got := a.at(path...); got != name {
			t.Errorf("%v = %v, want %s", path, got, name)
		}
	}
	if a.at("statuses", 4, "pipelineId") != "sales" || a.at("statuses", 4, "closed") != true || a.at("agents", 1, "helpDesk") != true || a.at("agents", 2, "helpDesk") != false {
		t.Errorf("directory = %s", a.Body)
	}
	if strings.Contains(a.Body.String(), "signature") || strings.Contains(a.Body.String(), "routing") || strings.Contains(a.Body.String(), "ann@acme.example") {
		t.Errorf("it tells more than names: %s", a.Body)
	}
	r.start("form")
	if a := r.do(bob, "GET", "/v1/directory", nil).want(200); a.at("channels", 1, "id") != "form" || a.at("channels", 1, "home") != "inbox" {
		t.Errorf("directory = %s", a.Body)
	}
	r.Run()
	if a := r.do(bob, "GET", "/v1/directory", nil).want(200); a.at("channels", 1, "home") != "helpdesk" {
		t.Errorf("directory = %s", a.Body)
	}
}

func TestR17SettingsAreKeptByteForByte(t *testing.T) {
	r := newRig(t)
	const settings = `{ "z":1.50,  "routing": {"agents":["ann"]}, "ünïcode":"<&>", "a" :[ ] , "1e3": 1e3}`
	r.change(`{"routing":{"agents":["ann","bob"]}}`, settings)
	r.start("mail")
	r.Run()
	c, err := r.Setups.Channel(t.Context(), "acme", "mail")
	if err != nil || string(c.Settings) != settings || c.Home != desk.HelpDesk {
		t.Errorf("settings = %s, %v", c.Settings, err)
	}
}

func TestWrongSetups(t *testing.T) {
	r := newRig(t)
	r.take("phone", "p1")
	wrong := func(old, with, field, remedy string) refusal {
		return refusal{as: ann, method: "PUT", path: "/v1/account", body: replaced(t, acme, old, with), status: 422, code: "invalid", field: field, remedy: remedy}
	}
	inUse := wrong(`{"id": "phone", "type": "calling"},`, ``, "channels", "keep it")
	inUse.body = strings.Replace(inUse.body.(string), `"phone", `, ``, 1)
	foreign := refusal{as: ann, method: "PUT", path: "/v1/account", body: replaced(t, acme, `{"id": "acme"`, `{"id": "zoo"`), status: 404, code: "not-found"}
	r.refuse(map[string]refusal{
		"another account":              foreign,
		"unknown plan":                 wrong(`"professional"`, `"gold"`, "account.plan", "professional"),
		"unknown role":                 wrong(`"role": "super-admin", "helpDesk": true`, `"role": "king"`, "agents[0].role", "super-admin, agent"),
		"connector's role":             wrong(`"role": "super-admin", "helpDesk": true`, `"role": "connector"`, "agents[0].role", "super-admin, agent"),
		"unknown zone":                 wrong(`"schedule": {`, `"schedule": {"zone": "Mars", `, "policies[0].schedule.zone", "IANA"),
		"unknown type":                 wrong(`"calling"`, `"telex"`, "channels[4].type", "calling"),
		"unknown weekday":              wrong(`"monday"`, `"mon"`, "policies[0].schedule.weekly[0].day", "monday"),
		"no time of day":               wrong(`"09:00"`, `"9 am"`, "policies[0].schedule.weekly[0].from", "09:00"),
		"no date":                      wrong("2026-12-25", "25.12.", "policies[0].schedule.holidays[0]", "2006-01-02"),
		"no duration":                  wrong(`"1h30m"`, `"90 min"`, "policies[0].nextReply", "1h30m"),
		"negative duration":            wrong(`"48h"`, `"-1h"`, "policies[0].close", "zero"),
		"a number":                     wrong(`"48h"`, `48`, "policies[0].close", "string"),
		"unknown agent":                wrong(`["ann", "bob"]}]`, `["ann", "eve"]}]`, "teams[0].agents[1]", "exists in the account"),
		"unknown field":                wrong(`"connected"`, `"conected"`, "channels[1].conected", "spelling"),
		"home":                         wrong(`"connected": "mail"`, `"home": "helpdesk"`, "channels[1].home", "remove"),
		"settings no JSON":             wrong(`{"routing":{"agents":["ann","bob"]}}`, `{"routing":{"agents":"ann"}}`, "channels[0].settings.routing.agents", "fits"),
		"channel in use":               inUse,
		"another type":                 wrong(`"calling"`, `"form"`, "channels", "keep its type"),
		"ID with separator":            wrong(`"teams": [{"id": "all"`, `"teams": [{"id": "a#b"`, "teams[0].id", "letters"),
		"settings too large":           wrong(`{"routing":{"agents":["ann","bob"]}}`, `{"signature":"`+strings.Repeat("x", 256<<10)+`"}`, "channels[0].settings", "elsewhere"),
		"no connector's channel":       wrong(`"channels": ["mail", "form"`, `"channels": ["fax", "form"`, "connectors[0].channels[0]", "exists"),
		"a connector without channels": wrong(`"channels": ["mail", "form", "chat", "plain", "phone", "wa", "fb", "catch-all"]`, `"channels": []`, "connectors[0].channels", ">= 1"),
	})
	body := strings.NewReplacer(`"1h30m"`, `"soon"`, `"48h"`, `"late"`).Replace(acme)
	a := r.do(ann, "PUT", "/v1/account", body).want(422)
	if a.at("errors", 0, "field") != "policies[0].nextReply" || a.at("errors", 1, "field") != "policies[0].close" {
		t.Errorf("errors = %s, want both", a.Body)
	}
}

// TestLockedOut: the last super administrator stays. While an account has no setup,
// and then only, a token is all that it takes.
func TestLockedOut(t *testing.T) {
	r := newRig(t)
	none := strings.ReplaceAll(acme, `"role": "super-admin"`, `"role": "agent"`)
	fresh := desk.Caller{Account: "fresh", Agent: "eve", Role: desk.SuperAdmin}
	r.refuse(map[string]refusal{
		"nobody is one":     {as: ann, method: "PUT", path: "/v1/account", body: none, status: 422, code: "invalid", field: "agents", remedy: "super-admin"},
		"no first one":      {as: fresh, method: "PUT", path: "/v1/account", body: `{"account": {"id": "fresh", "plan": "free"}}`, status: 422, code: "invalid", field: "agents", remedy: "super-admin"},
		"nothing to read":   {as: fresh, method: "GET", path: "/v1/account", status: 404, code: "not-found", remedy: "apply"},
		"nothing else":      {as: fresh, method: "GET", path: "/v1/channels", status: 403, code: "no-setup", remedy: "apply"},
		"nor by a low role": {as: desk.Caller{Account: "fresh", Agent: "eve", Role: desk.AgentRole}, method: "PUT", path: "/v1/account", body: none, status: 403, code: "role"},
	})
	const theirs = `{"account": {"id": "fresh", "plan": "free"}, "agents": [{"id": "max", "role": "super-admin"}]}`
	r.do(fresh, "PUT", "/v1/account", theirs).want(200)
	r.do(fresh, "GET", "/v1/account", nil).want(403)
	r.do(fresh, "PUT", "/v1/account", theirs).want(403)
	fresh.Agent = "max"
	if a := r.do(fresh, "GET", "/v1/channels", nil).want(200); a.Body.String() != "{\"items\":[]}\n" {
		t.Errorf("channels = %s", a.Body)
	}
}

// TestStatusesOfAMove: while a move runs, the statuses that it maps to stay.
// Afterwards an admin may do without them, and what customers and agents do
// goes on, with those that new tickets get.
func TestStatusesOfAMove(t *testing.T) {
	r := newRig(t)
	r.Undated("mail")
	before := r.take("mail", "x1")
	id := r.start("mail")
	without := replaced(t, acme, `{"id": "waiting"}, `, "")
	a := r.do(ann, "PUT", "/v1/account", without).want(422)
	if a.at("errors", 0, "field") != "pipelines" || !strings.Contains(a.Body.String(), id) {
		t.Errorf("errors = %s, want one of pipelines that names move %s", a.Body, id)
	}
	r.Run()
	r.do(ann, "PUT", "/v1/account", without).want(200)
	r.Time = r.Time.Add(time.Minute) // rules are remembered for some seconds
	after := r.take("mail", "x2")
	r.Changed(after)
	r.take("mail", "x3", "x1")
	r.Changed(before)
	r.do(bob, "PATCH", "/v1/tickets/"+desk.TicketID(before), object{"status": "solved"}).want(200)
	if a := r.do(bob, "GET", "/v1/tickets/"+desk.TicketID(after), nil).want(200); a.at("status") != "new" {
		t.Errorf("ticket = %s, want the status of new ones", a.Body)
	}
	r.refuse(map[string]refusal{"retry": {as: ann, method: "POST", path: "/v1/moves/" + id + "/retry", status: 422, code: "invalid", field: "pipelines", remedy: "put them back"}})
	r.do(ann, "PUT", "/v1/account", acme).want(200)
	r.do(ann, "POST", "/v1/moves/"+id+"/retry", nil).want(202)
}
