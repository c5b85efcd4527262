package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// people are the customers, agents and admins, and what they were told.
type people struct {
	until    time.Duration // when the last of them acts
	busy     int           // requests under way, or to be made again
	known    []thread      // conversations that people know
	imported map[string]int64
	acked    []acked
	moves    []started
	hot      map[string]string // by account, the channel that moves first
}

// thread is a conversation that somebody was told of.
type thread struct{ account, channel, id, external string }

// acked is a message that was taken in, as its sender was told.
type acked struct{ account, channel, external, conversation, message string }

// started is a move that an admin was told of.
type started struct{ account, id string }

// story is what people do, as the seed has it.
func (w *world) story() {
	c := newChance(w.seed, "story")
	w.people.until, w.people.hot = acting, map[string]string{}
	w.found(c)
	var starts []time.Duration
	for _, account := range accounts {
		if account == accounts[0] || c.hit(300) {
			at := c.span(2*time.Minute, 4*time.Minute)
			starts = append(starts, at)
			w.admin(c, account, at)
		}
	}
	for i := range 20 + c.IntN(40) {
		at := c.span(0, acting)
		switch { // mostly about when a move begins
		case c.hit(350):
			at = one(c, starts) + c.span(-2*time.Second, 5*time.Second)
		case c.hit(400):
			at = one(c, starts) + c.span(-70*time.Second, 30*time.Second)
		}
		act := newChance(w.seed, fmt.Sprintf("person%d", i))
		w.after(at, func() { w.act(act, i) })
	}
}

var (
	accounts = []string{"acme", "globex"}
	channels = []string{"mail", "form", "chat"}
)

// thread is a conversation that people know, mostly one that soon moves.
func (w *world) thread(c chance) thread {
	x := one(c, w.people.known)
	for range 3 {
		if w.people.hot[x.account] != x.channel {
			x = one(c, w.people.known)
		}
	}
	return x
}

// found makes accounts and what they have gathered so far.
func (w *world) found(c chance) {
	ctx := context.Background()
	w.people.imported = map[string]int64{}
	for _, account := range accounts {
		must(w.cases.setups.Replace(ctx, setupOf(account)))
		var cs []desk.Conversation
		for i := range 5 + c.IntN(20) {
			cs = append(cs, w.old(c, account, i))
		}
		must(w.cases.conversations.Import(ctx, cs))
		for _, x := range cs {
			if x.Started.IsZero() && c.hit(500) {
				w.after(c.span(time.Minute, acting), func() { w.mends(x) })
			}
			w.people.known = append(w.people.known, thread{account, x.Channel, x.ID, ""})
			w.people.imported[x.ID] = x.Messages
		}
	}
}

