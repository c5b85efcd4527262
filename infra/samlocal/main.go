// Samlocal puts around the functions that "sam local" runs in containers what AWS has
// around them, so that a move can be made over HTTP: tables, on a stand-in that
// infra/test/peers/run serves, and of the local platform's parts the queue, the stream's
// mapping, the state machine, the schedule, and a gateway that takes tokens.
//
// It makes the tables, with the account that events/*.json are about, the file that
// tells the functions where all that is, and a built template that lets them be told.
// Then it starts the command that follows its flags, which is to serve Lambda's Invoke
// API, and runs until it is stopped.
//
// Nothing here is AWS: no request leaves the machine, and the credentials are none.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	peers := cmp.Or(os.Getenv("PEERS_HOST"), "127.0.0.1")
	s := setup{name: "deskmove", events: "events", dynamodb: "http://" + net.JoinHostPort(peers, cmp.Or(os.Getenv("DYNAMODB_PORT"), "8000"))}
	a := around{log: slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	var lambdaAddress string
	flag.StringVar(&s.host, "host", "host.docker.internal", "`name` or address of this machine in a function's container; 127.0.0.1 if it has none")
	flag.StringVar(&s.architecture, "architecture", "", "what the functions were built for: arm64 or x86_64")
	flag.StringVar(&s.template, "template", ".aws-sam/local/template.yaml", "built template, which is changed")
	flag.StringVar(&s.environment, "environment", ".aws-sam/local-env.json", "`file` to write for sam local's --env-vars")
	flag.StringVar(&a.dir, "data", ".aws-sam/local-data", "`folder` for the platform's own files, which is emptied")
	flag.StringVar(&a.gateway, "gateway", "127.0.0.1:3000", "`address` of the API, on loopback")
	flag.StringVar(&a.services, "services", net.JoinHostPort(peers, "9324"), "`address` at which functions find queue and state machine")
	flag.StringVar(&lambdaAddress, "lambda", "127.0.0.1:3001", "`address` of Lambda's Invoke API, which the command is to serve")
	flag.Parse()
	s.services, a.lambda = "http://"+a.services, invokeAPI("http://"+lambdaAddress)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s, a, flag.Args(), os.Stdout); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "samlocal:", err)
		os.Exit(1)
	}
}

// run sets everything up, starts the command, and runs the platform once functions can
// be invoked, until ctx is done or the command has ended.
func run(ctx context.Context, s setup, a around, command []string, out io.Writer) error {
	if err := s.run(ctx); err != nil {
		return err
	}
	p, err := s.open(ctx, a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan struct{})
	if len(command) > 0 {
		c := exec.CommandContext(ctx, command[0], command[1:]...) // #nosec G204 -- the caller's
		c.Stdout, c.Stderr = os.Stderr, os.Stderr
		c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
		c.WaitDelay = time.Minute // it has containers to stop
		if err := c.Start(); err != nil {
			return err
		}
		go func() {
			defer close(ended)
			cancel(fmt.Errorf("%s has ended: %w", command[0], c.Wait()))
		}()
	} else {
		close(ended)
	}
	err = await(ctx, string(a.lambda), "the command that is to serve functions")
	if err == nil {
		_, err = fmt.Fprintf(out, welcome, p.URL(), a.dir, p.link, a.lambda)
	}
	if err == nil {
		err = p.run(ctx)
	}
	why := context.Cause(ctx)
	cancel(nil)
	<-ended
	return cmp.Or(err, why, p.close())
}

const welcome = `
The API is on %[1]s, and each function on %[4]s. Nothing is kept.

Console: %[3]s
(good once, within 10 minutes)

A whole move while customers write, in another terminal:

  go run ./infra/deskmove demo --endpoint %[1]s --data %[2]s --conversations 100 --rate 5

For other commands:

  export DESKMOVE_ENDPOINT=%[1]s
  export DESKMOVE_TOKEN=$(go run ./infra/deskmove token --data %[2]s --account demo --role super-admin)

`
