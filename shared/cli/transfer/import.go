package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
)

// Source is what is imported: a file of lines, and the bytes of the files that it names.
type Source struct {
	Lines string // path of the file
	// Open reads the bytes of a file by its SHA-256; the error is an fs.ErrNotExist if they
	// are not there.
	Open func(sha256 string) (io.ReadCloser, error)
	// Own says that this program has just written it all, so that it need not be checked.
	Own bool
}

// InFolder is the source that is in a folder.
func InFolder(f exchange.Folder) Source { return Source{Lines: f.Lines(), Open: f.Open} }

// ImportOptions say what is imported, and how.
type ImportOptions struct {
	Source   Source
	Channels []string // all if there are none
	// Setup adds what the account lacks of the file's agents, teams, pipelines, policies and channels.
	Setup bool
	// Agents says which agents of the account those of the file are, by their IDs: "" is
	// nobody. Those that it does not name are found by their IDs and addresses.
	Agents map[string]string
	DryRun bool // only says what would be done
	// States closes conversations of which only messages are brought in, and gives them to
	// their owners, as it is in the file.
	States bool
	// Live takes messages in as new that were written after their channel began to move.
	// Without it they are left out.
	Live bool
	// Concurrency is how many conversations are brought in at a time; 24 if 0.
	Concurrency int
	// Checking, Uploading and Posting hear how far it is, in bytes, files and
	// conversations; they may be nil.
	Checking, Uploading, Posting func(done, total int64)
}

// Imported says what an import has done, or would do.
type Imported struct {
	DryRun   bool        `json:"dryRun,omitempty"`
	From     string      `json:"from"` // the account that it is of
	Channels []OfChannel `json:"channels"`
	Agents   []OfAgent   `json:"agents"`
	Setup    []string    `json:"setup,omitempty"` // what was added to the account's setup
	Lacks    []string    `json:"lacks,omitempty"` // what the account lacks, and that is not to be added

	Added         int64      `json:"added"`           // conversations
	Known         int64      `json:"known"`           // that were there
	Updated       int64      `json:"updated"`         // that had changed where they come from
	Diverged      []string   `json:"diverged"`        // that people have changed here, which are left alone; by their IDs
	Messages      int64      `json:"messages"`        // of those added and updated
	KnownMessages int64      `json:"knownMessages"`   // that were there, of conversations of which only messages are brought in
	Closed        int64      `json:"closed"`          // of those, as they are closed in the file
	Owned         int64      `json:"owned"`           // of those, given to their owners in the file
	Moved         int64      `json:"moved"`           // of those, their state was left alone, for they are in the help desk
	Elsewhere     int64      `json:"elsewhere"`       // messages that the channel had taken in by itself, since it began to be brought in: they stay in conversations of their own
	Apart         [][]string `json:"apart,omitempty"` // conversations of the file that are several here, by their IDs here
	Files         int64      `json:"files"`           // all of which are there now
	LeftOut       []LeftOut  `json:"leftOut"`
	Lessened      []LeftOut  `json:"lessened,omitempty"` // messages that are there without something that their sources have
	Seconds       float64    `json:"seconds"`
}

// OfChannel is what becomes of a channel.
type OfChannel struct {
	ID            string `json:"id"`
	How           How    `json:"how"`
	Why           string `json:"why,omitempty"` // it is left out
	Conversations int64  `json:"conversations"`
	Messages      int64  `json:"messages"`
	Tickets       int64  `json:"tickets"`
}

// How is how a channel is brought in.
type How string

// The ways.
const (
	AsItWas  How = "as-it-was"   // with its home, its tickets and what only deskmove knows
	Messages How = "messages"    // as messages that come in later, into what is there
	IsIn     How = "there"       // it was brought in before, and has moved: nothing is added
	Left     How = "left-out"    // for a reason
	Nothing  How = "not-in-here" // it is only named
)

// LeftOut are conversations, or messages as CONVERSATION/MESSAGE, that were left out for the same reason.
type LeftOut struct {
	Why string   `json:"why"`
	IDs []string `json:"ids"`
}

func leaveOut(all []LeftOut, id, why string) []LeftOut {
	i := slices.IndexFunc(all, func(l LeftOut) bool { return l.Why == why })
	if i < 0 {
		i = len(all)
		all = append(all, LeftOut{Why: why})
	}
	all[i].IDs = append(all[i].IDs, id)
	return all
}

// sort puts what several workers have found in an order of its own.
func (s *Imported) sort() {
	for _, all := range [][]LeftOut{s.LeftOut, s.Lessened} {
		slices.SortFunc(all, func(a, b LeftOut) int { return strings.Compare(a.Why, b.Why) })
		for _, l := range all {
			slices.Sort(l.IDs)
		}
	}
	slices.Sort(s.Diverged)
	slices.SortFunc(s.Apart, slices.Compare)
}

