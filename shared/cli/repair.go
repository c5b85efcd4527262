package cli

import (
	"context"
	"fmt"
	"io"
)

type repairCmd struct {
	remote `embed:""`

	Channel string `arg:"" placeholder:"CHANNEL" help:"A channel whose move has ended."`
}

func (repairCmd) Help() string {
	return `Looks at all conversations of a channel whose move has ended, at attention too, and lands those that should have landed and
have not, such as after a change was lost on its way. A running repair is not started again. It runs on the server; the account's audit log
says when it has ended and what it found. What came in since the last one is compared daily without this.

Exit code: 1 if it is refused, else 0.`
}

func (r repairCmd) Run(ctx context.Context, c *call) error {
	server, err := r.client(c)
	if err != nil {
		return err
	}
	repair, err := server.Repair(ctx, r.Channel)
	if err != nil {
		return err
	}
	return c.print(repair, func(w io.Writer) {
		does := "has started"
		if repair.Running {
			does = "was running already"
		}
		_, _ = fmt.Fprintf(w, "%s of channel %s (move %s) %s; GET %s/v1/audit shows what it finds\n",
			repair.ID, repair.ChannelID, repair.MoveID, does, server.Endpoint())
	})
}
