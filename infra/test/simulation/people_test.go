package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/support"
)

// people are customers, agents and admins, and what the API has told them.
type people struct {
	stop         time.Duration     // nobody does anything after that
	requests     int               // running, or to be made again
	known        []conversationRef // conversations that people know
	imported     map[string]int64
	history      map[string]bool // external IDs of messages that are brought in as old mail
	acknowledged []acknowledged
	moves        []startedMove
	movesFirst   map[string]string // channel, by account
}

// conversationRef names a conversation that people know.
type conversationRef struct{ account, channel, id, external string }

// acknowledged is a message that was taken in, and where.
type acknowledged struct{ account, channel, external, conversation, message string }

// startedMove is a move whose start was acknowledged.
type startedMove struct{ account, id string }

// peopleAct schedules what people do in the seed's world.
func (w *world) peopleAct() {
	c := newRandom(w.seed, "story")
	w.people.stop, w.people.movesFirst = peopleStop, map[string]string{}
	w.createAccounts(c)
	var starts []time.Duration
	for _, account := range accounts {
		if account == accounts[0] || c.perMille(300) {
			at := c.between(2*time.Minute, 4*time.Minute)
			starts = append(starts, at)
			w.scheduleAdmin(c, account, at)
		}
	}
	for i := range 20 + c.IntN(40) {
		at := c.between(0, peopleStop)
		switch { // mostly about when a move begins
		case c.perMille(350):
			at = pick(c, starts) + c.between(-2*time.Second, 5*time.Second)
		case c.perMille(400):
			at = pick(c, starts) + c.between(-70*time.Second, 30*time.Second)
		}
		act := newRandom(w.seed, fmt.Sprintf("person%d", i))
		w.after(at, func() { w.personActs(act, i) })
	}
}

var (
	accounts = []string{"acme", "globex"}
	channels = []string{"mail", "form", "chat"}
)

// pickConversation draws a known conversation, mostly of a channel that moves first.
func (w *world) pickConversation(c random) conversationRef {
	x := pick(c, w.people.known)
	for range 3 {
		if w.people.movesFirst[x.account] != x.channel {
			x = pick(c, w.people.known)
		}
	}
	return x
}

// createAccounts creates accounts with some conversations.
func (w *world) createAccounts(c random) {
	ctx := context.Background()
	w.people.imported, w.people.history = map[string]int64{}, map[string]bool{}
	for _, account := range accounts {
		_, err := w.stores.setups.Replace(ctx, newSetup(account), time.Time{})
		must(err)
		var cs []desk.Conversation
		for i := range 5 + c.IntN(20) {
			cs = append(cs, w.oldConversation(c, account, i))
		}
		must(w.stores.conversations.Import(ctx, cs))
		for _, x := range cs {
			if c.perMille(500) {
				w.addUnknown(x)
			}
			if x.Started.IsZero() && c.perMille(500) {
				w.after(c.between(time.Minute, peopleStop), func() { w.repairConversation(x) })
			}
			w.people.known = append(w.people.known, conversationRef{account, x.Channel, x.ID, ""})
			w.people.imported[x.ID] = x.Messages
		}
	}
}

// oldConversation draws a conversation from before the world starts.
func (w *world) oldConversation(c random, account string, i int) desk.Conversation {
	at := epoch.Add(-c.between(time.Minute, 50*24*time.Hour)).Truncate(time.Millisecond)
	channel := pick(c, channels)
	x := desk.Conversation{
		Account: account, ID: fmt.Sprintf("c-%s-%02d", account, i), Origin: channel, Channel: channel, Customer: "jane@c.example",
		Status: pick(c, []desk.ConversationStatus{desk.Open, desk.Closed}), Owner: pick(c, []string{"", "ann", "bob", "cem"}),
		Started: at, TakenIn: at, Joined: at, ChangedAt: at, Rev: 1, CustomerRev: 1, CustomerAt: at, Messages: 1, Home: desk.Inbox,
	}
	if c.perMille(15) {
		x.Started = time.Time{} // without a date it cannot be converted
	}
	return x
}

// unknown is an attribute that another program has given to conversations.
const unknown = "of-another-program"

