package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"deskmove/infra/test/bench/sample"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// FloodsResult is what one machine does when more is asked of it than it can do.
type FloodsResult struct {
	Name       string     `json:"name"`
	Loops      FloodPhase `json:"loops_of_an_agent"` // while messages come in
	AdminLoops FloodPhase `json:"loops_of_a_program"`
	Burst      FloodPhase `json:"burst_of_200_agents"`
	OneBurst   FloodPhase `json:"burst_of_an_agent"`
	PeakRSSMiB float64    `json:"peak_rss_mib"` // of the server in all of that
	Half       HalfPhase  `json:"half_a_core"`
}

// FloodPhase is what those who ask for lists got, and how long it took to take a
// message in meanwhile, if any came.
type FloodPhase struct {
	Seconds  float64     `json:"seconds"`
	Answers  map[int]int `json:"answers"`  // by status; 0 is none
	Answered Wait        `json:"answered"` // with 200
	Refused  Wait        `json:"refused"`  // with 429 or 503, as clients see it
	Server   Refusals    `json:"refused_in_server"`
	Taken    int         `json:"taken"`
	TakenIn  Wait        `json:"taken_in"`
	Load     float64     `json:"load"`
}

// HalfPhase is a move on half a core, while customers write.
type HalfPhase struct {
	HeldBy        string  `json:"held_by"` // what holds the server to half a core
	Conversations int     `json:"conversations"`
	Seconds       float64 `json:"seconds"`
	Changes       int     `json:"changes"`
	Redirect      Wait    `json:"redirect"` // from the commit of a new conversation to that of its ticket
	TakenIn       Wait    `json:"taken_in"`
	Load          float64 `json:"load"`
	Read          Wait    `json:"raw_read"`
	Write         Wait    `json:"raw_write"`
}

const (
	floodAccounts = 20
	floodAgents   = 10 // of each account
	floodLoops    = 256
	floodBurst    = 4000
	floodHistory  = 1000 // conversations of each account
	changesPerS   = 76
)

// floodSetup is an account of agents, with one super administrator.
func floodSetup(account string) desk.Setup {
	s := sample.Setup()
	s.Account.ID = account
	for i := range s.Channels {
		s.Channels[i].Account = account
	}
	for i := range s.Agents {
		s.Agents[i].HelpDesk = true
		if i > 0 {
			s.Agents[i].Role = desk.AgentRole
		}
	}
	return s
}

func floodAccount(i int) string { return fmt.Sprintf("flood%02d", i) }

// seedFloods takes the history of all accounts in, and n conversations of the one
// that moves.
func seedFloods(ctx context.Context, dir string, n int) error {
	s, stop, err := open(ctx, dir, nil)
	if err != nil {
		return err
	}
	defer stop()
	for i := range floodAccounts + 1 {
		account, size := floodAccount(i), floodHistory
		if i == floodAccounts {
			account, size = sample.Account, n
		}
		if _, err := s.App.Accounts.Replace(ctx, desk.Caller{}, floodSetup(account)); err != nil {
			return err
		}
		if err := (sample.History{Conversations: size, Open: 67}).Batches(false, func(cs []desk.Conversation) error {
			for i := range cs {
				cs[i].Account = account
			}
			return s.App.Conversations.Import(ctx, cs)
		}); err != nil {
			return err
		}
	}
	return s.WaitIdle(ctx)
}

// served is what a server says when it is up.
type served struct {
	URL    string
	Tokens map[string]string // by account/agent
}

// ended is what a server says at its end.
type ended struct {
	Redirects   int
	Redirect    Wait
	Read, Write Wait
}

// probeUntilEnd reads and writes one item again and again until the standard input ends,
// and answers each line of that.
func probeUntilEnd(ctx context.Context, engine store.Engine, answer func() error) (reads, writes []time.Duration, err error) {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { reads, writes = lister{engine: engine}.probe(ctx) })
	for lines := bufio.NewScanner(os.Stdin); err == nil && lines.Scan(); {
		err = answer()
	}
	stop()
	wg.Wait()
	return reads, writes, err
}

