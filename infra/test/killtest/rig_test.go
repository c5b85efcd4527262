package killtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"deskmove/shared/cli/demo"
	"deskmove/shared/cli/process"
	"deskmove/shared/desk"
)

const account = "acme"

// place is a server's data, address and log, which survive its processes.
type place struct {
	dir, address string
	env          []string // of its processes
	log          *os.File
}

func newPlace(dir string, random *rand.Rand) (p place, err error) {
	p.dir = dir
	if p.address, err = freeAddress(random); err != nil {
		return p, err
	}
	p.log, err = os.Create(filepath.Join(dir, "serve.log"))
	return p, err
}

// freeAddress is one below the ports that the system gives to connections, so
// that nobody takes it while its server is dead.
func freeAddress(random *rand.Rand) (string, error) {
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 12_000+random.IntN(20_000))
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("no port is free")
}

func (p place) start(ctx context.Context) (*process.Server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return process.Start(ctx, process.Config{
		Program: self, Env: append([]string{asServer + "=1"}, p.env...), Dir: filepath.Join(p.dir, "data"), Address: p.address, Log: p.log,
	})
}

// lastWords are the end of the log, and whether the race detector had a word.
func (p place) lastWords() (text string, race bool) {
	log, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error(), false
	}
	return string(log[max(0, len(log)-4000):]), bytes.Contains(log, []byte("DATA RACE"))
}

// threads are a busy e-mail channel, and a little of everything else.
func threads(n int, setup desk.Setup) ([]demo.Thread, error) {
	all, err := demo.Sample(n/20, 1, setup, time.Now())
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, 2))
	now := time.Now()
	for i := range n {
		t := demo.Thread{Messages: []desk.Message{{
			External: fmt.Sprintf("kill-%d@fjordline.example", i), Channel: demo.Moved, Author: desk.ByCustomer,
			From: desk.Address{Address: fmt.Sprintf("customer%d@customer.example", i)}, At: now.Add(-time.Duration(random.IntN(1e6)) * time.Minute),
			Subject: fmt.Sprintf("Question %d", i), Text: "Where is my order?",
		}}}
		if random.IntN(5) == 0 {
			t.Closed = true
		}
		if random.IntN(5) == 0 {
			t.Owner = setup.Agents[random.IntN(len(setup.Agents))].ID
		}
		all = append(all, t)
	}
	return all, nil
}

// fill makes the data that every round begins with.
func fill(ctx context.Context, dir string, n int) (loaded []demo.Loaded, err error) {
	p, err := newPlace(dir, rand.New(rand.NewPCG(rand.Uint64(), 0)))
	if err != nil {
		return nil, err
	}
	s, err := p.start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Stop(), p.log.Close()) }()
	api, err := s.Client(account, "admin", desk.SuperAdmin)
	if err != nil {
		return nil, err
	}
	raw, setup, err := demo.Account(account)
	if err != nil {
		return nil, err
	}
	if _, err := api.ReplaceSetup(ctx, raw, ""); err != nil {
		return nil, err
	}
	all, err := threads(n, setup)
	if err != nil {
		return nil, err
	}
	return demo.Load(ctx, api, all, func() {})
}

// rig is what rounds have in common: the data that each begins with.
type rig struct {
	origin string
	loaded []demo.Loaded
	setup  desk.Setup
	seed   uint64
}

func newRig(t *testing.T, channel int) rig {
	t.Helper()
	g := rig{seed: uint64(number(t, "DESKMOVE_SEED", int(time.Now().UnixNano()&0xffffff)))}
	t.Logf("DESKMOVE_SEED=%d", g.seed)
	g.origin = filepath.Join(t.TempDir(), "origin")
	if err := os.Mkdir(g.origin, 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	if g.loaded, err = fill(t.Context(), g.origin, channel); err != nil {
		t.Fatal(err)
	}
	if _, g.setup, err = demo.Account(account); err != nil {
		t.Fatal(err)
	}
	return g
}

// round makes round i in dir.
func (g rig) round(dir string, i int) (*round, error) {
	if err := copyData(dir, g.origin); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(g.seed, uint64(i)))
	p, err := newPlace(dir, random)
	if err != nil {
		return nil, err
	}
	r := &round{place: p, random: random, loaded: g.loaded, setup: g.setup, rate: 60, history: desk.AllHistory}
	r.hit = r.kill
	return r, nil
}

// copyData copies a place's data. The issuer's key must stay private, so
// os.CopyFS will not do.
func copyData(to, from string) error {
	return filepath.WalkDir(filepath.Join(from, "data"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Mkdir(filepath.Join(to, name), 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), content, 0o600)
	})
}

// leaveOut skips a test and says why; in CI, which leaves nothing out, it fails
// it.
func leaveOut(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal("CI must not leave this out: " + why)
	}
	t.Skip("SKIPPED: " + why)
}

// takesLong leaves a test out of a short run.
func takesLong(t *testing.T) {
	t.Helper()
	if testing.Short() {
		leaveOut(t, "it takes half a minute or more, and -short is given")
	}
}
