package schedule_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"deskmove/shared/local/clock"
	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/local/schedule"
)

type bench struct {
	t      *testing.T
	path   string
	db     *db.DB
	host   *function.Host
	start  time.Time
	handle func(context.Context) error

	mu    sync.Mutex
	runs  []string // seconds since start
	event events.EventBridgeEvent
}

func newBench(t *testing.T) *bench {
	b := &bench{
		t: t, path: filepath.Join(t.TempDir(), "local.db"), host: &function.Host{Log: slog.New(slog.DiscardHandler)},
		start: time.Now(), handle: func(context.Context) error { return nil },
	}
	b.restart()
	t.Cleanup(func() { b.db.Close() })
	return b
}

func (b *bench) restart() {
	b.t.Helper()
	if b.db != nil {
		if err := b.db.Close(); err != nil {
			b.t.Fatal(err)
		}
	}
	var err error
	if b.db, err = db.Open(b.path, schedule.Schema); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) run(d time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), d)
	defer cancel()
	if err := b.sweep().Run(ctx); err != nil {
		b.t.Error(err)
	}
	if err := b.host.Wait(b.t.Context()); err != nil {
		b.t.Error(err)
	}
}

func (b *bench) sweep() *schedule.Schedule {
	return &schedule.Schedule{DB: b.db, Host: b.host, Name: "sweep", Every: 2 * time.Minute, Function: schedule.Function{
		Name: "sweep", Timeout: time.Hour,
		Handle: func(ctx context.Context, e events.EventBridgeEvent) (json.RawMessage, error) {
			b.mu.Lock()
			b.runs = append(b.runs, fmt.Sprint(time.Since(b.start).Seconds()))
			b.event = e
			b.mu.Unlock()
			return nil, b.handle(ctx)
		},
	}}
}

func (b *bench) want(runs ...string) {
	b.t.Helper()
	if diff := cmp.Diff(runs, b.runs); diff != "" {
		b.t.Errorf("runs at (-want +got):\n%s", diff)
	}
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run(5 * time.Minute)
		b.want("0", "120", "240")
	})
}

func TestEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run(time.Second)
		b.event.ID = "id"
		raw, err := json.Marshal(b.event)
		want := `{"version":"0","id":"id","detail-type":"Scheduled Event","source":"aws.scheduler","account":"000000000000",` +
			`"time":"2000-01-01T00:00:00Z","region":"local","resources":["arn:aws:scheduler:local:000000000000:schedule/default/sweep"],"detail":"{}"}`
		if string(raw) != want || err != nil {
			t.Errorf("event = %s, %v", raw, err)
		}
	})
}

func TestRestartKeepsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run(time.Minute)
		b.restart()
		b.run(2 * time.Minute)
		b.want("0", "120")
	})
}

// TestSleep: after however long a sleep there is one run, and then the rate as
// before.
func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run(time.Minute)
		b.restart()
		time.Sleep(24*time.Hour + 30*time.Second)
		b.run(3 * time.Minute)
		b.want("0", "86490", "86520", "86640")
	})
}

// TestSlowRun: runs do not overlap, and those missed are not made up for.
func TestSlowRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.handle = func(context.Context) error { time.Sleep(5 * time.Minute); return nil }
		b.run(13 * time.Minute)
		b.want("0", "360", "720")
	})
}

func TestFailedRunIsNotTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.handle = func(context.Context) error { return errors.New("no") }
		b.run(3 * time.Minute)
		b.want("0", "120")
	})
}

// TestCrash: what was under way when the process died runs again.
func TestCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b.handle = func(context.Context) error {
			if err := b.db.Close(); err != nil { // the end of this process
				return err
			}
			cancel()
			return nil
		}
		if err := b.sweep().Run(ctx); err != nil {
			t.Fatal(err)
		}
		b.handle = func(context.Context) error { return nil }
		if err := b.db.Close(); err != nil {
			t.Log(err)
		}
		b.db = nil
		b.restart()
		time.Sleep(10 * time.Second)
		b.run(time.Minute)
		b.want("0", "10")
	})
}

// TestClockSetBack: a clock that was set back does not stop the schedule.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run(time.Minute)
		b.host = &function.Host{Log: b.host.Log, Clock: clock.Clock{Time: func() time.Time { return time.Now().Add(-24 * time.Hour) }}}
		b.run(5 * time.Minute)
		if len(b.runs) < 2 {
			t.Errorf("runs at %v", b.runs)
		}
	})
}
