package api_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// append adds a message to a conversation, by a channel.
func (r *rig) append(id, channel, external, author string) answer {
	r.Helper()
	r.Time = r.Time.Add(time.Minute)
	return r.do(bot, "POST", "/v1/conversations/"+id+"/messages", object{"externalId": external, "author": author, "channelId": channel}).want(201)
}

// rehearse starts a rehearsal without acknowledging anything, does what the
// state machine does, and returns its ID.
func (r *rig) rehearse(body object) string {
	r.Helper()
	id, _ := r.do(ann, "POST", "/v1/moves", with(with(body, "rehearsal", true), "acknowledged", nil)).want(202).at("id").(string)
	run := r.Runs[len(r.Runs)-1]
	for more := true; more; more = run.More {
		run = r.Step(r.Reconcile, run)
	}
	r.Step(r.Finish, run)
	return id
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
	if by := r.do(ann, "GET", "/v1/audit", nil).want(200).ids("by"); len(by) != 6 {
		t.Errorf("log is of %v, want five refusals and a rehearsal (R29)", by)
	}
}

// unaware does not see the lock when it first looks, as one who was slower by
// a moment.
type unaware struct {
	store.MoveStore
	looked bool
}

func (u *unaware) Locked(ctx context.Context, account string) (string, error) {
	if !u.looked {
		u.looked = true
		return "", nil
	}
	return u.MoveStore.Locked(ctx, account)
}

func TestR04OfTwoAtOnceOneStarts(t *testing.T) {
	r := newRig(t)
	id := r.start("mail")
	late := r.UseCases.Starter
	late.Moves = &unaware{MoveStore: r.Moves}
	_, err := late.Start(t.Context(), desk.Caller{Account: "acme", Agent: "ann", Role: desk.SuperAdmin},
		desk.Choices{Channel: "phone", History: desk.NoHistory}, move.Idempotency{})
	if want := (&move.RunningError{Move: id}).Error(); err == nil || err.Error() != want {
		t.Errorf("the slower start = %v, want %s", err, want)
	}
	if locked, err := r.Moves.Locked(t.Context(), "acme"); locked != id || err != nil {
		t.Errorf("the lock is of %q, %v; want %s", locked, err, id)
	}
	if ids := r.do(ann, "GET", "/v1/moves", nil).want(200).ids(); !slices.Equal(ids, []string{id}) {
		t.Errorf("moves = %v", ids)
	}
}

