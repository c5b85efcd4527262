package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"deskmove/shared/auth"
)

// server serves the API and its description, and answers with a problem where
// there is no operation.
type server struct {
	routes *http.ServeMux
	spec   func() []byte // generated on demand, because functions start often
	api    *api
	log    *slog.Logger
}

// ServeHTTP answers a request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answer{header: http.Header{}}
	s.handle(a, r)
	a.send(w, r)
}

// handle makes the answer, also if the handler panics.
func (s *server) handle(a *answer, r *http.Request) {
	defer s.recover(a, r)
	secure(a.Header())
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1/") || r.URL.Path == "/healthz":
		s.route(a, r)
	case r.URL.Path == "/openapi.yaml" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		a.Header().Set("Content-Type", "application/yaml")
		_, _ = a.Write(s.spec()) // cannot fail
	default:
		noRoute(r.URL.Path).write(a)
	}
}

// secure has browsers treat an answer as data alone: it is no page, has no scripts,
// and no page of another site may use it.
func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
}

// maxPath is longer than the path of any resource.
const maxPath = 512

func (s *server) route(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store") // answers hold customers' words
	// IDs become parts of keys, so a path with other characters has no resource.
	// An unclean path would be redirected, which turns a POST into a GET.
	if p := r.URL.Path; len(p) > maxPath || path.Clean(p) != p || strings.ContainsFunc(p, isNotPathChar) {
		noRoute(p).write(w)
		return
	}
	h, pattern := s.routes.Handler(r)
	if pattern != "" {
		auth.TrailFrom(r.Context()).SetRoute(pattern)
		s.serve(w, r, pattern)
		return
	}
	refused := &statusOnly{header: http.Header{}}
	h.ServeHTTP(refused, r)
	if allow := refused.header.Get("Allow"); refused.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", allow)
		wrongMethod(r.Method, allow).write(w)
		return
	}
	noRoute(r.URL.Path).write(w)
}

// serve has an operation answer. Of those in audited, refusals that no use case has
// seen, such as of a body that fits no schema, go into the audit log here; a refusal
// counts only if that has it.
func (s *server) serve(w http.ResponseWriter, r *http.Request, pattern string) {
	a, ok := w.(*answer)
	what := audited[pattern]
	caller, known := auth.CallerFrom(r.Context())
	if !ok || what == "" || !known {
		s.routes.ServeHTTP(w, r)
		return
	}
	seen := &attempt{}
	s.routes.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), attempt{}, seen)))
	if seen.audited || a.status < http.StatusBadRequest || a.status >= http.StatusInternalServerError {
		return
	}
	if err := s.api.Audit.Audit(r.Context(), caller.Refusal(what+": "+codesOf(a.body.Bytes()), s.api.Now())); err != nil {
		p := s.api.problem(r.Context(), what, err)
		*a = answer{header: a.header}
		p.write(a)
	}
}

// isNotPathChar reports whether the path of no resource can have the character.
func isNotPathChar(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return false
	}
	return !strings.ContainsRune("/._@-", c)
}

// recover replaces the answer of a handler that panicked. The panic's value may
// hold a customer's text and is not logged.
func (s *server) recover(a *answer, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	*a = answer{header: http.Header{}} // half an answer must not look like a whole one
	switch err, _ := v.(error); {
	case v == http.ErrAbortHandler:
		panic(v)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled): // the request's time is up, or its caller gone
		s.log.WarnContext(r.Context(), "request not done", "method", r.Method, "route", auth.TrailFrom(r.Context()).Route(), "cause", err)
		busy(time.Second).write(a)
		return
	}
	s.log.ErrorContext(r.Context(), "handler panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
	internal().write(a)
}

// statusOnly records an answer's status and header and drops its body.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }
func (s *statusOnly) Write(b []byte) (int, error) { return len(b), nil }
