package api_test

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

func TestR25Banner(t *testing.T) {
	r := newRig(t)
	for i := range 5 * move.BatchSize / 2 {
		r.take("mail", fmt.Sprint(i))
	}
	banner := func() any {
		t.Helper()
		first := r.do(cem, "GET", "/v1/notices", nil).want(200)
		if second := r.do(bot, "GET", "/v1/notices", nil).want(200); second.Body.String() != first.Body.String() {
			t.Errorf("others see %s, not %s", second.Body, first.Body)
		}
		return first.at("items", 0)
	}
	if b := banner(); b != nil {
		t.Errorf("banner before = %v", b)
	}
	since := r.Time
	id := r.start("mail")
	want := func(status string, percent float64, knowsLeft bool) {
		t.Helper()
		b := banner()
		if left, known := at(b, "etaSeconds").(float64); known != knowsLeft || left > 5 {
			t.Errorf("%s %v: %v is left", status, percent, at(b, "etaSeconds"))
		}
		if at(b, "channelId") != "mail" || at(b, "channelName") != "Mail" || at(b, "moveId") != id || at(b, "status") != status || at(b, "percent") != percent {
			t.Errorf("banner = %v, want %s %v", b, status, percent)
		}
		if s, err := time.Parse(time.RFC3339, fmt.Sprint(at(b, "since"))); err != nil || s.Sub(since) > time.Second {
			t.Errorf("since = %v", at(b, "since"))
		}
	}
	want("starting", 0, false)
	run := r.Step(r.List, r.FenceLast())
	want("running", 0, false)
	all := r.Sent
	r.Sent = all[:1]
	r.Deliver()
	run = r.Step(r.Drain, run)
	want("running", 40, true)
	r.Sent = all[1:]
	r.Deliver()
	run = r.Step(r.Drain, run)
	want("running", 99, true)
	r.finish(run)
	if b := banner(); b != nil {
		t.Errorf("banner after = %v", b)
	}
	if b := r.do(zoe, "GET", "/v1/notices", nil).want(200).at("items", 0); b != nil {
		t.Errorf("banner elsewhere = %v", b)
	}
}