// Import brings a file of the exchange format in. It reads all of it first, and if anything
// is wrong with it, nothing is done. Brought in again, it adds only what is new, also after
// it was interrupted. Imported is valid also with an error.
func Import(ctx context.Context, server *client.Client, o ImportOptions) (Imported, error) {
	i := &importing{server: server, options: o, summary: Imported{DryRun: o.DryRun, Channels: []OfChannel{}, Agents: []OfAgent{}, Diverged: []string{}, LeftOut: []LeftOut{}}}
	began := time.Now()
	err := i.run(ctx)
	i.summary.Seconds = time.Since(began).Seconds()
	return i.summary, err
}

type importing struct {
	server  *client.Client
	options ImportOptions
	summary Imported
	found   *found
	setup   api.Setup
	version string // of the setup
	is      map[string]api.Channel
	agents  map[string]string // IDs here by those of the file
	plans   map[string]*OfChannel
}

func (i *importing) run(ctx context.Context) (err error) {
	if i.found, err = check(ctx, i.options); err != nil {
		return err
	}
	i.summary.From = i.found.header.Account
	if i.setup, i.version, err = i.server.Setup(ctx); err != nil {
		return err
	}
	if err = i.plan(ctx); i.options.DryRun {
		return err
	}
	if err == nil {
		err = i.apply(ctx)
	}
	if err != nil {
		i.summary.Setup = nil // none of which was added
		return err
	}
	if err := i.upload(ctx); err != nil {
		return err
	}
	return i.post(ctx)
}

// plan says what is to be done, and returns an error if that cannot be.
func (i *importing) plan(ctx context.Context) error {
	i.is = make(map[string]api.Channel)
	for c, err := range i.server.Channels(ctx) {
		if err != nil {
			return err
		}
		i.is[c.ID] = c
	}
	for _, id := range i.options.Channels {
		if !slices.ContainsFunc(i.found.channels, func(c *api.ChannelFacts) bool { return c.ID == id }) {
			return fmt.Errorf("--channel: there is no channel %q in the file: use one of %s", id, strings.Join(ids(i.found.channels), ", "))
		}
	}
	i.plans = make(map[string]*OfChannel)
	moved := false // one that is brought in as it was
	for _, c := range i.found.channels {
		p, err := i.channel(ctx, c)
		if err != nil {
			return err
		}
		i.plans[c.ID] = p
		moved = moved || p.How == AsItWas && c.Move != nil
	}
	defer func() {
		for _, c := range i.found.channels {
			i.summary.Channels = append(i.summary.Channels, *i.plans[c.ID])
		}
	}()
	i.resolve()
	lacks := i.lacking()
	i.summary.Lacks = lacks
	err := errors.Join(i.unresolved(moved), lackError(lacks))
	if err == nil && len(i.summary.Setup) > 0 {
		err = setupError(i.setup.Check())
	}
	return err
}

func ids(channels []*api.ChannelFacts) (all []string) {
	for _, c := range channels {
		all = append(all, c.ID)
	}
	return all
}

// lackError says what the account lacks.
func lackError(lacks []string) error {
	if len(lacks) == 0 {
		return nil
	}
	return fmt.Errorf("nothing was imported, because the account lacks\n  %s\n  add it to the account's setup, or give --setup to have it added", strings.Join(lacks, "\n  "))
}

