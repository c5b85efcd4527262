package cli

import (
	"context"

	"deskmove/shared/cli/benchaws"
)

type benchAWSCmd struct {
	Endpoint      string `required:"" placeholder:"URL" help:"A DynamoDB stand-in that reports consumed capacity."`
	Conversations []int  `default:"1000,50000" placeholder:"N" help:"Sizes of the channels to move, one run each (${default})."`
}

func (benchAWSCmd) Help() string {
	return `Moves channels on a DynamoDB stand-in, counts the capacity units, requests and state transitions that a conversation
needs on AWS, and calculates the price of a million. Prints one line of JSON for each size.`
}

func (b benchAWSCmd) Run(ctx context.Context, c *call) error {
	return benchaws.Run(ctx, b.Endpoint, b.Conversations, c.stdout, c.stderr)
}
