package admission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// often is a rate that no test reaches.
var often = Rate{PerSecond: 1e6, Burst: 1e6}

func limits() Limits {
	return Limits{
		AtWork: 1, Waiting: 2, Rates: map[desk.Role]Rate{desk.AgentRole: often, "": often}, Account: often,
		Body: 1000, Memory: 2000, Share: 1500,
	}
}

// rig is a lane whose handler says who came, and waits until it is let go.
type rig struct {
	*Lane
	t    *testing.T
	log  bytes.Buffer
	came chan string
	free chan struct{}

	mu      sync.Mutex
	answers []string // such as "ann 200", in order
}

func newRig(t *testing.T, l Limits) *rig {
	r := &rig{t: t, came: make(chan string, 1000), free: make(chan struct{})}
	r.Lane = New("test", l, Config{
		Time: 30 * time.Second, Log: slog.New(slog.NewTextHandler(&r.log, nil)),
		Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
			switch {
			case err == errPanic:
				w.WriteHeader(http.StatusInternalServerError)
			case asType[*desk.RateError](err):
				w.WriteHeader(http.StatusTooManyRequests)
			case asType[*desk.BusyError](err):
				w.WriteHeader(http.StatusServiceUnavailable)
			default:
				t.Errorf("refused with %v", err)
			}
			_, _ = io.WriteString(w, err.Error())
		},
	})
	return r
}

func asType[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

func (r *rig) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	c, _ := auth.CallerFrom(req.Context())
	r.came <- c.Agent
	<-r.free
}

func of(ctx context.Context, name string, body io.Reader) *http.Request {
	account, agent, _ := strings.Cut(name, "/")
	return httptest.NewRequestWithContext(auth.WithCaller(ctx, desk.Caller{Account: account, Agent: agent, Role: desk.AgentRole}),
		http.MethodPost, "/v1/x", body)
}

// ask asks in the name of account/agent, and notes the answer.
func (r *rig) ask(ctx context.Context, name string) {
	go func() {
		w := httptest.NewRecorder()
		r.Serve(w, of(ctx, name, nil), r)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.answers = append(r.answers, fmt.Sprint(name, " ", w.Code))
	}()
	synctest.Wait() // one after the other
}

// noted returns the answers since it was last called.
func (r *rig) noted() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	all := strings.Join(r.answers, ", ")
	r.answers = nil
	return all
}

// order lets one after the other go, and returns who came.
func (r *rig) order(n int) string {
	var names []string
	for range n {
		names = append(names, <-r.came)
		r.free <- struct{}{}
	}
	return strings.Join(names, " ")
}

func TestFullLineRefusesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, limits())
		began := time.Now()
		for range 4 {
			r.ask(t.Context(), "acme/ann")
		}
		if got := r.noted(); got != "acme/ann 503" || !time.Now().Equal(began) {
			t.Errorf("beyond one at work and two that wait: %q after %v", got, time.Since(began))
		}
		if got := r.order(3); got != "ann ann ann" {
			t.Errorf("worked on: %s", got)
		}
		if got := r.noted(); got != "acme/ann 200, acme/ann 200, acme/ann 200" {
			t.Error(got)
		}
		if got := r.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "too many requests wait") {
			t.Errorf("log: %s", got)
		}
	})
}

// TestCrowded: a line lasts from the first who waits until nobody does.
func TestCrowded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, limits())
		want := func(d time.Duration) {
			t.Helper()
			if got := r.Crowded(); got != d {
				t.Errorf("there has been a line for %s, want %s", got, d)
			}
		}
		ctx, goAway := context.WithCancel(t.Context())
		r.ask(t.Context(), "acme/ann") // works
		time.Sleep(time.Second)
		want(0)
		r.ask(ctx, "acme/bob")
		time.Sleep(time.Second)
		r.ask(ctx, "acme/cem")
		time.Sleep(time.Second)
		want(2 * time.Second)
		goAway()
		synctest.Wait()
		want(0)
		r.ask(t.Context(), "acme/dan")
		time.Sleep(time.Second)
		want(time.Second)
		close(r.free)
		synctest.Wait()
		want(0)
		r.noted()
	})
}

