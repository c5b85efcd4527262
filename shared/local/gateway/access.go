package gateway

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// accessLog logs each request: who, from where, by which route, and what became of
// it. It has no path, no query and no header, which may hold words and tokens.
//
// What is refused for want of a right, with 401 or 403, is a warning. There are at most
// some of them a second; what is left out is counted, and is there at the level of info,
// as everything else is. What needs no token and succeeds, such as pages and the
// question how the server is, comes at the level of debug.
type accessLog struct {
	log *slog.Logger
	now func() time.Time

	mu      sync.Mutex
	warn    *rate.Limiter
	leftOut int
}

// How many refusals are warnings.
const (
	warningsPerSecond = 1
	warningsAtOnce    = 20
)

func newAccessLog(log *slog.Logger, now func() time.Time) *accessLog {
	return &accessLog{log: log, now: now, warn: rate.NewLimiter(warningsPerSecond, warningsAtOnce)}
}

// access is what is known of one request.
type access struct {
	http.ResponseWriter
	begun  time.Time
	trail  *auth.Trail
	caller desk.Caller // zero without a token that counts
	public bool
	why    error // the token does not count, or there is no room
	status int
	bytes  int64
}

// begin begins to note a request; the answer is to be written to what it returns.
func (l *accessLog) begin(w http.ResponseWriter, r *http.Request) (*access, *http.Request) {
	ctx, trail := auth.WithTrail(r.Context())
	return &access{ResponseWriter: w, begun: l.now(), trail: trail}, r.WithContext(ctx)
}

// WriteHeader implements http.ResponseWriter.
func (a *access) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *access) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (a *access) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// end logs the request. One without an answer, whose caller is gone, has the status 0.
func (l *accessLog) end(a *access, r *http.Request) {
	level, leftOut := l.level(a)
	if !l.log.Enabled(r.Context(), level) {
		return
	}
	address := a.caller.Address
	if address == "" {
		address, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	attrs := []slog.Attr{
		slog.String("method", method(r.Method)), slog.String("route", a.trail.Route()), slog.Int("status", a.status),
		slog.Duration("took", l.now().Sub(a.begun)), slog.Int64("bytes", a.bytes), slog.String("from", address),
	}
	if a.caller.Account != "" {
		attrs = append(attrs, slog.String("account", a.caller.Account), slog.String("agent", a.caller.Agent), slog.String("role", string(a.caller.Role)))
	}
	if code := a.trail.Code(); code != "" {
		attrs = append(attrs, slog.String("code", code))
	}
	if a.why != nil {
		attrs = append(attrs, slog.String("why", a.why.Error()))
	}
	if leftOut > 0 {
		attrs = append(attrs, slog.Int("leftOut", leftOut))
	}
	l.log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attrs...)
}

// level is how a request is logged, and how many warnings were left out before it.
func (l *accessLog) level(a *access) (slog.Level, int) {
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.warn.AllowN(l.now(), 1) {
			l.leftOut++
			return slog.LevelInfo, 0
		}
		n := l.leftOut
		l.leftOut = 0
		return slog.LevelWarn, n
	case a.public && a.status > 0 && a.status < http.StatusBadRequest:
		return slog.LevelDebug, 0
	}
	return slog.LevelInfo, 0
}

// method is the request's method, if it is one: callers may write anything.
func method(of string) string {
	switch of {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return of
	}
	return "other"
}
