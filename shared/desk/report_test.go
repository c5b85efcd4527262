package desk_test

import (
	"strconv"
	"testing"
	"time"

	"deskmove/shared/desk"
)

func TestR27_ChecksumTellsEverythingApart(t *testing.T) {
	type line struct {
		conversation string
		start        time.Time
		status       desk.Status
		owner        string
	}
	lines := []line{
		{"c1", fence, "new", "bo"}, {"c2", fence, "new", "bo"}, {"c1", fence.Add(time.Millisecond), "new", "bo"},
		{"c1", fence, "old", "bo"}, {"c1", fence, "new", "di"}, {"c1", fence, "new", ""},
		{"c1n", fence, "ew", "bo"}, {"c1", fence, "newb", "o"}, {"", fence, "c1new", "bo"}, {"c1", time.Time{}, "new", "bo"},
	}
	seen := map[uint64]line{}
	for _, l := range lines {
		sum := desk.Checksum(l.conversation, l.start, l.status, l.owner)
		if other, ok := seen[sum]; ok {
			t.Errorf("%v and %v have the same sum", l, other)
		}
		seen[sum] = l
	}
}

// The sum is stored and compared between releases: it must not change.
func TestR27_ChecksumIsStable(t *testing.T) {
	if got := desk.Checksum("c1", fence, "new", "bo"); got != 0xcdf33f34efc55200 {
		t.Errorf("Checksum = %#x", got)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	if desk.Checksum("c1", fence.In(berlin).Add(time.Microsecond), "new", "bo") != desk.Checksum("c1", fence, "new", "bo") {
		t.Error("it depends on the zone, or on what the store does not keep")
	}
}

func TestR27_SumsDoNotDependOnTheOrder(t *testing.T) {
	var up, down uint64
	for i := range 1000 {
		up += desk.Checksum("c"+strconv.Itoa(i), fence, "new", "")
		down += desk.Checksum("c"+strconv.Itoa(999-i), fence, "new", "")
	}
	if up != down {
		t.Errorf("%x and %x", up, down)
	}
}

// agree reports whether both sides of c's line in the proof do.
func agree(r *desk.Rules, c desk.Conversation) bool {
	inbox, helpDesk := r.Checksums(c)
	return inbox == helpDesk
}

// landings are conversations of every kind that have landed, with r or after the
// end of its move.
func landings(t testing.TB, r *desk.Rules) map[string]desk.Conversation {
	t.Helper()
	s := acme()
	s.Channels[0].Home = desk.HelpDesk
	s.Agents[1].HelpDesk, s.Agents[2].HelpDesk = false, true // bo's access is cy's by then
	after := rules(t, s, allOf("mail"))
	closed, lost, nobodys := old(), old(), old()
	closed.Status, lost.Owner, nobodys.Owner = desk.Closed, "cy", ""
	live, taken, liveLost, liveClosed := fresh(), fresh(), fresh(), fresh()
	taken.Owner, liveLost.Owner, liveClosed.Status = "bo", "cy", desk.Closed
	return map[string]desk.Conversation{
		"history": land(t, r, old(), fence), "closed": land(t, r, closed, fence), "lost": land(t, r, lost, fence), "nobody's": land(t, r, nobodys, fence),
		"live": land(t, r, live, fence), "taken": land(t, r, taken, fence), "live, lost": land(t, r, liveLost, fence), "live, closed": land(t, r, liveClosed, fence),
		"native":              land(t, r, native(), fence),
		"nobody's, after":     land(t, after, nobodys, fence),
		"history, after":      land(t, after, lost, fence),
		"history, lost after": land(t, after, old(), fence),
		"live, after":         land(t, after, liveLost, fence),
		"live, lost after":    land(t, after, taken, fence),
	}
}

func TestR27_BothSidesAgree(t *testing.T) {
	s := acme()
	r := rules(t, s, allOf("mail"))
	for name, c := range landings(t, r) {
		if !agree(r, c) {
			t.Errorf("%s: the sides differ: %+v", name, c.Ticket)
		}
		if _, got := r.Checksums(c); got != desk.Checksum("c1", c.Ticket.Created, c.Ticket.Status, c.Ticket.Owner) {
			t.Errorf("%s: the sum is not that of its line", name)
		}
		inbox, helpDesk := r.Checksums(c)
		later := follow(t, s, r, c, desk.ByCustomer, fence.Add(time.Hour))
		later = edit(t, r, later, desk.TicketEdit{Status: ptr(desk.Status("spam")), Owner: ptr("ada")}, fence.Add(2*time.Hour))
		later = follow(t, s, r, later, desk.ByCustomer, fence.Add(3*time.Hour))
		if in, help := r.Checksums(later); in != inbox || help != helpDesk {
			t.Errorf("%s: replies and edits change the sums", name)
		}
	}
}

// A landing that went wrong in any way is noticed, but what only it can tell: all
// of a native ticket, which was there before, the status of a live one, and whom a
// live one without an owner was routed to.
func TestR27_WrongLandingsAreNoticed(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	for name, c := range landings(t, r) {
		tk := c.Ticket
		inMove, live := tk.Move != "", tk.Provenance == desk.Live
		for what, test := range map[string]struct {
			spoil   func(*desk.Ticket)
			noticed bool
		}{
			"date":         {func(tk *desk.Ticket) { tk.Created = fence.Add(-time.Minute) }, true},
			"status":       {func(tk *desk.Ticket) { tk.Status = "won" }, !live && inMove},
			"owner":        {func(tk *desk.Ticket) { tk.Owner = "ada2" }, !live || c.Owner != "" && tk.LostOwner == ""},
			"lost owner":   {func(tk *desk.Ticket) { tk.LostOwner = "ada2" }, true},
			"access taken": {func(tk *desk.Ticket) { tk.Owner, tk.LostOwner = "", c.Owner }, inMove && c.Owner != "" && tk.LostOwner == ""},
			"access given": {func(tk *desk.Ticket) { tk.Owner, tk.LostOwner = c.Owner, "" }, inMove && tk.LostOwner != ""},
		} {
			wrong := c
			test.spoil(&wrong.Ticket)
			if got := !agree(r, wrong); got != (test.noticed && tk.Provenance != desk.Native) {
				t.Errorf("%s: a wrong %s: noticed %v", name, what, got)
			}
			wrong.Ticket.Landed, wrong.Ticket.Status, wrong.Ticket.Owner = wrong.Ticket.AtLanding(), tk.Status, tk.Owner
			if got := !agree(r, wrong); got != (test.noticed && tk.Provenance != desk.Native) {
				t.Errorf("%s: a wrong %s that was mended later: noticed %v", name, what, got)
			}
		}
	}
}

// The source is what the conversation was at its landing. If it changes, the
// landing was not made from it.
func TestR27_ChangedSourceIsNoticed(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	closed, assigned, dated := land(t, r, old(), fence), land(t, r, old(), fence), land(t, r, fresh(), fence)
	closed.Status, assigned.Owner, dated.Started = desk.Closed, "ada", fence.Add(-time.Minute)
	for name, c := range map[string]desk.Conversation{"closed": closed, "assigned": assigned, "dated": dated} {
		if agree(r, c) {
			t.Errorf("%s after its landing, and nobody notices", name)
		}
	}
}

// Whatever an administrator changes during the move or after it, it proves nothing
// wrong, and hides nothing that is.
func TestR27_ProofDoesNotDependOnTodaysSetup(t *testing.T) {
	at := rules(t, acme(), allOf("mail"))
	snapshot := acme().Access()
	for what, change := range map[string]func(*desk.Setup, *desk.Move){
		"nothing": func(*desk.Setup, *desk.Move) {},
		"settings": func(s *desk.Setup, _ *desk.Move) {
			s.Channels[0].Settings = []byte(`{"routing":{"agents":["bo"]},"tickets":{"status":"waiting"}}`)
		},
		"access":   func(s *desk.Setup, _ *desk.Move) { s.Agents[1].HelpDesk, s.Agents[2].HelpDesk = false, true },
		"agents":   func(s *desk.Setup, _ *desk.Move) { s.Agents, s.Teams = s.Agents[:1], nil },
		"policies": func(s *desk.Setup, _ *desk.Move) { s.Policies = nil },
		"pipelines": func(s *desk.Setup, _ *desk.Move) {
			s.Pipelines = []desk.Pipeline{{ID: "new one", Statuses: []desk.PipelineStatus{{ID: "solved"}, {ID: "done", Closed: true}}}}
		},
	} {
		for _, home := range []desk.Home{desk.Moving, desk.HelpDesk} {
			s, m := acme(), allOf("mail")
			change(&s, &m)
			s.Channels[0].Home = home
			if m.EndedAt = fence.Add(time.Hour); home == desk.Moving && what != "pipelines" {
				m.EndedAt = time.Time{}
			}
			r, err := desk.NewRules(s, m, s.Channels[0], snapshot)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			for name, c := range landings(t, at) {
				inbox, helpDesk := r.Checksums(c)
				if wantInbox, want := at.Checksums(c); inbox != wantInbox || helpDesk != want {
					t.Errorf("%s: the sums of %s change with the %s", home, name, what)
				}
				wrong := c
				if wrong.Ticket.Status = "gone"; agree(r, wrong) != agree(at, wrong) {
					t.Errorf("%s: a wrong status of %s is judged by the %s", home, name, what)
				}
			}
		}
	}
}

func TestR27_SourceThatCannotBeConvertedIsNoticed(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	c := land(t, r, old(), fence)
	if c.Status = "ajar"; agree(r, c) {
		t.Error("a state that is neither open nor closed agrees with a ticket")
	}
}
