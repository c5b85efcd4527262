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
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
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
	Remote  bool
	Handler http.Handler
	// Verify returns the caller that a bearer token was issued to.
	Verify func(token string) (desk.Caller, error)
	// Public reports whether a request needs no token.
	Public func(*http.Request) bool
	Log    *slog.Logger // slog.Default if nil
}

// Gateway is an HTTP server that has opened its address.
type Gateway struct {
	listener net.Listener
	server   *http.Server
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
	return &Gateway{listener, &http.Server{
		Handler:           c.handler(loopback),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute + maxTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(c.Log.Handler(), slog.LevelWarn),
	}}, nil
}

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
	return isLoopbackHost(host), nil
}

func isLoopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// URL is where the gateway listens, with the port that was picked.
func (g *Gateway) URL() string { return "http://" + g.listener.Addr().String() }

// Serve answers requests until ctx is done. Those under way get 10 s to end.
func (g *Gateway) Serve(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- g.server.Serve(g.listener) }()
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

func (c Config) handler(loopback bool) http.Handler {
	timed := http.TimeoutHandler(c.Handler, maxTime, message("Service Unavailable"))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer c.recover(w, r)
		// DNS rebinding: a page of another site, whose name was made to resolve
		// to this computer, sends that name.
		if loopback && !isLoopbackHost(hostOf(r)) {
			refuse(w, http.StatusForbidden)
			return
		}
		if !c.Public(r) {
			caller, err := c.authenticate(r)
			if err != nil {
				c.Log.InfoContext(r.Context(), "request refused", "err", err)
				w.Header().Set("WWW-Authenticate", "Bearer")
				refuse(w, http.StatusUnauthorized)
				return
			}
			r = r.WithContext(auth.WithCaller(r.Context(), caller))
		}
		timed.ServeHTTP(&typed{ResponseWriter: w}, r)
	})
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
	caller.Address, _, err = net.SplitHostPort(r.RemoteAddr)
	return caller, err
}

// recover answers a request whose handler panicked; it has written nothing
// yet, since http.TimeoutHandler buffers its answer. The panic's value may
// hold a customer's text and is not logged.
func (c Config) recover(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	c.Log.ErrorContext(r.Context(), "handler panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
	refuse(w, http.StatusInternalServerError)
}

func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return strings.Trim(r.Host, "[]")
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(message(http.StatusText(status)))) // the client may be gone
}

// message is what API Gateway itself answers.
func message(text string) string { return `{"message":"` + text + `"}` }

// typed gives http.TimeoutHandler's own answer its content type.
type typed struct{ http.ResponseWriter }

func (t *typed) WriteHeader(status int) {
	if status == http.StatusServiceUnavailable && t.Header().Get("Content-Type") == "" {
		t.Header().Set("Content-Type", "application/json")
	}
	t.ResponseWriter.WriteHeader(status)
}