// TestFullLineReadsNoBody: whom there is no place for is refused before their body has
// come, and whoever takes another's place still sends it.
func TestFullLineReadsNoBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, limits())
		for range 3 {
			r.ask(t.Context(), "acme/ann")
		}
		for _, c := range []struct {
			name string
			want int
		}{{"acme/ann", http.StatusServiceUnavailable}, {"zoo/zoe", http.StatusOK}} {
			body := &counted{Reader: strings.NewReader("hello")}
			w, answered := httptest.NewRecorder(), make(chan struct{})
			go func() { r.Serve(w, of(t.Context(), c.name, body), r); close(answered) }()
			synctest.Wait()
			if isRead := body.reads > 0; isRead != (c.want == http.StatusOK) {
				t.Errorf("%s: the body was read %d times", c.name, body.reads)
			}
			if c.want == http.StatusOK {
				close(r.free)
			}
			if <-answered; w.Code != c.want {
				t.Errorf("%s: %d, want %d", c.name, w.Code, c.want)
			}
		}
		r.noted()
	})
}

// counted is a body that counts how often it is read.
type counted struct {
	io.Reader
	reads int
}

func (c *counted) Read(b []byte) (int, error) { c.reads++; return c.Reader.Read(b) }

// TestTurns: accounts take turns, and callers of an account do.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits()
		l.Waiting = 100
		r := newRig(t, l)
		for range 6 {
			r.ask(t.Context(), "acme/ann")
		}
		for _, name := range []string{"acme/bob", "zoo/zoe", "zoo/zoe", "zoo/zac"} {
			r.ask(t.Context(), name)
		}
		if got, want := r.order(10), "ann ann zoe bob zac ann zoe ann ann ann"; got != want {
			t.Errorf("order is %s, want %s", got, want)
		}
		r.noted()
	})
}

// TestRoomIsShared: in a full room it is those with the most who make room.
func TestRoomIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits()
		l.Waiting = 4
		r := newRig(t, l)
		for range 5 {
			r.ask(t.Context(), "acme/ann")
		}
		r.ask(t.Context(), "zoo/zoe")
		if got := r.noted(); got != "acme/ann 503" {
			t.Errorf("another account comes: %q", got)
		}
		r.ask(t.Context(), "acme/bob")
		if got := r.noted(); got != "acme/ann 503" {
			t.Errorf("another caller of the account comes: %q", got)
		}
		r.ask(t.Context(), "acme/bob") // ann has two there, bob one, zoe one
		if got := r.noted(); got != "acme/bob 503" {
			t.Errorf("nobody has two more: %q", got)
		}
		if got, want := r.order(5), "ann ann zoe bob ann"; got != want {
			t.Errorf("order is %s, want %s", got, want)
		}
		r.noted()
	})
}

// TestGoneClientLeaves: its place in the line is free again, and it is never worked on.
func TestGoneClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, limits())
		ctx, gone := context.WithCancel(t.Context())
		r.ask(t.Context(), "acme/ann")
		r.ask(ctx, "acme/bob")
		r.ask(t.Context(), "acme/ann")
		gone()
		r.noted()
		r.ask(t.Context(), "acme/eve")
		if got := r.noted(); got != "" {
			t.Errorf("no room although one has left: %s", got)
		}
		if got := r.order(3); got != "ann ann eve" {
			t.Errorf("worked on: %s", got)
		}
		r.noted()
		if r.log.Len() > 0 {
			t.Errorf("log: %s", r.log.String())
		}
		if r.line.free != 1 || r.line.room != 2 || r.line.waiting.size() != 0 {
			t.Errorf("at the end %d may work and %d wait, %d wait", r.line.free, r.line.room, r.line.waiting.size())
		}
	})
}

// TestNoAnswerIsNoSuccess: a request whose caller seems to be gone, as one that has
// closed its half of the connection, is answered with an error: none would be a 200.
func TestNoAnswerIsNoSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, limits())
		r.ask(t.Context(), "acme/ann") // is at work
		ctx, gone := context.WithCancel(t.Context())
		w, answered := httptest.NewRecorder(), make(chan struct{})
		go func() { r.Serve(w, of(ctx, "acme/bob", nil), r); close(answered) }()
		synctest.Wait()
		gone()
		<-answered
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("answer = %d", w.Code)
		}
		close(r.free)
	})
}