func (w *world) addUnknown(c desk.Conversation) {
	must(store.FirstError(w.memory.Write(context.Background(), []store.Write{{
		Op: store.Update, Table: store.Conversations, Key: store.HeaderKey(c.Account, c.ID), Set: store.Attrs{{Name: unknown, Value: store.S("x")}},
	}})))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// request makes a request to the API, again and again until its answer is final.
func (w *world) request(name string, do func(ctx context.Context, p *process) error, then func(error)) {
	w.people.requests++
	w.attempt(name, 1, do, then)
}

func (w *world) attempt(name string, n int, do func(context.Context, *process) error, then func(error)) {
	w.invoke(invocation{function: w.api, name: fmt.Sprintf("api %s/%d", name, n)}, do, func(err error) {
		if late := w.now > faultsStop+time.Hour; isFinal(err) || late {
			if !isFinal(err) {
				w.violate("request %s never gets a final answer: %v", name, err)
			}
			w.people.requests--
			then(err)
			return
		}
		wait := newRandom(w.seed, fmt.Sprint(name, n)).between(time.Second, 8*time.Second)
		w.after(wait, func() { w.attempt(name, n+1, do, then) })
	})
}

// personActs has a customer or an agent do one thing.
func (w *world) personActs(c random, i int) {
	switch k := c.IntN(100); {
	case k < 40:
		w.sendFirstMessage(c, i)
	case k < 65:
		w.sendReply(c, i)
	case k < 80:
		w.editConversation(c, i)
	case k < 88:
		w.editTicket(c, i, w.pickConversation(c))
	case k < 94:
		w.bringHistory(c, i)
	default:
		w.pickTicketToCreate(c, i)
	}
}

// sendFirstMessage has a customer start a conversation, sometimes through two
// connectors at once.
func (w *world) sendFirstMessage(c random, i int) {
	account, channel := pick(c, accounts), pick(c, channels)
	if w.people.movesFirst[account] == "" {
		account = accounts[0]
	}
	if hot := w.people.movesFirst[account]; c.perMille(600) {
		channel = hot
	}
	m := w.newMessage(c, i, account, channel)
	w.takeIn(fmt.Sprintf("begin%d", i), m, nil, true)
	if c.perMille(200) {
		w.after(c.between(0, 20*time.Millisecond), func() { w.takeIn(fmt.Sprintf("begin%d twice", i), m, nil, false) })
	}
}

func (w *world) newMessage(c random, i int, account, channel string) desk.Message {
	m := desk.Message{
		Account: account, Channel: channel, External: fmt.Sprintf("x%d", i), Author: desk.ByCustomer, From: desk.Address{Address: "jane@c.example"},
		At: w.date(), Subject: "–", Text: "–",
	}
	if c.perMille(250) {
		m.Author, m.Agent = desk.ByAgent, "bob"
	}
	return m
}

// takeIn takes a message in, and remembers the acknowledgement.
func (w *world) takeIn(name string, m desk.Message, references []string, first bool) {
	var taken support.Receipt
	w.request(name, func(ctx context.Context, p *process) (err error) {
		taken, err = p.Intake.TakeIn(ctx, m, references)
		return err
	}, func(err error) { w.noteAcknowledged(m, taken, err, first) })
}

func (w *world) noteAcknowledged(m desk.Message, taken support.Receipt, err error, first bool) {
	if err != nil {
		w.violate("message %s of %s is refused: %v", m.External, m.Channel, err)
		return
	}
	c := taken.Conversation
	w.people.acknowledged = append(w.people.acknowledged, acknowledged{m.Account, m.Channel, m.External, c.ID, taken.Message})
	if first {
		w.people.known = append(w.people.known, conversationRef{m.Account, m.Channel, c.ID, m.External})
	}
}

// sendReply has a customer reply to a conversation: through its channel, or to a
// form by e-mail (R14).
func (w *world) sendReply(c random, i int) {
	to := w.pickConversation(c)
	channel := to.channel
	if channel == "form" && c.perMille(600) {
		channel = "mail"
	}
	m := w.newMessage(c, i, to.account, channel)
	if to.external != "" && channel == to.channel {
		w.takeIn(fmt.Sprintf("reply%d", i), m, []string{to.external}, false)
		return
	}
	var taken support.Receipt
	w.request(fmt.Sprintf("append%d", i), func(ctx context.Context, p *process) (err error) {
		taken, err = p.Intake.Append(ctx, m, to.id)
		return err
	}, func(err error) { w.noteAcknowledged(m, taken, err, false) })
}

// bringHistory has a connector bring in old mail: as a conversation of its own, or to
// one that is known.
func (w *world) bringHistory(c random, i int) {
	to := w.pickConversation(c)
	m := w.newMessage(c, i, to.account, to.channel)
	m.External = fmt.Sprintf("old%d", i)
	m.At = epoch.Add(-c.between(60*24*time.Hour, 90*24*time.Hour)).Truncate(time.Millisecond)
	m.History = true
	m.Past = desk.Past{Status: pick(c, []desk.ConversationStatus{desk.Open, desk.Closed}), Owner: pick(c, []string{"", "ann", "cem"})}
	w.people.history[m.External] = true
	if c.perMille(500) {
		w.takeIn(fmt.Sprintf("history%d", i), m, []string{"of nobody"}, true)
		return
	}
	var taken support.Receipt
	w.request(fmt.Sprintf("history%d", i), func(ctx context.Context, p *process) (err error) {
		taken, err = p.Intake.Append(ctx, m, to.id)
		return err
	}, func(err error) { w.noteAcknowledged(m, taken, err, false) })
}

func (w *world) caller(account, agent string) desk.Caller {
	role := desk.AgentRole
	if agent == "ann" {
		role = desk.SuperAdmin
	}
	return desk.Caller{Account: account, Agent: agent, Role: role}
}

// editConversation has an agent edit a conversation, or its ticket once it has
// moved.
func (w *world) editConversation(c random, i int) {
	x := w.pickConversation(c)
	var edit desk.Edit
	if c.perMille(600) {
		state := pick(c, []desk.ConversationStatus{desk.Open, desk.Closed})
		edit.Status = &state
	}
	if edit.Status == nil || c.perMille(500) {
		owner := pick(c, []string{"", "ann", "bob", "cem"})
		edit.Owner = &owner
	}
	key := fmt.Sprintf("edit%d", i)
	w.request(key, func(ctx context.Context, p *process) error {
		_, err := p.Editor.EditConversation(ctx, w.caller(x.account, "bob"), x.id, key, edit)
		return err
	}, func(err error) {
		var moved *desk.MovedError
		if errors.As(err, &moved) {
			w.editTicket(c, i, x)
		}
	})
}

// editTicket has an agent edit a ticket.
func (w *world) editTicket(c random, i int, x conversationRef) {
	var edit desk.TicketEdit
	if c.perMille(700) {
		status := pick(c, []desk.Status{"new", "waiting", "solved", "solved"})
		edit.Status = &status
	}
	if edit.Status == nil || c.perMille(500) {
		owner := pick(c, []string{"", "ann", "bob"})
		edit.Owner = &owner
	}
	key := fmt.Sprintf("ticket%d", i)
	w.request(key, func(ctx context.Context, p *process) error {
		_, err := p.Editor.EditTicket(ctx, w.caller(x.account, "bob"), x.id, key, edit)
		return err
	}, func(error) {})
}

// pickTicketToCreate has an agent create a ticket in the inbox.
func (w *world) pickTicketToCreate(c random, i int) {
	x := w.pickConversation(c)
	w.createTicket(fmt.Sprintf("native%d", i), x.account, x.id, pick(c, []desk.Status{"new", "waiting", "solved"}))
}

// createTicket has an agent create a ticket in the inbox.
func (w *world) createTicket(name, account, conversation string, status desk.Status) {
	w.request(name, func(ctx context.Context, p *process) error {
		_, err := p.Editor.NewTicket(ctx, w.caller(account, "bob"), conversation, status)
		return err
	}, func(error) {})
}

// isFinal reports whether the same request would get the same answer again.
func isFinal(err error) bool {
	var (
		moved   *desk.MovedError
		refused *desk.RefusedError
		invalid *desk.InvalidError
	)
	return err == nil || errors.As(err, &moved) || errors.As(err, &refused) || errors.As(err, &invalid) || isMoveRefusal(err)
}