func TestR24Progress(t *testing.T) {
	r := newRig(t)
	for i := range 3 * move.BatchSize {
		r.take("mail", fmt.Sprint(i))
	}
	r.do(bob, "POST", "/v1/conversations/"+r.take("mail", "native")+"/tickets", object{"status": "new"}).want(201)
	id := r.start("mail")
	see := func() answer { return r.do(ann, "GET", "/v1/moves/"+id, nil).want(200) }
	want := func(a answer, fields object) {
		t.Helper()
		for field, v := range fields {
			if a.at(field) != v {
				t.Errorf("%s = %v, want %v", field, a.at(field), v)
			}
		}
	}
	phases := func(a answer) (words string) {
		t.Helper()
		for _, p := range a.at("phases").([]any) {
			if words += fmt.Sprint(at(p, "phase")); at(p, "startedAt") == nil || at(p, "startedAt") == "" {
				t.Errorf("%v has no start", p)
			}
			if at(p, "endedAt") == nil {
				words += "…"
			}
			words += " "
		}
		return words
	}
	a := see()
	want(a, object{"status": "starting", "expected": 301.0, "looked": nil, "waiting": nil, "etaSeconds": nil, "openBatches": 0.0, "fenceAt": nil, "endedAt": nil, "access": nil, "by": "ann",
		"channelId": "mail", "history": "all", "sla": "from-move", "notifications": "quiet", "rehearsal": false})
	run := r.Step(r.List, r.FenceLast())
	fence := r.Time
	a = see()
	want(a, object{"status": "running", "etaSeconds": nil, "openBatches": 4.0, "ratePerSecond": 0.0})
	if a.at("progress", "planned") != 301.0 || a.at("progress", "done") != 0.0 || a.at("statusMap", "closed") != "solved" || a.at("access", 1) != "bob" || a.at("access", 2) != nil {
		t.Errorf("move = %s", a.Body)
	}
	if is := phases(a); is != "redirect list… " {
		t.Errorf("phases = %s", is)
	}
	all := r.Sent
	r.Sent = all[:2]
	r.Deliver()
	run = r.Step(r.Drain, run)
	looked := r.Time
	r.Time = fence.Add(10*time.Second - time.Millisecond)
	a = see()
	want(a, object{"openBatches": 2.0, "ratePerSecond": 20.0, "etaSeconds": 10.0, "expected": 301.0})
	if s, err := time.Parse(time.RFC3339, fmt.Sprint(a.at("looked"))); phases(a) != "redirect list convert… " || err != nil || s.Sub(looked).Abs() > time.Second {
		t.Errorf("phases = %s, looked = %v", phases(a), a.at("looked"))
	}
	want(a, object{"stuckSeconds": 0.0})
	// While it gets no further, the clock alone changes little.
	r.Time = fence.Add(1020 * time.Second)
	a = see()
	want(a, object{"stuckSeconds": 1005.0, "ratePerSecond": 0.2, "etaSeconds": 900.0}) // since it began to convert, but for the pace at which it looks
	r.Time = r.Time.Add(4 * time.Second)
	r.do(ann, "GET", "/v1/moves/"+id, nil, "If-None-Match", a.Header().Get("ETag")).want(304)
	r.Time = fence.Add(20*time.Minute + 10*time.Second - time.Millisecond)
	want(see(), object{"stuckSeconds": 1185.0})
	if a := r.do(ann, "GET", "/v1/moves?status=unsettled", nil).want(200); !slices.Equal(a.ids(), []string{id}) || a.at("items", 0, "stuckSeconds") != 1185.0 {
		t.Errorf("unsettled = %s", a.Body)
	}
	r.Time = r.Time.Add(-20 * time.Minute)
	running := r.do(ann, "GET", "/v1/moves?status=running&channel=mail&rehearsal=false", nil).want(200)
	if ids := running.ids(); !slices.Equal(ids, []string{id}) || running.at("items", 0, "progress", "done") != 200.0 || running.at("items", 0, "expected") != 301.0 {
		t.Errorf("running = %s", running.Body)
	}
	for _, other := range []string{"channel=phone", "rehearsal=true", "status=done", "channel=support%20mail"} {
		if ids := r.do(ann, "GET", "/v1/moves?"+other, nil).want(200).ids(); len(ids) > 0 {
			t.Errorf("%s: %v", other, ids)
		}
	}
	r.refuse(map[string]refusal{
		"samples of nothing":      {as: ann, method: "GET", path: "/v1/moves/m1/samples", status: 404, code: "not-found"},
		"samples for an agent":    {as: bob, method: "GET", path: "/v1/moves/" + id + "/samples", status: 403, code: "role"},
		"samples of another's":    {as: zoe, method: "GET", path: "/v1/moves/" + id + "/samples", status: 404, code: "not-found"},
		"moves of no such status": {as: ann, method: "GET", path: "/v1/moves?status=over", status: 422, code: "invalid"},
	})
	r.Sent = all[2:]
	r.Deliver()
	r.finish(run)
	a = see()
	if is := phases(a); is != "redirect list convert compare report " {
		t.Errorf("phases = %s", is)
	}
	if ids := r.do(ann, "GET", "/v1/moves?status=unsettled", nil).want(200).ids(); len(ids) > 0 {
		t.Errorf("unsettled: %v", ids)
	}
	samples := r.do(ann, "GET", "/v1/moves/"+id+"/samples", nil).want(200)
	if first := samples.at("items", 0); at(first, "done") != 200.0 || at(first, "open") != 2.0 || samples.at("items", 1, "done") != 301.0 || samples.at("items", 1, "asIs") != 1.0 {
		t.Errorf("samples = %s", samples.Body)
	}
	want(a, object{"status": "done", "expected": 301.0, "waiting": nil, "openBatches": 0.0, "etaSeconds": nil})
	if a.at("progress", "done") != 301.0 || a.at("progress", "created") != 300.0 || a.at("progress", "asIs") != 1.0 || a.at("progress", "failed") != 0.0 || a.at("endedAt") == nil {
		t.Errorf("move = %s", a.Body)
	}
	if ids := r.do(ann, "GET", "/v1/moves", nil).want(200).ids(); !slices.Equal(ids, []string{id}) {
		t.Errorf("moves = %v", ids)
	}
}