// old is a conversation from before.
func (w *world) old(c chance, account string, i int) desk.Conversation {
	at := epoch.Add(-c.span(time.Minute, 50*24*time.Hour)).Truncate(time.Millisecond)
	channel := one(c, channels)
	x := desk.Conversation{
		Account: account, ID: fmt.Sprintf("c-%s-%02d", account, i), Origin: channel, Channel: channel, Customer: "jane@c.example",
		Status: one(c, []desk.ConversationStatus{desk.Open, desk.Closed}), Owner: one(c, []string{"", "ann", "bob", "cem"}),
		Started: at, TakenIn: at, Joined: at, ChangedAt: at, Version: 1, CustomerVersion: 1, CustomerAt: at, Messages: 1, Home: desk.Inbox,
	}
	if c.hit(15) {
		x.Started = time.Time{} // nobody knows when: it cannot be converted
	}
	return x
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// request makes a request to the API, and again until it is answered for good.
func (w *world) request(name string, do func(ctx context.Context, p *process) error, then func(error)) {
	w.people.busy++
	w.try(name, 1, do, then)
}

func (w *world) try(name string, n int, do func(context.Context, *process) error, then func(error)) {
	w.invoke(w.api, fmt.Sprintf("api %s/%d", name, n), do, func(err error) {
		if late := w.now > unkind+time.Hour; final(err) || late {
			if !final(err) {
				w.violated("request %s is never answered: %v", name, err)
			}
			w.people.busy--
			then(err)
			return
		}
		wait := newChance(w.seed, fmt.Sprint(name, n)).span(time.Second, 8*time.Second)
		w.after(wait, func() { w.try(name, n+1, do, then) })
	})
}

// act is one thing that a customer or an agent does.
func (w *world) act(c chance, i int) {
	switch k := c.IntN(100); {
	case k < 40:
		w.begin(c, i)
	case k < 65:
		w.reply(c, i)
	case k < 80:
		w.edit(c, i)
	case k < 90:
		w.editTicket(c, i, w.thread(c))
	default:
		w.native(c, i)
	}
}

// begin is a customer who writes for the first time, sometimes by two
// connectors at once.
func (w *world) begin(c chance, i int) {
	account, channel := one(c, accounts), one(c, channels)
	if w.people.hot[account] == "" {
		account = accounts[0]
	}
	if hot := w.people.hot[account]; c.hit(600) {
		channel = hot
	}
	m := w.message(c, i, account, channel)
	w.take(fmt.Sprintf("begin%d", i), m, nil, true)
	if c.hit(200) {
		w.after(c.span(0, 20*time.Millisecond), func() { w.take(fmt.Sprintf("begin%d twice", i), m, nil, false) })
	}
}

func (w *world) message(c chance, i int, account, channel string) desk.Message {
	m := desk.Message{
		Account: account, Channel: channel, External: fmt.Sprintf("x%d", i), Author: desk.ByCustomer, From: "jane@c.example",
		At: w.date(), Subject: "–", Text: "–",
	}
	if c.hit(250) {
		m.Author, m.Agent = desk.ByAgent, "bob"
	}
	return m
}

// take takes a message in, and remembers what its sender was told.
func (w *world) take(name string, m desk.Message, references []string, first bool) {
	var taken support.Receipt
	w.request(name, func(ctx context.Context, p *process) (err error) {
		taken, err = p.Intake.TakeIn(ctx, m, references)
		return err
	}, func(err error) { w.took(m, taken, err, first) })
}

func (w *world) took(m desk.Message, taken support.Receipt, err error, first bool) {
	if err != nil {
		w.violated("message %s of %s is refused: %v", m.External, m.Channel, err)
		return
	}
	c := taken.Conversation
	w.people.acked = append(w.people.acked, acked{m.Account, m.Channel, m.External, c.ID, taken.Message})
	if first {
		w.people.known = append(w.people.known, thread{m.Account, m.Channel, c.ID, m.External})
	}
}

// reply is a message to a conversation: by its channel, or from a form by
// e-mail (R14).
func (w *world) reply(c chance, i int) {
	to := w.thread(c)
	channel := to.channel
	if channel == "form" && c.hit(600) {
		channel = "mail"
	}
	m := w.message(c, i, to.account, channel)
	if to.external != "" && channel == to.channel {
		w.take(fmt.Sprintf("reply%d", i), m, []string{to.external}, false)
		return
	}
	var taken support.Receipt
	w.request(fmt.Sprintf("append%d", i), func(ctx context.Context, p *process) (err error) {
		taken, err = p.Intake.Append(ctx, m, to.id)
		return err
	}, func(err error) { w.took(m, taken, err, false) })
}

func (w *world) who(account, agent string) desk.Caller {
	role := desk.AgentRole
	if agent == "ann" {
		role = desk.SuperAdmin
	}
	return desk.Caller{Account: account, Agent: agent, Role: role}
}

// edit is an agent who edits a conversation, or its ticket once it has moved.
func (w *world) edit(c chance, i int) {
	x := w.thread(c)
	var edit desk.Edit
	if c.hit(600) {
		state := one(c, []desk.ConversationStatus{desk.Open, desk.Closed})
		edit.Status = &state
	}
	if edit.Status == nil || c.hit(500) {
		owner := one(c, []string{"", "ann", "bob", "cem"})
		edit.Owner = &owner
	}
	w.request(fmt.Sprintf("edit%d", i), func(ctx context.Context, p *process) error {
		_, err := p.Editor.EditConversation(ctx, w.who(x.account, "bob"), x.id, edit)
		return err
	}, func(err error) {
		var moved *desk.MovedError
		if errors.As(err, &moved) {
			w.editTicket(c, i, x)
		}
	})
}

// editTicket is an agent who edits a ticket.
func (w *world) editTicket(c chance, i int, x thread) {
	var edit desk.TicketEdit
	if c.hit(700) {
		status := one(c, []desk.Status{"new", "waiting", "solved", "solved"})
		edit.Status = &status
	}
	if edit.Status == nil || c.hit(500) {
		owner := one(c, []string{"", "ann", "bob"})
		edit.Owner = &owner
	}
	w.request(fmt.Sprintf("ticket%d", i), func(ctx context.Context, p *process) error {
		_, err := p.Editor.EditTicket(ctx, w.who(x.account, "bob"), desk.TicketID(x.id), edit)
		return err
	}, func(error) {})
}

// native is an agent who makes a ticket in the inbox.
func (w *world) native(c chance, i int) {
	x := w.thread(c)
	w.makes(fmt.Sprintf("native%d", i), x.account, x.id, one(c, []desk.Status{"new", "waiting", "solved"}))
}

// makes has an agent make a ticket in the inbox, who tries again when asked to
// wait for a move.
func (w *world) makes(name, account, conversation string, status desk.Status) {
	w.request(name, func(ctx context.Context, p *process) error {
		_, err := p.Editor.NewTicket(ctx, w.who(account, "bob"), conversation, status)
		return err
	}, func(err error) {
		if refused := new(desk.RefusedError); errors.As(err, &refused) && refused.Code == desk.CodeNotMoved && w.now < unkind {
			w.people.busy++
			w.after(newChance(w.seed, name+" again").span(time.Second, 10*time.Second), func() {
				w.people.busy--
				w.makes(name+"+", account, conversation, status)
			})
		}
	})
}

// final reports whether trying again is no use.
func final(err error) bool {
	var (
		moved   *desk.MovedError
		refused *desk.RefusedError
		invalid *desk.InvalidError
	)
	return err == nil || errors.As(err, &moved) || errors.As(err, &refused) || errors.As(err, &invalid) || isMoveRefusal(err)
}