func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits()
		l.AtWork = 100
		l.Rates = map[desk.Role]Rate{desk.AgentRole: {PerSecond: 2, Burst: 3}, "": {PerSecond: 1, Burst: 1}}
		l.Account = Rate{PerSecond: 4, Burst: 5}
		r := newRig(t, l)
		close(r.free)
		code := func(name string) int {
			w := httptest.NewRecorder()
			req := of(t.Context(), name, nil)
			if name == "" {
				req = httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			}
			r.Serve(w, req, r)
			return w.Code
		}
		for i, c := range []struct {
			after time.Duration
			name  string
			want  int
		}{
			{0, "acme/ann", 200}, {0, "acme/ann", 200}, {0, "acme/ann", 200}, {0, "acme/ann", 429}, // its burst
			{0, "acme/bob", 200}, {0, "acme/bob", 200}, {0, "acme/bob", 429}, // the account's
			{0, "zoo/zoe", 200},
			{499 * time.Millisecond, "acme/ann", 429}, // although the account may, by now
			{time.Millisecond, "acme/ann", 200}, {0, "acme/ann", 429},
			{0, "acme/bob", 200},
			{0, "", 200}, {0, "", 429},
			{500 * time.Millisecond, "acme/bob", 200}, {0, "acme/bob", 200}, // what the account refused was not counted as bob's
		} {
			time.Sleep(c.after)
			if got := code(c.name); got != c.want {
				t.Errorf("request %d, of %q: %d, want %d", i, c.name, got, c.want)
			}
		}
	})
}

// TestRefusalsPause: a loop of refusals is slow, unless too many wait; who has gone does
// not wait.
func TestRefusalsPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits()
		l.Rates, l.Pause = map[desk.Role]Rate{desk.AgentRole: {PerSecond: 1e-3, Burst: 1}}, time.Second
		r := newRig(t, l)
		close(r.free)
		r.paused = make(chan struct{}, 2)
		r.ask(t.Context(), "acme/ann")
		ctx, gone := context.WithCancel(t.Context())
		began := time.Now()
		r.ask(t.Context(), "acme/ann")
		r.ask(ctx, "acme/ann")
		if r.noted() != "acme/ann 200" || len(r.paused) != 2 {
			t.Errorf("%d wait to be refused", len(r.paused))
		}
		r.ask(t.Context(), "acme/ann")
		if got := r.noted(); got != "acme/ann 429" {
			t.Errorf("when too many wait: %q", got)
		}
		gone()
		if r.noted(); len(r.paused) != 1 {
			t.Errorf("%d wait to be refused, and one of them has gone", len(r.paused))
		}
		time.Sleep(time.Second)
		if got := r.noted(); got != "acme/ann 429" || time.Since(began) != time.Second {
			t.Errorf("after %v: %q", time.Since(began), got)
		}
	})
}

// TestBucketsAreBounded: a flood of names takes no more memory, and forgets nobody
// who has asked for too much just now unless all have.
func TestBucketsAreBounded(t *testing.T) {
	b, now := newBuckets(), time.Now()
	slow := Rate{PerSecond: 1, Burst: 1}
	for i := range maxBuckets - 1 {
		b.take(fmt.Sprint(i), slow, now)
	}
	now = now.Add(time.Second)
	b.take("hasty", slow, now)
	b.take("one more", slow, now)
	if _, after := b.take("hasty", slow, now); after == 0 || len(b.of) != 2 {
		t.Errorf("who is too hasty was forgotten, or %d names are kept", len(b.of))
	}
	for i := range 2 * maxBuckets {
		b.take(fmt.Sprint(i), slow, now)
	}
	if len(b.of) > maxBuckets {
		t.Errorf("%d names are kept", len(b.of))
	}
}

// TestTimeout: a request whose time is up is answered, and logged once without a stack;
// it counts for as long as its handler goes on, and a panic then harms nobody.
func TestTimeout(t *testing.T) {
	for name, c := range map[string]struct {
		panics any
		logged string
	}{
		"it returns":                     {nil, ""},
		"it panics":                      {"a customer's text", "handler panicked"},
		"it panics as its time is up":    {fmt.Errorf("write: %w", context.DeadlineExceeded), ""},
		"it aborts":                      {http.ErrAbortHandler, ""},
		"it panics as the client leaves": {context.Canceled, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, limits())
				began := time.Now()
				w := httptest.NewRecorder()
				r.Serve(w, of(t.Context(), "acme/ann", nil), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
					<-r.free
					if c.panics != nil {
						panic(c.panics)
					}
				}))
				if w.Code != http.StatusServiceUnavailable || time.Since(began) != 30*time.Second {
					t.Errorf("answer %d after %v", w.Code, time.Since(began))
				}
				if got := r.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") || !strings.Contains(got, "method=POST route=") ||
					!strings.Contains(got, "deadline exceeded") {
					t.Errorf("log: %s", got)
				}
				if r.log.Reset(); r.line.free != 0 {
					t.Error("its place is free although it goes on")
				}
				close(r.free)
				synctest.Wait()
				if got := r.log.String(); r.line.free != 1 || strings.Contains(got, "customer") || (got == "") != (c.logged == "") || !strings.Contains(got, c.logged) {
					t.Errorf("afterwards %d are free, log: %s", r.line.free, got)
				}
			})
		})
	}
}

