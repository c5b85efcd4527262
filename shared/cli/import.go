package cli

import (
	"context"
	"fmt"

	"deskmove/shared/cli/importer"
)

type importCmd struct {
	remote `embed:""`

	Channel     string   `required:"" placeholder:"C" help:"The channel that received the mail."`
	Files       []string `arg:"" name:"file" placeholder:"FILE" help:"mbox, EML or JSON Lines, gzipped or not."`
	Partial     bool     `help:"Import the readable part of damaged or truncated files. Without it, one such file stops the whole import."`
	Include     []string `enum:"draft,spam,chat,deleted" placeholder:"BOX" help:"Bring in what a mailbox holds beside mail, too: ${enum}. Without it, such messages are left out, and named."`
	Live        bool     `help:"Bring in mail that was written after the channel began to move, as new mail. Without it, such mail is left out."`
	NoStates    bool     `help:"Do not set status and owner of conversations."`
	Concurrency int      `default:"8" placeholder:"N" help:"Conversations imported at the same time (${default})."`
}

func (importCmd) Help() string {
	return `Groups mails into conversations by Message-ID, In-Reply-To and References, else by subject and people, and adds them to
the channel, oldest first. Mails from the address of an agent or a channel count as agents' answers, but for what a
program wrote, what a form sent, and mails whose sender the receiving server found to be forged. A conversation whose
last message is an agent's answer is closed, and owned by that agent. Bounces, out-of-office replies and the like are
kept on their thread, and open nothing. Labels become tags. Each mail's source is kept, and its files beside it.

Drafts, spam, deleted mail and chats, by what Gmail, Thunderbird and others note in the file, are left out: see --include.

A channel that moves or has moved takes mail in that is older than its move: as tickets from history, by the choices of
the move and without notifications of new mail. What is newer needs --live.

Importing the same files again adds nothing. Import files that belong together, such as Inbox and Sent, in one command:
a later one joins threads too, but two conversations that it shows to be one stay two, and are named. A JSON Lines file has
one message per line: {"messageId", "inReplyTo", "references": [], "from", "to": [], "cc": [], "date", "subject",
"text", "html"}.`
}

func (i importCmd) Run(ctx context.Context, c *call) error {
	server, err := i.client(c)
	if err != nil {
		return err
	}
	if i.Concurrency < 1 || i.Concurrency > 64 {
		return fmt.Errorf("--concurrency must be 1 to 64, not %d", i.Concurrency)
	}
	reading, posting := c.bar("reading", "bytes"), c.bar("importing", "messages")
	s, err := importer.Run(ctx, server, importer.Options{
		Channel: i.Channel, Files: i.Files, Partial: i.Partial, States: !i.NoStates, Live: i.Live, Include: i.Include, Concurrency: i.Concurrency,
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
