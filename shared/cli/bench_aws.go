package cli

import (
	"context"
	"net/http"
	"os"
	"path/filepath"

	"deskmove/shared/cli/bench"
	"deskmove/shared/cli/benchaws"
	"deskmove/shared/cli/importer"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

type benchAWSCmd struct {
	Endpoint      string `required:"" placeholder:"URL" help:"A DynamoDB stand-in that reports consumed capacity."`
	Conversations []int  `default:"1000,50000" placeholder:"N" help:"Sizes of the channels to move, one run each (${default})."`
	Open          []int  `default:"0,30,100" placeholder:"PERCENT" help:"How many of their conversations are open, one run each (${default})."`
}

func (benchAWSCmd) Help() string {
	return `Moves channels on a DynamoDB stand-in, counts the capacity units, requests and state transitions that a conversation
needs on AWS, and calculates the price of a million. Prints one line of JSON for each size and share. If DESKMOVE_MAIL names
the folder of the real mail that tests use, that is moved too.`
}

func (b benchAWSCmd) Run(ctx context.Context, c *call) error {
	return benchaws.Run(ctx, b.Endpoint, b.Conversations, b.Open, realMail(), c.stdout, c.stderr)
}

// realMail returns what imports the real mail that some tests use, nil if there is
// none.
func realMail() benchaws.Mail {
	folder := os.Getenv("DESKMOVE_MAIL")
	if folder == "" {
		return nil
	}
	return func(ctx context.Context, handler http.Handler) (int, error) {
		server := client.With("http://localhost", "", &client.InProcess{
			API: handler, Caller: desk.Caller{Account: bench.Account, Agent: "agent01", Role: desk.SuperAdmin},
		})
		s, err := importer.Run(ctx, server, importer.Options{Channel: bench.Channel, Files: []string{filepath.Join(folder, "dev-2012-2013.mbox.gz")}})
		return int(s.Conversations), err
	}
}