func TestR27Report(t *testing.T) {
	r := newRig(t)
	for i := range 5 {
		owner := []string{"ann", "cem", ""}[i%3]
		r.do(bob, "PATCH", "/v1/conversations/"+r.take("mail", fmt.Sprint(i)), object{"owner": owner, "status": []string{"open", "closed"}[i%2]}).want(200)
	}
	rehearsal := r.do(ann, "POST", "/v1/moves", with(order("mail"), "rehearsal", true)).want(202).at("id").(string)
	r.Run()
	since := r.take("mail", "since the rehearsal")
	if a := r.do(ann, "GET", "/v1/moves/"+rehearsal+"/report", nil).want(200); a.at("newSince", "n") != 1.0 || a.at("newSince", "is") != "exact" || a.at("fenceAt") != nil || a.at("phases", 0, "phase") != "rehearse" {
		t.Errorf("rehearsal = %s", a.Body)
	}
	r.take("form", "left behind")
	if errs := r.Memory.Write(t.Context(), []store.Write{{Op: store.Delete, Table: store.Conversations, Key: store.HeaderKey("acme", since)}}); errs != nil {
		t.Fatal(errs)
	}
	id := r.start("mail")
	r.refuse(map[string]refusal{"running": {as: ann, method: "GET", path: "/v1/moves/" + id + "/report", status: 409, code: "not-ended", remedy: "wait"}})
	r.Run()
	var sums []any
	for _, id := range []string{rehearsal, id} {
		a := r.do(ann, "GET", "/v1/moves/"+id+"/report", nil).want(200)
		for field, want := range (object{"moveId": id, "channelId": "mail", "status": "done", "found": 5.0, "created": 5.0, "asIs": 0.0,
			"redirected": 0.0, "failed": 0.0, "unsettled": nil, "ownersLost": 2.0, "breaches": 0.0, "rehearsal": id == rehearsal, "by": "ann"}) {
			if a.at(field) != want {
				t.Errorf("%s = %v, want %v", field, a.at(field), want)
			}
		}
		if a.at("byStatus", "waiting") != 3.0 || a.at("byStatus", "solved") != 2.0 || a.at("checksum", "equal") != true || len(a.at("checksum", "inbox").(string)) != 16 {
			t.Errorf("report = %s", a.Body)
		}
		for path, want := range map[string]any{"ownersLostBy": []any{object{"id": "cem", "n": 2.0}}, "leftBehind": []any{object{"id": "form", "n": 1.0}},
			"compared": object{"inbox": 5.0, "desk": 5.0}, "choices": object{"history": "all", "sla": "from-move", "notifications": "quiet",
				"statusMap": object{"open": "waiting", "closed": "solved"}, "acknowledged": a.at("choices", "acknowledged")}} {
			if diff := cmp.Diff(want, a.at(path)); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}
		if start, end := fmt.Sprint(a.at("startedAt")), fmt.Sprint(a.at("endedAt")); start >= end || a.at("phases", 0, "endedAt") == nil || (a.at("fenceAt") == nil) != (id == rehearsal) {
			t.Errorf("report = %s", a.Body)
		}
		sums = append(sums, a.at("checksum", "inbox"))
	}
	if sums[0] != sums[1] {
		t.Errorf("the rehearsal's checksum is %v, the move's %v", sums[0], sums[1])
	}
}

