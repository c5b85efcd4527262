package cli

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"deskmove/shared/cli/importer"
	"deskmove/shared/cli/transfer"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
	"deskmove/shared/exchange/hubspot"
)

type importCmd struct {
	remote `embed:""`

	Channel     string   `placeholder:"C" help:"The channel that received the mail; of an export, the only channel to bring in."`
	Files       []string `arg:"" optional:"" name:"file" placeholder:"FILE" help:"mbox, EML or JSON Lines, gzipped or not; or the folder of an export, or with --from one of saved answers."`
	From        string   `enum:"hubspot," default:"" placeholder:"SYSTEM" help:"The folder has answers of this system's API: ${enum}"`
	DryRun      bool     `help:"Say what would come in and what would not, and write nothing."`
	Setup       bool     `help:"Of an export, or with --from: add what the account lacks of its agents, teams, pipelines, policies and channels."`
	Agents      string   `placeholder:"FILE" help:"Who its agents are here, as YAML: \"their-id: id\", of mail \"address: id\", and \"\" for nobody."`
	Partial     bool     `help:"Import the readable part of damaged or truncated files of mail. Without it, one such file stops the whole import."`
	Include     []string `enum:"draft,spam,chat,deleted,archived" placeholder:"BOX" help:"Bring in what there is beside mail, too: ${enum}. Without it, it is left out, and named."`
	Live        bool     `help:"Bring in mail that was written after the channel began to move, as new mail. Without it, such mail is left out."`
	NoStates    bool     `help:"Do not set status and owner of conversations of mail."`
	End         bool     `help:"Import nothing, but end an import of an export into --channel that was interrupted and will not go on. What is in stays."`
	Concurrency int      `default:"24" placeholder:"N" help:"Conversations imported at the same time (${default})."`
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
"text", "html"}.

