package simulation

import (
	"cmp"
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
	sent         map[string]sentMessage // by external ID
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
	w.createFiles(newRandom(w.seed, "files"))
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
	w.people.imported = map[string]int64{}
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
	m := w.newMessage(c, fmt.Sprint(i), account, channel)
	w.takeIn(fmt.Sprintf("begin%d", i), m, nil, true)
	if c.perMille(200) {
		w.after(c.between(0, 20*time.Millisecond), func() { w.takeIn(fmt.Sprintf("begin%d twice", i), m, nil, false) })
	}
}

// newMessage draws a message, of any author, kind and visibility.
func (w *world) newMessage(c random, id, account, channel string) sentMessage {
	m := sentMessage{Message: desk.Message{
		Account: account, Channel: channel, Author: desk.ByCustomer, At: w.date(), Subject: "–", Text: "–",
	}}
	m.variety = vary(c, &m.Message)
	attach(c, &m.Message)
	m.External = m.variety + "-" + id
	return m
}

// takeIn takes a message in that begins a conversation, or joins one by its
// references.
func (w *world) takeIn(act string, m sentMessage, references []string, first bool) {
	m.referred = true
	w.send(act, m, first, func(ctx context.Context, p *process) (support.Receipt, error) {
		return p.Intake.TakeIn(ctx, m.Message, references)
	})
}

// add adds a message to a conversation.
func (w *world) add(act string, m sentMessage, conversation string) {
	m.referred, m.to = m.History, conversation
	w.send(act, m, false, func(ctx context.Context, p *process) (support.Receipt, error) {
		return p.Intake.Append(ctx, m.Message, conversation)
	})
}

// send sends a message, and remembers the acknowledgement. Files that are not there
// are uploaded, and the message is sent again.
func (w *world) send(act string, m sentMessage, first bool, do func(context.Context, *process) (support.Receipt, error)) {
	w.people.sent[m.External] = m
	var taken support.Receipt
	w.request(act+" "+m.variety, func(ctx context.Context, p *process) (err error) {
		if taken, err = do(ctx, p); isNoFile(err) {
			err = cmp.Or(upload(ctx, p, m.Message), errUploaded)
		}
		return err
	}, func(err error) { w.noteAcknowledged(m, taken, err, first) })
}

var errUploaded = errors.New("files were not there, and are now")

func (w *world) noteAcknowledged(m sentMessage, taken support.Receipt, err error, first bool) {
	if err != nil {
		w.violate("message %s of %s is refused: %v", m.External, m.Channel, err)
		return
	}
	c := taken.Conversation
	if m.to != "" && c.ID != m.to {
		w.violate("kept on its thread: %s belongs to %s, and is in %s", m.External, m.to, c.ID)
	}
	w.people.acknowledged = append(w.people.acknowledged, acknowledged{m.Account, m.Channel, m.External, c.ID, taken.Message})
	if first {
		w.people.known = append(w.people.known, conversationRef{m.Account, m.Channel, c.ID, m.External})
	}
}

// sendReply has somebody write to a conversation: through its channel, or to a
// form by e-mail (R14).
func (w *world) sendReply(c random, i int) {
	to := w.pickConversation(c)
	channel := to.channel
	if channel == "form" && c.perMille(600) {
		channel = "mail"
	}
	m := w.newMessage(c, fmt.Sprint(i), to.account, channel)
	if to.external != "" && channel == to.channel {
		m.to = to.id
		w.takeIn(fmt.Sprintf("reply%d", i), m, []string{to.external}, false)
		return
	}
	w.add(fmt.Sprintf("append%d", i), m, to.id)
}

// bringHistory has a connector bring in old mail: as a conversation of its own, or to
// one that is known.
func (w *world) bringHistory(c random, i int) {
	to := w.pickConversation(c)
	m := w.newMessage(c, fmt.Sprint(i), to.account, to.channel)
	m.At = epoch.Add(-c.between(60*24*time.Hour, 90*24*time.Hour)).Truncate(time.Millisecond)
	m.History = true
	if c.perMille(700) {
		m.Past = desk.Past{Status: pick(c, []desk.ConversationStatus{desk.Open, desk.Closed}), Owner: pick(c, []string{"", "ann", "cem"})}
	}
	if c.perMille(500) {
		w.takeIn(fmt.Sprintf("history%d", i), m, []string{"of nobody"}, true)
		return
	}
	w.add(fmt.Sprintf("history%d", i), m, to.id)
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
	edit.Tags = drawTags(c)
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

// drawTags draws what an agent makes of a conversation's tags; nil leaves them.
func drawTags(c random) *[]string {
	if !c.perMille(250) {
		return nil
	}
	return &[]string{pick(c, []string{"urgent", "invoice", "spam"})}
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
	edit.Tags = drawTags(c)
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
