package admission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

const (
	// bodyTime is what the body of a request may take to come.
	bodyTime = 30 * time.Second
	// answerTime is what an answer may take to be written, and answerSpeed how many
	// bytes a second it must go beyond that.
	answerTime  = 10 * time.Second
	answerSpeed = 256 << 10
	// spare is how much longer than a handler its request is waited for.
	spare = time.Second
)

// Serve has a handler answer a request when its turn comes, or refuses it.
func (l *Lane) Serve(w http.ResponseWriter, r *http.Request, h http.Handler) {
	asks := whoAsks(r)
	if err := l.mayAsk(asks, time.Now()); err != nil {
		l.pause(r.Context())
		l.config.Refuse(w, r, err)
		return
	}
	if l.limits.Buffer > 0 {
		l.pass(w, r, asks, h)
		return
	}
	if r.ContentLength != 0 && !l.line.takes(asks.account, asks.agent) { // it need not send its body for that
		l.refuseBusy(w, r, errFull)
		return
	}
	r, size, ok := l.readBody(w, r, asks)
	if !ok {
		l.refuseBusy(w, r, errMemory)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), l.config.Time)
	defer cancel()
	err := l.line.enter(ctx, asks.account, asks.agent)
	if err != nil {
		l.memory.give(asks, size)
		l.refuseUndone(w, r, err)
		return
	}
	done := make(chan outcome, 1)
	go func() {
		defer l.line.leave()
		o := l.work(ctx, r, h)
		l.memory.give(asks, size) // before it counts for its answer
		done <- o
	}()
	select {
	case o := <-done:
		l.answer(w, r, asks, o)
	case <-ctx.Done():
		l.refuseUndone(w, r, ctx.Err())
	}
}

// pass has a handler read a body and write an answer as they come, when its turn comes.
// They must go on at answerSpeed at least, on the whole.
func (l *Lane) pass(w http.ResponseWriter, r *http.Request, asks who, h http.Handler) {
	ctx, cancel := context.WithTimeout(r.Context(), l.config.Time)
	err := l.line.enter(ctx, asks.account, asks.agent)
	cancel()
	if err != nil {
		l.refuseUndone(w, r, err)
		return
	}
	defer l.line.leave()
	if !l.memory.take(asks, l.limits.Buffer) {
		l.refuseBusy(w, r, errMemory)
		return
	}
	defer l.memory.give(asks, l.limits.Buffer)
	limit := bodyTime + time.Duration(l.limits.Body/answerSpeed)*time.Second
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(limit)) // where there is a connection
	_ = control.SetWriteDeadline(time.Now().Add(limit + answerTime))
	ctx, cancel = context.WithTimeout(r.Context(), limit)
	defer cancel()
	h.ServeHTTP(w, r.WithContext(ctx))
}

// pause has who asks too often wait for a moment, unless too many do already.
func (l *Lane) pause(ctx context.Context) {
	select {
	case l.paused <- struct{}{}:
	default:
		return
	}
	defer func() { <-l.paused }()
	select {
	case <-time.After(l.limits.Pause):
	case <-ctx.Done():
	}
}

// readBody reads the request's body into memory, which it takes. A body that is
// longer than any that is taken, is left to the handler to refuse.
func (l *Lane) readBody(w http.ResponseWriter, r *http.Request, asks who) (_ *http.Request, size int64, ok bool) {
	size = r.ContentLength
	switch {
	case size == 0 || size > l.limits.Body:
		return r, 0, true
	case size < 0:
		size = l.limits.Body // it does not say
	}
	if !l.memory.take(asks, size) {
		return r, 0, false
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTime)) // where there is a connection
	var b bytes.Buffer
	if r.ContentLength > 0 {
		b.Grow(int(size) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(r.Body, size+1))
	_ = control.SetReadDeadline(time.Time{})
	r = r.WithContext(r.Context())
	r.Body = io.NopCloser(&inMemory{&b, err})
	return r, size, true
}

// inMemory is a body as far as it came.
type inMemory struct {
	*bytes.Buffer
	err error // why it ends, if that is not its end
}

func (b *inMemory) Read(p []byte) (int, error) {
	n, err := b.Buffer.Read(p)
	if err == io.EOF && b.err != nil {
		err = b.err
	}
	return n, err
}

// outcome is what became of a handler.
type outcome struct {
	answer *answer // nil if it panicked
	why    error   // it did: http.ErrAbortHandler, that its time is up, or nil
}

// work runs a handler to its end. What it panics with may hold a customer's text and
// is not logged. One that panics because its time is up has failed in no other way.
func (l *Lane) work(ctx context.Context, r *http.Request, h http.Handler) (o outcome) {
	deadline, _ := ctx.Deadline()
	within, cancel := context.WithDeadline(ctx, deadline.Add(-spare))
	defer cancel()
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, _ := v.(error); err == http.ErrAbortHandler || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			o = outcome{why: err}
			return
		}
		l.config.Log.ErrorContext(ctx, "handler panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
	}()
	a := &answer{header: http.Header{}}
	h.ServeHTTP(a, r.WithContext(within))
	return outcome{answer: a}
}

// answer writes what a handler has answered.
func (l *Lane) answer(w http.ResponseWriter, r *http.Request, asks who, o outcome) {
	a := o.answer
	switch {
	case o.why == http.ErrAbortHandler:
		panic(http.ErrAbortHandler)
	case o.why != nil:
		l.refuseUndone(w, r, o.why)
		return
	case a == nil:
		l.config.Refuse(w, r, errPanic)
		return
	}
	size := int64(a.body.Len())
	if !l.memory.take(asks, size) {
		l.refuseBusy(w, r, errMemory)
		return
	}
	defer l.memory.give(asks, size)
	limit := answerTime + time.Duration(size/answerSpeed)*time.Second
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(limit)) // where there is a connection
	a.send(w)
}

// errPanic has Refuse answer with an error of the server itself.
var errPanic = errors.New("handler panicked")

// refuseBusy refuses a request that there is no room for.
func (l *Lane) refuseBusy(w http.ResponseWriter, r *http.Request, why error) {
	l.full.add(r, why, time.Now())
	l.config.Refuse(w, r, busy(why))
}

// refuseUndone answers a request that is not done in its time, or that had no turn.
func (l *Lane) refuseUndone(w http.ResponseWriter, r *http.Request, why error) {
	switch {
	case r.Context().Err() != nil: // hardly anybody waits for an answer, but no answer would be a 200
		l.config.Refuse(w, r, &desk.BusyError{What: "the server", After: time.Second, Err: why})
	case errors.Is(why, errFull):
		l.refuseBusy(w, r, errFull)
	default:
		l.config.Log.WarnContext(r.Context(), "request not done in time", "method", r.Method, "route", auth.TrailFrom(r.Context()).Route(), "limit", l.config.Time.String(), "cause", why)
		l.config.Refuse(w, r, &desk.BusyError{What: "the server", After: time.Second, Err: why})
	}
}

// answer is an answer in memory.
type answer struct {
	header http.Header
	sent   http.Header // as it was when the answer began
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.sent == nil && status >= 200 {
		a.status, a.sent = status, a.header.Clone()
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// send writes the answer. The client may be gone, so errors of writing mean nothing.
func (a *answer) send(w http.ResponseWriter) {
	a.WriteHeader(http.StatusOK)
	maps.Copy(w.Header(), a.sent)
	if a.body.Len() > 0 && a.sent.Get("Content-Length") == "" {
		w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}
