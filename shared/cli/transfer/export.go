// Package transfer takes an account's conversations out and brings them in, over the
// API, in the exchange format.
package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
)

// ExportOptions say what is exported.
type ExportOptions struct {
	Folder   exchange.Folder
	Channels []string // all if there are none
	Home     string   // inbox or helpdesk; both if ""
	TempDir  string
	// Reading and Writing hear how far it is, in conversations and lines; a negative
	// total is not known.
	Reading, Writing func(done, total int64)
}

// Exported says what an export has.
type Exported struct {
	Folder        string  `json:"folder"`
	Conversations int64   `json:"conversations"`
	Messages      int64   `json:"messages"`
	Tickets       int64   `json:"tickets"`
	Files         int64   `json:"files"`
	Lines         int64   `json:"lines"`
	Seconds       float64 `json:"seconds"`
}

// Write prints it for people.
func (e Exported) Write(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%8d conversations with %d messages, %d tickets and %d files are in %s\n%8.1f s\n",
		e.Conversations, e.Messages, e.Tickets, e.Files, e.Folder, e.Seconds) // into a buffer
}

// filesAtOnce are up- or downloaded at the same time.
const filesAtOnce = 8

// Export writes an account's conversations with all that they name. Its lines are written
// whole or not at all. Files that are in the folder already are not fetched again, so that
// an export that was interrupted goes on.
func Export(ctx context.Context, server *client.Client, o ExportOptions) (Exported, error) {
	e := &export{
		server: server, options: o, summary: Exported{Folder: string(o.Folder)}, agents: make(map[string]bool), statuses: make(map[string]bool), tags: make(map[string]bool),
		files: make(map[string]bool), skipped: make(map[string]bool), ofForms: make(map[string]Exported),
	}
	began := time.Now()
	err := e.export(ctx)
	e.summary.Seconds = time.Since(began).Seconds()
	return e.summary, err
}

type export struct {
	server  *client.Client
	options ExportOptions
	summary Exported
	setup   api.Setup
	to      *exchange.Sorter

	agents   map[string]bool // that conversations name
	statuses map[string]bool // that tickets name, and whether those are closed
	tags     map[string]bool
	skipped  map[string]bool     // channels of which conversations were left out
	ofForms  map[string]Exported // what conversations have that may go from a form to a channel meanwhile

	downloads *errgroup.Group
	mu        sync.Mutex // of what follows
	files     map[string]bool
	lines     []exchange.Line // of files
}

func (e *export) export(ctx context.Context) (err error) {
	channels, err := e.channels(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(e.options.Folder), 0o700); err != nil {
		return err
	}
	if e.to, err = exchange.NewSorter(e.options.TempDir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.to.Close()) }()
	if err := e.read(ctx, channels); err != nil {
		return err
	}
	if err := e.unmoved(ctx, channels); err != nil {
		return err
	}
	if e.setup, _, err = e.server.Setup(ctx); err != nil { // which has whatever conversations name by now
		return err
	}
	if err := e.name(ctx, channels); err != nil {
		return err
	}
	return e.write()
}

// unmoved returns an error if a channel has moved since it was read: then of its conversations
// some are in the inbox, and some are in the help desk.
func (e *export) unmoved(ctx context.Context, channels []api.Channel) error {
	is, err := e.channels(ctx)
	if err != nil {
		return err
	}
	for _, c := range channels {
		at := slices.IndexFunc(is, func(of api.Channel) bool { return of.ID == c.ID })
		if at < 0 || is[at].MoveID != c.MoveID {
			return fmt.Errorf("channel %s has moved meanwhile, or was taken away: export again", c.ID)
		}
	}
	return nil
}