// TestR05ConfiguringDoesNotUndoAMove moves a channel that nobody has written
// to, and leaves its history, such as it is, behind.
func TestR05ConfiguringDoesNotUndoAMove(t *testing.T) {
	r := newRig(t)
	r.do(ann, "POST", "/v1/moves", object{"channelId": "phone", "history": "none"}).want(202)
	const phone = `{"id": "phone", "type": "calling"},`
	without := refusal{as: ann, method: "PUT", path: "/v1/account", body: replaced(t, acme, phone, ""), status: 422, code: "invalid", field: "channels", remedy: "keep it"}
	home := func(want string) {
		t.Helper()
		r.change(phone, `{"id": "phone", "name": "Renamed", "type": "calling"},`)
		if a := r.do(ann, "GET", "/v1/channels/phone", nil).want(200); a.at("home") != want || a.at("name") != "Renamed" {
			t.Errorf("channel = %s, want it %s", a.Body, want)
		}
		r.refuse(map[string]refusal{"without it while " + want: without})
		// One who has looked just before the fence takes away what was in the inbox.
		setup, err := r.Setups.Setup(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		setup.Channels = slices.DeleteFunc(setup.Channels, func(c desk.Channel) bool { return c.ID == "phone" })
		if err := r.Setups.Replace(t.Context(), setup); err != nil {
			t.Fatal(err)
		}
		if a := r.do(ann, "GET", "/v1/channels/phone", nil).want(200); a.at("home") != want {
			t.Errorf("channel = %s, want it %s", a.Body, want)
		}
	}
	r.FenceLast()
	home("moving")
	r.Run()
	home("helpdesk")
	r.refuse(map[string]refusal{"once more": startWith(object{"channelId": "phone", "history": "none"}, 409, "already-moved", "nothing left")})
}

func TestR05TheFirstFenceStands(t *testing.T) {
	r := newRig(t)
	r.start("mail")
	run := r.FenceLast()
	fenced := r.do(ann, "GET", "/v1/channels/mail", nil).want(200)
	r.change(`{"id": "cem", "name": "Cem", "role": "agent"}`, `{"id": "cem", "name": "Cem", "role": "agent", "helpDesk": true}`)
	r.FenceLast() // the step is repeated
	if again := r.do(ann, "GET", "/v1/channels/mail", nil).want(200); again.Body.String() != fenced.Body.String() || fenced.at("fenceAt") == nil {
		t.Errorf("channel = %s, was %s", again.Body, fenced.Body)
	}
	if a := r.do(ann, "GET", "/v1/moves/"+run.Move, nil).want(200); a.at("access", 0) != "ann" || a.at("access", 1) != "bob" || a.at("access", 2) != nil || a.at("fenceAt") != fenced.at("fenceAt") {
		t.Errorf("move = %s", a.Body)
	}
	other, err := r.Moves.Get(t.Context(), "acme", run.Move)
	if err != nil {
		t.Fatal(err)
	}
	other.ID = "m2" // as if it had got past the lock
	if c, err := r.Setups.Fence(t.Context(), "acme", "mail", other.ID, r.Time); err != nil || c.Move != run.Move {
		t.Errorf("the channel is fenced by %q, %v; want %s", c.Move, err, run.Move)
	}
}

func TestR07OnlyWithHistoryIsTheChannelListed(t *testing.T) {
	for history, body := range map[string]object{"all": order("phone"), "none": {"channelId": "phone", "history": "none"}} {
		r := newRig(t)
		id := r.take("phone", "a")
		moveID := r.do(ann, "POST", "/v1/moves", body).want(202).at("id").(string)
		if got := r.Runs[0].History; got != (history == "all") {
			t.Errorf("%s: the execution's history = %t", history, got)
		}
		r.Run()
		if home := r.Conversation(id).Home; (home == desk.HelpDesk) != (history == "all") {
			t.Errorf("%s: the conversation is in %s", history, home)
		}
		if a := r.do(ann, "GET", "/v1/moves/"+moveID+"/report", nil).want(200); (a.at("found") == 1.0) != (history == "all") {
			t.Errorf("%s: report = %s", history, a.Body)
		}
	}
}

// TestR10DigestIsOnceAndOfWhatTheMoveGave: of history and of tickets moved as
// they were, by the owner whom the move set; not of live ones, nor before the
// last failure is settled.
func TestR10DigestIsOnceAndOfWhatTheMoveGave(t *testing.T) {
	r := newRig(t)
	for i, external := range []string{"a", "b", "c", "d", "e"} {
		owner := []string{"bob", "bob", "ann", "cem", ""}[i]
		id := r.take("mail", external)
		r.do(ann, "PATCH", "/v1/conversations/"+id, object{"owner": owner}).want(200)
		if external == "b" {
			r.do(ann, "POST", "/v1/conversations/"+id+"/tickets", object{"status": "lead"}).want(201)
		}
	}
	undated := r.Undated("mail").ID
	choices := with(order("mail"), "notifications", "digest")
	told := func() map[string]int {
		t.Helper()
		n := make(map[string]int)
		for _, item := range r.do(bot, "GET", "/v1/notifications", nil).want(200).at("items").([]any) {
			tickets, _ := at(item, "tickets").(float64)
			n[at(item, "kind").(string)+" "+at(item, "agent").(string)] += int(tickets)
		}
		return n
	}
	r.rehearse(choices)
	if got := told(); len(got) != 0 {
		t.Errorf("a rehearsal tells %v", got)
	}
	id := r.do(ann, "POST", "/v1/moves", choices).want(202).at("id").(string)
	r.FenceLast()
	live := r.take("mail", "live")
	r.Changed(live)
	r.Run()
	owner := r.do(bob, "GET", "/v1/tickets/t-"+live, nil).want(200).at("owner").(string)
	want := map[string]int{"live " + owner: 0}
	if got := told(); !cmp.Equal(got, want) {
		t.Errorf("at attention agents are told %v, want %v", got, want)
	}
	bobs := r.do(bob, "GET", "/v1/tickets?owner=ann&status=waiting", nil).want(200)
	r.do(bob, "PATCH", "/v1/tickets/"+bobs.at("items", len(bobs.ids())-1, "id").(string), object{"owner": "bob"}).want(200)
	c := r.Conversation(undated)
	c.Started, c.Owner = r.Time, "bob"
	if err := r.Conversations.Save(t.Context(), c, c.Version); err != nil {
		t.Fatal(err)
	}
	r.do(ann, "POST", "/v1/moves/"+id+"/retry", nil).want(202)
	r.Run()
	want["digest bob"], want["digest ann"] = 3, 1
	if got := told(); !cmp.Equal(got, want) {
		t.Errorf("at the end agents are told %v, want %v", got, want)
	}
}

// TestR10Modes moves a conversation and a native ticket, and takes in a live
// conversation.
func TestR10Modes(t *testing.T) {
	for mode, want := range map[string][]string{
		"quiet":  {"live"},
		"digest": {"digest", "live"},
		"all":    {"live", "ticket", "ticket"},
	} {
		t.Run(mode, func(t *testing.T) {
			r := newRig(t)
			for _, external := range []string{"a", "b"} {
				id := r.take("mail", external)
				r.do(ann, "PATCH", "/v1/conversations/"+id, object{"owner": "bob"}).want(200)
				if external == "b" {
					r.do(ann, "POST", "/v1/conversations/"+id+"/tickets", object{"status": "lead"}).want(201)
				}
			}
			r.do(ann, "POST", "/v1/moves", with(order("mail"), "notifications", mode)).want(202)
			r.Run()
			live := r.take("mail", "live")
			r.Changed(live)
			r.append(live, "mail", "reply", "customer")
			r.Changed(live)
			kinds := r.do(bot, "GET", "/v1/notifications", nil).want(200).ids("kind")
			if slices.Sort(kinds); !slices.Equal(kinds, want) {
				t.Errorf("agents are told %v, want %v", kinds, want)
			}
		})
	}
}

func TestR11PlanCountsWhatItReads(t *testing.T) {
	r := newRig(t)
	written := time.Date(2026, 11, 17, 3, 40, 0, 0, time.UTC) // a Tuesday
	for i, state := range []string{"open", "closed", "closed"} {
		id := r.do(bot, "POST", "/v1/channels/mail/conversations", object{"externalId": string(rune('a' + i)), "author": "customer", "at": written}).want(201).at("conversationId").(string)
		r.do(ann, "PATCH", "/v1/conversations/"+id, object{"owner": "cem", "status": state}).want(200)
		r.take("form", "f"+state+string(rune('a'+i)))
	}
	p, err := r.Planner.Plan(t.Context(), "acme", "mail", desk.Choices{History: desk.AllHistory})
	if err != nil || p.Conversations != 3 || p.Owned["cem"] != 3 || p.LeftBehind["form"] != 3 {
		t.Errorf("facts = %+v, %v", p.PreflightCounts, err)
	}
	// The hour of the week is that in which it was written, in UTC.
	if n := p.Hourly[2*24+3]; n != 3 {
		t.Errorf("%d of 3 at Tuesday, 3 o'clock", n)
	}
	r.Import("plain", 250)
	for sample, sampled := range map[int]bool{1: true, 1000: false} {
		plan := r.Planner
		plan.Sample = sample
		p, err := plan.Plan(t.Context(), "acme", "plain", desk.Choices{History: desk.AllHistory})
		if err != nil || p.Sampled != sampled || (p.Conversations == 250) == sampled {
			t.Errorf("of a sample of %d: %d conversations, sampled %t, %v", sample, p.Conversations, p.Sampled, err)
		}
	}
}

// TestR12TheMoveDoesWhatItsRehearsalForesaw, but for what is written.
func TestR12TheMoveDoesWhatItsRehearsalForesaw(t *testing.T) {
	for name, choices := range map[string]object{
		"from the move":   order("mail"),
		"original clocks": with(with(order("mail"), "sla", "original"), "acknowledged", []string{"connected-left-behind", "agents-without-access", "would-breach"}),
		"no clocks":       with(order("mail"), "sla", "none"),
		"no history":      with(with(order("mail"), "history", "none"), "statusMap", nil),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			var ids []string
			for i, edit := range []object{{"owner": "cem"}, {"status": "closed"}, {"owner": "bob"}, {"owner": "cem"}} {
				id := r.take("mail", string(rune('a'+i)))
				r.do(ann, "PATCH", "/v1/conversations/"+id, edit).want(200)
				ids = append(ids, id)
			}
			r.do(ann, "POST", "/v1/conversations/"+ids[3]+"/tickets", object{"status": "lead"}).want(201)
			undated := r.Undated("mail").ID
			r.Time = r.Time.AddDate(0, 0, 8) // what waits has breached its original clocks
			before := len(r.Written)
			rehearsal := r.rehearse(choices)
			for _, k := range r.Written[before:] {
				if ours := strings.Contains(k.PK, rehearsal) || k.PK == store.AuditPK("acme") || strings.Contains(k.SK, rehearsal); !ours {
					t.Errorf("the rehearsal wrote %v", k)
				}
			}
			if a := r.do(ann, "GET", "/v1/channels/mail", nil).want(200); a.at("home") != "inbox" || a.at("fenceAt") != nil {
				t.Errorf("channel = %s", a.Body)
			}
			moved := r.do(ann, "POST", "/v1/moves", choices).want(202).at("id").(string)
			r.Run()
			report := func(id string) (object, []string) {
				o := r.do(ann, "GET", "/v1/moves/"+id+"/report", nil).want(200).json()
				for _, differs := range []string{"moveId", "rehearsal", "status", "endedAt"} {
					delete(o, differs)
				}
				return o, r.do(ann, "GET", "/v1/moves/"+id+"/failures", nil).want(200).ids("conversationId")
			}
			foreseen, fails := report(rehearsal)
			done, failed := report(moved)
			if diff := cmp.Diff(foreseen, done); diff != "" {
				t.Errorf("-rehearsal +move\n%s", diff)
			}
			if want := []string{undated}; name != "no history" && !(slices.Equal(fails, want) && slices.Equal(failed, want)) {
				t.Errorf("failures foreseen %v, failed %v", fails, failed)
			}
			var breaches, found float64
			if name != "no history" {
				found = 5
			}
			if name == "original clocks" {
				breaches = 2
			}
			if done["found"] != found || done["breaches"] != breaches {
				t.Errorf("found %v, breaches %v; want %v, %v", done["found"], done["breaches"], found, breaches)
			}
		})
	}
}

