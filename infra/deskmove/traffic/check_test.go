package traffic_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"deskmove/infra/deskmove/traffic"
	"deskmove/shared/desk"
)

// liar is an API that may show conversations otherwise than they are, and
// remembers the edits and replies that were acknowledged.
type liar struct {
	traffic.API

	mu    sync.Mutex
	lie   func(*desk.Conversation, *[]desk.Message) error
	trace []event
}

// event is an acknowledged change.
type event struct {
	conversation string
	ticket       desk.TicketEdit // of an edit of a ticket
	inbox        desk.Edit       // of an edit in the inbox
	replied      bool            // a customer's message
}

func (l *liar) note(e event, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.trace = append(l.trace, e)
	}
	return err
}

func (l *liar) Post(ctx context.Context, m desk.Message, references []string) (traffic.Posted, error) {
	p, err := l.API.Post(ctx, m, references)
	return p, l.note(event{conversation: p.Conversation, replied: m.Author == desk.ByCustomer}, err)
}

func (l *liar) EditTicket(ctx context.Context, id string, e desk.TicketEdit) error {
	return l.note(event{conversation: id[2:], ticket: e}, l.API.EditTicket(ctx, id, e))
}

func (l *liar) EditConversation(ctx context.Context, id string, e desk.Edit) error {
	return l.note(event{conversation: id, inbox: e}, l.API.EditConversation(ctx, id, e))
}

func (l *liar) Conversation(ctx context.Context, id string) (desk.Conversation, []desk.Message, error) {
	c, ms, err := l.API.Conversation(ctx, id)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lie != nil && err == nil {
		ms = slices.Clone(ms)
		err = l.lie(&c, &ms)
	}
	return c, ms, err
}

// last finds a conversation whose last event of those that matter fits.
func (l *liar) last(t *testing.T, matters, fits func(event) bool) string {
	t.Helper()
	last := make(map[string]event)
	for _, e := range l.trace {
		if matters(e) {
			last[e.conversation] = e
		}
	}
	for id, e := range last {
		if fits(e) {
			return id
		}
	}
	t.Fatal("no conversation is fit for the fault")
	return ""
}

var closedStatuses = []desk.Status{"solved", "spam"}

func setsStatus(e event) bool { return e.ticket.Status != nil || e.inbox.State != nil }
func setsOwner(e event) bool  { return e.ticket.Owner != nil || e.inbox.Owner != nil }
func closes(e event) bool {
	return e.ticket.Status != nil && slices.Contains(closedStatuses, *e.ticket.Status)
}

