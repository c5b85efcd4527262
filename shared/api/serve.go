package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
)

// server is the API and what surrounds it: its description, and problems
// where no operation answers.
type server struct {
	routes *http.ServeMux
	spec   func() []byte // made when it is asked for: a function starts often
	log    *slog.Logger
}

// ServeHTTP answers a request.
func (s *server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w := &answer{ResponseWriter: rw}
	defer s.recover(w, r)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1/") || r.URL.Path == "/healthz":
		s.route(w, r)
	case r.URL.Path == "/openapi.yaml" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(s.spec()) // the caller may be gone
	default:
		noRoute(r.URL.Path).write(w)
	}
}

// longest is more bytes than any path has that leads anywhere.
const longest = 512

func (s *server) route(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store") // answers hold customers' words
	// IDs become parts of keys: what cannot be one leads nowhere. An unclean
	// path would be redirected, which turns a POST into a GET.
	if p := r.URL.Path; len(p) > longest || path.Clean(p) != p || strings.ContainsFunc(p, strange) {
		noRoute(p).write(w)
		return
	}
	h, pattern := s.routes.Handler(r)
	if pattern != "" {
		s.routes.ServeHTTP(w, r)
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

// strange reports whether no path has the character.
func strange(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return false
	}
	return !strings.ContainsRune("/._@-", c)
}

// recover answers a request whose handler panicked. The panic's value may
// hold a customer's text and is not logged.
func (s *server) recover(w *answer, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.log.ErrorContext(r.Context(), "handler panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
	if w.begun { // half an answer must not look like a whole one
		panic(http.ErrAbortHandler)
	}
	internal().write(w)
}

// answer notes whether an answer has begun. It hides what else the writer can
// do: deadlines are the gateway's.
type answer struct {
	http.ResponseWriter
	begun bool
}

func (a *answer) WriteHeader(status int) {
	a.begun = true
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(b)
}

// statusOnly takes an answer's status and header and drops its body.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }
func (s *statusOnly) Write(b []byte) (int, error) { return len(b), nil }