// TestR12ManyPages rehearses and moves more conversations than a page holds.
func TestR12ManyPages(t *testing.T) {
	r := newRig(t)
	r.Import("phone", 4100)
	found := func(id string) any { return r.do(ann, "GET", "/v1/moves/"+id+"/report", nil).want(200).at("found") }
	if n := found(r.rehearse(order("phone"))); n != 4100.0 {
		t.Errorf("the rehearsal found %v", n)
	}
	id := r.start("phone")
	r.Run()
	if n := found(id); n != 4100.0 {
		t.Errorf("the move found %v", n)
	}
}

// TestR14JoiningWhileTheFormMoves: a mail arrives when the form's move has
// made the ticket, and not the marker yet. Its batch comes again, or, if it was
// an audit that died, only the stream knows of it.
func TestR14JoiningWhileTheFormMoves(t *testing.T) {
	for _, test := range []struct{ native, stream bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		native, r := test.native, newRig(t)
		id := r.take("form", "f1")
		if native {
			r.do(ann, "POST", "/v1/conversations/"+id+"/tickets", object{"status": "lead"}).want(201)
		}
		r.start("form")
		r.Step(r.List, r.FenceLast())
		c := r.Conversation(id)
		t1 := desk.Ticket{
			Account: "acme", ID: desk.TicketID(id), Conversation: id, Channel: "form", Status: "waiting", Created: c.Started,
			Provenance: desk.History, Home: desk.HelpDesk, SourceVersion: c.Version, Revision: 1,
		}
		if native {
			t1, _ = r.Tickets.Get(t.Context(), "acme", t1.ID)
			was := t1
			t1.Home, t1.Revision = desk.HelpDesk, t1.Revision+1
			if err := r.Tickets.Replace(t.Context(), t1, was); err != nil {
				t.Fatal(err)
			}
		} else if errs := r.Tickets.Create(t.Context(), []desk.Ticket{t1}); errs != nil {
			t.Fatal(errs)
		}
		r.append(id, "mail", "answer", "agent")
		if test.stream {
			r.Changed(id)
		} else {
			r.Deliver()
		}
		if c := r.Conversation(id); c.Channel != "mail" || c.Home != desk.Inbox {
			t.Errorf("%+v: conversation = %+v", test, c)
		}
		if native {
			if a := r.do(cem, "GET", "/v1/tickets/t-"+id, nil).want(200); a.at("home") != "inbox" || a.at("status") != "lead" {
				t.Errorf("ticket = %s", a.Body)
			}
		} else {
			r.do(ann, "GET", "/v1/tickets/t-"+id, nil).want(404)
		}
	}
}