// channel says how a channel is brought in.
func (i *importing) channel(ctx context.Context, c *api.ChannelFacts) (*OfChannel, error) {
	n := i.found.of[c.ID]
	p := &OfChannel{ID: c.ID, Conversations: n.conversations, Messages: n.messages, Tickets: n.tickets}
	leave := func(why string) (*OfChannel, error) {
		p.How, p.Why = Left, why
		return p, nil
	}
	is, there := i.is[c.ID]
	moved := c.Move != nil
	switch {
	case len(i.options.Channels) > 0 && !slices.Contains(i.options.Channels, c.ID):
		p.How, p.Why = Nothing, "it is not asked for"
		return p, nil
	case c.Part && n.conversations == 0:
		p.How = Nothing
		return p, nil
	case c.Part && moved:
		return leave("not all of the channel is in the file, and it has moved to the help desk: export all of it")
	case there && is.Type != c.Type:
		return leave(fmt.Sprintf("the account's channel of this ID is of another type: %s, not %s", is.Type, c.Type))
	case there && is.Home != string(desk.Inbox) && is.From == i.summary.From && !is.Restoring && moved && is.MoveID == c.Move.ID:
		p.How = IsIn
		return p, nil
	case c.Part && n.tickets == 0:
		p.How = Messages
		return p, nil
	}
	if moved && !is.Restoring && !desk.Plan(i.setup.Account.Plan).HasHelpDesk() {
		return leave("it has moved, and the account's plan does not include the help desk: change to the professional or enterprise plan")
	}
	begun := is.From == i.summary.From && (is.Home != string(desk.Inbox)) == moved && (!moved || is.MoveID == c.Move.ID)
	switch {
	case !there, is.Restoring && begun:
		p.How = AsItWas
		return p, nil
	case is.Restoring:
		return leave("an import from " + is.From + " has begun, into the " + is.Home + ", and has not ended: give its command again, or end it with deskmove import --end --channel " + c.ID)
	}
	empty := true
	for _, err := range i.server.Conversations(ctx, c.ID) {
		if err != nil {
			return nil, err
		}
		empty = false
		break
	}
	switch inbox := is.Home == string(desk.Inbox); {
	case inbox && (empty || is.From == i.summary.From && !moved):
		p.How = AsItWas
	case (n.tickets > 0 || moved) && !inbox:
		return leave("the channel has moved to the help desk here, and is given no more tickets")
	case n.tickets > 0 || moved:
		return leave("the file has tickets, and they are brought only into a channel that has no conversations: what is there stays as it is")
	default:
		p.How = Messages
	}
	return p, nil
}

// Write prints it for people.
func (s Imported) Write(w io.Writer) {
	out := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // into a buffer
	for _, c := range s.Channels {
		switch {
		case c.How == Nothing && c.Conversations == 0:
			continue
		case c.Why != "":
			out("channel %s: %d conversations left out: %s\n", c.ID, c.Conversations, c.Why)
		default:
			out("channel %s: %d conversations with %d messages and %d tickets, %s\n", c.ID, c.Conversations, c.Messages, c.Tickets, c.How.text())
		}
	}
	for _, a := range s.Agents {
		if text := a.text(); text != "" {
			out("%s\n", text)
		}
	}
	list(out, "added to the account's setup", s.Setup)
	if s.DryRun {
		list(out, "the account lacks", s.Lacks)
		out("nothing was written: this was a rehearsal\n")
		return
	}
	out("%8d conversations added, %d updated, with %d messages\n%8d existed already", s.Added, s.Updated, s.Messages, s.Known)
	if s.Known > 0 && slices.ContainsFunc(s.Channels, func(c OfChannel) bool { return c.How == AsItWas && c.Conversations > 0 }) {
		out("; their messages are as in the file, unless people have changed the conversation here")
	}
	out("\n")
	if n := len(s.Diverged); n > 0 {
		out("%8d were changed here by people since an earlier import: new messages are added, all else is left alone: %s\n", n, some(s.Diverged))
	}
	if s.Elsewhere > 0 {
		out("%8d messages had come by themselves since the channel began to be brought in, and stay in their own conversations\n", s.Elsewhere)
	}
	WriteStates(out, s.Closed, s.Owned, s.Moved, s.Apart)
	for _, l := range s.LeftOut {
		out("%8d left out: %s: %s\n", len(l.IDs), l.Why, some(l.IDs))
	}
	for _, l := range s.Lessened {
		out("%8d shortened: %s: %s\n", len(l.IDs), l.Why, some(l.IDs))
	}
	out("%8d files are there\n%8.1f s\n", s.Files, s.Seconds)
}

// WriteStates prints what has become of conversations beside their messages.
func WriteStates(out func(string, ...any), closed, owned, moved int64, apart [][]string) {
	if closed+owned > 0 {
		out("%8d conversations closed, %d given to their agents\n", closed, owned)
	}
	if moved > 0 {
		out("%8d conversations are in the help desk already; their status was not changed\n", moved)
	}
	if len(apart) > 0 {
		groups := make([]string, len(apart))
		for i, ids := range apart {
			groups[i] = strings.Join(ids, " and ")
		}
		out("%8d threads are in several conversations, which cannot be joined: %s\n", len(apart), some(groups))
	}
}

func (h How) text() string {
	switch h {
	case AsItWas:
		return "as it was"
	case IsIn:
		return "all of which was brought in before: it has moved, and nothing is added"
	}
	return "as messages, into what the channel has"
}

func list(out func(string, ...any), title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	out("%s:\n", title)
	for _, l := range lines {
		out("  %s\n", l)
	}
}

// mostIDs is how many IDs a line of the summary names.
const mostIDs = 20

func some(ids []string) string {
	if more := len(ids) - mostIDs; more > 0 {
		return strings.Join(ids[:mostIDs], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(ids, ", ")
}
