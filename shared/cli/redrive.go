package cli

import (
	"context"
	"fmt"
	"io"

	"deskmove/shared/desk"
)

type redriveCmd struct {
	remote `embed:""`
}

func (redriveCmd) Help() string {
	return `Batches and live changes that failed again and again were put aside as dead letters. This sends all of them back to
their queues, where they are tried anew. Mend first what made them fail: the log says what that was. It may be repeated, and
what was done already is not done twice. As it is about all accounts, it takes a super administrator of the account of
whoever runs deskmove: "serve --account", on AWS the parameter OperatorAccount.

Exit code: 1 if it is refused, else 0.`
}

func (r redriveCmd) Run(ctx context.Context, c *call) error {
	server, err := r.client(c)
	if err != nil {
		return err
	}
	sent, err := server.Redrive(ctx)
	if err != nil {
		return err
	}
	return c.print(sent, func(w io.Writer) {
		for _, q := range sent.Queues {
			switch {
			case q.Letters != nil:
				_, _ = fmt.Fprintf(w, "%s: %s sent back\n", q.Queue, desk.Count(*q.Letters, "dead letter"))
			case q.Running:
				_, _ = fmt.Fprintf(w, "%s: dead letters were on their way already\n", q.Queue)
			default:
				_, _ = fmt.Fprintf(w, "%s: dead letters are on their way\n", q.Queue)
			}
		}
	})
}
