package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/auth"
)

// Lambda serves the API to API Gateway's HTTP APIs, with events of format 2.0
// and the stage $default, whose JWT authorizer has checked the token.
type Lambda struct {
	API http.Handler // as New returns it
	Log *slog.Logger
}

// Lambda limits an answer to 6 MB of JSON, in which a byte of the body may become
// six.
const (
	maxAnswer  = 6 << 20
	alwaysFits = maxAnswer/6 - 64<<10 // with its header, whatever the body holds
)

// Handle serves a request. An answer that is too large for Lambda becomes a
// problem; Lambda would fail.
func (l Lambda) Handle(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return respond(unreadable(), e), nil
		}
	}
	w := &recorded{header: http.Header{}, status: http.StatusOK}
	if !l.serve(w, request(ctx, e, body)) {
		return respond(internal(), e), nil
	}
	res := w.response(e)
	if len(res.Body) > alwaysFits {
		if raw, err := json.Marshal(res); err != nil || len(raw) > maxAnswer {
			l.Log.WarnContext(ctx, "answer is too large", "bytes", w.body.Len())
			return respond(answerTooLarge(), e), nil
		}
	}
	return res, nil
}

// serve returns false if the API panicked in the middle of an answer, of
// which half would look like a whole one. What it panicked with may hold a
// customer's text and is not logged.
func (l Lambda) serve(w http.ResponseWriter, r *http.Request) (ok bool) {
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler { // the API has logged that
			l.Log.ErrorContext(r.Context(), "handler panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
		}
	}()
	l.API.ServeHTTP(w, r)
	return true
}

// request converts an event to a request, whose context has the caller or the
// reason why there is none. The event's path is decoded already.
func request(ctx context.Context, e events.APIGatewayV2HTTPRequest, body []byte) *http.Request {
	if a := e.RequestContext.Authorizer; a != nil && a.JWT != nil {
		caller, err := auth.FromClaims(func(name string) string { return a.JWT.Claims[name] })
		if caller.Address = e.RequestContext.HTTP.SourceIP; err == nil {
			ctx = auth.WithCaller(ctx, caller)
		} else {
			ctx = auth.WithRefusal(ctx, err)
		}
	}
	r := (&http.Request{
		Method: e.RequestContext.HTTP.Method, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		URL:    &url.URL{Scheme: "https", Host: e.RequestContext.DomainName, Path: e.RawPath, RawQuery: e.RawQueryString},
		Header: make(http.Header, len(e.Headers)+1), Host: e.RequestContext.DomainName, RemoteAddr: e.RequestContext.HTTP.SourceIP,
		Body: http.NoBody, ContentLength: int64(len(body)),
	}).WithContext(ctx)
	r.RequestURI = r.URL.RequestURI()
	if len(body) > 0 {
		r.Body = readCloser{bytes.NewReader(body)}
	}
	for name, value := range e.Headers { // repeated headers are joined by commas
		r.Header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	return r
}

// readCloser is a body that need not be closed.
type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// respond answers with a problem.
func respond(p *problem, e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	w := &recorded{header: http.Header{}, status: http.StatusOK}
	p.write(w)
	return w.response(e)
}

// recorded is an answer in memory.
type recorded struct {
	header http.Header
	sent   http.Header // as it was when the answer began
	status int
	body   bytes.Buffer
}

func (w *recorded) Header() http.Header { return w.header }

func (w *recorded) WriteHeader(status int) {
	if w.sent == nil && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *recorded) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// response converts the answer for Lambda. A body that is not text is encoded as
// base64; an answer to HEAD has no body.
func (w *recorded) response(e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	w.WriteHeader(w.status)
	res := events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: make(map[string]string, len(w.sent))}
	for name, values := range w.sent {
		if name == "Set-Cookie" {
			res.Cookies = values
			continue
		}
		res.Headers[name] = strings.Join(values, ", ")
	}
	switch b := w.body.Bytes(); {
	case e.RequestContext.HTTP.Method == http.MethodHead:
	case utf8.Valid(b):
		res.Body = string(b)
	default:
		res.Body, res.IsBase64Encoded = base64.StdEncoding.EncodeToString(b), true
	}
	return res
}
