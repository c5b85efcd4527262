package transfer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
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

// upload uploads the files that are not there.
func (i *importing) upload(ctx context.Context) error {
	files := make([]client.File, len(i.found.files))
	for n, f := range i.found.files {
		files[n] = client.File{SHA256: f.SHA256, Size: f.Size, Open: func() (io.ReadCloser, error) { return i.options.Source.Open(f.SHA256) }}
	}
	err := i.server.Upload(ctx, files, func(n int) {
		i.summary.Files = int64(n)
		hear(i.options.Uploading, int64(n), int64(len(files)))
	})
	const none = "no conversation was imported; import the same again to go on"
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted: %d of %d files are uploaded, and %s", i.summary.Files, len(files), none)
	case err != nil:
		return fmt.Errorf("files could not be uploaded, and %s: %w", none, err)
	}
	return nil
}

// post brings the conversations in.
func (i *importing) post(ctx context.Context) error {
	begun, err := i.begin(ctx)
	if err != nil {
		return errors.Join(err, i.endUnused(ctx, begun))
	}
	p := &poster{importing: i, failed: make(map[string]int)}
	for _, c := range i.found.channels {
		of := i.plans[c.ID]
		if of.How == AsItWas || of.How == Messages {
			p.total += of.Conversations
		} else if of.How == IsIn {
			i.summary.Known += of.Conversations
		} else if of.How == Left {
			i.summary.LeftOut = leaveOut(i.summary.LeftOut, of.ID, "channel: "+of.Why)
		}
	}
	err = p.all(ctx)
	i.summary.sort()
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

// endUnused ends what has begun now and is not gone on with, where it may begin again.
func (i *importing) endUnused(ctx context.Context, begun []*api.ChannelFacts) error {
	var errs []error
	for _, c := range begun {
		if c.Move == nil && !i.is[c.ID].Restoring {
			errs = append(errs, i.server.EndRestoration(ctx, c.ID))
		}
	}
	return errors.Join(errs...)
}

// poster brings conversations in, several at a time.
type poster struct {
	*importing
	total int64

	mu     sync.Mutex // of done, failed and the summary
	done   int64
	failed map[string]int // by channel
}

// all brings all conversations in, each with its messages.
func (p *poster) all(ctx context.Context) (err error) {
	if p.found.conversations < 0 || p.total == 0 {
		return nil
	}
	in, err := os.Open(p.options.Source.Lines)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	lines := lines(in, p.found.conversations, p.found.messages[0])
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(cmp.Or(p.options.Concurrency, 24))
	for n := range len(p.found.messages) - 1 {
		var l exchange.Line
		if l, err = lines.Next(); err != nil || within.Err() != nil {
			break
		}
		c := l.Conversation
		if how := p.plans[c.ChannelID].How; how == AsItWas || how == Messages {
			ms := messages(in, p.found.messages[n], p.found.messages[n+1])
			g.Go(func() error { return p.one(within, how, *c, ms) })
		}
	}
	return cmp.Or(g.Wait(), err, ctx.Err())
}

// one brings a conversation in. One that the API does not take is left out; any other error
// ends the import.
func (p *poster) one(ctx context.Context, how How, c api.ConversationFacts, ms iter.Seq2[api.MessageFacts, error]) error {
	landing, err := isKnown, error(nil)
	var elsewhere []string
	joins := how == Messages
	if how == AsItWas {
		landing, elsewhere, err = p.restore(ctx, c, ms)
		joins = landing == isDiverged && c.Home == string(desk.Inbox)
	}
	var j joined
	if joins && err == nil {
		j, err = p.join(ctx, c, ms, how == Messages) // what people have changed is left alone
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.summary.join(j)
	problem := refusal(err)
	switch {
	case problem != nil && how == AsItWas:
		p.failed[c.ChannelID]++
		p.summary.LeftOut = leaveOut(p.summary.LeftOut, c.ID, problem.Error())
	case err != nil:
		return fmt.Errorf("conversation %s: %w", c.ID, err)
	case landing == isDiverged:
		p.summary.Diverged = append(p.summary.Diverged, c.ID)
	case landing == isAdded, j.began:
		p.summary.Added++
	case landing == isUpdated, j.added > 0:
		p.summary.Updated++
	case j.conversation != "" || how == AsItWas:
		p.summary.Known++
	}
	if landing == isAdded || landing == isUpdated {
		p.summary.Messages += c.MessageCount - int64(len(elsewhere))
	}
	if p.summary.Elsewhere += int64(len(elsewhere)); len(elsewhere) > 0 {
		slices.Sort(elsewhere)
		p.summary.Apart = append(p.summary.Apart, append([]string{c.ID}, slices.Compact(elsewhere)...))
	}
	p.done++
	hear(p.options.Posting, p.done, p.total)
	return nil
}

// refusal returns why the API does not take something; nil if that is not why.
func refusal(err error) *client.Problem {
	if problem := (*client.Problem)(nil); errors.As(err, &problem) &&
		(problem.Status == http.StatusUnprocessableEntity || problem.Status == http.StatusRequestEntityTooLarge || problem.Status == http.StatusBadRequest) {
		return problem
	}
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
	bodyValues   = 100_000 // of names and values, of which the API takes twice as many
	bodyMessages = 500
)

// restore brings a conversation in as it was, but for messages that the channel has taken in by
// itself: elsewhere are their conversations.
func (p *poster) restore(ctx context.Context, c api.ConversationFacts, ms iter.Seq2[api.MessageFacts, error]) (landing string, elsewhere []string, _ error) {
	send := func(body api.RestoredConversation) error {
		l, err := p.server.RestoreConversation(ctx, c.ChannelID, body)
		landing, elsewhere = l.Landing, append(elsewhere, l.Elsewhere...)
		return err
	}
	body := api.RestoredConversation{Conversation: p.here(c)}
	size, values := 0, 0
	for m, err := range ms {
		if err != nil {
			return landing, elsewhere, err
		}
		if m.Agent != "" {
			m.Agent = p.agents[m.Agent]
		}
		of, n, err := measure(m)
		if err != nil {
			return landing, elsewhere, err
		}
		if full := len(body.Messages) == bodyMessages || size+of > bodySize || values+n > bodyValues; full && len(body.Messages) > 0 {
			body.More = true
			if err := send(body); err != nil || landing == isDiverged {
				return landing, elsewhere, err
			}
			body.Messages, body.More, size, values = nil, false, 0, 0
		}
		body.Messages, size, values = append(body.Messages, m), size+of, values+n
	}
	err := send(body)
	return landing, elsewhere, err
}

// measure returns how long a message is as JSON, whose addresses and fields may be longer than
// its text, and how many names and values it has at most.
func measure(m api.MessageFacts) (size, values int, err error) {
	b, err := json.Marshal(m)
	for _, mark := range []string{",", ":", "[", "{"} { // also those in its text
		values += bytes.Count(b, []byte(mark))
	}
	return len(b), values, err
}
