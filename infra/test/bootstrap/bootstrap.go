// Package bootstrap builds the Lambda functions and runs them as Lambda does:
// each is a process that asks a Runtime API for work. What happens inside is
// the real thing, environment, start and reporting of errors included.
package bootstrap

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Build builds the functions for this machine, with the flags of those that
// are deployed, as dir/NAME. The module is around the working directory.
func Build(ctx context.Context, dir string, names ...string) error {
	for i, name := range names {
		names[i] = "deskmove/functions/" + name
	}
	args := append([]string{"build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", dir + string(filepath.Separator)}, names...)
	cmd := exec.CommandContext(ctx, "go", args...) // #nosec G204 -- the names are the caller's
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build functions: %w\n%s", err, out)
	}
	return nil
}

// Process is a function that runs.
type Process struct {
	cmd    *exec.Cmd
	server *http.Server
	begun  time.Time
	work   chan *invocation
	ended  chan struct{} // closed when the process has ended
	exit   error         // why, then

	mu     sync.Mutex
	log    bytes.Buffer
	ready  time.Duration // until it first asked for work
	atWork map[string]*invocation
}

// invocation is an event that a function works on.
type invocation struct {
	id     string
	event  []byte
	limit  time.Duration
	answer chan Answer
}

// Answer is what a function made of an event.
type Answer struct {
	Payload   []byte // what it returned, or the error as JSON
	ErrorType string // under which Step Functions knows the error; "" if there is none
}

// Start starts the program at path with env alone, to which it adds where the
// Runtime API is. The process ends with ctx.
func Start(ctx context.Context, path string, env ...string) (*Process, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Process{work: make(chan *invocation), ended: make(chan struct{}), atWork: make(map[string]*invocation)}
	p.server = &http.Server{Handler: p.api(), ReadHeaderTimeout: time.Minute}
	p.cmd = exec.CommandContext(ctx, path)
	p.cmd.Env = append(env, "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String(), "AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_FUNCTION_NAME="+filepath.Base(path))
	p.cmd.Stdout, p.cmd.Stderr = logger{p}, logger{p}
	p.begun = time.Now()
	go func() { _ = p.server.Serve(listener) }() // until Close
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, p.server.Close())
	}
	go func() {
		p.exit = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// logger keeps what the process writes.
type logger struct{ p *Process }

func (l logger) Write(b []byte) (int, error) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	return l.p.log.Write(b)
}

// Log is what the process has written until now.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// Ready waits until the function has first asked for work, and returns how
// long that took it.
func (p *Process) Ready(ctx context.Context) (time.Duration, error) {
	for {
		p.mu.Lock()
		ready := p.ready
		p.mu.Unlock()
		if ready > 0 {
			return ready, nil
		}
		select {
		case <-p.ended:
			return 0, p.gone()
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func (p *Process) gone() error {
	return fmt.Errorf("function ended: %w: %s", errors.Join(p.exit), p.Log())
}

// Exit waits until the process ends by itself and returns its code.
func (p *Process) Exit(ctx context.Context) (int, error) {
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Invoke gives the function an event and waits for its answer. It is told
// that it has as long as limit; nothing ends it then.
func (p *Process) Invoke(ctx context.Context, event []byte, limit time.Duration) (Answer, error) {
	i := &invocation{id: uuid.NewString(), event: event, limit: limit, answer: make(chan Answer, 1)}
	select {
	case p.work <- i:
	case <-p.ended:
		return Answer{}, p.gone()
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
	select {
	case a := <-i.answer:
		return a, nil
	case <-p.ended:
		return Answer{}, p.gone()
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

// Close ends the process and waits for it.
func (p *Process) Close() error {
	err := p.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-p.ended
	return errors.Join(err, p.server.Close())
}

// api is Lambda's Runtime API of 2018-06-01.
func (p *Process) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", p.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", p.answered)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", p.answered)
	return mux
}

func (p *Process) next(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if p.ready == 0 {
		p.ready = time.Since(p.begun)
	}
	p.mu.Unlock()
	select {
	case i := <-p.work:
		p.mu.Lock()
		p.atWork[i.id] = i
		p.mu.Unlock()
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", i.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(i.limit).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:local:000000000000:function:"+filepath.Base(p.cmd.Path))
		_, _ = w.Write(i.event) // a function that is gone is noticed elsewhere
	case <-r.Context().Done():
	}
}

func (p *Process) answered(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	i := p.atWork[r.PathValue("id")]
	delete(p.atWork, r.PathValue("id"))
	p.mu.Unlock()
	payload, err := io.ReadAll(r.Body)
	if i == nil || err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a := Answer{Payload: payload}
	if strings.HasSuffix(r.URL.Path, "/error") {
		var report struct {
			Type string `json:"errorType"`
		}
		_ = json.Unmarshal(payload, &report) // one that cannot be read has no name
		a.ErrorType = cmp.Or(report.Type, "Lambda.Unknown")
	}
	w.WriteHeader(http.StatusAccepted)
	i.answer <- a
}
