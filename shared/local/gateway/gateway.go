// Package gateway is the local engine's front door: what API Gateway and its
// JWT authorizer are on AWS. It refuses requests as API Gateway does, and puts the
// caller of the others into their context, for package auth.
package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/local/admission"
)

// Limits of API Gateway's HTTP APIs.
const (
	maxHeader = 10_240
	maxTime   = 30 * time.Second
)

// Config says what is served, and where.
type Config struct {
	Address string // such as 127.0.0.1:8080; port 0 picks a free one
	// Remote allows an address that other computers can reach.
	Remote bool
	// Hosts are names by which requests are answered, beside loopback's. Without any,
	// an address that other computers can reach answers by every name.
	Hosts []string
	// Proxies are the addresses of proxies that say truly whose requests they pass on.
	Proxies []netip.Prefix
	// Certificate is that of connections by TLS; if nil, there are none.
	Certificate *Certificate

	Handler http.Handler
	// Verify returns the caller that a bearer token was issued to.
	Verify func(token string) (desk.Caller, error)
	// Public reports whether a request needs no token.
	Public func(*http.Request) bool
	// Intake reports whether a request brings a message in: room is kept for those.
	// There are none if it is nil.
	Intake func(*http.Request) bool
	// Files reports whether a request is for the bytes of a file, which need no token and
	// pass through in pieces. There are none if it is nil.
	Files func(*http.Request) bool
	// Route names the route of a request, so that the log knows it also of one that is
	// refused before it is handled; "" if there is none. It may be nil.
	Route func(*http.Request) string
	// Refuse answers with an error of the house, as the handler would: with one of
	// package auth, of admission, or another for a panic.
	Refuse func(http.ResponseWriter, *http.Request, error)
	// Connected, if not nil, is told how many connections are open, each time it has changed
	// by connectedStep.
	Connected func(open int)
	// Lanes are the limits of what is done at a time; if nil, LanesOf(DefaultMemory).
	Lanes *Lanes
	Log   *slog.Logger // slog.Default if nil
}

// Lanes are limits of what is done at a time: for those who sign in, for messages that
// come in, for what anybody may ask, and for bytes of files.
type Lanes struct{ Desk, Intake, Public, Files admission.Limits }

// Bytes of requests, answers and files that are in memory at once, in all lanes.
const (
	DefaultMemory = 88 << 20 // right for one machine
	LeastMemory   = 64 << 20 // with less no message of the largest size would come in
)

// LanesOf returns lanes that have so much memory together, the one setting on which all
// of that depends.
func LanesOf(memory int64) Lanes {
	n := float64(memory) / DefaultMemory
	return Lanes{admission.Desk().Times(n), admission.Intake().Times(n), admission.Public().Times(n), admission.Files().Times(n)}
}

// Gateway is an HTTP server that has opened its address.
type Gateway struct {
	listener net.Listener
	server   *http.Server
	secure   bool // by TLS
	people   *admission.Lane
}

// ErrRemote reports that other computers could reach an address.
var ErrRemote = errors.New("other computers can reach it")

// Listen opens the address. Nothing is answered before Serve.
func Listen(ctx context.Context, c Config) (*Gateway, error) {
	loopback, err := isLoopback(c.Address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("address %q: %w: use host:port, such as 127.0.0.1:8080", c.Address, err)
	case !loopback && !c.Remote:
		return nil, fmt.Errorf("address %q: %w: use 127.0.0.1, or allow it explicitly", c.Address, ErrRemote)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", c.Address)
	if inUse(err) {
		return nil, fmt.Errorf("address %s is in use: stop the program that has it, or use another address; port 0 picks a free one", c.Address)
	}
	if err != nil {
		return nil, err
	}
	c.Log = cmp.Or(c.Log, slog.Default())
	handler, people := c.handler(loopback)
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2*time.Minute + maxTime, // body, work, and an answer of the largest size
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(c.Log.Handler(), slog.LevelWarn),
	}
	if c.Connected != nil {
		server.ConnState = (&connections{told: c.Connected}).changed
	}
	if c.Certificate != nil {
		server.TLSConfig = c.Certificate.config()
	}
	return &Gateway{listener, server, c.Certificate != nil, people}, nil
}

// connectedStep is by how many connections it matters.
const connectedStep = 64

