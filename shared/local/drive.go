package local

import (
	"context"
	"net/http"
	"strings"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/console"
	"deskmove/shared/desk"
	"deskmove/shared/local/asl"
	"deskmove/shared/local/executions"
	"deskmove/shared/local/files"
	"deskmove/shared/local/function"
	"deskmove/shared/local/gateway"
	"deskmove/shared/local/issuer"
	"deskmove/shared/local/queue"
	"deskmove/shared/local/runtime"
	"deskmove/shared/local/schedule"
	"deskmove/shared/local/signin"
	"deskmove/shared/local/streams"
	"deskmove/shared/move"
)

// Functions are what events, executions and the time make run. Of each only what it
// does counts: its name and its limits are those of the template.
type Functions struct {
	Fence, List, Drain, Finish function.Bytes
	Convert, RedirectFailed    queue.Function
	Redirect                   streams.Function
	Sweep                      schedule.Function

	// Executed, if not nil, is told of each execution that has started or ended.
	Executed func(asl.Status)
}

// Queues are those of the template.
type Queues struct {
	Batches, StreamFailures *queue.Queue

	All []*queue.Queue // with those of dead letters
}

// OpenQueues opens the queues. Ready, if not nil, waits until the next batch may be
// delivered.
func OpenQueues(ctx context.Context, r *runtime.Runtime, l Limits, ready func(context.Context)) (q Queues, err error) {
	open := func(name string, of Queue, ready func(context.Context)) (*queue.Queue, error) {
		dead, err := r.Queue(ctx, queue.Config{Name: name + "-dead"})
		if err != nil {
			return nil, err
		}
		opened, err := r.Queue(ctx, queue.Config{
			Name: name, Visibility: of.Visibility, MaxReceives: of.Receives, DeadLetters: dead, Ready: ready,
		})
		q.All = append(q.All, dead, opened)
		return opened, err
	}
	if q.Batches, err = open("batches", l.Batches, ready); err == nil {
		q.StreamFailures, err = open("stream-failures", l.StreamFailures, nil)
	}
	return q, err
}

// Drive has the queues, a stream, executions and the time run functions as
// template.yaml says, so many converters at a time. The stream needs no function and no
// limits. It returns the state machine.
func Drive(ctx context.Context, r *runtime.Runtime, l Limits, q Queues, stream *streams.Mapping, converters int, f Functions) (*executions.StateMachine, error) {
	step := func(name string, handle function.Bytes) executions.Function {
		return executions.Function{Name: name, Timeout: l.Timeouts[name], Handle: handle}
	}
	machine, err := r.Machine(ctx, executions.Config{
		Name: "move", Definition: move.StateMachine, Changed: f.Executed, Functions: map[string]executions.Function{
			"${FenceFunctionArn}":  step("fence", f.Fence),
			"${ListFunctionArn}":   step("list", f.List),
			"${DrainFunctionArn}":  step("drain", f.Drain),
			"${FinishFunctionArn}": step("finish", f.Finish),
		},
	})
	if err != nil {
		return nil, err
	}
	f.Convert.Name, f.Convert.Timeout = "convert", l.Timeouts["convert"]
	r.Poll(q.Batches, f.Convert, converters)
	f.RedirectFailed.Name, f.RedirectFailed.Timeout = "redirect-failed", l.Timeouts["redirect"]
	r.Poll(q.StreamFailures, f.RedirectFailed, 2)
	f.Redirect.Name, f.Redirect.Timeout = redirect, l.Timeouts["redirect"]
	stream.Function, stream.OnFailure = f.Redirect, q.StreamFailures.Send
	stream.BatchSize, stream.Retries, stream.MaxAge = l.Stream.Size, l.Stream.Retries, l.Stream.MaxAge
	r.Stream(stream)
	f.Sweep.Name, f.Sweep.Timeout = "sweep", l.Timeouts["sweep"]
	r.Schedule(&schedule.Schedule{Name: "sweep", Every: l.Sweep, Function: f.Sweep})
	return machine, nil
}

// redirect is the name under which the position in the stream is kept.
const redirect = "redirect"

// Front is what is served at an address, and to whom.
type Front struct {
	Tokens *issuer.Issuer
	// Made is told of each token of the sign-in, before it is handed out.
	Made func(ctx context.Context, of desk.Caller, until time.Time) error
	// Setups reads an account, as one of whose agents people sign in.
	Setups signin.Setups
	// Site returns what is served, whose pages sign in as said.
	Site func(console.SignIn) http.Handler
	// Refuse answers a request that the site does not get to see, as app.Refuse does.
	Refuse func(http.ResponseWriter, *http.Request, error)
	// Files answers at the addresses of files' bytes; nil if they are elsewhere.
	Files http.Handler
}

// Listen opens the address of a configuration. On loopback, or behind a certificate, people
// can sign in to the site's pages; otherwise the SignIn is nil.
func Listen(ctx context.Context, c Config, f Front) (*gateway.Gateway, *signin.SignIn, error) {
	front := gateway.Config{
		Address: c.Address, Remote: c.Remote, Hosts: c.Hosts, Proxies: c.Proxies, Certificate: c.Certificate, Verify: f.Tokens.Verify,
		Public: app.IsPublic, Intake: app.IsIntake, Route: app.Router(), Connected: makeRoom, Refuse: f.Refuse, Lanes: c.Lanes, Log: c.Log,
	}
	if f.Files != nil {
		front.Files = files.IsFor
	}
	var people *signin.SignIn
	if !c.Remote || c.Certificate != nil {
		people = signin.New(signin.Config{Issuer: f.Tokens, Setups: f.Setups, Made: f.Made, Secure: c.isSecure, Clock: c.Clock, Log: c.Log})
		front.Handler = split(isSignIn, people, f.Site(console.SignIn{Kind: console.Local}))
		front.Public = func(r *http.Request) bool { return app.IsPublic(r) || isSignIn(r) }
	} else {
		front.Handler = f.Site(console.SignIn{Kind: console.None})
	}
	if f.Files != nil {
		front.Handler = split(files.IsFor, f.Files, front.Handler)
	}
	g, err := gateway.Listen(ctx, front)
	return g, people, err
}

// split has some requests answered by one handler, and all others by another.
func split(some func(*http.Request) bool, one, other http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if some(r) {
			one.ServeHTTP(w, r)
			return
		}
		other.ServeHTTP(w, r)
	})
}

func isSignIn(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, signin.Prefix) }