// TestReportAsATable, in which no cell is a formula, and what customers wrote is for
// those with access only (R21).
func TestReportAsATable(t *testing.T) {
	r := newRig(t)
	bad := r.Undated("mail")
	r.Mend(bad, func(c *desk.Conversation) { c.Subject, c.Customer = "=1+1, \"or\"\nso", "@jane" })
	strange := r.take("mail", "strange")
	r.Mend(r.Conversation(strange), func(c *desk.Conversation) { c.Status = "ajar" })
	id := r.start("mail")
	r.Run()
	dot := desk.Caller{Account: "acme", Agent: "dot", Role: desk.SuperAdmin}
	for as, knows := range map[desk.Caller]bool{ann: true, dot: false} {
		a := r.do(as, "GET", "/v1/moves/"+id+"/report", nil, "Accept", "text/csv, application/json;q=0.5").want(200)
		rows, err := csv.NewReader(strings.NewReader(a.Body.String())).ReadAll()
		if err != nil || !strings.HasPrefix(a.Header().Get("Content-Type"), "text/csv") || len(strings.Split(a.Body.String(), "\r\n")) < 20 {
			t.Fatalf("%v: %s %s", err, a.Header(), a.Body)
		}
		if log := r.do(ann, "GET", "/v1/audit?limit=1000", nil).want(200); !slices.ContainsFunc(log.at("items").([]any), func(e any) bool {
			return at(e, "action") == "export" && at(e, "by") == as.Agent && at(e, "moveId") == id && at(e, "detail") == "report"
		}) {
			t.Errorf("the export by %s is not in %s", as.Agent, log.Body)
		}
		all := fmt.Sprint(rows)
		for _, want := range []string{"[found  2   ]", "[failed  2   ]", "[compared desk 0   ]", "[by  ann   ]", "[leftBehind form 0   ]"} {
			if !strings.Contains(all, want) {
				t.Errorf("no %s in %s", want, all)
			}
		}
		want := []string{"failure", bad.ID, "no-start-date", "the date it started is missing; set its started date and try again", "'=1+1, \"or\"\nso", "'@jane"}
		f := object{"subject": "=1+1, \"or\"\nso", "customer": "@jane", "params": nil}
		if !knows {
			want[4], want[5], f["subject"], f["customer"] = "", "", nil, nil
		}
		if last := rows[len(rows)-1]; !slices.Equal(last, want) {
			t.Errorf("the last row is %q, want %q", last, want)
		}
		items := r.do(as, "GET", "/v1/moves/"+id+"/failures", nil).want(200)
		for field, want := range f {
			if is := items.at("items", 1, field); is != want {
				t.Errorf("%s = %v, want %v", field, is, want)
			}
		}
		if value := items.at("items", 0, "params", "value"); (value == "ajar") != knows {
			t.Errorf("params = %v", value)
		}
	}
	r.do(cem, "GET", "/v1/moves/"+id+"/failures", nil).want(403)
	if a := r.do(ann, "GET", "/v1/moves/"+id+"/report", nil, "Accept", "image/png").want(200); a.at("failed") != 2.0 {
		t.Errorf("report = %s", a.Body)
	}
}

func TestR28FailuresAndRetry(t *testing.T) {
	r := newRig(t)
	good, bad := r.take("mail", "good"), r.Undated("mail").ID
	id := r.start("mail")
	retry := refusal{as: ann, method: "POST", path: "/v1/moves/" + id + "/retry", status: 409, code: "nothing-to-retry", remedy: "wait"}
	r.refuse(map[string]refusal{"running": retry, "unknown": {as: ann, method: "POST", path: "/v1/moves/m1/retry", status: 404, code: "not-found"}})
	r.Run()
	if ids := r.do(ann, "GET", "/v1/moves?status=unsettled", nil).want(200).ids(); !slices.Equal(ids, []string{id}) {
		t.Errorf("unsettled: %v", ids)
	}
	if a := r.do(ann, "GET", "/v1/moves/"+id, nil).want(200); a.at("status") != "attention" || a.at("progress", "failed") != 1.0 || a.at("stuckSeconds") != nil {
		t.Errorf("move = %s", a.Body)
	}
	if a := r.do(cem, "GET", "/v1/notices", nil).want(200); a.at("items", 0, "status") != "attention" || a.at("items", 0, "percent") != 100.0 {
		t.Errorf("notices = %s", a.Body)
	}
	a := r.do(ann, "GET", "/v1/moves/"+id+"/failures", nil).want(200)
	if f := a.at("items", 0); at(f, "conversationId") != bad || at(f, "code") != "no-start-date" || at(f, "reason") == "" || a.at("items", 1) != nil {
		t.Errorf("failures = %s", a.Body)
	}
	r.do(ann, "GET", "/v1/moves/m1/failures", nil).want(404)
	if ids := r.do(ann, "GET", "/v1/conversations?home=helpdesk", nil).want(200).ids(); !slices.Equal(ids, []string{good}) {
		t.Errorf("help desk = %v", ids)
	}
	a = r.do(ann, "POST", "/v1/moves/"+id+"/retry", nil).want(202)
	if a.at("id") != id || a.at("status") != "running" || a.Header().Get("Location") != "/v1/moves/"+id {
		t.Errorf("retry = %s", a.Body)
	}
	r.refuse(map[string]refusal{
		"twice":        retry,
		"another move": startWith(order("phone"), 409, "move-running", "when it has ended"),
	})
	if run := r.Runs[len(r.Runs)-1]; run.Run != 2 || run.Move != id || run.Step != move.StepList {
		t.Errorf("run = %+v", run)
	}
}