The folder of an export comes in as it was, tickets too, into channels that have no conversations and that it declares,
by a super administrator; what it has of a channel with other conversations comes in as old messages, if it has no
tickets. All of it is read first: if anything is wrong with it, nothing is done. With --from hubspot a folder of saved
answers of HubSpot's API is imported in the same way, and what cannot be carried over is listed, field by field: see
shared/exchange/hubspot/doc.go. Imported again, it adds what is new or has changed there since, and leaves alone what
people have changed here. A channel that is being brought in cannot move. If the file is lost, --end ends that.`
}

func (i importCmd) Run(ctx context.Context, c *call) error {
	if len(i.Files) == 0 && !i.End {
		return errors.New(`expected "<file> ..."; see deskmove import --help`)
	}
	server, err := i.client(c)
	if err != nil {
		return err
	}
	if i.End {
		return i.end(ctx, c, server)
	}
	if i.Concurrency < 1 || i.Concurrency > 64 {
		return fmt.Errorf("--concurrency must be 1 to 64, not %d", i.Concurrency)
	}
	lines, isExport, err := i.exported()
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	switch folder := i.folder(); {
	case i.From == "" && !isExport && folder != "":
		return fmt.Errorf("import: %s is a folder without %s, so it is no export: give the files in it, or the folder of an export, or say with --from whose saved answers they are", folder, exchange.LinesName)
	case i.From == "" && !isExport:
		return i.mail(ctx, c, server)
	case len(i.Files) > 1:
		return errors.New("an export is imported by itself: give its folder alone")
	case i.Live || i.Partial || i.NoStates:
		return errors.New("--live, --partial and --no-states are for mail: leave them out")
	case i.From == "" && len(i.Include) > 0:
		return errors.New("--include is for mail, and with --from: an export has what it has")
	case i.From != "" && folder == "":
		return fmt.Errorf("import: %s is no folder: with --from give the folder with the saved answers", i.Files[0])
	case i.From != "":
		return i.hubSpot(ctx, c, server)
	}
	folder := exchange.Folder(filepath.Dir(lines))
	return i.transfer(ctx, c, server, transfer.Source{Lines: lines, Open: folder.Open}, nil)
}

// end ends an import that was interrupted, whose file is lost.
func (i importCmd) end(ctx context.Context, c *call, server *client.Client) error {
	if i.Channel == "" || len(i.Files) > 0 {
		return errors.New("--end ends the import into --channel: give that, and no file")
	}
	channel, err := server.Channel(ctx, i.Channel)
	if err != nil {
		return err
	}
	if !channel.Restoring {
		return fmt.Errorf("channel %s is not being brought in: there is nothing to end", i.Channel)
	}
	if err := server.EndRestoration(ctx, i.Channel); err != nil {
		return err
	}
	if channel, err = server.Channel(ctx, i.Channel); err != nil {
		return err
	}
	return c.print(channel, func(w io.Writer) {
		then := "the export may be imported again, until the channel moves"
		if channel.Home != string(desk.Inbox) {
			then = "it has moved, so that nothing more is brought in; verify names what is missing"
		}
		_, _ = fmt.Fprintf(w, "channel %s is no longer being brought in from %s: what is in stays, and %s\n", channel.ID, channel.From, then)
	})
}

// folder returns the first that is a folder.
func (i importCmd) folder() string {
	for _, name := range i.Files {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			return name
		}
	}
	return ""
}

// exported returns the file of lines, if an export is to be imported.
func (i importCmd) exported() (lines string, ok bool, _ error) {
	for _, name := range i.Files {
		info, err := os.Stat(name)
		if err != nil {
			return "", false, err
		}
		if info.IsDir() {
			name = exchange.Folder(name).Lines()
			if _, err := os.Stat(name); err == nil {
				return name, true, nil // whoever reads it says whether it is one
			}
			continue
		}
		f, err := os.Open(name) // #nosec G304 -- the user named it
		if err != nil {
			return "", false, err
		}
		first, _ := bufio.NewReader(f).Peek(4 << 10)
		if err := f.Close(); err != nil {
			return "", false, err
		}
		if exchange.Is(first) {
			return name, true, nil
		}
		if exchange.Is(unzipped(first)) {
			return "", false, fmt.Errorf("%s is of an export, and gzipped: unpack it, and give the folder in which its files are, too", name)
		}
	}
	return "", false, nil
}

// unzipped returns what the first bytes of a file are, if it is gzipped.
func unzipped(begins []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(begins))
	if err != nil {
		return nil
	}
	first := make([]byte, 4<<10)
	n, _ := io.ReadFull(z, first)
	return first[:n]
}

func (i importCmd) mail(ctx context.Context, c *call, server *client.Client) error {
	switch {
	case i.Setup:
		return errors.New("--setup is for an export, and with --from: leave it out")
	case i.Channel == "":
		return errors.New("--channel: say which channel received the mail")
	case slices.Contains(i.Include, "archived"):
		return errors.New("--include archived is for --from hubspot")
	}
	agents, err := i.agents()
	if err != nil {
		return err
	}
	reading, uploading, posting := c.bar("reading", "bytes"), c.bar("uploading", "files"), c.bar("importing", "conversations")
	s, err := importer.Run(ctx, server, importer.Options{
		Channel: i.Channel, Files: i.Files, Partial: i.Partial, States: !i.NoStates, Live: i.Live, Include: i.Include, Agents: agents, DryRun: i.DryRun,
		Concurrency: i.Concurrency, Reading: reading.set,
		Uploading: func(done, total int64) {
			reading.done()
			uploading.set(done, total)
		},
		Posting: func(done, total int64) {
			reading.done()
			uploading.done()
			posting.set(done, total)
		},
	})
	for _, b := range []*bar{reading, uploading, posting} {
		b.done()
	}
	if len(s.Files) > 0 {
		if printErr := c.print(s, s.Write); printErr != nil && err == nil {
			err = printErr
		}
	}
	if err == nil && s.Read > 0 && int64(len(s.Skipped)) == s.Read {
		err = errors.New("nothing was imported: every message was skipped, for the reasons above")
	}
	return err
}

// hubSpot imports a folder of saved answers.
func (i importCmd) hubSpot(ctx context.Context, c *call, server *client.Client) (err error) {
	for _, box := range i.Include {
		if box != "archived" && box != "spam" {
			return fmt.Errorf("--include %s is for mail: with --from hubspot there are archived and spam", box)
		}
	}
	in, err := os.OpenRoot(i.Files[0])
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	keepPrivate()
	temp, err := os.MkdirTemp("", "deskmove-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	sorter, err := exchange.NewSorter(temp)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sorter.Close()) }()
	bar := c.bar("converting", "threads")
	result, err := hubspot.Convert(in.FS(), sorter, hubspot.Options{
		Archived: slices.Contains(i.Include, "archived"), Spam: slices.Contains(i.Include, "spam"), Threads: bar.set,
	})
	bar.done()
	if err != nil {
		return fmt.Errorf("nothing was imported: %w", err)
	}
	lines := exchange.Folder(temp).Lines()
	if err := exchange.WriteFile(lines, i.From, sorter); err != nil {
		return err
	}
	source := transfer.Source{Lines: lines, Open: func(sha256 string) (io.ReadCloser, error) { return in.Open(result.Files[sha256]) }}
	return i.transfer(ctx, c, server, source, &result.Report)
}

// imported is what was imported, and what became of that before.
type imported struct {
	transfer.Imported
	HubSpot *hubspot.Report `json:"hubspot,omitempty"`
}

func (i importCmd) transfer(ctx context.Context, c *call, server *client.Client, source transfer.Source, report *hubspot.Report) error {
	agents, err := i.agents()
	if err != nil {
		return err
	}
	var channels []string
	if i.Channel != "" {
		channels = []string{i.Channel}
	}
	checking, uploading, posting := c.bar("checking", "bytes"), c.bar("uploading", "files"), c.bar("importing", "conversations")
	s, err := transfer.Import(ctx, server, transfer.ImportOptions{
		Source: source, Channels: channels, Setup: i.Setup, Agents: agents, DryRun: i.DryRun, States: true, Concurrency: i.Concurrency, Checking: checking.set,
		Uploading: func(done, total int64) {
			checking.done()
			uploading.set(done, total)
		},
		Posting: func(done, total int64) {
			checking.done()
			uploading.done()
			posting.set(done, total)
		},
	})
	for _, b := range []*bar{checking, uploading, posting} {
		b.done()
	}
	if err != nil && len(s.Channels) == 0 { // it has not come so far as to know what it would do
		return err
	}
	printErr := c.print(imported{s, report}, func(w io.Writer) {
		if report != nil {
			report.Write(w)
		}
		s.Write(w)
	})
	return errors.Join(err, printErr)
}

// agents reads who an export's agents are here.
func (i importCmd) agents() (of map[string]string, _ error) {
	if i.Agents == "" {
		return nil, nil
	}
	b, err := os.ReadFile(i.Agents)
	if err != nil {
		return nil, fmt.Errorf("--agents: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&of); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("--agents: %s is not lines such as \"A-11: ann\": %w", i.Agents, err)
	}
	return of, nil
}
