package cli

import (
	"context"

	"deskmove/shared/cli/bench"
)

type benchCmd struct {
	Conversations []int  `default:"100000" placeholder:"N" help:"Sizes of the channels to move, one run each (${default})."`
	Lists         int    `default:"100000" placeholder:"N" help:"Size of the account whose lists are measured at rest, during and after a move; 0 leaves it out (${default})."`
	Dir           string `placeholder:"DIR" help:"Directory for temporary data, on the disk to be measured. The default is the system's temporary directory."`
}

func (benchCmd) Help() string {
	return `Measures how fast the database alone can do the writes of a move, then the move itself, in the same run, and prints
one line of JSON for each size: their rates and ratio, memory, writes and reads for each conversation,
and how long a new conversation takes to reach the help desk while its channel moves. The last line is of lists: how long
20 readers wait for them, and what an idle server needs.`
}

func (b benchCmd) Run(ctx context.Context, c *call) error {
	return bench.Run(ctx, b.Conversations, b.Lists, b.Dir, c.stdout, c.stderr)
}
