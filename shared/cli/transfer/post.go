package transfer

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
)

// What goes along with an announcement of files, rather than to an address of its own, and
// how much of it.
const (
	smallFile     = 256 << 10
	smallTogether = 3 << 20
	announced     = 100
)

// upload uploads the files that are not there.
func (i *importing) upload(ctx context.Context) error {
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(filesAtOnce)
	var mu sync.Mutex // of the summary
	total := int64(len(i.found.files))
	for rest := i.found.files; len(rest) > 0 && within.Err() == nil; {
		some, size := 0, int64(0)
		for some < len(rest) && some < announced && (rest[some].Size > smallFile || size+rest[some].Size <= smallTogether) {
			if rest[some].Size <= smallFile {
				size += rest[some].Size
			}
			some++
		}
		files := rest[:some]
		rest = rest[some:]
		g.Go(func() error {
			if err := i.announce(within, files); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			i.summary.Files += int64(len(files))
			hear(i.options.Uploading, i.summary.Files, total)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("files could not be uploaded, and no conversation was imported; import again to go on: %w", err)
	}
	return ctx.Err()
}

// announce uploads those of some files that are not there.
func (i *importing) announce(ctx context.Context, files []exchange.File) error {
	news := make([]api.NewFile, len(files))
	for n, f := range files {
		if news[n] = (api.NewFile{SHA256: f.SHA256, Size: f.Size}); f.Size > smallFile {
			continue
		}
		b, err := i.bytes(f.SHA256)
		if err != nil {
			return err
		}
		news[n].Data = base64.StdEncoding.EncodeToString(b)
	}
	uploads, err := i.server.AnnounceFiles(ctx, news)
	if err != nil {
		return err
	}
	for n, u := range uploads {
		if u.Put == nil {
			continue
		}
		f := files[n]
		err := i.server.PutFile(ctx, *u.Put, f.Size, func() (io.ReadCloser, error) { return i.options.Source.Open(f.SHA256) })
		if err != nil {
			return fmt.Errorf("file %s: %w", f.SHA256, err)
		}
	}
	return nil
}

func (i *importing) bytes(sha256 string) ([]byte, error) {
	in, err := i.options.Source.Open(sha256)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(in)
	return b, errors.Join(err, in.Close())
}

// post brings the conversations in.
func (i *importing) post(ctx context.Context) error {
	begun, err := i.begin(ctx)
	if err != nil {
		return err
	}
	p := &poster{importing: i, failed: make(map[string]int)}
	for _, of := range i.plans {
		if of.How == AsItWas || of.How == Messages {
			p.total += of.Conversations
		} else if of.How == IsIn {
			i.summary.Known += of.Conversations
		} else if of.How == Left {
			i.summary.leaveOut(of.ID, "channel: "+of.Why)
		}
	}
	err = p.all(ctx)
	for _, l := range i.summary.LeftOut {
		slices.Sort(l.IDs)
	}
	slices.Sort(i.summary.Diverged)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %d of %d conversations are in, and stay; import the same again to go on", p.done, p.total)
		}
		return fmt.Errorf("import stopped after %d of %d conversations, which are kept; import the same again to go on: %w", p.done, p.total, err)
	}
	var errs []error
	for _, c := range begun {
		if n := p.failed[c.ID]; n > 0 && c.Move != nil {
			errs = append(errs, fmt.Errorf("channel %s is not whole: %d conversations could not be brought in; mend them in the file and import it again", c.ID, n))
			continue
		}
		errs = append(errs, i.server.EndRestoration(ctx, c.ID))
	}
	if p.total+i.summary.Known+int64(len(i.summary.LeftOut)) > 0 && i.summary.Added+i.summary.Known+i.summary.Updated+int64(len(i.summary.Diverged)) == 0 {
		errs = append(errs, errors.New("nothing was imported: all conversations were left out, for the reasons above"))
	}
	return errors.Join(errs...)
}

// begin begins with the channels that are brought in as they were.
func (i *importing) begin(ctx context.Context) (begun []*api.ChannelFacts, _ error) {
	for _, c := range i.found.channels {
		if i.plans[c.ID].How != AsItWas {
			continue
		}
		if err := i.server.BeginRestoration(ctx, c.ID, api.NewRestoration{From: i.summary.From, Move: c.Move}); err != nil {
			return begun, fmt.Errorf("channel %s: %w", c.ID, err)
		}
		begun = append(begun, c)
	}
	return begun, nil
}

// poster brings conversations in, several at a time.
type poster struct {
	*importing
	total int64

	mu     sync.Mutex // of done, failed and the summary
	done   int64
	failed map[string]int // by channel
}

// section reads lines of one kind, from a place on.
type section struct {
	file *os.File
	from *json.Decoder
	next exchange.Line
}