// channels returns all channels, of which those that are not asked for are marked.
func (e *export) channels(ctx context.Context) (all []api.Channel, _ error) {
	known := make(map[string]bool)
	for c, err := range e.server.ChannelsWithVolume(ctx) {
		if err != nil {
			return nil, err
		}
		known[c.ID] = true
		if wanted := len(e.options.Channels) == 0 || slices.Contains(e.options.Channels, c.ID); !wanted {
			e.skipped[c.ID] = true
		}
		switch {
		case c.Home == string(desk.Moving):
			return nil, fmt.Errorf("channel %s is moving, and what moves is neither here nor there: export when move %s is done", c.ID, c.MoveID)
		case c.Restoring:
			return nil, fmt.Errorf("channel %s is being brought in: export when that has ended; deskmove import --end ends what will not go on", c.ID)
		}
		all = append(all, c)
	}
	for _, id := range e.options.Channels {
		if !known[id] {
			return nil, fmt.Errorf("--channel: the account has no channel %q: use one of %s", id, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	// A conversation may go from a form to the channel that the form names, and not back: so
	// it is read once at least.
	slices.SortStableFunc(all, func(a, b api.Channel) int { return cmp.Compare(b.Connected, a.Connected) })
	return all, nil
}

// read reads the conversations of those channels that are asked for.
func (e *export) read(ctx context.Context, channels []api.Channel) error {
	var total int64
	for _, c := range channels {
		if c.Conversations != nil && !e.skipped[c.ID] {
			total += c.Conversations.N
		}
	}
	var within context.Context
	e.downloads, within = errgroup.WithContext(ctx)
	e.downloads.SetLimit(filesAtOnce)
	err := func() error {
		for _, c := range channels {
			if e.skipped[c.ID] {
				continue
			}
			var of thread
			for f, err := range e.server.Facts(within, c.ID) {
				if err != nil {
					return err
				}
				if f.Conversation == nil {
					of.messages = append(of.messages, f)
					continue
				}
				if err := e.keep(within, of, c.Connected != ""); err != nil {
					return err
				}
				of = thread{conversation: f.Conversation}
				hear(e.options.Reading, e.summary.Conversations, total)
			}
			if err := e.keep(within, of, c.Connected != ""); err != nil {
				return err
			}
		}
		return nil
	}()
	return cmp.Or(e.downloads.Wait(), err) // the first is why the other stopped
}

func hear(to func(done, total int64), done, total int64) {
	if to != nil {
		to(done, total)
	}
}

// thread is a conversation with its messages.
type thread struct {
	conversation *api.ConversationFacts
	messages     []api.Fact
}

// keep adds a conversation, if it is one.
func (e *export) keep(ctx context.Context, of thread, ofForm bool) error {
	c := of.conversation
	switch {
	case c == nil:
		return nil
	case e.options.Home != "" && c.Home != e.options.Home:
		e.skipped[c.ChannelID] = true
		return nil
	}
	ms, err := asRead(*c, of.messages)
	if err != nil {
		return err
	}
	e.namedBy(c)
	if err := e.to.Add(exchange.Line{Conversation: c}); err != nil {
		return err
	}
	for n, f := range ms {
		ms[n] = api.Fact{} // which may be long
		m := f.Message
		for part, of := range map[string]struct {
			left bool
			text *string
		}{"subject": {f.SubjectLeft, &m.Subject}, "text": {f.TextLeft, &m.Text}, "html-source": {f.HTMLLeft, &m.HTML}} {
			if of.left {
				var err error
				if *of.text, err = e.server.MessagePart(ctx, c.ID, m.ID, part); err != nil {
					return err
				}
			}
		}
		e.agents[m.Agent] = true
		if err := e.download(ctx, m); err != nil {
			return err
		}
		if err := e.to.Add(exchange.Line{Message: m}); err != nil {
			return err
		}
	}
	has := Exported{Conversations: 1, Messages: int64(len(ms))}
	if c.Ticket != nil {
		has.Tickets = 1
	}
	was := e.ofForms[c.ID] // of which only what it is now is written
	if ofForm {
		e.ofForms[c.ID] = has
	}
	e.summary.Conversations += has.Conversations - was.Conversations
	e.summary.Messages += has.Messages - was.Messages
	e.summary.Tickets += has.Tickets - was.Tickets
	return nil
}

// asRead returns the messages that a conversation had when it was read: those that came
// until its messages were read are of a later version of it.
func asRead(c api.ConversationFacts, ms []api.Fact) ([]api.Fact, error) {
	more := len(ms) - int(c.MessageCount)
	if more < 0 {
		return nil, fmt.Errorf("conversation %s has %d messages, and says that it has %d: run verify", c.ID, len(ms), c.MessageCount)
	}
	for range more {
		last := 0
		for i, f := range ms {
			if f.Message.TakenInAt.After(ms[last].Message.TakenInAt) {
				last = i
			}
		}
		ms = slices.Delete(ms, last, last+1)
	}
	return ms, nil
}

// namedBy notes what a conversation names.
func (e *export) namedBy(c *api.ConversationFacts) {
	e.agents[c.Owner] = true
	for _, tag := range c.Tags {
		e.tags[tag] = true
	}
	for _, edit := range c.Edits {
		e.agents[edit.By] = true
	}
	t := c.Ticket
	if t == nil {
		return
	}
	e.agents[t.Owner], e.agents[t.LostOwner] = true, true
	e.status(t.Status, t.Closed)
	if l := t.Landed; l != nil {
		e.agents[l.Owner] = true
		e.status(l.Status, false)
	}
	if edit := t.Edited; edit != nil {
		e.agents[edit.Owner], e.agents[edit.By] = true, true
		e.status(edit.Status, false)
	}
}

// status notes that something names a status, and whether that is closed.
func (e *export) status(id string, closed bool) { e.statuses[id] = e.statuses[id] || closed }

// download fetches the files of a message that are not in the folder yet, and adds a line
// of each.
func (e *export) download(ctx context.Context, m *api.MessageFacts) error {
	files := make(map[string]string) // how the API names them, by hash
	for i, a := range m.Attachments {
		files[a.SHA256] = strconv.Itoa(i + 1)
	}
	if m.Source != "" {
		files[m.Source] = "source"
	}
	for hash, name := range files {
		e.mu.Lock()
		known := e.files[hash]
		e.files[hash] = true
		e.mu.Unlock()
		if known {
			continue
		}
		e.downloads.Go(func() error {
			size := e.options.Folder.Size(hash)
			if size < 0 {
				if err := e.fetch(ctx, m.ConversationID, m.ID, name, hash); err != nil {
					return err
				}
				size = e.options.Folder.Size(hash)
			}
			e.mu.Lock()
			defer e.mu.Unlock()
			e.lines = append(e.lines, exchange.Line{File: &exchange.File{SHA256: hash, Size: size}})
			return nil
		})
	}
	return ctx.Err()
}

// attempts is how often a file is fetched that breaks off, or comes with other bytes.
const attempts = 5

func (e *export) fetch(ctx context.Context, conversation, message, name, hash string) (err error) {
	for range attempts {
		var in io.ReadCloser
		if in, err = e.server.File(ctx, conversation, message, name); err != nil {
			return fmt.Errorf("file %s of message %s: %w", name, message, err)
		}
		err = errors.Join(e.options.Folder.Put(hash, in), in.Close())
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// name adds lines of what conversations name.
func (e *export) name(ctx context.Context, channels []api.Channel) error {
	lines := e.lines
	e.summary.Files = int64(len(lines))
	for _, c := range channels {
		at := slices.IndexFunc(e.setup.Channels, func(of api.ChannelSetup) bool { return of.ID == c.ID })
		if at < 0 {
			return errors.New("the account's setup has changed meanwhile: export again")
		}
		f := api.ChannelFacts{ChannelSetup: e.setup.Channels[at], Home: c.Home, Part: e.skipped[c.ID]}
		if c.MoveID != "" {
			m, err := e.move(ctx, c.MoveID)
			if err != nil {
				return err
			}
			f.Move = m
		}
		lines = append(lines, exchange.Line{Channel: &f})
	}
	delete(e.agents, "")
	for _, a := range e.setup.Agents {
		delete(e.agents, a.ID)
		lines = append(lines, exchange.Line{Agent: &api.AgentFacts{Agent: a}})
	}
	for id := range e.agents {
		lines = append(lines, exchange.Line{Agent: &api.AgentFacts{Agent: api.Agent{ID: id, Role: string(desk.AgentRole)}, Left: true}})
	}
	for _, t := range e.setup.Teams {
		lines = append(lines, exchange.Line{Team: &t})
	}
	lines = append(lines, e.pipelines()...)
	for i, p := range e.setup.Policies {
		lines = append(lines, exchange.Line{Policy: &api.PolicyFacts{Order: i + 1, Policy: p}})
	}
	for tag := range e.tags {
		lines = append(lines, exchange.Line{Tag: &exchange.Tag{ID: tag}})
	}
	for _, l := range lines {
		if err := e.to.Add(l); err != nil {
			return err
		}
	}
	return nil
}

// move reads a move that is done.
func (e *export) move(ctx context.Context, id string) (*api.MoveFacts, error) {
	m, err := e.server.Move(ctx, id)
	if err != nil {
		return nil, err
	}
	if m.EndedAt.IsZero() {
		return nil, fmt.Errorf("move %s of channel %s runs again, for what it could not convert: export when it is done", id, m.ChannelID)
	}
	r, err := e.server.Report(ctx, id)
	if err != nil {
		return nil, err
	}
	f := m.Facts(r)
	e.agents[f.By] = true
	for _, id := range f.Access {
		e.agents[id] = true
	}
	for id := range f.Report.OwnersLostBy {
		e.agents[id] = true
	}
	if of := f.StatusMap; of != nil {
		e.status(of.Open, false)
		e.status(of.Closed, true)
	}
	return &f, nil
}

// pipelines are the account's, and one of the statuses that it has no more.
func (e *export) pipelines() (lines []exchange.Line) {
	delete(e.statuses, "")
	left := "left"
	for i, p := range e.setup.Pipelines {
		for _, st := range p.Statuses {
			delete(e.statuses, st.ID)
		}
		if p.ID == left {
			left += "-"
		}
		lines = append(lines, exchange.Line{Pipeline: &api.PipelineFacts{Order: i + 1, Pipeline: p}})
	}
	if len(e.statuses) > 0 {
		p := api.PipelineFacts{Left: true, Pipeline: api.Pipeline{ID: left}}
		for _, id := range slices.Sorted(maps.Keys(e.statuses)) {
			p.Statuses = append(p.Statuses, api.Status{ID: id, Closed: e.statuses[id]})
		}
		lines = append(lines, exchange.Line{Pipeline: &p})
	}
	return lines
}

// write writes the file of lines, in place of one that is there.
func (e *export) write() (err error) {
	part := e.options.Folder.Lines() + ".part"
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // #nosec G304 -- in a folder that the user named
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.Close(), os.Remove(part))
		}
	}()
	w, err := exchange.NewWriter(out, e.setup.Account.ID)
	if err != nil {
		return err
	}
	total := int64(-1)
	if e.options.Writing != nil {
		w.Written = func(lines int64) { e.options.Writing(lines, total) }
	}
	if err := e.to.Write(w); err != nil {
		return err
	}
	e.summary.Lines = w.Lines()
	if err := errors.Join(out.Sync(), out.Close()); err != nil {
		return err
	}
	return os.Rename(part, e.options.Folder.Lines())
}
