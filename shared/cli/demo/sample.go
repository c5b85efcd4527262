package demo

import (
	"cmp"
	_ "embed" // the account and its stories
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"deskmove/shared/desk"
)

//go:embed account.yaml
var accountYAML []byte

//go:embed stories.yaml
var storiesYAML []byte

// story is what conversations are made from.
type story struct {
	Channels []string
	Mails    bool // what began on a form goes on by e-mail
	Subject  string
	Turns    []turn
}

type turn struct {
	By    desk.Author
	After time.Duration
	Text  string
}

// Thread is a conversation of the sample, and what agents made of it.
type Thread struct {
	Messages []desk.Message // the first begins it; Channel says by which each came
	Owner    string
	Closed   bool
	Ticket   desk.Status // that of a ticket made in the inbox, "" if there is none
}

// Sample makes n conversations of the year before now. The same seed makes
// the same.
func Sample(n int, seed uint64, setup desk.Setup, now time.Time) ([]Thread, error) {
	var stories []story
	if err := yaml.Unmarshal(storiesYAML, &stories); err != nil {
		return nil, fmt.Errorf("stories of the sample: %w", err)
	}
	w := writer{Rand: rand.New(rand.NewPCG(seed, 1)), setup: setup, now: now} // #nosec G404 -- a sample, no secret
	threads := make([]Thread, n)
	for i := range threads {
		channel := w.channel()
		s := stories[w.IntN(len(stories))]
		for !slices.Contains(s.Channels, channel) {
			s = stories[w.IntN(len(stories))]
		}
		threads[i] = w.thread(i, s, channel)
	}
	slices.SortFunc(threads, func(a, b Thread) int { return a.Messages[0].At.Compare(b.Messages[0].At) })
	return threads, nil
}

// writer fills in stories.
type writer struct {
	*rand.Rand

	setup desk.Setup
	now   time.Time
}

var (
	firstNames = strings.Fields(`Anna Mehmet Sofia Jean Olena Kenji Maria Piotr Ingrid Luca Fatima Tom Zoë Björn Aïcha Dmitri`)
	lastNames  = strings.Fields(`Müller Yilmaz Rossi Dubois Shevchenko Tanaka García Nowak Larsen O'Brien Haddad Smith Łukasik Weiß`)
	cities     = strings.Split("Berlin,Göteborg,Lyon,Kraków,İzmir,Porto,Zürich,København,Aachen,Львів,京都", ",")
	bikes      = strings.Split("Tinderbox 7,Fjell E-Trail,Havn City 3,Skog Cargo,Nordlys Folding", ",")
)

// channel picks one: e-mail is the busiest.
func (w writer) channel() string {
	at := w.IntN(100)
	for _, c := range [...]struct {
		id    string
		share int
	}{{Moved, 46}, {"contact-form", 18}, {"web-chat", 17}, {"hotline", 13}, {"whatsapp", 3}} {
		if at -= c.share; at < 0 {
			return c.id
		}
	}
	return "catch-all"
}

func (w writer) one(of []string) string { return of[w.IntN(len(of))] }

func (w writer) thread(i int, s story, channel string) Thread {
	first, last := w.one(firstNames), w.one(lastNames)
	agent := w.setup.Agents[w.IntN(len(w.setup.Agents))]
	names := strings.NewReplacer(
		"{first}", first, "{name}", first+" "+last, "{order}", fmt.Sprint(40_000+w.IntN(60_000)),
		"{bike}", w.one(bikes), "{city}", w.one(cities), "{amount}", fmt.Sprintf("%d.%02d", 20+w.IntN(4000), w.IntN(100)),
		"{agent}", agent.Name, "{log}", w.log(s),
	)
	subject := names.Replace(s.Subject)
	at := w.start()
	var t Thread
	for k, turn := range s.Turns {
		// Half a turn's time more or less, so that no two threads are alike.
		at = at.Add(turn.After/2 + time.Duration(w.Int64N(int64(turn.After)+1)) + time.Duration(w.IntN(50_000))*time.Millisecond)
		if at.After(w.now) && k > 0 {
			break
		}
		m := desk.Message{
			External: fmt.Sprintf("sample-%d-%d@fjordline.example", i, k), Channel: channel, Author: turn.By,
			From: customerOf(w.setup, channel, first, last, i), At: at, Subject: subject, Text: strings.TrimSpace(names.Replace(turn.Text)),
		}
		if turn.By == desk.ByAgent {
			m.From, m.Agent = desk.Address{Name: agent.Name, Address: agent.Email}, agent.ID
			t.Owner = agent.ID
		}
		if k > 0 && s.Mails {
			m.Channel, m.Subject = connectedTo(w.setup, channel), "Re: "+subject
		}
		t.Messages = append(t.Messages, m)
	}
	// What is old is mostly closed.
	t.Closed = len(t.Messages) == len(s.Turns) && w.now.Sub(at) > time.Duration(w.IntN(40*24))*time.Hour
	if w.IntN(20) == 0 && !t.Closed {
		t.Ticket = w.setup.Pipelines[1].Statuses[w.IntN(2)].ID
	}
	if t.Owner == "" && w.IntN(3) == 0 {
		t.Owner = agent.ID
	}
	return t
}

// start is when a customer writes: more and more often during the year, by
// day rather than by night, and on working days rather than on Sundays.
func (w writer) start() time.Time {
	const year = 365 * 24 * time.Hour
	for {
		ago := time.Duration(float64(year) * w.Float64() * w.Float64())
		at := w.now.Add(-ago)
		awake := 0.1
		if h := at.Hour(); h >= 7 && h < 22 {
			awake = 1
		}
		if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
			awake /= 3
		}
		if w.Float64() < awake {
			return at.Truncate(time.Second)
		}
	}
}

// log is a device's log of some length, now and then of some hundred
// kilobytes, for the story that has one.
func (w writer) log(s story) string {
	if !strings.Contains(s.Turns[0].Text, "{log}") {
		return ""
	}
	lines := 20 + w.IntN(200)
	if w.IntN(50) == 0 {
		lines = 8000
	}
	var b strings.Builder
	for i := range lines {
		fmt.Fprintf(&b, "%06d speed=%02d.%d battery=%d%% assist=%d E0%02d\n", i*250, w.IntN(30), w.IntN(10), 100-i%100, w.IntN(4), w.IntN(20))
	}
	return b.String()
}

// customerOf is how a channel names a customer.
func customerOf(setup desk.Setup, channel, first, last string, i int) desk.Address {
	a := desk.Address{Name: first + " " + last, Address: fmt.Sprintf("customer%d@customer.example", i)}
	switch c, _ := setup.Channel(channel); c.Type {
	case desk.Calling, desk.WhatsApp:
		a.Address = fmt.Sprintf("+49 151 555%04d", i)
	case desk.Chat:
		a = desk.Address{Name: first}
	}
	return a
}

// connectedTo is the e-mail channel by which a form is answered.
func connectedTo(setup desk.Setup, form string) string {
	c, _ := setup.Channel(form)
	return cmp.Or(c.Connected, form)
}
