package cli_test

import (
	"reflect"
	"strings"
	"testing"

	"deskmove/shared/api"
	"deskmove/shared/cli/importer"
	"deskmove/shared/cli/verify"
)

const smallMbox = "testdata/small.mbox"

// TestEndToEnd goes the way of a newcomer.
func TestEndToEnd(t *testing.T) {
	t.Parallel()
	e := ready(t)

	var s importer.Summary
	e.run(t, "--json", "import", "--channel", "support", smallMbox).ok(t, &s)
	if s.Read != 10 || s.Added != 9 || s.Duplicates != 1 || s.Conversations != 5 || s.Closed != 2 || s.Owned != 3 || len(s.Skipped) != 0 {
		t.Errorf("import: %+v", s)
	}
	before := conversations(t, e)
	s = importer.Summary{}
	e.run(t, "--json", "import", "--channel", "support", smallMbox).ok(t, &s)
	if s.Added != 0 || s.Known != 9 || s.Conversations != 0 || s.Closed != 0 || s.Owned != 0 {
		t.Errorf("second import: %+v", s)
	}
	if after := conversations(t, e); !reflect.DeepEqual(before, after) {
		t.Errorf("the second import changed\n%v to\n%v", before, after)
	}

	var plan api.Plan
	e.run(t, "--json", "plan", "--channel", "support").ok(t, &plan)
	if plan.Conversations.N != 5 || plan.Open.N != 3 || plan.OwnersLost.N != 1 {
		t.Errorf("plan: %+v", plan)
	}
	e.run(t, "plan", "--channel", "support").ok(t, nil)

	move := []string{"move", "--channel", "support", "--history", "all", "--open-status", "new", "--closed-status", "solved"}
	e.run(t, move...).fails(t, 1, "agents-without-access", "dora 1", "--ack agents-without-access")
	if home := channel(t, e, "support").Home; home != "inbox" {
		t.Fatalf("a refused move left the channel %s", home)
	}

	var rehearsed, moved struct {
		Move   api.ChannelMove
		Report api.Report
	}
	e.run(t, append(move, "--rehearsal", "--watch", "--json")...).ok(t, &rehearsed)
	if r := rehearsed.Report; r.Created != 5 || r.OwnersLost != 1 || r.ByStatus["new"] != 3 || r.ByStatus["solved"] != 2 {
		t.Errorf("rehearsal: %+v", r)
	}
	if home := channel(t, e, "support").Home; home != "inbox" {
		t.Fatalf("a rehearsal left the channel %s", home)
	}
	e.run(t, append(move, "--ack", "agents-without-access,connected-left-behind", "--watch", "--json")...).ok(t, &moved)
	if r := moved.Report; r.Created != 5 || r.OwnersLost != 1 || !r.Checksum.Equal || r.Checksum != rehearsed.Report.Checksum {
		t.Errorf("report %+v, rehearsed %+v", r, rehearsed.Report)
	}
	e.run(t, "status", moved.Move.ID).ok(t, nil)
	if out := e.run(t, "status").ok(t, nil).stdout; !strings.Contains(out, moved.Move.ID) {
		t.Errorf("status does not list the move:\n%s", out)
	}
	e.run(t, "status", moved.Move.ID, "--watch").ok(t, nil)

	// A moved channel does not move again, nor is there anything to retry; a
	// mail that comes later lands on its ticket, and an import of old mail
	// leaves states alone.
	e.run(t, append(move, "--ack", "agents-without-access")...).fails(t, 1, "help desk", "nothing left to do")
	e.run(t, "retry", moved.Move.ID).fails(t, 1, "no conversation failed")
	s = importer.Summary{}
	later := file(t, "later.mbox", laterMail)
	e.run(t, "--json", "import", "--channel", "support", later).ok(t, &s)
	if s.Added != 2 || s.Conversations != 1 || s.Moved+s.Closed != 1 {
		t.Errorf("later import: %+v", s)
	}

	var v verify.Result
	e.run(t, "verify", "--settings", accountFile).ok(t, nil)
	e.run(t, "verify", "--settings", accountFile, "--json").ok(t, &v)
	if v.Conversations != 6 || v.Tickets != 6 || !v.OK {
		t.Errorf("verify: %+v", v)
	}
	checked := map[string]bool{}
	for _, c := range v.Checks {
		checked[c.Name] = c.Checked > 0
	}
	for _, name := range []string{
		"one-ticket", "complete", "landed-has-ticket", "created-is-started", "one-revision", "status", "owner",
		"ledger-empty", "counters-planned", "one-move", "report-totals", "checksums", "settings-kept", "audit-logged",
	} {
		if !checked[name] {
			t.Errorf("verify checked nothing for %s", name)
		}
	}

	run(t, "verify", "--data", e.dir, "--account", "demo").fails(t, 1, "in use by another deskmove")
	e.stop()
	v = verify.Result{}
	run(t, "verify", "--data", e.dir, "--account", "demo", "--json").ok(t, &v)
	if !v.OK || v.Tickets != 6 {
		t.Errorf("verify of the data: %+v", v)
	}
	run(t, "verify", "--data", e.dir).fails(t, 1, "--account")
	run(t, "verify", "--data", e.dir, "--account", "nobody").fails(t, 1, "nobody")
}

const laterMail = `From jane@customer.example Mon Mar  9 08:00:00 2026
From: Jane <jane@customer.example>
Date: Mon, 9 Mar 2026 09:00:00 +0100
Subject: Re: Where is my bike?
Message-ID: <a3@customer.example>
In-Reply-To: <a1@customer.example>

It came.

From agent01@desk.example Mon Mar  9 10:00:00 2026
From: Ben <agent01@desk.example>
To: gus@customer.example
Date: Mon, 9 Mar 2026 11:00:00 +0100
Subject: Your call
Message-ID: <g1@desk.example>

As promised.
`

// conversations are all conversations of support as the API has them, less
// what is not compared.
func conversations(t *testing.T, e *engine) []api.Conversation {
	t.Helper()
	var all []api.Conversation
	for c, err := range e.api(t).Conversations(t.Context(), "support") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func channel(t *testing.T, e *engine, id string) api.Channel {
	t.Helper()
	for p, err := range e.api(t).Channels(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("no channel %s", id)
	return api.Channel{}
}
