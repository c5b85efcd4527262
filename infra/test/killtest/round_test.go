package killtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/demo"
	"deskmove/shared/cli/process"
	"deskmove/shared/cli/traffic"
	"deskmove/shared/cli/verify"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// aim says when to hit: so long after the move was asked for, or after it
// was seen in a phase.
type aim struct {
	phase string // "" counts from the request itself
	after time.Duration
	again time.Duration // after the restart, if not 0
}

func (a aim) String() string {
	s := a.after.Round(time.Millisecond).String() + " after "
	if a.phase == "" {
		s += "the request"
	} else {
		s += a.phase
	}
	if a.again > 0 {
		s += ", and " + a.again.Round(time.Millisecond).String() + " after the restart"
	}
	return s
}

// converting is when some of the channel is converted; no phase of the move.
const converting = "converting"

// takeAim spreads aims over a move that takes so long: one in three at any
// time of it, the others where little time is spent but much happens. One in
// four is followed by another.
func takeAim(i int, whole time.Duration, random *rand.Rand) aim {
	within := func(d time.Duration) time.Duration { return time.Duration(random.Int64N(int64(d))) }
	a := aim{after: within(whole)}
	switch i % 6 {
	case 1:
		a.after = within(100 * time.Millisecond)
	case 2:
		a.phase, a.after = "list", within(100*time.Millisecond)
	case 3:
		a.phase, a.after = converting, within(50*time.Millisecond)
	case 4:
		a.phase, a.after = "convert", within(500*time.Millisecond)
	case 5:
		a.phase, a.after = "compare", within(50*time.Millisecond)
	}
	if random.IntN(4) == 0 {
		a.again = 1 + within(time.Second)
	}
	return a
}

// round is one move with one fault.
type round struct {
	place

	random  *rand.Rand
	loaded  []demo.Loaded
	setup   desk.Setup
	rate    float64
	history desk.HistoryChoice
	hit     func(context.Context, *shot) error // the fault, from its begin to its end

	server *process.Server
	api    *client.Client // patient, as people are
	eyes   *client.Client // impatient, to see phases
	found  string         // the move, once it was seen

	customer *client.Client // a connector, impatient
	clock    string         // the file that sets the server's clock, if one does
}

// shot is what came of a round.
type shot struct {
	aim     aim
	phase   string // in which the move was last seen before
	done    int64  // conversations converted by then
	planned int64

	written int      // messages that were to begin a conversation during the fault
	stored  []string // the conversations of those that were acknowledged

	whole    time.Duration // from the request to the end
	up       time.Duration // from the kill until the API answers again
	recovery time.Duration // from the end of the fault until the move's
	stats    traffic.Stats
	checked  traffic.Checked
	verified verify.Result
}

func (r *round) connect() (err error) {
	if r.api, err = r.server.Client(account, "admin", desk.SuperAdmin); err != nil {
		return err
	}
	if _, err := r.api.Me(context.Background()); err != nil { // from now on it knows that there is a server
		return err
	}
	if r.eyes, err = r.server.Client(account, "admin", desk.SuperAdmin); err != nil {
		return err
	}
	r.eyes.Patience = -1
	if r.customer, err = r.server.Client(account, "connector", desk.ConnectorRole); err != nil {
		return err
	}
	r.customer.Patience = -1
	return nil
}

// run moves the channel, hits the server as aimed unless a is nil, and checks
// everything.
func (r *round) run(ctx context.Context, a *aim) (s shot, err error) {
	if r.server, err = r.start(ctx); err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, r.server.Kill()) }()
	if err := r.connect(); err != nil {
		return s, err
	}
	t, stop, err := r.traffic(ctx)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	time.Sleep(300 * time.Millisecond)
	began := time.Now()
	m, err := r.struck(ctx, a, &s)
	if err != nil {
		return s, err
	}
	if m, err = r.await(ctx, m.ID); err != nil {
		return s, err
	}
	s.whole = time.Since(began)
	if r.clock == "" { // the move's own: the one of here saw it a little later
		s.whole = m.EndedAt.Sub(began)
	}
	s.recovery = max(s.whole-s.recovery, 0)
	time.Sleep(500 * time.Millisecond)
	if err := stop(); err != nil {
		return s, err
	}
	s.stats = t.Stats()
	return s, r.check(ctx, t, m, &s)
}