// serveFloods serves until its standard input ends.
func serveFloods(ctx context.Context, dir string) (any, error) {
	var w *landings
	log := &accessed{Handler: warnings()}
	s, stop, err := openAt(ctx, dir, "127.0.0.1:0", log, func(e store.Engine) store.Engine {
		w = &landings{Engine: e, born: make(map[store.Key]time.Time)}
		return w
	})
	if err != nil {
		return nil, err
	}
	defer stop()
	up := served{s.Gateway.URL(), make(map[string]string)}
	mint := func(account, agent string, role desk.Role) error {
		token, err := s.Issuer.Mint(account, agent, role, time.Hour)
		up.Tokens[account+"/"+agent] = token
		return err
	}
	for i := range floodAccounts {
		for a := range floodAgents {
			if err := mint(floodAccount(i), fmt.Sprintf("agent%02d", a+1), desk.AgentRole); err != nil {
				return nil, err
			}
		}
	}
	for _, account := range []string{floodAccount(0), sample.Account} {
		if err := mint(account, "agent00", desk.SuperAdmin); err != nil {
			return nil, err
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(up); err != nil {
		return nil, err
	}
	reads, writes, err := probeUntilEnd(ctx, w.Engine, func() error { return json.NewEncoder(os.Stdout).Encode(log.since()) })
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return ended{len(w.took), waitOf(w.took), waitOf(reads), waitOf(writes)}, nil
}

// landings notes how long new conversations take to their landing.
type landings struct {
	store.Engine
	mu   sync.Mutex
	born map[store.Key]time.Time
	took []time.Duration
}

func (l *landings) Write(ctx context.Context, ws []store.Write) []error {
	errs := l.Engine.Write(ctx, ws)
	for i := range ws {
		if errs == nil || errs[i] == nil {
			l.note(&ws[i])
		}
	}
	return errs
}

func (l *landings) Transact(ctx context.Context, ws []store.Write) error {
	err := l.Engine.Transact(ctx, ws)
	for i := range ws {
		if err == nil {
			l.note(&ws[i])
		}
	}
	return err
}

func (l *landings) note(w *store.Write) {
	if w.Table != store.Conversations {
		return
	}
	for _, a := range w.Set {
		if a.Name != store.Home {
			continue
		}
		l.mu.Lock()
		began, isNew := l.born[w.Key]
		switch {
		case w.Op == store.Put && a.Value.Str == string(desk.Inbox):
			l.born[w.Key] = time.Now()
		case isNew && a.Value.Str == string(desk.HelpDesk):
			l.took = append(l.took, time.Since(began))
			delete(l.born, w.Key)
		}
		l.mu.Unlock()
	}
}

// server is a server in a process of its own.
type server struct {
	served
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	client *http.Client
}

func (c Case) serve(ctx context.Context, dir, part string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.CommandContext(ctx, self)} // #nosec G204 -- this very program
	s.cmd.Env = append(os.Environ(), partVar+"="+part, sizeVar+"=0", dirVar+"="+dir)
	s.cmd.Stderr = os.Stderr
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.stdin, s.stdout = in, bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: floodBurst}, Timeout: time.Minute}
	return s, s.says(&s.served)
}

// says reads the next that the server says.
func (s *server) says(v any) error {
	line, err := s.stdout.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the server has ended: %w", err)
	}
	return json.Unmarshal(line, v)
}

// end ends the server, and returns what it says and the most memory that it had, in MiB.
func (s *server) end() (e ended, peak float64, err error) {
	peak = peakOf(s.cmd.Process.Pid)
	if err = s.stdin.Close(); err == nil {
		err = s.says(&e)
	}
	if waited := s.cmd.Wait(); err == nil {
		err = waited
	}
	return e, peak, err
}

