package importer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/mail"
	"deskmove/shared/mail/note"
	"deskmove/shared/mail/thread"
)

// What is prepared at a time: messages of a thread whose files are uploaded together.
const (
	preparedBytes = 1 << 20
	preparedFiles = 80
)

// inMemory is about how many bytes of mails are in memory at once, of each of which
// there are so many copies while it is prepared: its source, its decoded parts, and the
// request.
const (
	inMemory = 96 << 20
	copies   = 3
)

// mostText is how long a text or an HTML part is in a message, which has to pass the
// gateway of Lambda. The source is whole.
const mostText = 2 << 20

// prepare makes messages of the mails of a thread from one on, and uploads their files:
// one at least, and as many more as are small.
func (p *poster) prepare(ctx context.Context, t *thread.Thread, from int, o *outcome) ([]api.MessageContent, error) {
	var ms []api.MessageContent
	var files []client.File
	size := int64(0)
	for _, item := range t.Items[from:] {
		h := p.spool.Headers()[item.Index]
		if len(ms) > 0 && (size+h.Size > preparedBytes || len(files) >= preparedFiles) {
			break
		}
		size += h.Size
		if len(ms) == 0 {
			n := min(inMemory, copies*(h.Size+preparedBytes))
			if err := p.memory.Acquire(ctx, n); err != nil {
				return nil, err
			}
			defer p.memory.Release(n)
		}
		m, of, err := p.message(item, o)
		if err != nil {
			return nil, err
		}
		ms, files = append(ms, m), append(files, of...)
	}
	return ms, p.files.upload(ctx, files)
}

// message makes a message of a mail, and returns its files. One without any date has
// that of the message before.
func (p *poster) message(item thread.Item, o *outcome) (api.MessageContent, []client.File, error) {
	p.mu.Lock()
	m, err := p.spool.Message(item.Index)
	p.mu.Unlock()
	if err != nil {
		return api.MessageContent{}, nil, err
	}
	o.last = date(m.Header, o.last)
	author, agent := p.people.author(m.Header)
	n := api.MessageContent{
		ExternalID: item.ExternalID, Kind: string(desk.Mail), Author: string(author), Agent: agent, Automatic: string(m.Automatic), Forged: m.Forged,
		ReplyTo: persons(m.ReplyTo), To: persons(m.To), Cc: persons(m.Cc), Bcc: persons(m.Bcc),
		At: o.last, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Repairs: codes(m.Notes), Tags: tags(m.Labels), History: true,
	}
	if from := person(m.From); from != (api.Address{}) {
		n.From = &from
	}
	if m.Box == mail.Chat {
		n.Kind = string(desk.ChatLine)
	}
	p.shorten(item, &n)
	var files []client.File
	for _, a := range m.Attachments {
		if len(n.Attachments) == desk.MaxAttachments {
			p.lessened(item, fmt.Sprintf("it has more than %d files; the others are in its source", desk.MaxAttachments))
			break
		}
		f := fileOf(a.Data)
		files = append(files, f)
		n.Attachments = append(n.Attachments, api.Attachment{
			Name: cmp.Or(desk.CleanFileName(a.Name), "file"), Type: desk.Truncate(a.Type, 255), Size: f.Size, SHA256: f.SHA256,
			ContentID: contentID(a.ContentID), Inline: a.Inline,
		})
	}
	if m.Source != nil {
		f := fileOf(m.Source)
		n.Source, files = f.SHA256, append(files, f)
	}
	return n, files, nil
}

// shorten keeps a message within what the API takes. Its source is whole.
func (p *poster) shorten(item thread.Item, n *api.MessageContent) {
	left := desk.MaxPeople - 1
	for _, list := range []*[]api.Address{&n.ReplyTo, &n.To, &n.Cc, &n.Bcc} {
		if len(*list) > left {
			p.lessened(item, fmt.Sprintf("it has more than %d recipients; the others are in its source", desk.MaxPeople))
			*list = (*list)[:left]
		}
		left -= len(*list)
	}
	if len(n.Text) > mostText {
		p.lessened(item, "its text is cut, because it is too large for the API; its source is whole")
		n.Text = desk.Truncate(n.Text, mostText)
	}
	if len(n.HTML) > mostText {
		p.lessened(item, "its HTML part is left out, because it is too large for the API; its source is whole")
		n.HTML = ""
	}
}

func fileOf(b []byte) client.File {
	sum := sha256.Sum256(b)
	return client.File{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(b)), Data: b}
}

// mostName is how long a name or an address is in the API, in bytes.
const mostName = 1000

func person(a mail.Address) api.Address {
	return api.Address{Name: desk.Truncate(a.Name, mostName), Address: desk.Truncate(a.Address, mostName)}
}

func persons(as []mail.Address) []api.Address {
	of := make([]api.Address, len(as))
	for i, a := range as {
		of[i] = person(a)
	}
	return of
}

func addresses(as []mail.Address) []desk.Address {
	of := make([]desk.Address, len(as))
	for i, a := range as {
		of[i] = desk.Address(a)
	}
	return of
}

// contentID returns an ID that the API takes; one that is too long refers to nothing.
func contentID(id string) string {
	if len(id) > mostName {
		return ""
	}
	return id
}

func codes(notes []note.Code) []string {
	var of []string
	for _, c := range notes {
		of = append(of, string(c))
	}
	return of
}

// tags makes tags of labels.
func tags(labels []string) []string {
	var of []string
	for _, l := range labels {
		l = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, l)
		if l = strings.TrimSpace(desk.Truncate(strings.TrimSpace(l), desk.MaxTagBytes)); l != "" && len(of) < desk.MaxTags {
			of = append(of, l)
		}
	}
	return of
}