func (r *round) traffic(ctx context.Context) (*traffic.Traffic, func() error, error) {
	connector, err1 := r.server.Client(account, "connector", desk.ConnectorRole)
	agent, err2 := r.server.Client(account, r.setup.Agents[2].ID, desk.AgentRole)
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	connector.Patience, agent.Patience = -1, -1
	t, err := traffic.New(traffic.Config{
		Name: "kill", Seed: r.random.Uint64(), Rate: r.rate, Setup: r.setup, Busiest: demo.Moved,
	}, traffic.HTTPAPI{Connector: connector, Agent: agent, Reader: r.eyes})
	if err != nil {
		return nil, nil, err
	}
	for i, l := range r.loaded {
		if i%10 == 0 {
			t.AddConversations(l.Conversation)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- t.Run(ctx) }()
	stopped := false
	return t, func() error {
		cancel()
		if stopped {
			return nil
		}
		stopped = true
		return <-ended
	}, nil
}

// choices are those of the move.
func (r *round) choices() (api.NewMove, desk.Choices) {
	asked := api.NewMove{
		ChannelID: demo.Moved, History: string(r.history),
		Acknowledged: []string{desk.CodeAgentsNoAccess, desk.CodeRoutingNoAccess, desk.CodeConnectedLeft},
	}
	taken := desk.Choices{Channel: demo.Moved, History: r.history}
	if r.history == desk.AllHistory {
		asked.StatusMap = api.StatusMap{Open: "new", Closed: "solved"}
		taken.Statuses = desk.StatusMap{Open: "new", Closed: "solved"}
	}
	return asked, taken
}

// struck asks for the move, and hits the server. Whoever gets no answer to
// the request sends it again, with the same key.
func (r *round) struck(ctx context.Context, a *aim, s *shot) (api.ChannelMove, error) {
	began := time.Now()
	started := make(chan error, 1)
	var m api.ChannelMove
	go func() {
		var err error
		asked, _ := r.choices()
		m, err = r.api.StartMove(ctx, asked, "move")
		started <- err
	}()
	if a != nil {
		s.aim = *a
		if err := r.shoot(ctx, *a, began, s); err != nil {
			return m, err
		}
	}
	return m, <-started
}

// shoot waits for the moment, and hits.
func (r *round) shoot(ctx context.Context, a aim, began time.Time, s *shot) error {
	s.phase = "request"
	from := began
	if a.phase == "" {
		from = from.Add(a.after)
	}
	for a.phase != "" || time.Now().Before(from) {
		m, ok := r.look(ctx)
		if ok {
			s.see(m)
		}
		if s.phase == a.phase || a.phase == converting && s.done > 0 {
			time.Sleep(a.after)
			break
		}
		if s.phase == ended {
			break
		}
		if time.Since(began) > time.Minute { // a slow machine; now will do
			break
		}
		if a.phase == "" { // where it is, is only of interest
			time.Sleep(min(50*time.Millisecond, time.Until(from)))
		} else {
			time.Sleep(3 * time.Millisecond)
		}
	}
	err := r.hit(ctx, s)
	s.recovery = time.Since(began)
	return err
}

// kill kills the server and starts another, once or twice.
func (r *round) kill(ctx context.Context, s *shot) error {
	shot := time.Now()
	if err := r.replace(ctx); err != nil {
		return err
	}
	s.up = time.Since(shot)
	if s.aim.again == 0 {
		return nil
	}
	time.Sleep(s.aim.again)
	return r.replace(ctx)
}

// replace kills the server and starts another.
func (r *round) replace(ctx context.Context) error {
	if err := r.server.Kill(); err != nil {
		return err
	}
	server, err := r.start(ctx)
	if err != nil {
		return err
	}
	r.server = server
	return nil
}

const ended = "ended"

// see notes where the move is.
func (s *shot) see(m api.ChannelMove) {
	switch {
	case !m.EndedAt.IsZero():
		s.phase = ended
	case m.PhaseNow() == "":
		s.phase = m.Status
	default:
		s.phase = m.PhaseNow()
	}
	if m.Progress != nil {
		s.done, s.planned = m.Progress.Done, m.Progress.Planned
	}
}

// look finds the move, if there is one yet.
func (r *round) look(ctx context.Context) (api.ChannelMove, bool) {
	if r.found == "" {
		for m, err := range r.eyes.Moves(ctx) {
			if err == nil {
				r.found = m.ID
			}
			break
		}
	}
	if r.found == "" {
		return api.ChannelMove{}, false
	}
	m, err := r.eyes.Move(ctx, r.found)
	return m, err == nil
}

// await observes, and does nothing else.
func (r *round) await(ctx context.Context, id string) (api.ChannelMove, error) {
	for until := time.Now().Add(6 * time.Minute); time.Now().Before(until); time.Sleep(150 * time.Millisecond) {
		m, err := r.api.Move(ctx, id)
		if err != nil {
			return m, err
		}
		if !m.EndedAt.IsZero() {
			if m.Status != string(desk.Done) {
				return m, fmt.Errorf("move ended with %s", m.Status)
			}
			return m, nil
		}
	}
	return api.ChannelMove{}, errors.New("the move has not ended within six minutes")
}

// check verifies all that there is to verify.
func (r *round) check(ctx context.Context, t *traffic.Traffic, m api.ChannelMove, s *shot) (err error) {
	// Traffic's check first: it waits for what is still on its way, whatever
	// the server's clock says.
	_, choices := r.choices()
	if s.checked, err = t.Check(ctx, []desk.Move{{FenceAt: m.FenceAt, Choices: choices}}, 15*time.Second); err != nil {
		return err
	}
	if s.verified, err = verify.Run(ctx, r.api, verify.Options{}); err != nil {
		return err
	}
	var errs []error
	for _, c := range s.verified.Checks {
		for _, v := range c.First {
			errs = append(errs, fmt.Errorf("verify: %s: %s: %s", c.Name, v.ID, v.Problem))
		}
	}
	for _, v := range s.checked.Violations {
		errs = append(errs, fmt.Errorf("traffic: %s", v))
	}
	report, err := r.api.Report(ctx, m.ID)
	if err == nil && !report.Checksum.Equal {
		err = fmt.Errorf("checksums differ: %+v", report)
	}
	errs = append(errs, r.tickets(ctx, s))
	if words, race := r.lastWords(); race {
		errs = append(errs, errors.New("the race detector found something:\n"+words))
	}
	return errors.Join(append(errs, err)...)
}

// quantile of durations.
func quantile(ds []time.Duration, q float64) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(ds))
	return sorted[int(q*float64(len(sorted)-1))].Round(10 * time.Millisecond)
}
