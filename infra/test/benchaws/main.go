// Benchaws counts what a move costs on AWS, and prices it: the real
// handlers and the real state machine run over DynamoDB's engine, on a peer
// that reports the capacity that each call consumes. It measures no speed: a
// peer has none to speak of.
//
// What it counts, and how:
//
//   - Write and read request units as DynamoDB reports them, and one for each
//     failed condition, which is charged but not reported. The entries of
//     indexes are among them, and also shown by themselves. What the plan reads
//     before the start is counted apart: a sample of at most 20,000 conversations, which is a tenth of
//     a cent, whatever the channel's size.
//   - Requests to SQS: a SendMessageBatch takes ten messages and is billed by
//     64 KB; an invocation of the converter stands for one ReceiveMessage and
//     one DeleteMessageBatch, as its event source mapping makes them. Polls
//     that find nothing are left out: they depend on the time.
//   - Transitions of the state machine until the move has ended. The late
//     audits add a dozen a move, whatever its size.
//   - CPU of this process while it moves, for each conversation: handlers,
//     SDK and the stand-ins for queue and state machine. It is an upper bound
//     of what the functions need.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	"deskmove/infra/test/bench/sample"
	"deskmove/shared/cli/importer"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// flags are the command line's.
type flags struct {
	Endpoint      string `required:"" placeholder:"URL" help:"A DynamoDB stand-in that reports consumed capacity."`
	Conversations []int  `default:"1000,50000" placeholder:"N" help:"Sizes of the channels to move, one run each (${default})."`
	Open          []int  `default:"0,30,100" placeholder:"PERCENT" help:"How many of their conversations are open, one run each (${default})."`
}

const description = `Moves channels on a DynamoDB stand-in, counts the capacity units, requests and state transitions that a conversation
needs on AWS, and calculates the price of a million. Prints one line of JSON for each size and share. If DESKMOVE_MAIL names
the folder of the real mail that tests use, that is moved too.`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var f flags
	k := kong.Parse(&f, kong.Name("benchaws"), kong.Description(description), kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 120}))
	k.FatalIfErrorf(run(ctx, f.Endpoint, f.Conversations, f.Open, realMail(), os.Stdout, os.Stderr))
}

// mail imports mail into the benchmarks' channel over an API that takes any caller,
// and returns how many conversations it began. Nobody closes them.
type mail func(ctx context.Context, api http.Handler) (conversations int, err error)

// realMail returns what imports the real mail that some tests use, nil if there is
// none.
func realMail() mail {
	folder := os.Getenv("DESKMOVE_MAIL")
	if folder == "" {
		return nil
	}
	return func(ctx context.Context, handler http.Handler) (int, error) {
		server := client.With("http://localhost", "", &client.InProcess{
			API: handler, Caller: desk.Caller{Account: sample.Account, Agent: "agent01", Role: desk.SuperAdmin},
		})
		s, err := importer.Run(ctx, server, importer.Options{Channel: sample.Channel, Files: []string{filepath.Join(folder, "dev-2012-2013.mbox.gz")}})
		return int(s.Conversations), err
	}
}
