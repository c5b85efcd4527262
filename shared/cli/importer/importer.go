// Package importer brings files of mail into a channel, over the API. Every
// message of the files is accounted for, and importing them again adds
// nothing.
package importer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/transfer"
	"deskmove/shared/client"
	"deskmove/shared/exchange"
	"deskmove/shared/exchange/mailbox"
)

// Options control an import.
type Options struct {
	Channel string
	Files   []string
	// Partial, States, Include, Live and Agents are as in mailbox.Options.
	Partial bool
	States  bool
	Include []string
	Live    bool
	Agents  map[string]string
	DryRun  bool // only says what would be done
	// Concurrency is how many conversations are imported at a time; 24 if 0.
	Concurrency int
	// Reading, Uploading and Posting hear how far it is, in bytes, files and conversations;
	// they may be nil.
	Reading, Uploading, Posting func(done, total int64)
}

// Run imports files. The summary is also valid if there is an error: what was
// imported until then is kept, and repeating the import continues.
func Run(ctx context.Context, server *client.Client, o Options) (s Summary, err error) {
	began := time.Now()
	s.Report = mailbox.Report{Channel: o.Channel, Skipped: []mailbox.Skipped{}, Files: []mailbox.File{}}
	err = run(ctx, server, o, &s)
	s.Seconds = time.Since(began).Seconds()
	return s, err
}

func run(ctx context.Context, server *client.Client, o Options, s *Summary) (err error) {
	setup, _, err := server.Setup(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(setup.Channels, func(c api.ChannelSetup) bool { return c.ID == o.Channel }) {
		known := make([]string, len(setup.Channels))
		for i, c := range setup.Channels {
			known[i] = c.ID
		}
		return fmt.Errorf("--channel: the account has no channel %q: use one of %s", o.Channel, strings.Join(known, ", "))
	}
	channel, err := server.Channel(ctx, o.Channel)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "deskmove-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	box, err := mailbox.Read(ctx, mailbox.Options{
		Files: o.Files, Setup: setup, Channel: channel, Agents: o.Agents, Partial: o.Partial, States: o.States, Include: o.Include, Live: o.Live, TempDir: temp,
		Reading: o.Reading,
	})
	if box == nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	if err == nil {
		err = write(box, temp, setup)
	}
	s.Report = box.Report
	if err != nil {
		return err
	}
	done, err := transfer.Import(ctx, server, transfer.ImportOptions{
		Source: transfer.Source{Lines: exchange.Folder(temp).Lines(), Open: box.Open, Own: true}, DryRun: o.DryRun, States: o.States, Live: o.Live, Concurrency: o.Concurrency,
		Uploading: o.Uploading, Posting: o.Posting,
	})
	s.add(done, box)
	return err
}

// write writes the exchange format of mail to a folder.
func write(box *mailbox.Box, folder string, setup api.Setup) (err error) {
	sorter, err := exchange.NewSorter(folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sorter.Close()) }()
	if err := box.Write(sorter); err != nil {
		return err
	}
	return exchange.WriteFile(exchange.Folder(folder).Lines(), setup.Account.ID, sorter)
}
