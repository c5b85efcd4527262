package killtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
)

// setClock is this process's clock, which is as far from the computer's as a
// file says, such as "-1h". The file beside it, with the suffix seen, says
// what the clock has heard.
func setClock(name string) (clock.Clock, error) {
	var off atomic.Int64
	var seen string
	hear := func() error {
		said, err := os.ReadFile(name)
		if err != nil || string(said) == seen {
			return err
		}
		d, err := time.ParseDuration(string(said))
		if err != nil {
			return err
		}
		off.Store(int64(d))
		seen = string(said)
		return os.WriteFile(name+".seen", said, 0o600)
	}
	if err := hear(); err != nil {
		return clock.Clock{}, err
	}
	go func() {
		for range time.Tick(5 * time.Millisecond) {
			if err := hear(); err != nil {
				fmt.Fprintln(os.Stderr, "clock:", err)
			}
		}
	}()
	return clock.Clock{Time: func() time.Time { return stepped(time.Now(), time.Duration(off.Load())) }}, nil
}

// stepped is t as time.Now would have returned it, had the computer's clock
// been set by d, whole seconds: the wall clock's time is another, but the
// monotonic one's is not. Package time has no way to make such a time, so this
// reaches into it, and TestStepped makes sure that it is still as it was.
func stepped(t time.Time, d time.Duration) time.Time {
	inside := (*struct {
		wall uint64 // 1 bit: there is a monotonic time; 33 bits: seconds; 30 bits: nanoseconds
		ext  int64  // monotonic time
		loc  *time.Location
	})(unsafe.Pointer(&t))
	inside.wall += uint64(int64(d/time.Second)) << 30
	return t
}

func TestStepped(t *testing.T) {
	for _, d := range []time.Duration{time.Hour, -time.Hour, 3 * time.Second} {
		now := time.Now()
		then := stepped(now, d)
		if wall := then.Round(0).Sub(now.Round(0)); wall != d {
			t.Errorf("set by %s, the clock went by %s", d, wall)
		}
		if steady := then.Sub(now); steady != 0 {
			t.Errorf("set by %s, the monotonic clock went by %s", d, steady)
		}
	}
}

// TestClockSteps sets the server's clock in the middle of a move, as a
// correction over the network does. No wait may take longer for it, what was
// taken in after the fence is live whatever the clock says, and tokens hold as
// long as they say.
func TestClockSteps(t *testing.T) {
	takesLong(t)
	t.Parallel()
	g := newRig(t, channel())
	for i, test := range []struct {
		name    string
		begin   time.Duration // how far the clock is from that of the data's maker
		steps   []string      // how far it is then
		restart bool          // after each
		history desk.HistoryChoice
	}{
		{name: "forward", steps: []string{"1h"}, history: desk.AllHistory},
		{name: "back", steps: []string{"-1h"}, history: desk.AllHistory},
		{name: "back without history", steps: []string{"-1h"}, history: desk.NoHistory},
		{name: "back and restarted", steps: []string{"-1h"}, restart: true, history: desk.AllHistory},
		{name: "back and restarted without history", steps: []string{"-1h"}, restart: true, history: desk.NoHistory},
		{name: "back since the data were made", begin: -time.Hour, steps: []string{"-1h"}, history: desk.AllHistory},
		{name: "there and back", steps: []string{"1h", "0s"}, history: desk.AllHistory},
		{name: "to and fro", steps: []string{"3s", "-2s", "4s", "-5s", "-1s"}, history: desk.AllHistory},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := aim{phase: converting}
			if test.history == desk.NoHistory {
				a.phase = "convert" // there is nothing to convert
			}
			g.strike(t, i, a, func(r *round) {
				r.history = test.history
				r.clock = filepath.Join(t.TempDir(), "clock")
				if err := r.set(test.begin.String()); err != nil {
					t.Fatal(err)
				}
				r.env = append(r.env, itsClock+"="+r.clock)
				r.hit = func(ctx context.Context, s *shot) error {
					for _, step := range test.steps {
						if err := r.step(ctx, step, test.restart, s); err != nil {
							return fmt.Errorf("clock at %s: %w", step, err)
						}
					}
					return r.alive()
				}
			})
		})
	}
}

// set sets the server's clock.
func (r *round) set(to string) error {
	if err := os.WriteFile(r.clock+".new", []byte(to), 0o600); err != nil {
		return err
	}
	return os.Rename(r.clock+".new", r.clock) // at once, so that nobody reads half of it
}

// step sets the server's clock, waits until it has heard, and has customers
// write.
func (r *round) step(ctx context.Context, to string, restart bool, s *shot) error {
	if err := r.set(to); err != nil {
		return err
	}
	if restart {
		if err := r.replace(ctx); err != nil {
			return err
		}
	}
	for until := time.Now().Add(5 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if seen, err := os.ReadFile(r.clock + ".seen"); err == nil && string(seen) == to {
			break
		}
		if time.Now().After(until) {
			return errors.New("the server has not heard of it")
		}
	}
	for range 5 {
		if _, err := r.write(ctx, s); err != nil {
			return err
		}
	}
	return r.tokens(ctx, strings.HasPrefix(to, "1h"))
}

// tokens checks that a token for half an hour holds by the server's clock,
// whether or not that went an hour ahead.
func (r *round) tokens(ctx context.Context, over bool) error {
	i, err := issuer.Open(filepath.Join(r.dir, "data"), clock.Clock{})
	if err != nil {
		return err
	}
	token, err := i.Mint(account, "admin", desk.SuperAdmin, 30*time.Minute)
	if err != nil {
		return err
	}
	api, err := client.New(r.server.URL(), token)
	if err != nil {
		return err
	}
	_, err = api.Me(ctx)
	var p *client.Problem
	switch {
	case over && !(errors.As(err, &p) && p.Status == http.StatusUnauthorized):
		return fmt.Errorf("a token that is over by this clock: %w", err)
	case !over && err != nil:
		return fmt.Errorf("a token that holds by this clock: %w", err)
	}
	return nil
}
