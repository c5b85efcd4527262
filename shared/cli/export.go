package cli

import (
	"context"

	"deskmove/shared/cli/transfer"
	"deskmove/shared/exchange"
)

type exportCmd struct {
	remote `embed:""`

	Folder  string   `arg:"" placeholder:"FOLDER" help:"Where to write it; made if it is not there."`
	Channel []string `placeholder:"C" help:"Only the conversations of these channels."`
	Home    string   `enum:"inbox,helpdesk," default:"" placeholder:"HOME" help:"Only what is in the inbox, or in the help desk: ${enum}"`
}

func (exportCmd) Help() string {
	return `Writes the conversations of an account with their tickets, messages and files, and what they name of its setup, in the
format of shared/exchange/README.md: lines of JSON in FOLDER/deskmove.ndjson, and the bytes of files beside it. The same
account gives the same bytes. "import" reads it.

Needs a super administrator, with help desk access if a channel has moved. An export that was interrupted goes on when it
is given again: files that are there are not fetched again.`
}

func (e exportCmd) Run(ctx context.Context, c *call) error {
	server, err := e.client(c)
	if err != nil {
		return err
	}
	keepPrivate()
	reading, writing := c.bar("reading", "conversations"), c.bar("writing", "lines")
	s, err := transfer.Export(ctx, server, transfer.ExportOptions{
		Folder: exchange.Folder(e.Folder), Channels: e.Channel, Home: e.Home, TempDir: e.Folder, Reading: reading.set,
		Writing: func(done, total int64) {
			reading.done()
			writing.set(done, total)
		},
	})
	reading.done()
	writing.done()
	if err != nil {
		return err
	}
	return c.print(s, s.Write)
}
