// Package traffic simulates customers and agents: customers start conversations
// on all channels and reply to old and new ones; agents answer, close and
// assign, at a given rate and through the HTTP API alone. It keeps a journal of
// everything that was acknowledged, and can check afterwards that none of it was
// lost, duplicated or overwritten.
package traffic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"deskmove/shared/desk"
)

// API lists the calls of deskmove that traffic makes. A call without an answer,
// because the connection broke or the server was busy, returns any error but a
// *Refused.
type API interface {
	// Post takes a message to m.Conversation, or if that is empty to the one
	// of a reference, or to a new one.
	Post(ctx context.Context, m desk.Message, references []string) (Posted, error)
	EditConversation(ctx context.Context, id string, e desk.Edit) error
	EditTicket(ctx context.Context, id string, e desk.TicketEdit) error

	// Conversation returns a conversation with its ticket, if that can be read.
	Conversation(ctx context.Context, id string) (desk.Conversation, []desk.Message, error)
}

// Posted is the acknowledgement of a message.
type Posted struct{ Conversation, Message string }

// Refused is an error that a repetition of the request would not change.
type Refused struct {
	Status  int    // of HTTP
	Ticket  string // the ticket to edit instead
	Problem string
}

func (e *Refused) Error() string { return fmt.Sprintf("%d: %s", e.Status, e.Problem) }

// Status codes that traffic expects at times.
const (
	notFound = 404
	conflict = 409
)

// Config describes the traffic. The same seed gives the same requests in the
// same order, as far as the server's answers allow.
type Config struct {
	Name    string // begins every external ID; used once in an account
	Seed    uint64
	Rate    float64 // changes a second
	Workers int     // requests at a time; 16 if 0
	Setup   desk.Setup
	// Busiest is the channel on which half of all new conversations begin;
	// "" if none is.
	Busiest string
	// Limit is how many changes the journal holds, at about a hundred bytes
	// each; 1,000,000 if 0.
	Limit int
	// Grace is how long answers are waited for at the end; 30 s if 0.
	Grace time.Duration
}

// Traffic makes changes and records those that were acknowledged.
type Traffic struct {
	config Config
	api    API

	channels []desk.Channel // on which customers write
	able     []string       // agents with help desk access
	open     []desk.Status
	closed   []desk.Status
	isClosed map[desk.Status]bool

	clock   atomic.Uint64 // orders begins and ends of requests
	sampled atomic.Pointer[string]
	watches sync.WaitGroup

	mu        sync.Mutex
	records   []*record
	stats     Stats
	bad       []Violation
	redirects samples // latencies
	answers   samples
	queued    int // requests that wait for a ticket to appear
}

// Stats counts what has happened so far.
type Stats struct {
	Began     int `json:"began"`       // conversations
	Replies   int `json:"replies"`     // of customers
	Answers   int `json:"answers"`     // of agents
	Continued int `json:"continued"`   // forms that went on by e-mail (R14)
	Edits     int `json:"edits"`       // of conversations in the inbox
	Tickets   int `json:"ticketEdits"` // of tickets
	Repeats   int `json:"repeats"`     // messages sent again although they were acknowledged
	Lost      int `json:"unanswered"`  // answers that did not come, so that the request was repeated
	Late      int `json:"late"`        // changes that were late because no worker was free

	Redirect Latency `json:"redirect"` // from the acknowledgement of a new conversation until its ticket can be read
	Answer   Latency `json:"answer"`   // of the API
}

// Changes is how many changes were acknowledged.
func (s Stats) Changes() int {
	return s.Began + s.Replies + s.Answers + s.Continued + s.Edits + s.Tickets
}

// New makes traffic for an account, on all of its channels.
func New(c Config, api API) (*Traffic, error) {
	c.Workers, c.Limit, c.Grace = cmp.Or(c.Workers, 16), cmp.Or(c.Limit, 1_000_000), cmp.Or(c.Grace, 30*time.Second)
	t := &Traffic{config: c, api: api, channels: c.Setup.Channels, isClosed: make(map[desk.Status]bool)}
	for _, a := range c.Setup.Agents {
		if a.HelpDesk {
			t.able = append(t.able, a.ID)
		}
	}
	for i, p := range c.Setup.Pipelines {
		for _, s := range p.Statuses {
			t.isClosed[s.ID] = s.Closed
			if i == 0 && s.Closed {
				t.closed = append(t.closed, s.ID)
			} else if i == 0 {
				t.open = append(t.open, s.ID)
			}
		}
	}
	if c.Rate <= 0 || len(t.channels) == 0 || len(t.able) == 0 || len(t.open) == 0 || len(t.closed) == 0 {
		return nil, errors.New("traffic: it needs a rate, channels, agents with help desk access and a pipeline")
	}
	return t, nil
}

// AddConversations adds conversations that exist already, so that
// customers and agents go on with them too.
func (t *Traffic) AddConversations(cs ...desk.Conversation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range cs {
		r := &record{id: c.ID, channel: c.Channel}
		if c.Home == desk.Inbox {
			r.ticket = c.TicketID()
		}
		t.records = append(t.records, r)
	}
}

// Sample measures from now on how long it takes until a new conversation of a
// channel has its ticket.
func (t *Traffic) Sample(channel string) { t.sampled.Store(&channel) }

// Stats returns what has happened so far.
func (t *Traffic) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.Redirect, s.Answer = t.redirects.latency(), t.answers.latency()
	return s
}

// Run makes changes until ctx is done, then waits for outstanding answers. Check
// reports what the server refused without a good reason.
func (t *Traffic) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ops := make(chan op)
	var workers sync.WaitGroup
	for range t.config.Workers {
		workers.Go(func() {
			for o := range ops {
				t.do(work, o)
			}
		})
	}
	err := t.pace(ctx, ops)
	close(ops)
	stop := time.AfterFunc(t.config.Grace, cancel)
	defer stop.Stop()
	workers.Wait()
	t.watches.Wait()
	return err
}

// pace hands out one change after the other, at the rate.
func (t *Traffic) pace(ctx context.Context, ops chan<- op) error {
	every := time.NewTicker(time.Duration(float64(time.Second) / t.config.Rate))
	defer every.Stop()
	for n := range t.config.Limit {
		o := t.plan(n)
		for sent := false; !sent; {
			select {
			case <-ctx.Done():
				t.cancel(o)
				return nil
			case <-every.C:
			}
			select {
			case ops <- o:
				sent = true
			default:
				t.count(func(s *Stats) { s.Late++ })
			}
		}
	}
	return fmt.Errorf("traffic: the journal is full with %d changes", t.config.Limit)
}

func (t *Traffic) count(f func(*Stats)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.stats)
}

// external is the external ID of change n.
func (t *Traffic) external(n int) string { return fmt.Sprintf("%s-%d@traffic", t.config.Name, n) }

// number is the change of an external ID, if it is of this traffic.
func (t *Traffic) number(external string) (n int, ok bool) {
	rest, ours := strings.CutPrefix(external, t.config.Name+"-")
	_, err := fmt.Sscanf(rest, "%d@traffic", &n)
	return n, ours && err == nil && t.external(n) == external
}

func (t *Traffic) channelOf(id string) desk.Channel {
	i := slices.IndexFunc(t.channels, func(c desk.Channel) bool { return c.ID == id })
	if i < 0 {
		return desk.Channel{}
	}
	return t.channels[i]
}