func openSection(name string, at int64) (*section, error) {
	f, err := os.Open(name) // #nosec G304 -- the user named it
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(max(at, 0), io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s := &section{file: f, from: json.NewDecoder(bufio.NewReaderSize(f, 256<<10))}
	return s, s.advance()
}

// advance reads the next line.
func (s *section) advance() error {
	s.next = exchange.Line{}
	return s.from.Decode(&s.next)
}

// all brings all conversations in, each with its messages: both are in the same order in the
// file, which is read at two places.
func (p *poster) all(ctx context.Context) (err error) {
	if p.found.conversations < 0 || p.total == 0 {
		return nil
	}
	conversations, err := openSection(p.options.Source.Lines, p.found.conversations)
	if err != nil {
		return err
	}
	messages, err := openSection(p.options.Source.Lines, p.found.messages)
	if err != nil {
		return errors.Join(err, conversations.file.Close())
	}
	defer func() { err = errors.Join(err, conversations.file.Close(), messages.file.Close()) }()
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(cmp.Or(p.options.Concurrency, 8))
	err = func() error {
		for conversations.next.Conversation != nil && within.Err() == nil {
			c := *conversations.next.Conversation
			var ms []api.MessageFacts
			for messages.next.Message != nil && messages.next.Message.ConversationID == c.ID {
				ms = append(ms, *messages.next.Message)
				if err := messages.advance(); err != nil {
					return err
				}
			}
			if how := p.plans[c.ChannelID].How; how == AsItWas || how == Messages {
				g.Go(func() error { return p.one(within, how, c, ms) })
			}
			if err := conversations.advance(); err != nil {
				return err
			}
		}
		return nil
	}()
	return cmp.Or(g.Wait(), err, ctx.Err())
}

// one brings a conversation in. One that the API does not take is left out; any other error
// ends the import.
func (p *poster) one(ctx context.Context, how How, c api.ConversationFacts, ms []api.MessageFacts) error {
	var landing string
	var n int64
	var err error
	switch how {
	case AsItWas:
		landing, err = p.restore(ctx, c, ms)
		n = int64(len(ms))
		if landing == isDiverged {
			if n = 0; c.Home == string(desk.Inbox) {
				_, n, err = p.messages(ctx, c, ms)
			}
		}
	case Messages:
		landing, n, err = p.messages(ctx, c, ms)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var problem *client.Problem
	switch {
	case errors.As(err, &problem) && (problem.Status == http.StatusUnprocessableEntity || problem.Status == http.StatusRequestEntityTooLarge || problem.Status == http.StatusBadRequest):
		p.failed[c.ChannelID]++
		p.summary.leaveOut(c.ID, problem.Error())
	case err != nil:
		return fmt.Errorf("conversation %s: %w", c.ID, err)
	case landing == isAdded:
		p.summary.Added++
		p.summary.Messages += n
	case landing == isUpdated:
		p.summary.Updated++
		p.summary.Messages += n
	case landing == isDiverged:
		p.summary.Diverged = append(p.summary.Diverged, c.ID)
		p.summary.Messages += n
	default:
		p.summary.Known++
	}
	p.done++
	hear(p.options.Posting, p.done, p.total)
	return nil
}

// What the API says has become of a conversation.
const (
	isAdded    = "added"
	isUpdated  = "updated"
	isDiverged = "diverged"
	isKnown    = "known"
)

// How much of a conversation goes into one request, which passes the gateway of Lambda.
const (
	bodySize     = 4 << 20
	bodyMessages = 500
)

// restore brings a conversation in as it was.
func (p *poster) restore(ctx context.Context, c api.ConversationFacts, ms []api.MessageFacts) (landing string, err error) {
	body := api.RestoredConversation{Conversation: p.here(c)}
	size := 0
	for n, m := range ms {
		if m.Agent != "" {
			m.Agent = p.agents[m.Agent]
		}
		body.Messages = append(body.Messages, m)
		size += len(m.Text) + len(m.HTML) + 1000
		if n == len(ms)-1 {
			break
		}
		if next := ms[n+1]; len(body.Messages) < bodyMessages && size+len(next.Text)+len(next.HTML) < bodySize {
			continue
		}
		body.More = true
		if landing, err = p.server.RestoreConversation(ctx, c.ChannelID, body); err != nil || landing == isDiverged {
			return landing, err
		}
		body.Messages, body.More, size = nil, false, 0
	}
	return p.server.RestoreConversation(ctx, c.ChannelID, body)
}

// messages brings the messages of a conversation in as history, those that are not there.
func (p *poster) messages(ctx context.Context, c api.ConversationFacts, ms []api.MessageFacts) (landing string, n int64, err error) {
	landing = isKnown
	id := ""
	for at, m := range ms {
		content := m.MessageContent
		content.History, content.Agent = true, p.agentHere(m.Agent)
		channel := cmp.Or(m.ChannelID, c.OriginID, c.ChannelID)
		var t api.Taken
		if id != "" {
			t, err = p.server.AddMessage(ctx, id, api.AddedMessage{ChannelID: channel, MessageContent: content})
		} else {
			content.Tags = c.Tags
			t, err = p.server.TakeMessage(ctx, channel, api.NewMessage{References: m.References, MessageContent: content, Conversation: &api.PastConversation{
				Status: c.Status, Owner: p.agentHere(c.Owner), FirstReplyAt: c.FirstReplyAt, WaitingSince: c.WaitingSince,
			}})
		}
		if err != nil {
			return landing, n, fmt.Errorf("message %d: %w", at+1, err)
		}
		id = t.ConversationID
		switch {
		case t.Began:
			landing = isAdded
		case !t.Known && landing == isKnown:
			landing = isUpdated
		}
		if !t.Known {
			n++
		}
	}
	return landing, n, nil
}

// agentHere returns who an agent of the file is, if that is an agent of the account.
func (p *poster) agentHere(id string) string {
	is := p.agents[id]
	if is == "" || !has(p.setup.Agents, is, func(a api.Agent) string { return a.ID }) {
		return ""
	}
	return is
}
