package client

import (
	"bytes"
	"io"
	"net/http"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// InProcess is a transport that passes requests to the API in this process, as
// one caller, without gateway and token.
type InProcess struct {
	API    http.Handler
	Caller desk.Caller
}

// RoundTrip answers a request.
func (p *InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &answer{header: http.Header{}, status: http.StatusOK}
	p.API.ServeHTTP(w, r.WithContext(auth.WithCaller(r.Context(), p.Caller)))
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answer is a response in memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
