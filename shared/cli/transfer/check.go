package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"deskmove/shared/api"
	"deskmove/shared/exchange"
)

// found is what a file has.
type found struct {
	header    exchange.Header
	agents    []*api.AgentFacts
	teams     []*api.Team
	pipelines []*api.PipelineFacts
	channels  []*api.ChannelFacts
	policies  []*api.PolicyFacts
	files     []exchange.File

	of    map[string]*numbers // of channels
	uses  map[string]*use     // of agents
	total int64               // conversations

	conversations int64   // where in the file they begin; -1 if there are none
	messages      []int64 // where those of each conversation begin, in the order of the conversations, and where the last end
}

// numbers count what a channel has.
type numbers struct{ conversations, messages, tickets int64 }

// use is what an agent has to do with what is imported.
type use struct{ owns, wrote, named int64 }

// BadFileError lists what is wrong with a file.
type BadFileError struct {
	Name string
	Errs []error // the first
	More bool    // there are others
}

// mostErrors is how much of what is wrong with a file is listed.
const mostErrors = 20

func (e *BadFileError) Error() string {
	lines := make([]string, len(e.Errs))
	for i, err := range e.Errs {
		lines[i] = err.Error()
	}
	text := fmt.Sprintf("nothing was imported, because %s is not as it must be:\n  %s", e.Name, strings.Join(lines, "\n  "))
	if e.More {
		text += "\n  and more"
	}
	return text
}

// Unwrap returns what is wrong.
func (e *BadFileError) Unwrap() []error { return e.Errs }

// check reads a file to its end, with the bytes of the files that it names. The error is a
// *BadFileError if anything is wrong.
func check(ctx context.Context, o ImportOptions) (_ *found, err error) {
	in, err := os.Open(o.Source.Lines)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	info, err := in.Stat()
	if err != nil {
		return nil, err
	}
	bad := &BadFileError{Name: o.Source.Lines}
	r, err := exchange.NewReader(in)
	if wrong := (*exchange.Error)(nil); errors.As(err, &wrong) {
		bad.Errs = []error{err}
		return nil, bad
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Source.Lines, err)
	}
	r.Own = o.Source.Own
	f := &found{header: r.Header, of: make(map[string]*numbers), uses: make(map[string]*use), conversations: -1}
	channels := make(map[string]*numbers) // of conversations
	latest := ""                          // whose messages come
	for len(bad.Errs) < mostErrors {
		l, number, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && l.File != nil && !r.Own {
			err = checkFile(o.Source, number, *l.File)
		}
		if err != nil {
			if !isLine(err) {
				return nil, fmt.Errorf("%s: %w", o.Source.Lines, err)
			}
			before := len(bad.Errs)
			if bad.Errs = append(bad.Errs, single(err)...); before > 0 && bad.Errs[before].Error() == bad.Errs[before-1].Error() {
				bad.Errs = bad.Errs[:before] // it cannot be passed
				break
			}
			continue
		}
		if len(bad.Errs) == 0 { // or what a line names may be missing
			f.add(l, channels)
			if at := r.Offset(); l.Conversation != nil && f.conversations < 0 {
				f.conversations = at
			} else if l.Message != nil && l.Message.ConversationID != latest {
				f.messages, latest = append(f.messages, at), l.Message.ConversationID
			} else if l.End != nil {
				f.messages = append(f.messages, at)
			}
		}
		if o.Checking != nil {
			o.Checking(r.Offset(), info.Size())
		}
	}
	if len(bad.Errs) > 0 {
		bad.More = len(bad.Errs) >= mostErrors
		bad.Errs = bad.Errs[:min(len(bad.Errs), mostErrors)]
		return nil, bad
	}
	return f, nil
}

// isLine reports whether an error is about a line.
func isLine(err error) bool {
	wrong := (*exchange.Error)(nil)
	return errors.As(err, &wrong)
}

// single are the errors that are joined in one.
func single(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return []error{err}
}

// checkFile returns an *exchange.Error unless the bytes of a file are its own.
func checkFile(s Source, number int64, f exchange.File) error {
	wrong := func(problem, remedy string) error {
		return &exchange.Error{Line: number, Field: "file.sha256", Problem: problem, Remedy: remedy}
	}
	in, err := s.Open(f.SHA256)
	if errors.Is(err, fs.ErrNotExist) {
		return wrong("the bytes of file "+f.SHA256+" are not there", "add them as files/"+f.SHA256[:2]+"/"+f.SHA256+", beside the file of lines")
	}
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, in)
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	switch is := hex.EncodeToString(sum.Sum(nil)); {
	case is != f.SHA256:
		return wrong("the bytes of file "+f.SHA256+" have the hash "+is, "take them as they were written")
	case n != f.Size:
		return &exchange.Error{Line: number, Field: "file.size", Problem: fmt.Sprintf("file %s has %d bytes", f.SHA256, n), Remedy: "take the file as it was written"}
	}
	return nil
}

func (f *found) add(l exchange.Line, channels map[string]*numbers) {
	switch {
	case l.Agent != nil:
		f.agents = append(f.agents, l.Agent)
	case l.Team != nil:
		f.teams = append(f.teams, l.Team)
	case l.Pipeline != nil:
		f.pipelines = append(f.pipelines, l.Pipeline)
	case l.Channel != nil:
		f.channels = append(f.channels, l.Channel)
		f.of[l.Channel.ID] = &numbers{}
	case l.Policy != nil:
		f.policies = append(f.policies, l.Policy)
	case l.File != nil:
		f.files = append(f.files, *l.File)
	case l.Conversation != nil:
		f.conversation(l.Conversation, channels)
	case l.Message != nil:
		channels[l.Message.ConversationID].messages++
		f.used(l.Message.Agent).wrote++
	}
}

func (f *found) conversation(c *api.ConversationFacts, channels map[string]*numbers) {
	f.total++
	n := f.of[c.ChannelID]
	channels[c.ID] = n
	n.conversations++
	f.used(c.Owner).owns++
	for _, e := range c.Edits {
		f.used(e.By).named++
	}
	t := c.Ticket
	if t == nil {
		return
	}
	n.tickets++
	if t.Owner != c.Owner {
		f.used(t.Owner).owns++
	}
	f.used(t.LostOwner).named++
	if t.Edited != nil {
		f.used(t.Edited.By).named++
		f.used(t.Edited.Owner).named++
	}
	if t.Landed != nil {
		f.used(t.Landed.Owner).named++
	}
}

func (f *found) used(agent string) *use {
	u := f.uses[agent]
	if u == nil {
		u = &use{}
		f.uses[agent] = u
	}
	return u
}