func peakOf(pid int) (mib float64) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, _ = fmt.Sscan(kb, &mib)
		}
	}
	return mib / 1024
}

// ask returns the status of an answer, 0 if there is none.
func (s *server) ask(ctx context.Context, who, method, path string, body string) (status int, took time.Duration) {
	began := time.Now()
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, 0
	}
	r.Header.Set("Authorization", "Bearer "+s.Tokens[who])
	r.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(r)
	if err != nil {
		return 0, time.Since(began)
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0, time.Since(began)
	}
	return res.StatusCode, time.Since(began)
}

const floodPath = "/v1/conversations?home=inbox&limit=50"

// tally counts answers.
type tally struct {
	mu                sync.Mutex
	statuses          map[int]int
	answered, refused []time.Duration
}

func (t *tally) add(status int, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.statuses[status]++
	switch status {
	case http.StatusOK, http.StatusCreated:
		t.answered = append(t.answered, took)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		t.refused = append(t.refused, took)
	}
}

// refusals asks the server how long it took to refuse, since it was last asked.
func (s *server) refusals() (r Refusals, err error) {
	if _, err = fmt.Fprintln(s.stdin); err == nil {
		err = s.says(&r)
	}
	return r, err
}

func (t *tally) phase(began time.Time, taken *tally) FloodPhase {
	return FloodPhase{
		Seconds: time.Since(began).Seconds(), Answers: t.statuses, Answered: waitOf(t.answered), Refused: waitOf(t.refused),
		Taken: len(taken.answered), TakenIn: waitOf(taken.answered), Load: load(),
	}
}

func newTally() *tally { return &tally{statuses: make(map[int]int)} }

// write has customers write so often a second until ctx is done, to the only channel of
// an account.
func (s *server) write(ctx context.Context, account string, perSecond int) *tally {
	taken := newTally()
	var wg sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for i := 0; ctx.Err() == nil; i++ {
		wg.Go(func() {
			body := fmt.Sprintf(`{"externalId":"%d-%d","author":"customer","from":{"address":"live@some-company.example"},"subject":"Live","text":"Is anybody there?"}`, os.Getpid(), i)
			taken.add(s.ask(context.WithoutCancel(ctx), account+"/agent00", http.MethodPost, "/v1/channels/"+sample.Channel+"/conversations", body))
		})
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	wg.Wait()
	return taken
}

// loops has one caller list again and again, many at a time, while messages come in.
func (s *server) loops(ctx context.Context, who string, n int, d time.Duration) FloodPhase {
	began, listed := time.Now(), newTally()
	within, stop := context.WithTimeout(ctx, d)
	defer stop()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for within.Err() == nil {
				listed.add(s.ask(ctx, who, http.MethodGet, floodPath, ""))
			}
		})
	}
	account, _, _ := strings.Cut(who, "/")
	taken := s.write(within, account, 20)
	wg.Wait()
	return listed.phase(began, taken)
}

// burst has some callers ask for so many lists at once.
func (s *server) burst(ctx context.Context, n int, who func(i int) string) FloodPhase {
	began, listed := time.Now(), newTally()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { listed.add(s.ask(ctx, who(i), http.MethodGet, floodPath, "")) })
	}
	wg.Wait()
	return listed.phase(began, newTally())
}