func TestR14FormsAndMailsThatMovedApart(t *testing.T) {
	for name, test := range map[string]struct {
		move          string // before the first mail
		channel, home string // after it
	}{
		"neither":  {"", "mail", "inbox"},
		"the form": {"form", "form", "helpdesk"}, // what has moved stays moved
		"the mail": {"mail", "mail", "helpdesk"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			id := r.take("form", "f1")
			if test.move != "" {
				r.start(test.move)
				r.Run()
			}
			r.Changed(id)
			if home := string(r.Conversation(id).Home); (home == "helpdesk") != (test.move == "form") {
				t.Errorf("before the mail it is in %s", home)
			}
			r.append(id, "mail", "m1", "customer")
			r.Changed(id)
			if c := r.Conversation(id); c.Channel != test.channel || string(c.Home) != test.home || c.Origin != "form" {
				t.Errorf("conversation = %+v, want it of %s in %s", c, test.channel, test.home)
			}
			if test.home == "helpdesk" {
				if a := r.do(bob, "GET", "/v1/tickets/t-"+id, nil).want(200); a.at("sourceVersion") != 2.0 || a.at("originId") != "form" || a.at("channelId") != test.channel {
					t.Errorf("ticket = %s", a.Body)
				}
			}
		})
	}
}

func TestR16TheTicketSaysHowItCame(t *testing.T) {
	r := newRig(t)
	bobs, cems := r.take("mail", "a"), r.take("mail", "b")
	r.do(ann, "PATCH", "/v1/conversations/"+bobs, object{"owner": "bob"}).want(200)
	r.do(ann, "PATCH", "/v1/conversations/"+cems, object{"owner": "cem"}).want(200)
	id := r.start("mail")
	run := r.Step(r.List, r.FenceLast())
	// Who had access at the fence counts, not who has it now.
	changed := replaced(t, acme, `{"id": "cem", "name": "Cem", "role": "agent"}`, `{"id": "cem", "name": "Cem", "role": "agent", "helpDesk": true}`)
	changed = replaced(t, changed, `{"id": "bob", "name": "Bob", "role": "agent", "helpDesk": true}`, `{"id": "bob", "name": "Bob", "role": "agent"}`)
	r.do(ann, "PUT", "/v1/account", changed).want(200)
	r.Deliver()
	for conversation, want := range map[string]object{bobs: {"owner": "bob", "lostOwner": nil}, cems: {"owner": "", "lostOwner": "cem"}} {
		a := r.do(ann, "GET", "/v1/tickets/t-"+conversation, nil).want(200)
		for field, v := range map[string]any{
			"owner": want["owner"], "lostOwner": want["lostOwner"], "moveId": run.Move, "originId": "mail", "conversationId": conversation,
			"createdAt": r.do(ann, "GET", "/v1/conversations/"+conversation, nil).want(200).at("startedAt"),
		} {
			if a.at(field) != v {
				t.Errorf("%s = %v, want %v", field, a.at(field), v)
			}
		}
		written, _ := a.at("importedAt").(string)
		imported, err := time.Parse(time.RFC3339, written)
		if err != nil || r.Time.Sub(imported).Abs() > time.Second || run.Move != id {
			t.Errorf("imported %v", a.at("importedAt"))
		}
	}
}

