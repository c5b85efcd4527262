package traffic_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"deskmove/shared/cli/traffic"
	"deskmove/shared/desk"
)

// liar is an API that may show conversations otherwise than they are, and
// remembers the edits and replies that were acknowledged.
type liar struct {
	traffic.API

	mu    sync.Mutex
	lie   func(*desk.Conversation, *[]desk.Message) error
	clock int
	trace []event         // in the order of their ends
	sent  map[string]bool // external IDs: a message sent again changes nothing
}

// event is an acknowledged change.
type event struct {
	begin, end   int // by the liar's clock
	conversation string
	ticket       desk.TicketEdit // of an edit of a ticket
	inbox        desk.Edit       // of an edit in the inbox
	replied      bool            // a customer's message
}

// during makes a change and notes it, and when it was under way.
func (l *liar) during(e *event, change func() error) error {
	l.mu.Lock()
	l.clock++
	e.begin = l.clock
	l.mu.Unlock()
	err := change()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock++
	e.end = l.clock
	if err == nil {
		l.trace = append(l.trace, *e)
	}
	return err
}

func (l *liar) Post(ctx context.Context, m desk.Message, references []string) (p traffic.Posted, err error) {
	e := event{replied: m.Author == desk.ByCustomer && l.first(m.External)}
	err = l.during(&e, func() error {
		p, err = l.API.Post(ctx, m, references)
		e.conversation = p.Conversation
		return err
	})
	return p, err
}

// first reports whether a message is sent for the first time.
func (l *liar) first(external string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sent == nil {
		l.sent = make(map[string]bool)
	}
	again := l.sent[external]
	l.sent[external] = true
	return !again
}

func (l *liar) EditTicket(ctx context.Context, id string, e desk.TicketEdit) error {
	return l.during(&event{conversation: id[2:], ticket: e}, func() error { return l.API.EditTicket(ctx, id, e) })
}

func (l *liar) EditConversation(ctx context.Context, id string, e desk.Edit) error {
	return l.during(&event{conversation: id, inbox: e}, func() error { return l.API.EditConversation(ctx, id, e) })
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

// fit finds the conversations whose last event of those that matter fits. One
// of whose events two were under way at once is unfit: nobody knows which of
// them was the last.
func (l *liar) fit(matters, fits func(event) bool) []string {
	l.mu.Lock()
	trace := slices.Clone(l.trace)
	l.mu.Unlock()
	last := make(map[string]event)
	unsure := make(map[string]bool)
	for _, e := range trace {
		if matters(e) {
			unsure[e.conversation] = unsure[e.conversation] || e.begin < last[e.conversation].end
			last[e.conversation] = e
		}
	}
	var ids []string
	for id, e := range last {
		if !unsure[id] && fits(e) {
			ids = append(ids, id)
		}
	}
	return ids
}

var closedStatuses = []desk.Status{"solved", "spam"}

func setsStatus(e event) bool { return e.ticket.Status != nil || e.inbox.Status != nil }
func setsOwner(e event) bool  { return e.ticket.Owner != nil || e.inbox.Owner != nil }
func closes(e event) bool {
	return e.ticket.Status != nil && slices.Contains(closedStatuses, *e.ticket.Status)
}

// TestCheckSees plants one fault after the other, in the data or in what is
// read of it, and expects the check to name each.
func TestCheckSees(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short leaves out what takes half a minute")
	}
	w := start(t)
	api := &liar{API: w}
	tr, err := traffic.New(traffic.Config{Name: "t", Seed: 7, Rate: 150, Setup: setup(), Busiest: "mail"}, api)
	if err != nil {
		t.Fatal(err)
	}
	var m desk.Move
	run(t, tr, func() {
		m = w.move(t, "mail", desk.AllHistory)
		for deadline := time.Now().Add(time.Minute); !enough(api, w) && time.Now().Before(deadline); {
			time.Sleep(250 * time.Millisecond)
		}
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
		traffic.CodeNoTicket: func(x thread) (bool, error) {
			fits := x.c.Home == desk.HelpDesk
			x.c.Ticket = desk.Ticket{}
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
	taken := make(map[string]bool)
	for _, f := range faults {
		ids := slices.DeleteFunc(f.victims(api, w), func(id string) bool { return taken[id] })
		if len(ids) == 0 {
			t.Fatalf("%s: no conversation is fit", f.name)
		}
		taken[ids[0]] = true
		t.Run(f.name, func(t *testing.T) {
			if err := f.do(t.Context(), w, ids[0]); err != nil {
				t.Fatal(err)
			}
			expect(t, check(0, m), f.code, ids[0])
		})
	}
}

// enough reports whether every fault can choose, so that what is under way can
// take none all its victims.
func enough(l *liar, w world) bool {
	return !slices.ContainsFunc(faults, func(f fault) bool { return len(f.victims(l, w)) < 2*len(faults) })
}

// fault is something wrong with the data of one conversation.
type fault struct {
	name, code string
	victims    func(*liar, world) []string // conversations that show it
	do         func(ctx context.Context, w world, id string) error
}

var faults = []fault{
	{"open ticket closed", traffic.CodeEditLost, opened, setStatus("solved")},
	{"open ticket set otherwise", traffic.CodeEditLost, opened, setStatus("waiting")},
	{"closed ticket opened", traffic.CodeEditLost, func(l *liar, _ world) []string {
		return l.fit(opensOrCloses, closes)
	}, setStatus("waiting")},
	{"owner taken away", traffic.CodeEditLost, func(l *liar, _ world) []string {
		return l.fit(setsOwner, func(e event) bool { return e.ticket.Owner != nil && *e.ticket.Owner != "" })
	}, func(ctx context.Context, w world, id string) error {
		nobody := ""
		return w.EditTicket(ctx, desk.TicketID(id), desk.TicketEdit{Owner: &nobody})
	}},
	{"closed conversation opened", traffic.CodeEditLost, func(l *liar, w world) []string {
		return l.fit(opensOrCloses, func(e event) bool {
			c, err := w.cases.Conversations.Get(context.Background(), account, e.conversation)
			return err == nil && c.Channel == "chat" && e.inbox.Status != nil && *e.inbox.Status == desk.Closed
		})
	}, func(ctx context.Context, w world, id string) error {
		open := desk.Open
		return w.EditConversation(ctx, id, desk.Edit{Status: &open})
	}},
	{"reply left closed", traffic.CodeNotReopened, func(l *liar, _ world) []string {
		closed := make(map[string]bool) // by the last edit of its status
		return l.fit(func(e event) bool {
			if setsStatus(e) {
				closed[e.conversation] = closes(e)
			}
			return opensOrCloses(e)
		}, func(e event) bool { return e.replied && closed[e.conversation] })
	}, setStatus("solved")},
}

func opensOrCloses(e event) bool { return setsStatus(e) || e.replied }

// opened are conversations whose ticket an agent has opened.
func opened(l *liar, _ world) []string {
	return l.fit(setsStatus, func(e event) bool { return e.ticket.Status != nil && *e.ticket.Status == "new" })
}

func setStatus(s desk.Status) func(context.Context, world, string) error {
	return func(ctx context.Context, w world, id string) error {
		return w.EditTicket(ctx, desk.TicketID(id), desk.TicketEdit{Status: &s})
	}
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
