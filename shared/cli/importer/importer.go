// Package importer brings files of mail into a channel, over the API. Every
// message of the files is accounted for, and importing them again adds
// nothing.
package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/mail"
	"deskmove/shared/mail/note"
	"deskmove/shared/mail/thread"
)

// Options control an import.
type Options struct {
	Channel string
	Files   []string
	// Partial imports what can be read of a file that is broken. Without it
	// nothing is imported then.
	Partial bool
	// States closes conversations that an agent answered last, and gives all
	// to the agent who answered last.
	States bool
	// Include are the boxes (mail.Box) whose messages come in too. What a mailbox holds beside mail
	// is left out without it: drafts were never sent, and nobody reads spam.
	Include []string
	// Live takes mail in as new that was written after the channel began to move.
	// Without it such mail is left out.
	Live bool
	// Concurrency is how many conversations are imported at a time; 8 if 0.
	Concurrency int
	// TempDir is where bodies are kept meanwhile; the system's if "".
	TempDir string
	// Reading and Posting hear how far it is, in bytes and messages; they may
	// be nil.
	Reading func(done, total int64)
	Posting func(done, total int64)
}

// Run imports files. The summary is also valid if there is an error: what was
// imported until then is kept, and repeating the import continues.
func Run(ctx context.Context, api *client.Client, o Options) (Summary, error) {
	im := &run{api: api, options: o, summary: Summary{Channel: o.Channel, Skipped: []Skipped{}, Files: []File{}}}
	began := time.Now()
	err := im.do(ctx)
	im.summary.Seconds = time.Since(began).Seconds()
	return im.summary, err
}

type run struct {
	api     *client.Client
	options Options
	people  people
	spool   *mail.Spool
	files   *uploader
	threads []thread.Thread
	channel desk.Channel // its type and address
	fence   time.Time    // of the channel, when the import began; zero in the inbox
	summary Summary
}

func (r *run) do(ctx context.Context) (err error) {
	setup, _, err := r.api.Setup(ctx)
	if err != nil {
		return err
	}
	if r.people, err = newPeople(setup, r.options.Channel); err != nil {
		return err
	}
	channel, err := r.api.Channel(ctx, r.options.Channel)
	if err != nil {
		return err
	}
	r.fence = channel.FenceAt
	r.channel = desk.Channel{ID: channel.ID, Type: desk.ChannelType(channel.Type), Address: channel.Address}
	r.files = newUploader(r.api.Upload)
	if r.spool, err = mail.NewSpool(r.options.TempDir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.spool.Close()) }()
	if err := r.read(ctx); err != nil {
		return err
	}
	threads, duplicates := thread.Build(r.spool.Headers(), r.people.own)
	r.threads = threads
	r.duplicates(duplicates)
	r.summary.Threads = int64(len(threads))
	return r.post(ctx)
}

func (r *run) duplicates(found []thread.Duplicate) {
	headers := r.spool.Headers()
	for _, d := range found {
		h, of := headers[d.Index], headers[d.Of]
		r.summary.Duplicates++
		r.summary.Copies = append(r.summary.Copies, Copy{File: h.File, Number: h.Number, OfFile: of.File, Of: of.Number})
	}
}

// read reads all files into the spool.
func (r *run) read(ctx context.Context) error {
	var total, before int64
	for _, name := range r.options.Files {
		info, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		if info.IsDir() {
			return fmt.Errorf("import: %s is a directory: give the files in it", name)
		}
		total += info.Size()
	}
	now := time.Now()
	var broken []error
	for _, name := range r.options.Files {
		f, err := os.Open(name) // #nosec G304 -- the user named it
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		in := &counted{in: f, hear: func(n int64) { r.hearReading(before+n, total) }}
		err = r.readFile(ctx, filepath.Base(name), in, now)
		before += in.read
		if err = errors.Join(err, f.Close()); err == nil {
			continue
		}
		if ctx.Err() != nil {
			return errors.New("interrupted while the files were read: nothing was imported")
		}
		if file := (*mail.FileError)(nil); !errors.As(err, &file) {
			return fmt.Errorf("import %s: %w", name, err)
		}
		broken = append(broken, err)
	}
	if len(broken) > 0 && !r.options.Partial {
		return fmt.Errorf("nothing was imported, because some files could not be read:\n  %w\n"+
			"  to import what can be read, use --partial", join(broken))
	}
	return nil
}

// join joins errors as lines of a list.
func join(errs []error) error {
	all := errs[0]
	for _, err := range errs[1:] {
		all = fmt.Errorf("%w\n  %w", all, err)
	}
	return all
}

func (r *run) readFile(ctx context.Context, name string, in io.Reader, now time.Time) error {
	file, noted := File{Name: name}, make(map[note.Code][]int)
	defer func() {
		file.Notes = notes(noted)
		r.summary.Read += file.Read
		r.summary.Files = append(r.summary.Files, file)
	}()
	for m, err := range mail.Read(name, in, now) {
		skipped := (*mail.SkippedError)(nil)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &skipped):
			file.Read++
			r.summary.skip(Skipped{File: name, Number: skipped.Number, Reason: skipped.Reason})
		case err != nil:
			file.Error = err.Error()
			return err
		case m.Box != "" && !slices.Contains(r.options.Include, string(m.Box)):
			file.Read++
			r.summary.skip(Skipped{File: name, Number: m.Number, Reason: fmt.Sprintf("%s, as %s says; --include %s brings it in", boxes[m.Box], m.BoxSign, m.Box)})
		default:
			file.Read++
			file.Repaired += min(1, int64(len(m.Notes)))
			for _, c := range m.Notes {
				noted[c] = append(noted[c], m.Number)
			}
			if err := r.spool.Add(m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) hearReading(done, total int64) {
	if r.options.Reading != nil {
		r.options.Reading(done, total)
	}
}

// counted is a reader that counts bytes.
type counted struct {
	in   io.Reader
	read int64
	hear func(int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.read += int64(n)
	c.hear(c.read)
	return n, err
}

// boxes say what a message of a box is.
var boxes = map[mail.Box]string{
	mail.Draft: "a draft, which was never sent", mail.Spam: "spam", mail.Chat: "a line of a chat", mail.Deleted: "deleted mail",
}

// people tells agents from customers.
type people struct {
	agents map[string]string // ID by address in lower case
	own    func(address string) bool
}

// author returns who wrote a message, and which agent if that is known. What a form
// sends in the name of a channel is by the customer to whom answers go, and what is
// forged is by nobody of ours.
func (p people) author(h mail.Header) (author desk.Author, agent string) {
	agent = p.agents[h.From.Address]
	switch {
	case h.Forged || !p.own(h.From.Address):
		return desk.ByCustomer, ""
	case agent == "" && len(h.ReplyTo) > 0 && !p.own(h.ReplyTo[0].Address):
		return desk.ByCustomer, ""
	}
	return desk.ByAgent, agent
}

func newPeople(setup api.Setup, channel string) (people, error) {
	p := people{agents: make(map[string]string)}
	ours := make(map[string]bool)
	var known []string
	found := false
	for _, a := range setup.Agents {
		if a.Email != "" {
			p.agents[strings.ToLower(a.Email)] = a.ID
		}
	}
	for _, c := range setup.Channels {
		known = append(known, c.ID)
		found = found || c.ID == channel
		if c.Address != "" {
			ours[strings.ToLower(c.Address)] = true
		}
	}
	if !found {
		return p, fmt.Errorf("--channel: the account has no channel %q: use one of %s", channel, strings.Join(known, ", "))
	}
	p.own = func(address string) bool { return p.agents[address] != "" || ours[address] }
	return p, nil
}