// TestR16ASecondTicketIsNotMade: two workers convert the same conversation,
// and a reply comes between them.
func TestR16ASecondTicketIsNotMade(t *testing.T) {
	r := newRig(t)
	id := r.take("mail", "a")
	r.start("mail")
	r.Step(r.List, r.FenceLast())
	c := r.Conversation(id)
	first := desk.Ticket{
		Account: "acme", ID: desk.TicketID(id), Conversation: id, Channel: "mail", Subject: "First", Status: "waiting", Created: c.Started,
		Provenance: desk.History, Imported: r.Time, Move: r.Runs[0].Move, Origin: "mail", Home: desk.HelpDesk, SourceVersion: c.Version, Revision: 1,
	}
	if errs := r.Tickets.Create(t.Context(), []desk.Ticket{first}); errs != nil {
		t.Fatal(errs)
	}
	if errs := r.Tickets.Create(t.Context(), []desk.Ticket{first}); len(errs) != 1 || errs[0] != desk.ErrExists {
		t.Errorf("the second = %v, want ErrExists", errs)
	}
	r.append(id, "mail", "reply", "customer")
	for _, b := range r.Sent {
		if _, err := r.Convert.Use(t.Context(), b, 1); err != nil { // received for the first time
			t.Fatal(err)
		}
	}
	now, err := r.Tickets.Get(t.Context(), "acme", first.ID)
	if err != nil || now.SourceVersion != 2 || now.Revision != 2 || !now.Imported.Equal(first.Imported.Truncate(time.Millisecond)) {
		t.Errorf("ticket = %+v, %v", now, err)
	}
	if c := r.Conversation(id); c.Home != desk.HelpDesk || c.Ticket != now.ID {
		t.Errorf("conversation = %+v", c)
	}
}

