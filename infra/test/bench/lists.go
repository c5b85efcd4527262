package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"deskmove/infra/test/bench/sample"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/store"
)

// ListsResult is what lists cost over an account of which half has moved, while
// the other half moves, and when all has moved.
type ListsResult struct {
	Name          string    `json:"name"`
	Conversations int       `json:"conversations"`
	Readers       int       `json:"readers"`          // each asks again as soon as it is answered
	IdleCPU       float64   `json:"idle_cpu_percent"` // of one core, before anything moves
	PlanMs        float64   `json:"plan_ms"`          // the first plan of half of the conversations; the next ones know what it found
	Rest          ListPhase `json:"rest"`
	During        ListPhase `json:"during"`
	After         ListPhase `json:"after"` // with the first audit
}

// ListPhase is what readers saw for some time.
type ListPhase struct {
	Seconds float64         `json:"seconds"`
	Pages   int             `json:"pages"`
	CPUMs   float64         `json:"cpu_ms_per_page"` // of server and readers, and while moving of the move
	Failed  int             `json:"failed"`          // of pages, not answered in time
	P50Ms   float64         `json:"p50_ms"`
	P99Ms   float64         `json:"p99_ms"`
	Lists   map[string]Wait `json:"lists"`
	// What the machine did beside: its load when the phase ended, and reads and
	// writes of one item of the engine.
	Load  float64 `json:"load"`
	Read  Wait    `json:"raw_read"`
	Write Wait    `json:"raw_write"`
}

// Wait is how long something takes, in milliseconds.
type Wait struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
}

func waitOf(ds []time.Duration) Wait { return Wait{percentile(ds, 0.50), percentile(ds, 0.99)} }

// Lists measures lists.
func (c Case) Lists(ctx context.Context, progress io.Writer) (ListsResult, error) {
	var r ListsResult
	data := filepath.Join(c.Dir, "lists")
	_, _ = fmt.Fprintf(progress, "%d conversations: taking them in\n", c.Conversations)
	if err := c.part(ctx, "seed-lists", data, nil); err != nil {
		return r, err
	}
	_, _ = fmt.Fprintf(progress, "%d conversations: listing them\n", c.Conversations)
	return r, c.part(ctx, "lists", data, &r)
}

const (
	readers   = 20
	otherMail = "sales" // the channel that moves first
	atRest    = 15 * time.Second
	// afterwards is long enough for the first audit, which comes 20 seconds
	// after a move.
	afterwards = 30 * time.Second
)

func seedLists(ctx context.Context, dir string, n int) error {
	setup := sample.Setup()
	other := setup.Channels[0]
	other.ID, other.Name, other.Address = otherMail, "Sales", "sales@bench.example"
	setup.Channels = append(setup.Channels, other)
	return seed(ctx, dir, setup, sample.History{Conversations: n / 2, Open: 30, Channel: otherMail}, sample.History{Conversations: n - n/2, Open: 30, First: n / 2})
}

func lists(ctx context.Context, dir string, n int) (any, error) {
	r := ListsResult{Name: fmt.Sprintf("lists-%d", n), Conversations: n, Readers: readers}
	var engine store.Engine
	s, stop, err := openAt(ctx, dir, "127.0.0.1:0", warnings(), func(e store.Engine) store.Engine {
		engine = e
		return e
	})
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := s.WaitIdle(ctx); err != nil {
		return nil, err
	}
	sleep := func(d time.Duration) error {
		if n < 10_000 { // a trial
			d /= 20
		}
		time.Sleep(d)
		return nil
	}
	r.IdleCPU = idle(func() { _ = sleep(atRest) })
	token, err := s.Issuer.Mint(sample.Account, "agent01", desk.SuperAdmin, time.Hour)
	if err != nil {
		return nil, err
	}
	l := lister{url: s.Gateway.URL(), token: token, engine: engine, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: readers}, Timeout: time.Minute,
	}}
	asked := time.Now()
	if err := l.get(ctx, "/v1/channels/"+sample.Channel+"/plan?history=all"); err != nil {
		return nil, err
	}
	r.PlanMs = float64(time.Since(asked)) / float64(time.Millisecond)
	if err := moveAll(ctx, s, otherMail); err != nil {
		return nil, err
	}
	_ = sleep(afterwards) // the audit is not at rest
	if r.Rest, err = l.read(ctx, func() error { return sleep(atRest) }); err != nil {
		return nil, err
	}
	if r.During, err = l.read(ctx, func() error { return moveAll(ctx, s, sample.Channel) }); err != nil {
		return nil, err
	}
	r.After, err = l.read(ctx, func() error { return sleep(afterwards) })
	return r, err
}

