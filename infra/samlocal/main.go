// Samlocal prepares what "sam local" needs to run the functions and does not
// bring along: tables and a queue, on stand-ins that infra/test/peers/run serves,
// with the account that events/*.json are about; the file that tells the
// functions of them; and a built template that lets them be told.
//
// Nothing here is AWS: no request leaves the machine, and the credentials are
// none.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
)

func main() {
	var (
		peers = cmp.Or(os.Getenv("PEERS_HOST"), "127.0.0.1")
		s     = setup{
			name:     "deskmove",
			dynamodb: "http://" + net.JoinHostPort(peers, cmp.Or(os.Getenv("DYNAMODB_PORT"), "8000")),
			sqs:      "http://" + net.JoinHostPort(peers, cmp.Or(os.Getenv("SQS_PORT"), "9324")),
			events:   "events",
		}
	)
	flag.StringVar(&s.host, "host", "host.docker.internal", "`name` or address of this machine in a function's container; 127.0.0.1 if it has none")
	flag.StringVar(&s.architecture, "architecture", "", "what the functions were built for: arm64 or x86_64")
	flag.StringVar(&s.template, "template", ".aws-sam/local/template.yaml", "built template, which is changed")
	flag.StringVar(&s.environment, "environment", ".aws-sam/local-env.json", "`file` to write for sam local's --env-vars")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := s.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "samlocal:", err)
		os.Exit(1)
	}
}