func TestR17TheMoveLeavesSettingsAlone(t *testing.T) {
	r := newRig(t)
	for id, settings := range map[string]string{"phone": "", "plain": `{ "x" : 1.0 }`} {
		if settings != "" {
			r.change(`{"id": "plain", "type": "chat"}`, `{"id": "plain", "type": "chat", "settings": `+settings+`}`)
		}
		before, err := r.Setups.Channel(t.Context(), "acme", id)
		if err != nil || string(before.Settings) != settings {
			t.Fatalf("settings = %q, %v", before.Settings, err)
		}
		r.start(id)
		for _, step := range []func(){func() { r.FenceLast() }, func() { r.Run() }} {
			step()
			after, err := r.Setups.Channel(t.Context(), "acme", id)
			before.Home, before.FenceAt, before.Move = after.Home, after.FenceAt, after.Move
			if diff := cmp.Diff(before, after); diff != "" || err != nil || after.Move == "" {
				t.Errorf("%s, %v: %s", after.Home, err, diff)
			}
		}
	}
}

func TestR18RedirectionBeginsAtTheFenceAndStays(t *testing.T) {
	r := newRig(t)
	home := func(id string, want desk.Home) {
		t.Helper()
		r.Changed(id)
		if c := r.Conversation(id); c.Home != want {
			t.Errorf("conversation = %+v, want it in %s", c, want)
		}
	}
	home(r.take("phone", "before"), desk.Inbox)
	r.do(ann, "POST", "/v1/moves", object{"channelId": "phone", "history": "none"}).want(202)
	home(r.take("phone", "started"), desk.Inbox)
	r.FenceLast()
	home(r.take("phone", "moving"), desk.HelpDesk)
	r.Run()
	home(r.take("phone", "moved"), desk.HelpDesk)
	r.Time = r.Time.AddDate(1, 0, 0)
	// Who has help desk access by then receives it.
	changed := replaced(t, acme, `{"id": "cem", "name": "Cem", "role": "agent"}`, `{"id": "cem", "name": "Cem", "role": "agent", "helpDesk": true}`)
	changed = replaced(t, changed, `{"id": "phone", "type": "calling"}`, `{"id": "phone", "type": "calling", "settings": {"routing": {"agents": ["cem"]}}}`)
	r.do(ann, "PUT", "/v1/account", changed).want(200)
	last := r.take("phone", "a year later")
	home(last, desk.HelpDesk)
	if a := r.do(ann, "GET", "/v1/tickets/t-"+last, nil).want(200); a.at("owner") != "cem" || a.at("provenance") != "live" || a.at("moveId") != nil || a.at("clocks", "firstReplyAt") == nil {
		t.Errorf("ticket = %s", a.Body)
	}
}