// TestHandlersAreToldEarlier: a handler that heeds its context answers by itself.
func TestHandlersAreToldEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, limits())
		for what, h := range map[string]http.HandlerFunc{
			"418": func(w http.ResponseWriter, req *http.Request) {
				<-req.Context().Done()
				w.WriteHeader(http.StatusTeapot)
			},
			"503": func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done(); panic(req.Context().Err()) },
			"500": func(http.ResponseWriter, *http.Request) { panic("a customer's text") },
		} {
			w := httptest.NewRecorder()
			r.Serve(w, of(t.Context(), "acme/ann", nil), h)
			if fmt.Sprint(w.Code) != what {
				t.Errorf("%d, want %s", w.Code, what)
			}
		}
		if got := r.log.String(); strings.Contains(got, "customer") || strings.Count(got, "stack=") != 1 {
			t.Errorf("log: %s", got)
		}
	})
}

// endless is a body that never comes to an end before it is let go.
type endless struct{ free chan struct{} }

func (e endless) Read([]byte) (int, error) { <-e.free; return 0, io.ErrUnexpectedEOF }

// TestBodiesAreBounded: they are read before anything else is held, and take no more
// memory than there is, nor than their caller's share.
func TestBodiesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, limits())
		close(r.free)
		slow := endless{make(chan struct{})}
		ask := func(name string, body io.Reader, length int64) int {
			w, req := httptest.NewRecorder(), of(t.Context(), name, body)
			req.ContentLength = length
			r.Serve(w, req, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				b, err := io.ReadAll(req.Body)
				if err != nil {
					w.WriteHeader(http.StatusBadRequest)
				}
				fmt.Fprint(w, len(b))
			}))
			return w.Code
		}
		cut := make(chan int, 1)
		go func() { cut <- ask("acme/ann", slow, -1) }() // 1000, as it does not say
		synctest.Wait()
		for i, c := range []struct {
			name string
			n    int64
			want int
		}{
			{"acme/ann", 500, 200}, {"acme/ann", 501, 503}, // its share
			{"acme/bob", 501, 503},                         // its account's
			{"zoo/zoe", 1000, 200}, {"zoo/zoe", 1000, 200}, // is given back
			{"zoo/zoe", 5000, 200}, // too long for any handler, which reads it by itself
		} {
			if got := ask(c.name, strings.NewReader(strings.Repeat("a", int(c.n))), c.n); got != c.want {
				t.Errorf("body %d of %d bytes: %d, want %d", i, c.n, got, c.want)
			}
		}
		close(slow.free)
		if got := <-cut; got != http.StatusBadRequest {
			t.Errorf("a body that was cut off: %d", got)
		}
		if len(r.memory.byCaller) != 0 || r.memory.free != 2000 {
			t.Errorf("at the end %d are free, taken are %v", r.memory.free, r.memory.byCaller)
		}
	})
}

// slowReader takes no byte of an answer before it is let go.
type slowReader struct {
	*httptest.ResponseRecorder
	free     chan struct{}
	deadline time.Duration
}

func (s *slowReader) Write(b []byte) (int, error) { <-s.free; return s.ResponseRecorder.Write(b) }

func (s *slowReader) SetWriteDeadline(at time.Time) error { s.deadline = time.Until(at); return nil }

