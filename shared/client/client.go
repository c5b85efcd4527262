// Package client is a client of deskmove's HTTP API. It retries temporary
// failures, which is safe: repeating a request changes nothing more.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Client calls one API as one caller. It is safe for concurrent use.
type Client struct {
	endpoint string
	token    string
	http     http.Client
	// Tokens, if not nil, gives the access token of each request, instead of the one
	// given to New: a session's, which is renewed.
	Tokens func(context.Context) (string, error)
	// Patience is how long a request is retried: 30 s if 0, not at all if
	// negative. It is 5 s at most until the API has answered once, because the
	// endpoint may be wrong.
	Patience time.Duration
	reached  atomic.Bool
}

// maxConnections is how many connections are kept open: more than any command uses.
const maxConnections = 64

// New returns a client of the API at endpoint, such as http://127.0.0.1:8420.
// The error says what is wrong with the endpoint.
func New(endpoint, token string) (*Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("endpoint %q is not a URL; use one such as http://127.0.0.1:8420", endpoint)
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		MaxIdleConnsPerHost:   maxConnections,
		IdleConnTimeout:       time.Minute,
		ResponseHeaderTimeout: 40 * time.Second, // the API answers within 30
	}
	return With(strings.TrimRight(endpoint, "/"), token, transport), nil
}

// With returns a client that sends its requests through t, such as an InProcess.
func With(endpoint, token string, t http.RoundTripper) *Client {
	return &Client{endpoint: endpoint, token: token, http: http.Client{Transport: t}}
}

// Endpoint returns the URL of the API.
func (c *Client) Endpoint() string { return c.endpoint }

// request is a request before it is sent, which may happen more than once.
type request struct {
	method string
	path   string // begins with "/"
	query  url.Values
	header map[string]string
	in     any // the body, unless nil; a json.RawMessage is sent as it is
}

// do sends r and reads the answer into out, unless that is nil. Errors are
// *Problems if the API answered, else *Unreachable.
func (c *Client) do(ctx context.Context, r request, out any) (*http.Response, error) {
	var body []byte
	if r.in != nil {
		var err error
		if body, err = encode(r.in); err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
	}
	return c.patiently(ctx, func() (*http.Response, error) { return c.once(ctx, r, body, out) })
}

// patiently repeats a request while its error is temporary.
func (c *Client) patiently(ctx context.Context, once func() (*http.Response, error)) (*http.Response, error) {
	patience := c.Patience
	if patience == 0 {
		patience = 30 * time.Second
	}
	began := time.Now()
	for try := 0; ; try++ {
		res, err := once()
		until := began.Add(patience)
		if res != nil {
			c.reached.Store(true)
		} else if !c.reached.Load() {
			until = began.Add(min(patience, 5*time.Second))
		}
		wait, again := pause(err, try)
		if !again || time.Now().Add(wait).After(until) {
			return res, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		case <-timer.C:
		}
	}
}

// encode writes a body. It does not escape < and >, which mail is full of.
func encode(v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// pause reports whether err is temporary, and how long to wait before a retry:
// 0.1 s up to 5 s, with jitter.
func pause(err error, try int) (time.Duration, bool) {
	wait := min(100*time.Millisecond<<min(try, 10), 5*time.Second)
	wait = wait/2 + rand.N(wait/2) // #nosec G404 -- spreads load, guards nothing
	var problem *Problem
	var unreachable *Unreachable
	switch {
	case errors.As(err, &problem):
		switch problem.Status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return max(wait, problem.After), true
		}
		return 0, false
	case errors.As(err, &unreachable):
		return wait, !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	}
	return 0, false
}

func (c *Client) once(ctx context.Context, r request, body []byte, out any) (*http.Response, error) {
	target := c.endpoint + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	token := c.token
	if c.Tokens != nil {
		token, err = c.Tokens(ctx)
		var network *url.Error
		if errors.As(err, &network) {
			return nil, &Unreachable{Endpoint: c.endpoint, Err: err}
		}
		if err != nil {
			return nil, fmt.Errorf("no token: %w", err)
		}
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, &Unreachable{Endpoint: c.endpoint, Err: err}
	}
	defer func() { _ = res.Body.Close() }() // it was read, or the error says more
	if res.StatusCode >= 300 {
		return res, readProblem(res)
	}
	if out == nil {
		_, err = io.Copy(io.Discard, res.Body)
	} else if err = json.NewDecoder(res.Body).Decode(out); err == nil {
		_, err = io.Copy(io.Discard, res.Body) // what follows the value, so that the connection is kept
	}
	if err != nil {
		return res, &Unreachable{Endpoint: c.endpoint, Err: fmt.Errorf("%s %s: %w", r.method, r.path, err)}
	}
	return res, nil
}

// after reads a Retry-After header in seconds.
func after(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 60)) * time.Second
}