func TestR29AuditLog(t *testing.T) {
	r := newRig(t)
	r.Undated("mail")
	later := func() { r.Time = r.Time.Add(time.Second) } // at the same instant, the order is any
	r.do(bob, "POST", "/v1/moves", order("mail")).want(403)
	later()
	id := r.start("mail")
	later()
	r.Run()
	later()
	r.do(ann, "POST", "/v1/moves/"+id+"/retry", nil).want(202)
	var got []string
	for cursor := ""; ; {
		a := r.do(ann, "GET", "/v1/audit?limit=1"+cursor, nil).want(200)
		for _, e := range a.at("items").([]any) {
			got = append(got, fmt.Sprint(at(e, "action"), " ", at(e, "by"), " ", at(e, "role"), " ", at(e, "moveId"), " ", at(e, "channelId"), " ", at(e, "address")))
		}
		next, ok := a.at("next").(string)
		if !ok {
			break
		}
		cursor = "&cursor=" + next
	}
	want := []string{
		"retry ann super-admin " + id + " mail 192.0.2.7",
		"end deskmove <nil> " + id + " mail <nil>",
		"start ann super-admin " + id + " mail 192.0.2.7",
		"refuse bob agent <nil> mail <nil>",
		"role-given ann super-admin <nil> <nil> 192.0.2.7", "role-given ann super-admin <nil> <nil> 192.0.2.7", // by the first setup: of super administrators,
		"role-given ann super-admin <nil> <nil> 192.0.2.7", // agents
		"role-given ann super-admin <nil> <nil> 192.0.2.7", // and for the help desk
		"setup ann super-admin <nil> <nil> 192.0.2.7",
	}
	if !slices.Equal(got, want) {
		t.Errorf("log = %q, want %q", got, want)
	}
	if of := r.do(ann, "GET", "/v1/audit?move="+id, nil).want(200).ids("action"); !slices.Equal(of, []string{"retry", "end", "start"}) {
		t.Errorf("log of the move = %v", of)
	}
	heads, entries := r.do(ann, "GET", "/v1/audit/heads", nil).want(200), 0
	for _, h := range heads.at("heads").([]any) {
		n, _ := at(h, "number").(float64)
		entries += int(n)
	}
	if heads.at("accountId") != "acme" || entries != len(want) {
		t.Errorf("heads = %s", heads.Body)
	}
	r.do(bob, "GET", "/v1/audit/heads", nil).want(403)
}

func TestNotificationsAreDeliveredOnce(t *testing.T) {
	r := newRig(t)
	r.take("mail", "old")
	r.do(ann, "POST", "/v1/moves", with(order("mail"), "notifications", "all")).want(202)
	r.Run()
	live := r.take("mail", "live")
	r.Changed(live)
	a := r.do(bot, "GET", "/v1/notifications", nil).want(200)
	ids := a.ids()
	if len(ids) != 2 || at(a.json(), "items", 1, "kind") != "live" || at(a.json(), "items", 1, "ticketId") != "t-"+live || at(a.json(), "items", 0, "kind") != "ticket" {
		t.Fatalf("notifications = %s", a.Body)
	}
	for range 2 {
		if a := r.do(bot, "POST", "/v1/notifications/"+ids[0]+"/delivered", nil).want(204); a.Body.Len() != 0 {
			t.Errorf("answer = %q", a.Body)
		}
	}
	r.do(bot, "POST", "/v1/notifications/none/delivered", nil).want(404)
	if left := r.do(bot, "GET", "/v1/notifications", nil).want(200).ids(); !slices.Equal(left, ids[1:]) {
		t.Errorf("left = %v, want %v", left, ids[1:])
	}
	if all := r.do(ann, "GET", "/v1/notifications?all=true&limit=1", nil).want(200); all.at("items", 0, "sentAt") == nil || all.at("next") == nil {
		t.Errorf("all = %s", all.Body)
	}
}