// TestR19WhoIsLateChangesNothing: every write of a conversation or ticket
// looks whether it is still what its writer has read.
func TestR19WhoIsLateChangesNothing(t *testing.T) {
	r := newRig(t)
	id := r.take("mail", "a")
	read := r.Conversation(id)
	r.append(id, "mail", "b", "customer")
	marked := read
	marked.Home, marked.Ticket = desk.HelpDesk, desk.TicketID(id)
	if errs := r.Conversations.Mark(t.Context(), []desk.Conversation{marked}); len(errs) != 1 || errs[0] != desk.ErrChanged {
		t.Errorf("a marker that has not seen the reply = %v, want ErrChanged", errs)
	}
	edited := read
	edited.Version++
	if err := r.Conversations.Save(t.Context(), edited, read.Version); !errors.Is(err, desk.ErrChanged) {
		t.Errorf("an edit that has not seen the reply = %v, want ErrChanged", err)
	}
	if c := r.Conversation(id); c.Version != 2 || c.Home != desk.Inbox || c.Messages != 2 {
		t.Errorf("conversation = %+v", c)
	}
	r.start("mail")
	r.Run()
	old, err := r.Tickets.Get(t.Context(), "acme", desk.TicketID(id))
	if err != nil {
		t.Fatal(err)
	}
	r.do(bob, "PATCH", "/v1/tickets/"+old.ID, object{"status": "solved", "owner": "bob"}).want(200)
	late := old
	late.Revision++
	if err := r.Tickets.Replace(t.Context(), late, old); !errors.Is(err, desk.ErrChanged) {
		t.Errorf("a change that has not seen the edit = %v, want ErrChanged", err)
	}
	if err := r.Tickets.Delete(t.Context(), old); !errors.Is(err, desk.ErrChanged) {
		t.Errorf("a deletion that has not seen the edit = %v, want ErrChanged", err)
	}
	if a := r.do(bob, "GET", "/v1/tickets/"+old.ID, nil).want(200); a.at("status") != "solved" || a.at("owner") != "bob" {
		t.Errorf("ticket = %s", a.Body)
	}
}

