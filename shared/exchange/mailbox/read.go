package mailbox

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
	"deskmove/shared/desk"
	"deskmove/shared/mail"
	"deskmove/shared/mail/note"
	"deskmove/shared/mail/thread"
)

// Options say which mail is read, and for whom.
type Options struct {
	Files   []string
	Setup   api.Setup   // of the account
	Channel api.Channel // that received the mail
	// Agents are further addresses of agents, by their IDs; "" says that an address is
	// nobody's here.
	Agents map[string]string
	// Partial takes what can be read of a file that is broken. Without it that is an error.
	Partial bool
	// States closes conversations that an agent answered last, and gives all to the agent
	// who answered last.
	States bool
	// Include are the boxes (mail.Box) whose messages come in too. What a mailbox holds beside mail
	// is left out without it: drafts were never sent, and nobody reads spam.
	Include []string
	// Live takes mail in that was written after the channel began to move. Without it such
	// mail is left out.
	Live bool
	// TempDir is where mails are kept meanwhile; the system's if "".
	TempDir string
	// Reading hears how far it is, in bytes; it may be nil.
	Reading func(done, total int64)
}

// Box is mail that has been read.
type Box struct {
	Report Report

	options Options
	channel desk.Channel // its type and address
	people  people
	spool   *mail.Spool
	threads []thread.Thread
	written map[string]int      // messages by their IDs
	files   map[[32]byte]source // where the bytes of files are
}

// source is where the bytes of a file are: the n-th of a message, see mail.Spool.
type source struct{ message, n int }

// Read reads files of mail. The report is also valid if there is an error. If the Box is not
// nil it must be closed.
func Read(ctx context.Context, o Options) (b *Box, err error) {
	b = &Box{
		Report: Report{Channel: o.Channel.ID, Skipped: []Skipped{}, Files: []File{}}, options: o,
		channel: desk.Channel{ID: o.Channel.ID, Type: desk.ChannelType(o.Channel.Type), Address: o.Channel.Address},
		written: make(map[string]int), files: make(map[[32]byte]source),
	}
	if b.people, err = newPeople(o); err != nil {
		return nil, err
	}
	if b.spool, err = mail.NewSpool(o.TempDir); err != nil {
		return nil, err
	}
	if err = b.read(ctx); err == nil {
		err = b.spool.Flush()
	}
	if err != nil {
		return b, err
	}
	threads, duplicates := thread.Build(b.spool.Headers(), b.people.own)
	b.threads = threads
	b.duplicates(duplicates)
	b.Report.Threads = int64(len(threads))
	return b, nil
}

// Close deletes what was kept of the mail.
func (b *Box) Close() error { return b.spool.Close() }

func (b *Box) duplicates(found []thread.Duplicate) {
	headers := b.spool.Headers()
	for _, d := range found {
		h, of := headers[d.Index], headers[d.Of]
		b.Report.Duplicates++
		b.Report.Copies = append(b.Report.Copies, Copy{File: h.File, Number: h.Number, OfFile: of.File, Of: of.Number})
	}
}

// read reads all files into the spool.
func (b *Box) read(ctx context.Context) error {
	var total, before int64
	for _, name := range b.options.Files {
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
	for _, name := range b.options.Files {
		f, err := os.Open(name) // #nosec G304 -- the user named it
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		in := &counted{in: f, hear: func(n int64) { b.hearReading(before+n, total) }}
		err = b.readFile(ctx, filepath.Base(name), in, now)
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
	if len(broken) > 0 && !b.options.Partial {
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

func (b *Box) readFile(ctx context.Context, name string, in io.Reader, now time.Time) error {
	file, noted := File{Name: name}, make(map[note.Code][]int)
	defer func() {
		file.Notes = notes(noted)
		b.Report.Read += file.Read
		b.Report.Files = append(b.Report.Files, file)
	}()
	for m, err := range mail.Read(name, in, now) {
		skipped := (*mail.SkippedError)(nil)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &skipped):
			file.Read++
			b.Report.Skip(name, skipped.Number, skipped.Reason)
		case err != nil:
			file.Error = err.Error()
			return err
		case m.Box != "" && !slices.Contains(b.options.Include, string(m.Box)):
			file.Read++
			b.Report.Skip(name, m.Number, fmt.Sprintf("%s, as %s says; --include %s brings it in", boxes[m.Box], m.BoxSign, m.Box))
		default:
			file.Read++
			file.Repaired += min(1, int64(len(m.Notes)))
			for _, c := range m.Notes {
				noted[c] = append(noted[c], m.Number)
			}
			if err := b.spool.Add(m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Box) hearReading(done, total int64) {
	if b.options.Reading != nil {
		b.options.Reading(done, total)
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

func newPeople(o Options) (people, error) {
	p := people{agents: make(map[string]string)}
	ours, known := make(map[string]bool), make(map[string]bool)
	for _, a := range o.Setup.Agents {
		known[a.ID] = true
		if a.Email != "" {
			p.agents[strings.ToLower(a.Email)] = a.ID
		}
	}
	for _, c := range o.Setup.Channels {
		if c.Address != "" {
			ours[strings.ToLower(c.Address)] = true
		}
	}
	for address, id := range o.Agents {
		switch address = strings.ToLower(address); {
		case !strings.Contains(address, "@"):
			return p, fmt.Errorf("--agents: %q is no address: of mail, say whose an address is, such as \"ann@old.example: ann\"", desk.Truncate(address, 80))
		case id == "":
			delete(p.agents, address)
			delete(ours, address)
		case !known[id]:
			return p, fmt.Errorf("--agents: %s is to be agent %q, and the account has no such agent", desk.Truncate(address, 80), desk.Truncate(id, 80))
		default:
			p.agents[address] = id
		}
	}
	p.own = func(address string) bool { return p.agents[address] != "" || ours[address] }
	return p, nil
}
