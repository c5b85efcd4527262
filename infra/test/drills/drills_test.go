// Package drills makes what each alarm watches for come true on one machine, in a time
// of its own, follows the alarm's section of the runbook, and sees that it is over.
package drills_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"deskmove/shared/api"
	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/auth"
	"deskmove/shared/cli"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/local"
	"deskmove/shared/local/admission"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/function"
	"deskmove/shared/metrics"
	"deskmove/shared/store"
)

// world is deskmove on one machine, in which a drill breaks things.
type world struct {
	t      *testing.T
	st     *local.Stack
	dir    string
	alarms map[string]alarm
	stop   func()
	id     string // of the move

	mu     sync.Mutex
	broken map[string]func(context.Context) error // by function: what comes before each of its writes
	ahead  time.Duration
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir(), alarms: alarms(t), broken: map[string]func(context.Context) error{}}
	w.open()
	apptest.Apply(t, w.st.App)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

// open starts deskmove on the world's data.
func (w *world) open() {
	w.t.Helper()
	st, err := local.Open(w.t.Context(), local.Config{
		Dir: w.dir, Clock: clock.Clock{Time: w.now}, Log: slog.New(slog.DiscardHandler), Operator: "acme",
		Each: func(function string, p app.Platform) app.Platform {
			p.Engine, p.Batch = fragile{p.Engine, w, function}, 20
			return p
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := st.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	w.st = st
	w.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := st.Close(); err != nil {
			w.t.Error(err)
		}
	})
}

// breaks has something come before each write of a function; nil mends it.
func (w *world) breaks(function string, f func(context.Context) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken[function] = f
}

// fragile is an engine that may be broken.
type fragile struct {
	store.Engine
	w        *world
	function string
}

func (f fragile) before(ctx context.Context) error {
	f.w.mu.Lock()
	broken := f.w.broken[f.function]
	f.w.mu.Unlock()
	if broken == nil {
		return nil
	}
	return broken(ctx)
}

func (f fragile) Write(ctx context.Context, ws []store.Write) []error {
	if err := f.before(ctx); err != nil {
		errs := make([]error, len(ws))
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	return f.Engine.Write(ctx, ws)
}

func (f fragile) Transact(ctx context.Context, ws []store.Write) error {
	if err := f.before(ctx); err != nil {
		return err
	}
	return f.Engine.Transact(ctx, ws)
}

func (f fragile) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	if f.function == "api" || f.function == "list" {
		if err := f.before(ctx); err != nil {
			return nil, err
		}
	}
	return f.Engine.Get(ctx, t, keys, c)
}

func fails(context.Context) error { return errors.New("out of order") }

// take takes customers' messages in and returns the last one's conversation.
func (w *world) take(channel string, n int) (id string) {
	w.t.Helper()
	for i := range n {
		taken, err := w.st.App.Intake.TakeIn(w.t.Context(), desk.Message{
			Account: "acme", Channel: channel, External: fmt.Sprintf("<%d-%d@x.example>", w.now().UnixNano(), i), Author: desk.ByCustomer,
			From: desk.Address{Address: "jane@customer.example"}, At: w.now(), Subject: "Order", Text: "Where is it?",
		}, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		id = taken.Conversation.ID
	}
	return id
}

// start starts a move of the channel mail.
func (w *world) start() {
	w.t.Helper()
	m, err := w.st.App.Starter.Start(w.t.Context(), apptest.Admin, apptest.History("mail"), desk.Idempotency{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.id = m.ID
}

// ended waits until the move has ended.
func (w *world) ended() desk.Move {
	w.t.Helper()
	for range 600 {
		m, err := w.st.App.Moves.Get(w.t.Context(), "acme", w.id)
		if err != nil {
			w.t.Fatal(err)
		}
		if !m.EndedAt.IsZero() {
			return m
		}
		time.Sleep(10 * time.Second)
	}
	w.t.Fatal("the move does not end")
	return desk.Move{}
}

// moved has the channel mail in the help desk.
func (w *world) moved() {
	w.t.Helper()
	w.take("mail", 20)
	w.start()
	w.ended()
	time.Sleep(20 * time.Minute) // what the move itself has measured is past
}

// until waits until an alarm is on, or off.
func (w *world) until(name string, on bool, limit time.Duration) {
	w.t.Helper()
	for end := w.now().Add(limit); w.on(name) != on; time.Sleep(20 * time.Second) {
		if w.now().After(end) {
			v, _ := w.alarms[name].value(w.t, w.st.App.Recorder, w.now(), 0)
			w.t.Fatalf("after %v %s being on is not %t, at %v", limit, name, on, v)
		}
	}
}

func (w *world) on(name string) bool {
	return w.alarms[name].on(w.t, w.st.App.Recorder, w.now())
}

// atRest fails the test if any alarm is on. One that looks at a whole day is on for as
// long as the recorder remembers.
func (w *world) atRest() {
	w.t.Helper()
	time.Sleep(metrics.Minutes * time.Minute)
	for name := range w.alarms {
		if w.on(name) {
			w.t.Errorf("at rest, %s is on", name)
		}
	}
}

var measured = flag.String("measured", "", "write what GET /v1/operations answers in each drill to this folder, for pictures")

// keep writes what was measured so far, and which alarms are on, if that is to be
// drawn.
func (w *world) keep(name string, on ...string) {
	w.t.Helper()
	keep(w.t, name, w.st.App.Recorder, w.now(), on...)
}

// keep writes what a recorder remembers, and which alarms are on.
func keep(t *testing.T, name string, r *metrics.Recorder, now time.Time, on ...string) {
	t.Helper()
	seen := api.Measure(r, now)
	note(name, seen)
	if *measured == "" {
		return
	}
	text, err := json.Marshal(map[string]any{"at": now, "on": on, "operations": api.Measurements{Minutes: metrics.Minutes, Metrics: seen}})
	if err == nil {
		err = errors.Join(os.MkdirAll(*measured, 0o750), os.WriteFile(filepath.Join(*measured, name+".json"), text, 0o600))
	}
	if err != nil {
		t.Error(err)
	}
}

// run runs commands of the runbook as they stand.
func (w *world) run(lines ...string) {
	w.t.Helper()
	for _, line := range lines {
		var said bytes.Buffer
		words := strings.Fields(strings.NewReplacer("MOVE", w.id, "CHANNEL", "mail").Replace(line))
		p := cli.Program{Stdout: &said, Stderr: &said, Transport: &client.InProcess{API: w.st.Site, Caller: apptest.Admin}}
		code := p.Run(w.t.Context(), words[1:])
		if code != 0 && (code != 2 || words[1] != "status") { // 2: conversations of the move failed
			w.t.Fatalf("%s: exit code %d\n%s", line, code, &said)
		}
	}
}

// tokenEvent is what Cognito asks claims before it issues a token.
type tokenEvent = events.CognitoEventUserPoolsPreTokenGenV2_0

// drills make an alarm's condition come true, and return what mends it.
var drills = map[string]func(*world) (mend func()){
	"MovesStuckAlarm":     batchesFail,
	"BatchesDeadAlarm":    batchesFail,
	"StreamFailuresAlarm": changesFail, "StreamFailuresDeadAlarm": changesFail,
	"DeadLettersOldAlarm": func(w *world) func() {
		mend := batchesFail(w)
		w.until("BatchesDeadAlarm", true, 2*time.Hour)
		w.mu.Lock()
		w.ahead += 10*24*time.Hour + time.Hour
		w.mu.Unlock()
		return mend
	},
	"MovesAtAttentionAlarm": func(w *world) func() {
		w.take("mail", 20)
		was, err := w.st.App.Conversations.Get(w.t.Context(), "acme", w.take("mail", 1))
		if err != nil {
			w.t.Fatal(err)
		}
		spoilt := was
		spoilt.Rev, spoilt.Started = was.Rev+1, time.Time{}
		if err := w.st.App.Conversations.Save(w.t.Context(), was, spoilt); err != nil {
			w.t.Fatal(err)
		}
		w.start()
		return func() {
			now, err := w.st.App.Conversations.Get(w.t.Context(), "acme", was.ID)
			if err != nil {
				w.t.Fatal(err)
			}
			mended := now
			mended.Rev, mended.Started = now.Rev+1, was.Started
			if err := w.st.App.Conversations.Save(w.t.Context(), now, mended); err != nil {
				w.t.Fatal(err)
			}
		}
	},
	"StreamLateAlarm": func(w *world) func() {
		w.moved()
		w.breaks("redirect", func(ctx context.Context) error {
			select {
			case <-time.After(50 * time.Second):
			case <-ctx.Done():
			}
			return errors.New("slow")
		})
		w.take("mail", 1)
		return func() { w.breaks("redirect", nil) }
	},
	"RedirectLateAlarm": func(w *world) func() {
		w.moved()
		w.breaks("redirect", func(ctx context.Context) error {
			select {
			case <-time.After(40 * time.Second):
			case <-ctx.Done():
			}
			return nil
		})
		var traffic sync.WaitGroup
		ctx, cancel := context.WithCancel(context.Background())
		traffic.Go(func() {
			for ctx.Err() == nil {
				w.take("mail", 1)
				select {
				case <-time.After(10 * time.Second):
				case <-ctx.Done():
				}
			}
		})
		return func() { cancel(); traffic.Wait(); w.breaks("redirect", nil) }
	},
	"ExecutionsAlarm": executionsFail, "MovesRestartedAlarm": executionsFail,
	"SweeperAlarm": func(w *world) func() {
		w.moved()
		w.stop()
		return w.open
	},
	"FunctionErrorsAlarm": func(w *world) func() {
		w.take("mail", 300)                                   // 15 batches
		w.breaks("convert", func(ctx context.Context) error { // for longer than it may take
			<-ctx.Done()
			return ctx.Err()
		})
		w.start()
		return func() { w.breaks("convert", nil) }
	},
	"ApiErrorsAlarm": func(w *world) func() {
		w.moved()
		w.breaks("api", fails)
		caller := client.With("http://localhost", "", &client.InProcess{API: w.st.Site, Caller: apptest.Admin})
		for range 8 {
			_, _, _ = caller.Setup(w.t.Context())
		}
		return func() { w.breaks("api", nil) }
	},
	"FunctionThrottlesAlarm": func(w *world) func() {
		w.moved()
		w.breaks("api", func(ctx context.Context) error { // so slow that the line is soon full
			select {
			case <-time.After(20 * time.Second):
			case <-ctx.Done():
			}
			return ctx.Err()
		})
		limits := admission.Desk()
		limits.AtWork, limits.Waiting = 4, 8
		// What the gateway is to requests; to a function of AWS, its reserved concurrency.
		lane := admission.New("desk", limits, admission.Config{Time: 30 * time.Second, Refuse: w.st.Refuse, Log: slog.New(slog.DiscardHandler)})
		var traffic sync.WaitGroup
		ctx, cancel := context.WithCancel(auth.WithCaller(context.Background(), apptest.Admin))
		traffic.Go(func() {
			for ctx.Err() == nil {
				for range 20 {
					traffic.Go(func() {
						lane.Serve(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/channels", nil), w.st.Site)
					})
				}
				select {
				case <-time.After(30 * time.Second):
				case <-ctx.Done():
				}
			}
		})
		return func() { cancel(); traffic.Wait(); w.breaks("api", nil) }
	},
	"ClaimsErrorsAlarm": func(w *world) func() {
		w.moved()
		host := &function.Host{Log: slog.New(slog.DiscardHandler), Ended: func(_ string, _ time.Duration, err error) {
			if err != nil {
				w.st.App.Recorder.Record(w.now(), metrics.Value{Name: metrics.Of("AWS/Lambda", "Errors", "ClaimsFunction"), Value: 1})
			}
		}}
		claims := handler.Claims{Log: slog.New(slog.DiscardHandler)}
		for range 8 { // of people without an account or a role
			_, _ = function.Invoke(w.t.Context(), host, function.Function[tokenEvent, tokenEvent]{Name: "claims", Timeout: time.Second, Handle: claims.Handle}, nil, tokenEvent{})
		}
		return func() {}
	},
}

func batchesFail(w *world) func() {
	w.take("mail", 20)
	w.breaks("convert", fails)
	w.start()
	return func() { w.breaks("convert", nil) }
}

func changesFail(w *world) func() {
	w.moved()
	w.breaks("redirect", fails)
	w.take("mail", 3)
	return func() { w.breaks("redirect", nil) }
}

func executionsFail(w *world) func() {
	w.take("mail", 20)
	w.breaks("list", fails)
	w.start()
	return func() { w.breaks("list", nil) }
}

// TestDrills: each alarm's condition comes true, its metric crosses the threshold, and
// the runbook's section leads back to rest. With a busy database and a healthy move, all
// of that gives each widget of the dashboard something to draw.
func TestDrills(t *testing.T) {
	table := map[string]string{}
	for name := range alarms(t) {
		t.Run(name, func(t *testing.T) {
			drill, ok := drills[name]
			if !ok {
				t.Fatal("the alarm needs a drill")
			}
			synctest.Test(t, func(t *testing.T) { table[name] = practise(t, name, drill) })
		})
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		t.Logf("%-24s %s", name, table[name])
	}
	t.Run("busy database", busyDatabase)
	t.Run("healthy move", healthyMove)
	if !t.Failed() && len(table) == len(alarms(t)) && kept["busy"] && kept["healthy"] { // not some of them alone
		widgetsAreDrawn(t)
	}
}

// practise goes through a drill, and says how it went.
func practise(t *testing.T, name string, drill func(*world) func()) string {
	w := newWorld(t)
	defer func() { w.stop() }()
	which, todo := section(t, name)
	begun := w.now()
	mend := drill(w)
	w.until(name, true, 8*time.Hour)
	on := w.now()
	w.keep(name+"-on", name)
	v, _ := w.alarms[name].value(t, w.st.App.Recorder, on, 0)
	w.run(which...)
	mend()
	w.run(todo...)
	again := strings.Contains(text(t, name), "once more") // as the section says
	if time.Sleep(10 * time.Minute); again && w.on(name) {
		w.run("deskmove redrive")
	}
	w.until(name, false, 4*time.Hour)
	off := w.now()
	w.keep(name + "-off")
	if m := w.ended(); m.Status != desk.Done {
		t.Errorf("the move is %s", m.Status)
	}
	time.Sleep(30 * time.Minute)
	w.run("deskmove verify")
	w.atRest()
	return fmt.Sprintf("on after %v, at %.0f, threshold %.0f; off %v later, by %s",
		on.Sub(begun).Round(time.Second), v, w.alarms[name].Threshold, off.Sub(on).Round(time.Second), strings.Join(slices.Concat(which, todo), ", "))
}

// busyDatabase: what is written while another program keeps the database's file is
// refused as throttled, which the widget of throttled tables shows. Once the file is free,
// all goes on, and nothing is lost.
func busyDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer func() { w.stop() }()
		w.moved()
		other, err := sqlite.OpenConn(filepath.Join(w.dir, "deskmove.db"), sqlite.OpenReadWrite)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		throttled := func() (n int64) {
			for _, m := range w.st.App.Recorder.Last(metrics.Of("AWS/DynamoDB", "WriteThrottleEvents", "ConversationsTable"), w.now()) {
				n += m.Sum
			}
			return n
		}
		if n := throttled(); n != 0 {
			t.Errorf("before, %d writes were throttled", n)
		}
		message := desk.Message{
			Account: "acme", Channel: "mail", External: "<busy@x.example>", Author: desk.ByCustomer,
			From: desk.Address{Address: "jane@customer.example"}, At: w.now(), Subject: "Order", Text: "Where is it?",
		}
		if err := sqlitex.ExecuteTransient(other, "BEGIN IMMEDIATE", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := w.st.App.Intake.TakeIn(t.Context(), message, nil); !errors.Is(err, store.ErrThrottled) {
			t.Errorf("while the file is kept: %v", err)
		}
		if err := sqlitex.ExecuteTransient(other, "ROLLBACK", nil); err != nil {
			t.Fatal(err)
		}
		if n := throttled(); n == 0 {
			t.Error("nothing was throttled")
		}
		taken, err := w.st.App.Intake.TakeIn(t.Context(), message, nil)
		if err != nil || taken.Conversation.ID == "" {
			t.Errorf("sent again: %+v, %v", taken, err)
		}
		time.Sleep(10 * time.Minute)
		w.keep("busy")
		w.run("deskmove verify")
		w.atRest()
	})
}

// healthyMove: no alarm is on at any time while a channel moves under traffic.
func healthyMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer func() { w.stop() }()
		time.Sleep(10 * time.Minute)
		w.take("mail", 1000)
		looked := 0
		look := func() {
			t.Helper()
			looked++
			for name := range w.alarms {
				if w.on(name) {
					v, _ := w.alarms[name].value(t, w.st.App.Recorder, w.now(), 0)
					t.Errorf("%s is on, at %v", name, v)
				}
			}
		}
		w.breaks("convert", func(ctx context.Context) error { // slow, so that it takes a while
			select {
			case <-time.After(12 * time.Second):
			case <-ctx.Done():
			}
			return ctx.Err()
		})
		w.start()
		for end := w.now().Add(time.Hour); w.now().Before(end); time.Sleep(20 * time.Second) {
			w.take("mail", 1)
			look()
		}
		if m := w.ended(); m.Status != desk.Done || m.EndedAt.Sub(m.StartedAt) < time.Minute {
			t.Errorf("the move is %s, of %v", m.Status, m.EndedAt.Sub(m.StartedAt))
		}
		if looked < 100 {
			t.Errorf("looked %d times", looked)
		}
		w.breaks("convert", nil)
		w.run("deskmove verify")
		w.keep("healthy")
		for _, table := range []string{"ConversationsTable", "ConversationsTable open", "ControlTable"} {
			var units int64
			for _, m := range w.st.App.Recorder.Last(metrics.Of("AWS/DynamoDB", "ConsumedWriteCapacityUnits", table), w.now()) {
				units += m.Sum
			}
			if units < 1000 { // as many conversations came in and landed
				t.Errorf("%s took %d write units", table, units)
			}
		}
	})
}