// TestR19ALostReplyIsFound: the stream has not brought a reply to a marked
// conversation; reconciling does.
func TestR19ALostReplyIsFound(t *testing.T) {
	r := newRig(t)
	id := r.take("mail", "a")
	r.start("mail")
	run := r.Step(r.List, r.FenceLast())
	r.Deliver()
	r.append(id, "mail", "reply", "customer")
	r.Time = r.Time.Add(time.Minute)
	if run = r.Step(r.Reconcile, run); run.Found != 1 {
		t.Errorf("reconciling found %d", run.Found)
	}
	r.Deliver()
	if a := r.do(ann, "GET", "/v1/tickets/t-"+id, nil).want(200); a.at("sourceVersion") != 2.0 {
		t.Errorf("ticket = %s", a.Body)
	}
}

// TestR20WhatStaysWorksAsBefore moves a channel without its history.
func TestR20WhatStaysWorksAsBefore(t *testing.T) {
	r := newRig(t)
	closed, native := r.take("phone", "closed"), r.take("phone", "native")
	r.do(cem, "PATCH", "/v1/conversations/"+closed, object{"status": "closed", "owner": "cem"}).want(200)
	r.do(cem, "POST", "/v1/conversations/"+native+"/tickets", object{"status": "won"}).want(201)
	id := r.do(ann, "POST", "/v1/moves", object{"channelId": "phone", "history": "none"}).want(202).at("id").(string)
	check := func(when string) {
		t.Helper()
		for _, conversation := range []string{closed, native} {
			r.append(conversation, "phone", when+conversation, "customer")
			r.Changed(conversation)
			a := r.do(cem, "GET", "/v1/conversations/"+conversation, nil).want(200)
			if a.at("home") != "inbox" || a.at("status") != "open" || a.at("channelId") != "phone" {
				t.Errorf("%s conversation = %s", when, a.Body)
			}
			r.do(cem, "PATCH", "/v1/conversations/"+conversation, object{"status": "closed", "owner": "bob"}).want(200)
			r.Changed(conversation)
		}
		r.do(cem, "PATCH", "/v1/tickets/t-"+native, object{"status": "lead"}).want(200)
		a := r.do(cem, "PATCH", "/v1/tickets/t-"+native, object{"status": "won"}).want(200)
		if a.at("home") != "inbox" || a.at("status") != "won" || a.at("provenance") != "native" {
			t.Errorf("%s ticket = %s", when, a.Body)
		}
		if ids := r.do(cem, "GET", "/v1/conversations?channel=phone", nil).want(200).ids(); !slices.Equal(ids, []string{native, closed}) {
			t.Errorf("%s cem sees %v", when, ids)
		}
	}
	check("before")
	r.FenceLast()
	check("moving")
	r.Run()
	check("moved")
	r.Time = r.Time.AddDate(0, 1, 0)
	made := r.do(cem, "POST", "/v1/conversations/"+closed+"/tickets", object{"status": "new"}).want(201)
	if made.at("home") != "inbox" || made.at("provenance") != "native" {
		t.Errorf("ticket = %s", made.Body)
	}
	check("a month later")
	if ids := r.do(ann, "GET", "/v1/moves/"+id+"/failures", nil).want(200).ids("conversationId"); len(ids) != 0 {
		t.Errorf("failures = %v", ids)
	}
}

// TestR22LiveTrafficDoesNotWait: nothing of the backfill has been converted
// when a live conversation lands, and a reply takes its old one ahead.
func TestR22LiveTrafficDoesNotWait(t *testing.T) {
	r := newRig(t)
	r.Import("mail", 250)
	old := r.take("mail", "old")
	r.start("mail")
	r.Step(r.List, r.FenceLast())
	live := r.take("mail", "live")
	r.append(old, "mail", "reply", "customer")
	for _, id := range []string{live, old} {
		r.Changed(id)
		if c := r.Conversation(id); c.Home != desk.HelpDesk {
			t.Errorf("conversation = %+v", c)
		}
	}
	// The newest are sent first.
	var sent []string
	for _, b := range r.Sent {
		sent = append(sent, b.IDs...)
	}
	if len(sent) != 251 || sent[0] != old || !slices.IsSortedFunc(sent[1:], func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("sent are %d, not the newest first: %v", len(sent), sent[:min(5, len(sent))])
	}
}
