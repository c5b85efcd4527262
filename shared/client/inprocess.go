package client

import (
	"fmt"
	"io"
	"net/http"
	"sync"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// InProcess is a transport that passes requests to the API in this process, as
// one caller, without gateway and token. An answer comes as it is written, so that
// a large file is never in memory.
type InProcess struct {
	API    http.Handler
	Caller desk.Caller
}

// RoundTrip answers a request.
func (p *InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	out, in := io.Pipe()
	w := &answer{in: in, header: http.Header{}, began: make(chan struct{})}
	go func() {
		defer func() {
			v := recover()
			w.WriteHeader(http.StatusOK)
			switch v {
			case nil:
				_ = in.Close() // never fails
			case http.ErrAbortHandler: // the answer is cut off
				_ = in.CloseWithError(io.ErrUnexpectedEOF)
			default:
				_ = in.CloseWithError(fmt.Errorf("the API panicked: %v", v))
			}
		}()
		p.API.ServeHTTP(w, r.WithContext(auth.WithCaller(r.Context(), p.Caller)))
	}()
	<-w.began
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: out, ContentLength: -1, Request: r,
	}, nil
}

// answer is a response that is read while it is written.
type answer struct {
	in     io.Writer
	header http.Header
	once   sync.Once
	began  chan struct{} // closed once status and header are known
	status int
	sent   http.Header
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	a.once.Do(func() {
		a.status, a.sent = status, a.header.Clone()
		close(a.began)
	})
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.in.Write(b)
}