// TestCheckSees plants one fault after the other, in the data or in what is
// read of it, and expects the check to name each.
func TestCheckSees(t *testing.T) {
	w := start(t)
	api := &liar{API: w}
	tr, err := traffic.New(traffic.Config{Name: "t", Seed: 7, Rate: 150, Setup: setup(), Busiest: "mail"}, api)
	if err != nil {
		t.Fatal(err)
	}
	var m desk.Move
	run(t, tr, func() {
		m = w.move(t, "mail", desk.AllHistory)
		time.Sleep(2 * time.Second)
	})
	check := func(patience time.Duration, moves ...desk.Move) []traffic.Violation {
		checked, err := tr.Check(t.Context(), moves, patience)
		if err != nil {
			t.Fatal(err)
		}
		return checked.Violations
	}
	if bad := check(10*time.Second, m); len(bad) > 0 {
		t.Fatalf("before any fault: %v", bad)
	}

	type thread struct {
		c  *desk.Conversation
		ms *[]desk.Message
	}
	gone := &traffic.Refused{Status: 404}
	for code, lie := range map[string]func(thread) (bool, error){
		traffic.CodeGone:           func(thread) (bool, error) { return true, gone },
		traffic.CodeLostMessage:    func(x thread) (bool, error) { *x.ms = (*x.ms)[1:]; return true, nil },
		traffic.CodeDoubledMessage: func(x thread) (bool, error) { *x.ms = append(*x.ms, (*x.ms)[0]); return true, nil },
		traffic.CodeAlteredMessage: func(x thread) (bool, error) { (*x.ms)[0].Text += "?"; return true, nil },
		traffic.CodeStrayMessage: func(x thread) (bool, error) {
			*x.ms = append(*x.ms, desk.Message{External: "t-999999@traffic"})
			return true, nil
		},
		traffic.CodeNotMoved: func(x thread) (bool, error) {
			fits := x.c.Home == desk.HelpDesk
			x.c.Home = desk.Inbox
			return fits, nil
		},
		traffic.CodeMovedAstray: func(x thread) (bool, error) {
			fits := x.c.Home == desk.Inbox
			x.c.Home = desk.HelpDesk
			return fits, nil
		},
	} {
		t.Run(code, func(t *testing.T) {
			victim := ""
			api.lie = func(c *desk.Conversation, ms *[]desk.Message) error {
				was, had := *c, slices.Clone(*ms)
				if victim != "" || len(had) == 0 {
					return nil
				}
				fits, err := lie(thread{c, ms})
				if !fits {
					*c, *ms = was, had
					return nil
				}
				victim = c.ID
				return err
			}
			defer func() { api.lie = nil }()
			expect(t, check(0, m), code, victim)
		})
	}
	t.Run("channel of no move", func(t *testing.T) {
		if bad := check(0); len(bad) == 0 || bad[0].Code != traffic.CodeMovedAstray {
			t.Errorf("found %v", bad)
		}
	})

	// From here on the data itself is changed. Each fault stays, and has a
	// conversation of its own.
	hurt := func(name, code, victim string, fault func() error) {
		t.Run(name, func(t *testing.T) {
			if err := fault(); err != nil {
				t.Fatal(err)
			}
			expect(t, check(0, m), code, victim)
		})
	}
	set := func(id string, e desk.TicketEdit) func() error {
		return func() error { return w.EditTicket(t.Context(), desk.TicketID(id), e) }
	}
	solved, waiting, nobody, open := desk.Status("solved"), desk.Status("waiting"), "", desk.Open

	id := api.last(t, setsStatus, func(e event) bool { return e.ticket.Status != nil && *e.ticket.Status == "new" })
	hurt("open ticket closed", traffic.CodeEditLost, id, set(id, desk.TicketEdit{Status: &solved}))
	id = api.last(t, setsStatus, func(e event) bool { return e.ticket.Status != nil && *e.ticket.Status == "new" && e.conversation != id })
	hurt("open ticket set otherwise", traffic.CodeEditLost, id, set(id, desk.TicketEdit{Status: &waiting}))
	matters := func(e event) bool { return setsStatus(e) || e.replied }
	id = api.last(t, matters, closes)
	hurt("closed ticket opened", traffic.CodeEditLost, id, set(id, desk.TicketEdit{Status: &waiting}))
	id = api.last(t, setsOwner, func(e event) bool { return e.ticket.Owner != nil && *e.ticket.Owner != "" && e.conversation != id })
	hurt("owner taken away", traffic.CodeEditLost, id, set(id, desk.TicketEdit{Owner: &nobody}))

	id = api.last(t, matters, func(e event) bool {
		c, err := w.cases.Conversations.Get(t.Context(), account, e.conversation)
		return err == nil && c.Channel == "chat" && e.inbox.State != nil && *e.inbox.State == desk.Closed
	})
	hurt("closed conversation opened", traffic.CodeEditLost, id, func() error {
		return w.EditConversation(t.Context(), id, desk.Edit{State: &open})
	})

	var closedFirst map[string]bool
	id = api.last(t, func(e event) bool {
		if closedFirst == nil {
			closedFirst = make(map[string]bool)
		}
		if setsStatus(e) {
			closedFirst[e.conversation] = closes(e)
		}
		return matters(e)
	}, func(e event) bool { return e.replied && closedFirst[e.conversation] })
	hurt("reply left closed", traffic.CodeNotReopened, id, set(id, desk.TicketEdit{Status: &solved}))

	id = api.last(t, func(e event) bool { return e.replied }, func(e event) bool {
		c, err := w.cases.Conversations.Get(t.Context(), account, e.conversation)
		return err == nil && c.Home == desk.HelpDesk
	})
	hurt("ticket gone", traffic.CodeNoTicket, id, func() error {
		ticket, err := w.Ticket(t.Context(), desk.TicketID(id))
		if err != nil {
			return err
		}
		return w.cases.Tickets.Delete(t.Context(), ticket)
	})
}

// expect looks for one violation among others.
func expect(t *testing.T, bad []traffic.Violation, code, conversation string) {
	t.Helper()
	if !slices.ContainsFunc(bad, func(v traffic.Violation) bool { return v.Code == code && v.Conversation == conversation }) {
		t.Errorf("found %v, want %s of %s", bad, code, conversation)
	}
}

// refuser refuses one message.
type refuser struct {
	traffic.API

	once sync.Once
}

func (r *refuser) Post(ctx context.Context, m desk.Message, references []string) (p traffic.Posted, err error) {
	r.once.Do(func() { err = &traffic.Refused{Status: 422, Problem: "no"} })
	if err != nil {
		return p, err
	}
	return r.API.Post(ctx, m, references)
}

func TestCheckSeesRefusals(t *testing.T) {
	tr, err := traffic.New(traffic.Config{Name: "t", Seed: 7, Rate: 50, Setup: setup()}, &refuser{API: start(t)})
	if err != nil {
		t.Fatal(err)
	}
	run(t, tr, func() {})
	checked, err := tr.Check(t.Context(), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if bad := checked.Violations; len(bad) != 1 || bad[0].Code != traffic.CodeRefused {
		t.Errorf("found %v", bad)
	}
}
