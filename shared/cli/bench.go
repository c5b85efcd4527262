package cli

import (
	"context"

	"deskmove/shared/cli/bench"
)

type benchCmd struct {
	Conversations []int  `default:"100000" placeholder:"N" help:"Sizes of the channels to move, one case each (${default})."`
	Dir           string `placeholder:"DIR" help:"Where to keep data meanwhile; a directory on the disk that counts. The system's own for temporary files if left out."`
}

func (benchCmd) Help() string {
	return `Measures what the database below takes when it does nothing but the writes of a move, then the move itself, in the same
run, and prints one line of JSON for each case: their rates and ratio, memory, writes and reads for each conversation,
and how long a new conversation takes to reach the help desk while its channel moves.`
}

func (b benchCmd) Run(ctx context.Context, c *call) error {
	return bench.Run(ctx, b.Conversations, b.Dir, c.stdout, c.stderr)
}