// connections counts those that are open.
type connections struct {
	told func(open int)

	mu   sync.Mutex
	open int
	last int // that was told
}

// changed is for http.Server.
func (c *connections) changed(_ net.Conn, s http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s {
	case http.StateNew:
		c.open++
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
	if c.open-c.last >= connectedStep || c.last-c.open >= connectedStep {
		c.last = c.open
		c.told(c.open)
	}
}

// Crowded is for how long what people ask has been waiting in line without a break; 0 if
// nothing waits.
func (g *Gateway) Crowded() time.Duration { return g.people.Crowded() }

// wsaInUse is the error of Windows.
const wsaInUse = syscall.Errno(10048)

func inUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaInUse)
}

// isLoopback reports whether only this computer can reach an address.
func isLoopback(address string) (bool, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, err
	}
	return IsLoopback(host), nil
}

// URL is where the gateway listens, with the port that was picked.
func (g *Gateway) URL() string {
	if g.secure {
		return "https://" + g.listener.Addr().String()
	}
	return "http://" + g.listener.Addr().String()
}

// Serve answers requests until ctx is done. Those under way get 10 s to end.
func (g *Gateway) Serve(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() {
		if g.secure {
			ended <- g.server.ServeTLS(g.listener, "", "")
		} else {
			ended <- g.server.Serve(g.listener)
		}
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", g.URL(), err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := g.server.Shutdown(last)
	if err != nil {
		err = errors.Join(fmt.Errorf("serve %s: requests cut off: %w", g.URL(), err), g.server.Close())
	}
	<-ended
	return err
}

// Close closes the address if Serve is not called.
func (g *Gateway) Close() error { return g.listener.Close() }

func (c Config) handler(loopback bool) (_ http.Handler, people *admission.Lane) {
	lanes := cmp.Or(c.Lanes, new(LanesOf(DefaultMemory)))
	common := admission.Config{Time: maxTime, Refuse: c.refuse, Log: cmp.Or(c.Log, slog.Default())}
	people = admission.New("desk", lanes.Desk, common)
	intake := admission.New("intake", lanes.Intake, common)
	public, files := admission.New("public", lanes.Public, common), admission.New("files", lanes.Files, common)
	log := newAccessLog(common.Log, time.Now)
	return http.HandlerFunc(func(plain http.ResponseWriter, plainly *http.Request) {
		w, r := log.begin(plain, plainly)
		defer func() { log.end(w, r) }()
		defer c.recover(w, r)
		onlyTLS(w, r)
		if c.Route != nil {
			w.trail.SetRoute(c.Route(r))
		}
		r = c.fromCaller(r)
		if !c.answersTo(HostOf(r), loopback) {
			c.Refuse(w, r, auth.ErrHost)
			return
		}
		lane := people
		switch {
		case c.Files != nil && c.Files(r):
			lane = files
		case c.Public(r):
			lane = public
		case c.Intake != nil && c.Intake(r):
			lane = intake
		}
		if w.public = lane == public || lane == files; !w.public {
			caller, err := c.authenticate(r)
			if err != nil {
				w.why = err
				c.Refuse(w, r, fmt.Errorf("%w: %w", auth.ErrNoToken, err))
				return
			}
			w.caller = caller
			r = r.WithContext(auth.WithCaller(r.Context(), caller))
		}
		lane.Serve(w, r, c.Handler)
	}), people
}

// refuse notes why there is no room for a request, and refuses it.
func (c Config) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if busy, ok := errors.AsType[*desk.BusyError](err); ok {
		if a, ok := w.(*access); ok {
			a.why = busy.Err
		}
	}
	c.Refuse(w, r, err)
}

func (c Config) authenticate(r *http.Request) (desk.Caller, error) {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "bearer") {
		return desk.Caller{}, errors.New("no bearer token")
	}
	caller, err := c.Verify(token)
	if err != nil {
		return desk.Caller{}, err
	}
	caller.Address, err = addressOf(r)
	return caller, err
}

// addressOf is the network address that a request comes from.
func addressOf(r *http.Request) (string, error) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return host, err
}

// recover answers a request that the gateway itself panicked at, before anything
// was written; handlers' panics end in their lane. The panic's value may hold a
// customer's text and is not logged.
func (c Config) recover(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	c.Log.ErrorContext(r.Context(), "handler panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
	c.Refuse(w, r, errors.New("a panic"))
}
