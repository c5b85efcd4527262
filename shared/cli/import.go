package cli

import (
	"context"
	"fmt"

	"deskmove/shared/cli/importer"
)

type importCmd struct {
	remote `embed:""`

	Channel     string   `required:"" placeholder:"C" help:"The channel that the mail came by."`
	Files       []string `arg:"" name:"file" placeholder:"FILE" help:"mbox, EML or JSON Lines, gzipped or not."`
	Partial     bool     `help:"Import the readable part of damaged or truncated files. Without it, one such file stops the whole import."`
	NoStates    bool     `help:"Leave state and owner of conversations alone."`
	Concurrency int      `default:"8" placeholder:"N" help:"How many conversations are imported at a time (${default})."`
}

func (importCmd) Help() string {
	return `Puts mails together into conversations, by Message-ID, In-Reply-To and References, else by subject and people, and hands
them to the channel, the oldest first. Mails from the address of an agent or of a channel are agents' answers. A
conversation that an agent answered last is closed, and owned by that agent.

Importing the same files again adds nothing. Files that belong together are best imported together. A JSON Lines file
has one message a line: {"messageId", "inReplyTo", "references": [], "from", "to": [], "cc": [], "date", "subject",
"text", "html"}.`
}

func (i importCmd) Run(ctx context.Context, c *call) error {
	api, err := i.client()
	if err != nil {
		return err
	}
	if i.Concurrency < 1 || i.Concurrency > 64 {
		return fmt.Errorf("--concurrency: %d is not possible; use 1 to 64", i.Concurrency)
	}
	reading, posting := c.bar("reading", "bytes"), c.bar("importing", "messages")
	s, err := importer.Run(ctx, api, importer.Options{
		Channel: i.Channel, Files: i.Files, Partial: i.Partial, States: !i.NoStates, Concurrency: i.Concurrency,
		Reading: reading.set, Posting: func(done, total int64) {
			reading.done()
			posting.set(done, total)
		},
	})
	reading.done()
	posting.done()
	if len(s.Files) > 0 {
		if printErr := c.print(s, s.Write); printErr != nil && err == nil {
			err = printErr
		}
	}
	return err
}