// Floods measures floods, and a move on half a core.
func (c Case) Floods(ctx context.Context, progress io.Writer) (FloodsResult, error) {
	r := FloodsResult{Name: fmt.Sprintf("floods-%d", c.Conversations)}
	data := filepath.Join(c.Dir, "floods")
	say := func(what string) { _, _ = fmt.Fprintf(progress, "floods: %s\n", what) }
	say("taking conversations in")
	if err := c.part(ctx, "seed-floods", data, nil); err != nil {
		return r, err
	}
	s, err := c.serve(ctx, data, "serve-floods")
	if err != nil {
		return r, err
	}
	agent, program := floodAccount(0)+"/agent01", floodAccount(0)+"/agent00"
	many := floodBurst
	if c.isTrial() {
		many /= 10
	}
	for _, one := range []struct {
		what  string
		to    *FloodPhase
		flood func() FloodPhase
	}{
		{"loops of an agent", &r.Loops, func() FloodPhase { return s.loops(ctx, agent, floodLoops, c.floodTime()) }},
		{"loops of a program", &r.AdminLoops, func() FloodPhase { return s.loops(ctx, program, floodLoops, c.floodTime()) }},
		{"burst of 200 agents", &r.Burst, func() FloodPhase {
			return s.burst(ctx, many, func(i int) string {
				return fmt.Sprintf("%s/agent%02d", floodAccount(i%floodAccounts), i/floodAccounts%floodAgents+1)
			})
		}},
		{"burst of an agent", &r.OneBurst, func() FloodPhase { return s.burst(ctx, many, func(int) string { return floodAccount(1) + "/agent01" }) }},
	} {
		say(one.what)
		*one.to = one.flood()
		if one.to.Server, err = s.refusals(); err != nil {
			return r, err
		}
	}
	if _, r.PeakRSSMiB, err = s.end(); err != nil {
		return r, err
	}
	say("moving on half a core")
	r.Half, err = c.half(ctx, data)
	return r, err
}

func (c Case) isTrial() bool { return c.Conversations < 10_000 }

func (c Case) floodTime() time.Duration {
	if c.isTrial() {
		return time.Second
	}
	return 15 * time.Second
}

// half moves a channel on half a core, while customers write.
func (c Case) half(ctx context.Context, data string) (h HalfPhase, err error) {
	s, err := c.serve(ctx, data, "serve-floods")
	if err != nil {
		return h, err
	}
	release, err := hold(s.cmd.Process.Pid)
	if err != nil {
		return h, err
	}
	defer release()
	h.Conversations = c.Conversations
	began := time.Now()
	order := fmt.Sprintf(`{"channelId":%q,"history":"all","statusMap":{"open":"waiting","closed":"solved"}}`, sample.Channel)
	if status, _ := s.ask(ctx, sample.Account+"/agent00", http.MethodPost, "/v1/moves", order); status != http.StatusAccepted {
		return h, fmt.Errorf("the move was not started: %d", status)
	}
	within, stop := context.WithCancel(ctx)
	defer stop()
	taken := make(chan *tally, 1)
	go func() { taken <- s.write(within, sample.Account, changesPerS) }()
	for moving := true; moving && err == nil; {
		time.Sleep(500 * time.Millisecond)
		moving, err = s.moving(ctx)
	}
	h.Seconds = time.Since(began).Seconds()
	if c.isTrial() { // its move may end before anybody has written
		time.Sleep(5 * time.Second)
	}
	stop()
	t := <-taken
	h.TakenIn, h.Load = waitOf(t.answered), load()
	h.HeldBy = release() // it need not end slowly
	e, _, endErr := s.end()
	if err == nil {
		err = endErr
	}
	h.Changes, h.Redirect, h.Read, h.Write = e.Redirects, e.Redirect, e.Read, e.Write
	return h, err
}

// moving reports whether the account's move still runs.
func (s *server) moving(ctx context.Context) (bool, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/v1/moves", nil)
	if err != nil {
		return false, err
	}
	r.Header.Set("Authorization", "Bearer "+s.Tokens[sample.Account+"/agent00"])
	res, err := s.client.Do(r)
	if err != nil {
		return false, err
	}
	defer func() { _ = res.Body.Close() }()
	var page struct{ Items []struct{ Status string } }
	if err := json.NewDecoder(res.Body).Decode(&page); err != nil || len(page.Items) == 0 {
		return false, fmt.Errorf("moves are not listed: %s, %w", res.Status, err)
	}
	return page.Items[0].Status == string(desk.Running), nil
}