// idle returns how much of a core this process uses while it sleeps.
func idle(sleep func()) float64 {
	cpu, began := used(), time.Now()
	sleep()
	return 100 * float64(used()-cpu) / float64(time.Since(began))
}

func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func moveAll(ctx context.Context, s *local.Stack, channel string) error {
	c := choices
	c.Channel = channel
	started, err := s.App.Starter.Start(ctx, desk.Caller{Account: sample.Account, Agent: "agent01", Role: desk.SuperAdmin}, c, desk.Idempotency{})
	if err != nil {
		return err
	}
	m, err := wait(ctx, s, started.ID)
	if err == nil && m.Status != desk.Done {
		err = fmt.Errorf("the move ended wrongly: %+v", m)
	}
	return err
}

// pages are the first pages that agents open.
func pages() map[string]string {
	due := url.QueryEscape(time.Now().Add(2 * time.Hour).UTC().Format(time.RFC3339))
	return map[string]string{
		"all open":           "/v1/tickets?open=true",
		"mine":               "/v1/tickets?open=true&owner=agent01",
		"nobody's":           "/v1/tickets?open=true&unowned=true",
		"due":                "/v1/tickets?due=" + due,
		"channel and status": "/v1/tickets?channel=" + sample.Channel + "&status=waiting",
		"closed by channel":  "/v1/tickets?channel=" + otherMail + "&status=solved",
		"inbox":              "/v1/conversations?home=inbox",
		"counts":             "/v1/counts",
	}
}

// lister reads lists over HTTP.
type lister struct {
	url, token string
	client     *http.Client
	engine     store.Engine
}

// read has readers read lists while something is done. What they have asked for by
// then they wait for.
func (l lister) read(ctx context.Context, while func() error) (ListPhase, error) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	began, cpu := time.Now(), used()
	var mu sync.Mutex
	failed := 0
	took, all := make(map[string][]time.Duration), []time.Duration(nil)
	var wg sync.WaitGroup
	for i := range readers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i))) // #nosec G404 G115 -- a benchmark, and few
			for working.Err() == nil {
				paths := pages()
				names := make([]string, 0, len(paths))
				for name := range paths {
					names = append(names, name)
				}
				random.Shuffle(len(names), func(a, b int) { names[a], names[b] = names[b], names[a] })
				for _, name := range names {
					if working.Err() != nil {
						return
					}
					asked := time.Now()
					err := l.get(ctx, paths[name])
					mu.Lock()
					if err != nil {
						failed++
					}
					took[name], all = append(took[name], time.Since(asked)), append(all, time.Since(asked))
					mu.Unlock()
				}
			}
		})
	}
	var reads, writes []time.Duration
	wg.Go(func() { reads, writes = l.probe(working) })
	err := while()
	seconds := time.Since(began).Seconds()
	stop()
	wg.Wait()
	p := ListPhase{Seconds: seconds, Pages: len(all), Failed: failed, Lists: make(map[string]Wait), Load: load(), Read: waitOf(reads), Write: waitOf(writes)}
	p.CPUMs = float64(used()-cpu) / float64(len(all)) / float64(time.Millisecond)
	w := waitOf(all)
	p.P50Ms, p.P99Ms = w.P50, w.P99
	for name, ds := range took {
		p.Lists[name] = waitOf(ds)
	}
	return p, err
}

func (l lister) get(ctx context.Context, path string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+l.token)
	res, err := l.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s answered %s", path, res.Status)
	}
	return nil
}

// probe reads and writes one item again and again, seldom enough not to count.
func (l lister) probe(ctx context.Context) (reads, writes []time.Duration) {
	key := store.Key{PK: "bench", SK: "probe"}
	for n := int64(0); ctx.Err() == nil; n++ {
		began := time.Now()
		err := store.FirstError(l.engine.Write(ctx, []store.Write{{
			Op: store.Update, Table: store.Control, Key: key, Set: store.Attrs{{Name: "n", Value: store.N(n)}},
		}}))
		wrote := time.Now()
		if err == nil {
			_, err = l.engine.Get(ctx, store.Control, []store.Key{key}, store.Strong)
		}
		if err == nil {
			writes, reads = append(writes, wrote.Sub(began)), append(reads, time.Since(wrote))
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return reads, writes
}

// load is the machine's load over the last minute, 0 if it does not tell.
func load() (l float64) {
	text, err := os.ReadFile("/proc/loadavg")
	if err == nil {
		_, _ = fmt.Fscan(strings.NewReader(string(text)), &l)
	}
	return l
}
