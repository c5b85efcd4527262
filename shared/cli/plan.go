package cli

import (
	"context"
	"io"

	"deskmove/shared/cli/text"
)

type planCmd struct {
	remote `embed:""`

	Channel string `required:"" placeholder:"C" help:"The channel to move."`
	History string `default:"all" enum:"all,none" placeholder:"all|none" help:"Move the channel's conversations too, or leave them in the inbox (${default})."`
}

func (planCmd) Help() string {
	return `Writes nothing. A blocker prevents the move; each warning must be acknowledged by its code (move --ack CODE).
For exact counts of what would happen to every conversation, run "move --rehearsal".
Exit code: 2 if there is a blocker, else 0.`
}

func (p planCmd) Run(ctx context.Context, c *call) error {
	server, err := p.client(c)
	if err != nil {
		return err
	}
	plan, err := server.Plan(ctx, p.Channel, p.History)
	if err != nil {
		return err
	}
	if err := c.print(plan, func(w io.Writer) { text.Plan(w, plan) }); err != nil {
		return err
	}
	if len(plan.Blockers) > 0 {
		return &exitError{code: codeAttention}
	}
	return nil
}
