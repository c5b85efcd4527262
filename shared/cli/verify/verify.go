// Package verify checks every guarantee of a move against the data, over the
// API. It shares no code with the move but the checksum: it has its own rules
// for what a ticket must look like.
//
// It reads conversations and tickets page by page and keeps about 100 bytes
// of each conversation. Customers and agents may go on writing meanwhile:
// whatever looks wrong is read again, and held against the move only if it
// stays wrong longer than a change may be on its way.
package verify

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/client"
)

// Check is the result for one invariant.
type Check struct {
	Name       string      `json:"name"`
	Promise    string      `json:"promise"`
	Checked    int64       `json:"checked"`
	Violations int64       `json:"violations"`
	First      []Violation `json:"first,omitempty"` // the first ten
}

// Violation is one case in which an invariant does not hold.
type Violation struct {
	ID      string `json:"id"` // of a conversation, ticket, move or channel
	Problem string `json:"problem"`
}

// Result is the result for all invariants.
type Result struct {
	OK            bool     `json:"ok"`
	Account       string   `json:"account"`
	Conversations int64    `json:"conversations"`
	Tickets       int64    `json:"tickets"`
	Channels      int      `json:"channels"`
	Moves         int      `json:"moves"`
	Checks        []Check  `json:"checks"`
	Notes         []string `json:"notes,omitempty"` // what could not be checked, and why
	Seconds       float64  `json:"seconds"`
}

// Options control Run; the zero value suits most callers.
type Options struct {
	// Grace is how long a change may be on its way to the help desk; 15 s if
	// 0, and no time at all if negative.
	Grace time.Duration
	// Settings are what the channels' settings should be, by channel ID; not
	// checked if nil.
	Settings map[string][]byte
	// NoFiles leaves files out. They take a request for each conversation, and all their
	// bytes.
	NoFiles bool
	// Seen hears how much has been read: conversations, tickets, and the conversations whose
	// messages were. It may be called by several at a time.
	Seen func(n int64)
}

// Run verifies the account of the client's token.
func Run(ctx context.Context, api *client.Client, o Options) (Result, error) {
	if o.Grace == 0 {
		o.Grace = 15 * time.Second
	}
	if o.Seen == nil {
		o.Seen = func(int64) {}
	}
	began := time.Now()
	v := &verifier{api: api, options: o, suspects: make(map[string][]string)}
	for i := range v.checks {
		v.checks[i] = Check{Name: names[i].name, Promise: names[i].promise}
	}
	for _, step := range []func(context.Context) error{v.look, v.readConversations, v.readTickets, v.readLeft, v.readFiles, v.recheck, v.judgeMoves} {
		if err := step(ctx); err != nil {
			return Result{}, fmt.Errorf("verify: %w", err)
		}
	}
	return v.result(time.Since(began)), nil
}

// verifier is one run.
type verifier struct {
	api     *client.Client
	options Options
	world   *world
	records records
	tickets int64
	checks  [invariants]Check
	notes   []string
	tallies map[string]*tally    // by move
	reports map[string]time.Time // by move, of what age the report was before anything was read
	// suspects are conversations to be read again, each with tickets that
	// name it beside its own.
	suspects map[string][]string
}

// mostListed is how many violations of an invariant are listed.
const mostListed = 10

// violated records a violation for good.
func (v *verifier) violated(f finding) {
	c := &v.checks[f.invariant]
	c.Violations++
	if len(c.First) < mostListed {
		c.First = append(c.First, Violation{ID: f.id, Problem: f.problem})
	}
}

func (v *verifier) result(took time.Duration) Result {
	r := Result{
		OK: true, Account: v.world.me.Account, Conversations: int64(len(v.records.all)), Tickets: v.tickets,
		Channels: len(v.world.channels), Moves: len(v.world.moves), Checks: v.checks[:], Notes: v.notes, Seconds: took.Seconds(),
	}
	for _, c := range r.Checks {
		r.OK = r.OK && c.Violations == 0
	}
	return r
}

func (v *verifier) note(format string, args ...any) {
	v.notes = append(v.notes, fmt.Sprintf(format, args...))
}
