package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// Mail is what happened to one thread of mail that has all that mail has: a file, an
// agent's note, an answer, and in the middle of the move a bounce and an out-of-office
// reply.
type Mail struct {
	Conversation string           `json:"conversation"`
	Before       api.Conversation `json:"before"`
	After        api.Conversation `json:"after"`
	Ticket       api.Ticket       `json:"ticket"`
	// Broken are the promises that were not kept.
	Broken []string `json:"broken,omitempty"`

	asked, noted, answered time.Time
	photo                  []byte
	automatic              chan error // has what became of the automatic mails
}

// agentOfMail answers the thread.
const agentOfMail = "ben"

// picture is a small photo.
func picture() ([]byte, error) {
	m := image.NewRGBA(image.Rect(0, 0, 48, 32))
	for y := range 32 {
		for x := range 48 {
			m.Set(x, y, color.RGBA{uint8(x * 5), uint8(y * 8), 120, 255}) // #nosec G115 -- below 256
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}

func file(b []byte) client.File {
	sum := sha256.Sum256(b)
	return client.File{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(b)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

// loadMail brings the thread in, as it was three weeks ago.
func (d *demo) loadMail(ctx context.Context) (err error) {
	s := &d.Mail
	s.asked = time.Now().Add(-21 * 24 * time.Hour).Truncate(time.Second)
	s.noted, s.answered = s.asked.Add(40*time.Minute), s.asked.Add(3*time.Hour)
	if s.photo, err = picture(); err != nil {
		return err
	}
	text := "The frame is cracked, see the photo. Is this under warranty?\n"
	photo, source := file(s.photo), file([]byte("From: Mira Holm <mira@holm.example>\r\nTo: Fjordline <support@fjordline.example>\r\nCc: Ola <ola@holm.example>\r\n"+
		"Subject: Photo of the cracked frame\r\nMessage-ID: <photo@holm.example>\r\n\r\n"+text))
	if err := d.admin.Upload(ctx, []client.File{photo, source}, nil); err != nil {
		return err
	}
	mira, us := &api.Address{Name: "Mira Holm", Address: "mira@holm.example"}, api.Address{Name: "Fjordline", Address: "support@fjordline.example"}
	taken, err := d.admin.TakeMessage(ctx, Moved, api.NewMessage{MessageContent: api.MessageContent{
		ExternalID: "photo@holm.example", Kind: string(desk.Mail), Author: string(desk.ByCustomer), From: mira, To: []api.Address{us},
		Cc: []api.Address{{Name: "Ola", Address: "ola@holm.example"}}, At: s.asked, Subject: "Photo of the cracked frame", Text: text,
		Attachments: []api.Attachment{{Name: "frame.png", Type: "image/png", SHA256: photo.SHA256, Size: photo.Size}},
		Source:      source.SHA256, Tags: []string{"warranty"},
	}})
	if err != nil {
		return err
	}
	s.Conversation = taken.ConversationID
	for _, m := range []api.MessageContent{
		{ExternalID: "note@fjordline.example", Kind: string(desk.Note), Author: string(desk.ByAgent), Agent: agentOfMail, At: s.noted, Text: "Sold in May: two years left. Ask the workshop."},
		{
			ExternalID: "answer@fjordline.example", Kind: string(desk.Mail), Author: string(desk.ByAgent), Agent: agentOfMail, At: s.answered, From: &us,
			To: []api.Address{*mira}, Subject: "Re: Photo of the cracked frame", Text: "Dear Mira, it is. A new frame is on its way.",
		},
	} {
		if _, err := d.admin.AddMessage(ctx, s.Conversation, api.AddedMessage{MessageContent: m}); err != nil {
			return err
		}
	}
	owner := agentOfMail
	if err := d.admin.EditConversation(ctx, s.Conversation, desk.Edit{Status: new(desk.Closed), Owner: &owner}); err != nil {
		return err
	}
	s.Before, err = d.admin.Conversation(ctx, s.Conversation)
	return err
}

// beginMail has two programs write, in the middle of the move.
func (d *demo) beginMail(ctx context.Context) {
	s := &d.Mail
	s.automatic = make(chan error, 1)
	go func() {
		var errs []error
		for _, m := range []api.MessageContent{
			{ExternalID: "bounce@holm.example", Automatic: string(desk.Bounce), From: &api.Address{Address: "mailer-daemon@holm.example"}, Subject: "Undelivered Mail Returned to Sender", Text: "ola@holm.example: mailbox full"},
			{ExternalID: "away@holm.example", Automatic: string(desk.AutoReplied), From: &api.Address{Name: "Mira Holm", Address: "mira@holm.example"}, Subject: "Out of office", Text: "I am back on Monday."},
		} {
			m.Kind, m.Author = string(desk.Mail), string(desk.ByCustomer)
			_, err := d.admin.AddMessage(ctx, s.Conversation, api.AddedMessage{MessageContent: m})
			errs = append(errs, err)
		}
		s.automatic <- errors.Join(errs...)
	}()
}

// afterMail reads what has become of the thread, and checks it.
func (d *demo) afterMail(ctx context.Context) error {
	s := &d.Mail
	if s.automatic == nil {
		return errors.New("the move has ended without a fence")
	}
	err := <-s.automatic
	if err != nil {
		return err
	}
	if s.After, err = d.admin.Conversation(ctx, s.Conversation); err != nil {
		return err
	}
	if s.Ticket, err = d.admin.Ticket(ctx, s.After.TicketID); err != nil {
		return err
	}
	photo, err := d.readPhoto(ctx)
	if err != nil {
		return err
	}
	for promise, kept := range map[string]bool{
		"a note is no first reply":                  s.Before.FirstReplyAt.Equal(s.answered),
		"a bounce and an absence reopen nothing":    s.Ticket.Status == "solved" && s.Ticket.OpenedAt.IsZero() && s.Ticket.Edited == nil,
		"a bounce and an absence start no clock":    s.After.WaitingSince.IsZero() && s.Ticket.Clocks == api.Clocks{PolicyID: s.Ticket.Clocks.PolicyID},
		"a bounce and an absence are kept":          s.After.MessageCount == s.Before.MessageCount+2,
		"who got a copy is not the customer":        s.After.Customer == "mira@holm.example",
		"a label moves with its conversation":       len(s.Ticket.Tags) == 1 && s.Ticket.Tags[0] == "warranty",
		"a file is there after the move as it came": bytes.Equal(photo, s.photo),
	} {
		if !kept {
			s.Broken = append(s.Broken, promise)
		}
	}
	return nil
}

// readPhoto downloads the photo, as a browser would.
func (d *demo) readPhoto(ctx context.Context) (_ []byte, err error) {
	for m, err := range d.admin.Messages(ctx, d.Mail.Conversation) {
		if err != nil {
			return nil, err
		}
		if len(m.Attachments) == 0 {
			continue
		}
		r, err := d.admin.File(ctx, d.Mail.Conversation, m.ID, m.Attachments[0].ID)
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(r)
		return b, errors.Join(err, r.Close())
	}
	return nil, nil
}

// showMail prints the thread, and what each of its messages did not do.
func (d *demo) showMail() {
	s := d.Mail
	at := func(t time.Time) string { return t.Local().Format("2 Jan 15:04") }
	d.say("%q, from %s, with a copy to Ola, who does not become the customer", s.Before.Subject, customer(s.Before))
	d.say("")
	d.say("%-13s the mail with frame.png, %d bytes; its source is kept as it came", at(s.asked), len(s.photo))
	d.say("%-13s a note by %s: it was no first reply, and the customer never sees it", at(s.noted), d.agent(agentOfMail))
	d.say("%-13s %s's answer, three hours later: the first reply", at(s.answered), d.agent(agentOfMail))
	d.say("%-13s a bounce comes in: it is on the ticket, and reopened nothing", "in the move")
	d.say("%-13s an out-of-office reply comes in: it reopened nothing either, and started no clock", "")
	d.say("%-13s ticket %s, %s, label %s; frame.png is there, byte for byte", "after", s.Ticket.Status, desk.Count(s.After.MessageCount, "message"), strings.Join(s.Ticket.Tags, ", "))
	for _, b := range s.Broken {
		d.say("violation: %s", b)
	}
}