// TestSlowReaders: who does not read an answer holds its memory and nothing else.
func TestSlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, limits())
		give := func(n int) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, n)) })
		}
		slow := &slowReader{ResponseRecorder: httptest.NewRecorder(), free: make(chan struct{})}
		ended := make(chan struct{})
		go func() { r.Serve(slow, of(t.Context(), "acme/ann", nil), give(1400)); close(ended) }()
		synctest.Wait()
		if slow.deadline != answerTime {
			t.Errorf("it has %v for it", slow.deadline)
		}
		for i, c := range []struct {
			name string
			n    int
			want int
		}{
			{"acme/ann", 101, 503}, {"acme/ann", 100, 200}, {"zoo/zoe", 600, 200}, {"zoo/zoe", 601, 503},
		} {
			w := httptest.NewRecorder()
			r.Serve(w, of(t.Context(), c.name, nil), give(c.n))
			if w.Code != c.want {
				t.Errorf("answer %d, of %d bytes: %d, want %d", i, c.n, w.Code, c.want)
			}
		}
		close(slow.free)
		<-ended
		if slow.Body.Len() != 1400 || slow.Header().Get("Content-Length") != "1400" || len(r.memory.byCaller) != 0 {
			t.Errorf("it got %d bytes; taken are %v", slow.Body.Len(), r.memory.byCaller)
		}
	})
}

// TestAnswerIsPassedOn with its status and header, as they were when it began.
func TestAnswerIsPassedOn(t *testing.T) {
	r := newRig(t, limits())
	w := httptest.NewRecorder()
	r.Serve(w, of(t.Context(), "acme/ann", nil), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.WriteHeader(http.StatusCreated)
		w.Header().Set("Late", "x")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "hello")
	}))
	if w.Code != http.StatusCreated || w.Body.String() != "hello" || w.Header().Get("ETag") != `"1"` || w.Header().Get("Late") != "" || w.Header().Get("Content-Length") != "5" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

// TestBodiesPassThrough: where there is a buffer nothing of a body is read before its
// request's turn, and then by the handler; who is at work holds a buffer, and one caller
// has no more than their share of them.
func TestBodiesPassThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits()
		l.AtWork, l.Waiting, l.Body, l.Buffer, l.Memory, l.Share = 3, 1, 1<<30, 100, 300, 200
		r := newRig(t, l)
		var bodies []*strings.Reader
		put := func(name string) {
			body := strings.NewReader(strings.Repeat("x", 1<<20))
			bodies = append(bodies, body)
			go func() {
				w := httptest.NewRecorder()
				r.Serve(w, of(t.Context(), name, body), http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
					r.ServeHTTP(w, q)
					_, _ = io.Copy(w, q.Body)
				}))
				r.mu.Lock()
				defer r.mu.Unlock()
				r.answers = append(r.answers, fmt.Sprint(name, " ", w.Code, " ", w.Body.Len() == 1<<20))
			}()
			synctest.Wait()
		}
		put("acme/ann")
		put("acme/ann")
		put("acme/ann")
		if got := r.noted(); got != "acme/ann 503 false" {
			t.Errorf("more than one's share: %q", got)
		}
		put("zoo/zoe")
		put("zoo/zoe")
		put("zoo/zoe")
		if got := r.noted(); got != "zoo/zoe 503 false" {
			t.Errorf("beyond the room: %q", got)
		}
		for i, body := range bodies {
			if body.Len() != 1<<20 {
				t.Errorf("%d bytes of body %d were read before the handler did", body.Size()-int64(body.Len()), i)
			}
		}
		r.order(4)
		if got := r.noted(); strings.Count(got, " 200 true") != 4 {
			t.Errorf("answers: %s", got)
		}
		if r.memory.free != 300 || r.line.free != 3 {
			t.Errorf("%d bytes and %d places are free", r.memory.free, r.line.free)
		}
	})
}

// TestSlowBodiesEnd: who sends too slowly is given up, and their place is free again.
func TestSlowBodiesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits()
		l.AtWork, l.Body, l.Buffer = 1, 40<<20, 100
		r := newRig(t, l)
		began := time.Now()
		w := httptest.NewRecorder()
		r.Serve(w, of(t.Context(), "acme/ann", nil), http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() }))
		if took := time.Since(began); took != 190*time.Second || r.line.free != 1 {
			t.Errorf("given up after %s; %d places are free", took, r.line.free)
		}
	})
}

// TestOneSettingForMemory: all limits of memory go with it.
func TestOneSettingForMemory(t *testing.T) {
	l := Files().Times(0.5)
	if l.Memory != 4<<20 || l.Share != 2<<20 || int64(l.AtWork)*l.Buffer > l.Memory || l.AtWork != 32 {
		t.Errorf("limits = %+v", l)
	}
	if l := Intake().Times(2); l.Memory != 64<<20 || l.Share != 32<<20 || l.AtWork != Intake().AtWork || l.Body != Intake().Body {
		t.Errorf("limits = %+v", l)
	}
}
