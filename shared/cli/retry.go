package cli

import (
	"context"
	"fmt"
	"io"
)

type retryCmd struct {
	remote `embed:""`

	Move  string `arg:"" placeholder:"MOVE" help:"ID of a move with status attention."`
	Watch bool   `help:"Show progress until the move ends, then the report."`
}

func (retryCmd) Help() string {
	return `Retries the conversations that the move could not convert. "status MOVE" lists them with their reasons: fix those first.
The exit codes are those of "move".`
}

func (r retryCmd) Run(ctx context.Context, c *call) error {
	server, err := r.client(c)
	if err != nil {
		return err
	}
	m, err := server.Retry(ctx, r.Move)
	if err != nil {
		return err
	}
	if r.Watch {
		return watch(ctx, c, server, m.ID)
	}
	return c.print(m, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "move %s is %s again\n", m.ID, m.Status)
	})
}
