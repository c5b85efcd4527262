package cli

import (
	"context"

	"deskmove/shared/cli/benchaws"
)

type benchAWSCmd struct {
	Endpoint      string `required:"" placeholder:"URL" help:"A peer that speaks DynamoDB's protocol and reports consumed capacity."`
	Conversations []int  `default:"1000,50000" placeholder:"N" help:"Sizes of the channels to move, one case each (${default})."`
}

func (benchAWSCmd) Help() string {
	return `Moves channels with DynamoDB's engine on a peer, counts the capacity units, requests and transitions that a conversation
needs on AWS, and prices a million of them. Prints one line of JSON for each case.`
}

func (b benchAWSCmd) Run(ctx context.Context, c *call) error {
	return benchaws.Run(ctx, b.Endpoint, b.Conversations, c.stdout, c.stderr)
}
