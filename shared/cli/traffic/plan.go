package traffic

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// kind is a kind of change.
type kind int

const (
	begin    kind = iota // a customer begins a conversation
	refer                // a customer begins one, as it seems, but refers to an older message
	reply                // a customer replies
	carryOn              // a customer answers by e-mail what began on a form (R14)
	answer               // an agent answers
	change               // an agent edits
	sayAgain             // a connector repeats what was acknowledged
)

// mix is how often each kind happens, of 100.
var mix = [...]struct {
	kind  kind
	share int
}{{begin, 18}, {refer, 3}, {reply, 27}, {carryOn, 6}, {answer, 18}, {change, 25}, {sayAgain, 3}}

// op is one change: number n of its traffic.
type op struct {
	n       int
	kind    kind
	record  *record // nil for begin
	message desk.Message
	refer   string // external ID that the message refers to
	edit    wish
}

// wish is what an agent wants, in the inbox or on the ticket.
type wish struct {
	state  desk.ConversationStatus // "" leaves it
	status desk.Status
	owns   bool   // the owner is to change
	owner  string // in the inbox
	able   string // on a ticket: somebody with help desk access, or nobody
}

// random is the source of all chance of change n.
func (t *Traffic) random(n int) *rand.Rand {
	return rand.New(rand.NewPCG(t.config.Seed, uint64(n))) // #nosec G404,G115 -- traffic, no secret
}

// plan decides on change n. An edit reserves its conversation: agents edit
// one after the other, while customers write whenever they like.
func (t *Traffic) plan(n int) op {
	random := t.random(n)
	k := pickKind(random)
	t.mu.Lock()
	defer t.mu.Unlock()
	for range 20 {
		o := op{n: n, kind: k, message: t.message(n, random)}
		if k == begin {
			break
		}
		if o.record = t.target(random); o.record == nil {
			break
		}
		if t.fits(&o, random) {
			return o
		}
	}
	o := op{n: n, kind: begin, message: t.message(n, random)}
	o.message.Channel = t.somewhere(random)
	return o
}

func pickKind(random *rand.Rand) kind {
	at := random.IntN(100)
	for _, m := range mix {
		if at -= m.share; at < 0 {
			return m.kind
		}
	}
	return begin
}

// target picks a conversation, half of the time one of the latest.
func (t *Traffic) target(random *rand.Rand) *record {
	n := len(t.records)
	if n == 0 {
		return nil
	}
	if random.IntN(2) == 0 {
		return t.records[n-1-random.IntN(min(n, 200))]
	}
	return t.records[random.IntN(n)]
}

// fits makes o what its kind wants with its record, if the record allows it.
func (t *Traffic) fits(o *op, random *rand.Rand) bool {
	r, m := o.record, &o.message
	m.Conversation, m.Channel = r.id, t.by(r, o.kind, o.n)
	switch o.kind {
	case refer:
		if len(r.acked) == 0 || t.channelOf(r.channel).Type != desk.Email {
			return false
		}
		m.Conversation = ""
		o.refer = t.external(int(r.acked[random.IntN(len(r.acked))]))
	case carryOn:
		return t.channelOf(r.channel).Connected != ""
	case answer:
		m.Author, m.Agent = desk.ByAgent, t.config.Setup.Agents[random.IntN(len(t.config.Setup.Agents))].ID
		m.From = desk.Address{Name: m.Agent}
	case change:
		if r.editing {
			return false
		}
		r.editing = true
		o.edit = t.wish(random)
	case sayAgain:
		if len(r.acked) == 0 {
			return false
		}
		o.n = int(r.acked[random.IntN(len(r.acked))])
		again := t.random(o.n)
		k := pickKind(again)
		if o.n == int(r.acked[0]) && r.began {
			k = begin
		}
		*m = t.message(o.n, again)
		m.Channel, m.Conversation = t.by(r, k, o.n), r.id
	}
	return true
}

// by is the channel by which message n comes to a conversation. Some
// connectors leave it out, which means the conversation's.
func (t *Traffic) by(r *record, k kind, n int) string {
	switch {
	case k == carryOn:
		return t.channelOf(r.channel).Connected
	case k == reply && n%4 == 0:
		return ""
	}
	return r.channel
}

func (t *Traffic) wish(random *rand.Rand) wish {
	var w wish
	agents := t.config.Setup.Agents
	what := random.IntN(10)
	if what < 7 {
		w.state, w.status = desk.Closed, t.closed[random.IntN(len(t.closed))]
		if what < 3 {
			w.state, w.status = desk.Open, t.open[random.IntN(len(t.open))]
		}
	}
	if what >= 6 {
		w.owns, w.owner, w.able = true, agents[random.IntN(len(agents))].ID, t.able[random.IntN(len(t.able))]
		if random.IntN(8) == 0 {
			w.owner, w.able = "", ""
		}
	}
	return w
}

// somewhere is where a customer begins a conversation.
func (t *Traffic) somewhere(random *rand.Rand) string {
	if t.config.Busiest != "" && random.IntN(2) == 0 {
		return t.config.Busiest
	}
	return t.channels[random.IntN(len(t.channels))].ID
}

// message is what the customer of change n writes. It is the same whenever it
// is asked for, dates aside, so that a check can tell whether it was kept.
func (t *Traffic) message(n int, random *rand.Rand) desk.Message {
	who := random.IntN(5000)
	now := time.Now()
	if random.IntN(20) == 0 { // a customer's clock is wrong
		now = now.Add(time.Duration(random.IntN(96)-48) * time.Hour)
	}
	return desk.Message{
		External: t.external(n), Author: desk.ByCustomer, From: desk.Address{Name: fmt.Sprint("Customer ", who), Address: fmt.Sprintf("customer%d@customer.example", who)},
		At: now, Subject: t.sentence(n, 4), Text: t.text(n),
	}
}

// words are what customers write, in the languages of a small shop.
var words = strings.Fields(`order invoice bike wheel where is my the delivery still waiting please thanks refund chain brake
light Rahmen Größe wann kommt vélo déjà reçu pedido gracias 注文 領収書 дякую helmet lock battery 🚲 again today`)

func (t *Traffic) sentence(n, length int) string {
	random := rand.New(rand.NewPCG(^t.config.Seed, uint64(n))) // #nosec G404,G115 -- traffic, no secret
	picked := make([]string, length+random.IntN(3*length))
	for i := range picked {
		picked[i] = words[random.IntN(len(words))]
	}
	return strings.Join(picked, " ")
}

// text is the body of change n.
func (t *Traffic) text(n int) string {
	return fmt.Sprintf("%s\n\n(%s)", t.sentence(n, 12), t.external(n))
}
