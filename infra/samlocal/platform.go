package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app"
	"deskmove/shared/aws/dynamo"
	"deskmove/shared/console"
	"deskmove/shared/local"
	"deskmove/shared/local/function"
	"deskmove/shared/local/gateway"
	"deskmove/shared/local/issuer"
	"deskmove/shared/local/queue"
	"deskmove/shared/local/runtime"
	"deskmove/shared/local/streams"
	"deskmove/shared/store"
)

// platform is what AWS has around the functions, of parts of the local platform: the
// queues, the state machine, the stream's mapping, the schedule, and the gateway with
// its tokens. It keeps nothing.
type platform struct {
	*gateway.Gateway
	link    string // to the console, signed in
	batches *queue.Queue

	runtime  *runtime.Runtime
	services *http.Server
	listener net.Listener
}

// around says where a platform is.
type around struct {
	dir      string    // for its files, which is emptied; tokens are made with the key in it
	gateway  string    // address for people, on loopback
	services string    // address for functions
	lambda   invokeAPI // where functions are
	log      *slog.Logger
}

// starting is how long a container may take to start, which counts as time of the
// function here. SAM itself keeps the time limit of the template.
const starting = time.Minute

// open opens the platform around functions whose world has been set up. Nothing happens
// before run.
func (s setup) open(ctx context.Context, a around) (_ *platform, err error) {
	p := &platform{}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if err := os.RemoveAll(a.dir); err != nil {
		return nil, err
	}
	if p.runtime, err = runtime.Open(runtime.Config{Dir: a.dir, Log: a.log}); err != nil {
		return nil, err
	}
	tokens, err := issuer.Open(a.dir, p.runtime.Host.Clock)
	if err != nil {
		return nil, err
	}
	limits := local.DefaultLimits()
	for name := range limits.Timeouts {
		limits.Timeouts[name] += starting
	}
	queues, err := local.OpenQueues(ctx, p.runtime, limits, nil)
	if err != nil {
		return nil, err
	}
	p.batches = queues.Batches
	engine := s.engine()
	machine, err := local.Drive(ctx, p.runtime, limits, queues, s.stream(engine), 1, functionsAt(a.lambda))
	if err != nil {
		return nil, err
	}
	if err := p.serve(ctx, a, services{
		queue: s.queue(), send: queues.Batches.Send,
		redrive: map[string]func(context.Context) (int, error){
			s.deadBatches(): queues.Batches.Redrive, s.deadFailures(): queues.StreamFailures.Redrive,
		},
		machine: s.machine(), start: machine.Start, running: machine.Running, log: a.log,
	}, bucket{s.bucket(), filepath.Join(a.dir, "files")}); err != nil {
		return nil, err
	}
	made := local.Tokens{Journal: store.JournalStore{Engine: engine}, Issuer: tokens, Clock: p.runtime.Host.Clock, Log: a.log}
	p.runtime.Part(made.Run)
	gate, people, err := local.Listen(ctx, local.Config{Address: a.gateway, Log: a.log}, local.Front{
		Tokens: tokens, Made: made.Made, Setups: store.SetupStore{Engine: engine}, Refuse: app.Refuse, Site: func(how console.SignIn) http.Handler {
			api := gateway.Integration{Invoke: s.answer(a), Log: a.log}
			return console.New(how, "http://"+a.services, api) // the pages of the function know of no sign-in
		},
	})
	if err != nil {
		return nil, err
	}
	p.Gateway = gate
	p.runtime.Serve(gate)
	p.link = gate.URL() + people.Link(demoAccount, "/app/")
	return p, nil
}

// demoAccount is the account of the commands in README.
const demoAccount = "demo"

// stream is the mapping of the conversations' stream, whose filter is the template's.
func (s setup) stream(engine *dynamo.Engine) *streams.Mapping {
	return &streams.Mapping{
		Stream: engine, Table: store.Conversations, Filter: func(c store.Change) bool { return store.Streamed(c.New) },
		Poll: time.Second, Keep: 24 * time.Hour, Trim: func(context.Context, string, string) error { return nil },
	}
}

// functionsAt are the functions that Lambda's Invoke API runs.
func functionsAt(l invokeAPI) local.Functions {
	step := func(name string) function.Bytes {
		return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
			return l.invoke(ctx, name, input)
		}
	}
	f := local.Functions{Fence: step("fence"), List: step("list"), Drain: step("drain"), Finish: step("finish")}
	f.Convert.Handle = handler[events.SQSEvent, events.SQSEventResponse](l, "convert")
	f.Redirect.Handle = handler[events.DynamoDBEvent, events.DynamoDBEventResponse](l, "redirect")
	f.RedirectFailed.Handle = handler[events.SQSEvent, events.SQSEventResponse](l, "redirect")
	f.Sweep.Handle = handler[events.EventBridgeEvent, json.RawMessage](l, "sweep")
	return f
}

// answer has the API's function answer a request. Where it says that files are, people
// find them by another name than it does.
func (s setup) answer(a around) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	invoke := handler[events.APIGatewayV2HTTPRequest, events.APIGatewayV2HTTPResponse](a.lambda, "api")
	return func(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		delete(e.Headers, "accept-encoding") // or the answer may be coded
		out, err := invoke(ctx, e)
		if seen, wrong := withHost(s.services, s.host); wrong == nil {
			out.Body = strings.ReplaceAll(out.Body, seen+"/"+s.bucket()+"/", "http://"+a.services+"/"+s.bucket()+"/")
		}
		return out, err
	}
}

// serve opens the address at which functions find the services, and everybody files.
func (p *platform) serve(ctx context.Context, a around, s services, b bucket) (err error) {
	if p.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", a.services); err != nil {
		return fmt.Errorf("queue and state machine: %w", err)
	}
	both := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") != "" {
			s.ServeHTTP(w, r)
			return
		}
		b.ServeHTTP(w, r)
	})
	p.services = &http.Server{Handler: both, ReadHeaderTimeout: 10 * time.Second}
	p.runtime.Part(func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { _ = p.services.Close() })
		defer stop()
		if err := p.services.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return nil
}

// run runs everything until ctx is done.
func (p *platform) run(ctx context.Context) error {
	err := p.runtime.Run(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// close closes the platform. Call it after run has returned.
func (p *platform) close() error {
	var errs []error
	if p.listener != nil {
		_ = p.listener.Close() // which run may have done
	}
	if p.runtime != nil {
		errs = append(errs, p.runtime.DB.Close())
	}
	return errors.Join(errs...)
}
