package hubspot

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
)

// author is who wrote something.
type author struct {
	is    desk.Author // "" if that is not known
	agent string      // who, if it is an agent
}

// actorOf returns who an actor is, by its ID.
func actorOf(of string) author {
	kind, _, _ := strings.Cut(of, "-")
	switch kind {
	case "A":
		if desk.CheckID("id", of) == nil {
			return author{desk.ByAgent, of}
		}
		return author{is: desk.ByAgent}
	case "V", "E":
		return author{is: desk.ByCustomer}
	case "B", "L":
		return author{is: desk.ByBot}
	case "S":
		return author{is: desk.BySystem}
	}
	return author{} // I-, an integration, writes for either side
}

// messages converts a thread's messages.
func (c *converter) messages(t thread, v *api.ConversationFacts, files []int32) (lines []exchange.Line, _ error) {
	known := make(map[string]bool)
	for _, file := range files {
		results, err := c.source.messagePage(file)
		if err != nil {
			return nil, err
		}
		for _, r := range results {
			if of, _ := r["conversationsThreadId"].(string); of != t.id {
				continue
			}
			r.text("conversationsThreadId")
			of := r.text("id")
			if of == "" || known[of] { // on a page that moved while it was read
				continue
			}
			known[of] = true
			l, err := c.message(of, r, v)
			if err != nil {
				return nil, err
			}
			if l.Message != nil {
				lines = append(lines, l)
			}
		}
	}
	return lines, nil
}

// message converts a message; the line has none if it is left out.
func (c *converter) message(of string, r record, v *api.ConversationFacts) (l exchange.Line, err error) {
	at, kind := r.instant("createdAt"), r.text("type")
	if updated := r.instant("updatedAt"); !updated.IsZero() && !updated.Equal(at) {
		r["updatedAt"] = updated.Format(time.RFC3339Nano)
	}
	by := r.text("createdBy")
	archived := r.flag("archived")
	switch {
	case archived && !c.options.Archived:
		c.leftOut.add(of, "messages that are archived")
		return l, nil
	case at.IsZero():
		c.leftOut.add(of, "messages whose createdAt is no date")
		return l, nil
	}
	switch kind {
	case "MESSAGE", "WELCOME_MESSAGE", "COMMENT":
		l, err = c.written(of, kind, r, v, at, by)
	case "ASSIGNMENT", "THREAD_STATUS_CHANGE", "THREAD_INBOX_CHANGE":
		l = c.event(v, of, at, c.author(by), c.done(kind, r))
	default:
		c.leftOut.add(of, "messages of a kind that is not known: %s", desk.Truncate(kind, 40))
		return l, nil
	}
	if archived {
		c.notes.add(of, "messages that are archived: they are like any other here")
	}
	c.unused.count("message", r)
	if err == nil {
		if wrong := desk.Invalid(l.Message.Check()); len(wrong) > 0 {
			c.leftOut.add(of, "messages that cannot be kept: %s", wrong[0])
			return exchange.Line{}, nil
		}
	}
	return l, err
}

// author returns who an actor is. An agent is added to those who are named.
func (c *converter) author(actor string) author {
	a := actorOf(actor)
	if a.agent != "" {
		a.agent = c.agent(a.agent)
	}
	return a
}

// done says what an event has changed.
func (c *converter) done(kind string, r record) string {
	switch kind {
	case "ASSIGNMENT":
		to, from := r.text("assignedTo"), r.text("assignedFrom")
		text := "Assigned to nobody"
		if to != "" {
			text = "Assigned to " + c.name(to)
		}
		if from != "" {
			text += ", before to " + c.name(from)
		}
		return text
	case "THREAD_STATUS_CHANGE":
		return "Status: " + strings.ToLower(r.text("newStatus"))
	}
	return "Moved from inbox " + c.inboxName(r.text("fromInboxId")) + " to inbox " + c.inboxName(r.text("toInboxId"))
}

// name is how an actor is called.
func (c *converter) name(actor string) string {
	if a := c.agents[actor]; a != nil && a.Name != "" {
		return a.Name
	}
	return cmp.Or(c.actors[actor].name, c.actors[actor].email, actor)
}

// written converts what somebody wrote.
func (c *converter) written(of, kind string, r record, v *api.ConversationFacts, at time.Time, by string) (exchange.Line, error) {
	m := &api.MessageFacts{ConversationID: v.ID, TakenInAt: at, MessageContent: api.MessageContent{
		ExternalID: external(of), Visibility: string(desk.Public), At: at, Subject: r.text("subject"), Text: r.text("text"), HTML: r.text("richText"),
	}}
	account, channel := r.text("channelAccountId"), r.text("channelId")
	m.Kind = string(kindOf(c.channelType(channel)))
	if m.ChannelID = c.channel(account, channel); m.ChannelID == "" && account != "" {
		c.notes.add(of, "messages by a kind of channel that there is not here: they are by their thread's")
		r.back("channelAccountId", account)
		r.back("channelId", channel)
	}
	if m.ChannelID == v.ChannelID || account == "" {
		m.ChannelID = ""
	}
	from := sender(r)
	actor := cmp.Or(from.text("actorId"), by)
	if actor != by {
		r.back("createdBy", by)
	}
	who := c.author(actor)
	direction := r.text("direction")
	incoming, outgoing := direction == "INCOMING", direction == "OUTGOING"
	client, _ := r.object("client")["clientType"].(string)
	switch {
	case kind == "COMMENT":
		m.Kind, m.Visibility = string(desk.Note), string(desk.Internal)
		if who.is == "" || who.is == desk.ByCustomer {
			who = author{is: desk.BySystem}
		}
	case kind == "WELCOME_MESSAGE":
		who = author{is: desk.ByBot}
	case who.is == "" && incoming:
		who.is = desk.ByCustomer
	case who.is == "" && client == "SYSTEM":
		who.is = desk.BySystem
	case who.is == "" && outgoing && actor == "":
		who.is = desk.ByAgent
		c.notes.add(of, "messages that went out, and it is not said who wrote them: they are an agent's, of no name")
	case who.is == "":
		who.is = desk.ByBot
	}
	m.Author, m.Agent = string(who.is), who.agent
	if kind != "COMMENT" && (who.is == desk.ByCustomer && !incoming || who.is != desk.ByCustomer && !outgoing) {
		r.back("direction", direction) // its author does not say as much
	}
	name, _ := from["name"].(string)
	if a := c.person(actor, from); a.Address != "" || a.Name != "" && !strings.HasPrefix(actor, "I-") { // a tool's name is nobody's
		m.From = &a
	} else if name != "" {
		from.back("name", name)
	}
	c.recipients(m, r)
	if re := r.text("inReplyToId"); re != "" {
		m.References = []string{external(re)}
	}
	if state := r.object("status"); state["statusType"] == "FAILED" {
		m.Visibility = string(desk.Internal) // or it would count as an answer
		m.Repairs = append(m.Repairs, "not-delivered")
		c.notes.add(of, "messages that were never delivered: they are internal here")
	} else if s := state["statusType"]; s == "SENT" || s == "RECEIVED" { // as its author says
		state.text("statusType")
	}
	if err := c.original(of, r, m); err != nil {
		return exchange.Line{}, err
	}
	if err := c.attachments(of, r, m); err != nil {
		return exchange.Line{}, err
	}
	m.ID = desk.MessageID(cmp.Or(m.ChannelID, v.ChannelID), m.ExternalID, at)
	return exchange.Line{Message: m}, nil
}

// kindOf returns what people write by a type of channel.
func kindOf(t desk.ChannelType) desk.Kind {
	switch t {
	case desk.Email:
		return desk.Mail
	case desk.Form:
		return desk.FormSent
	case desk.Calling:
		return desk.Call
	}
	return desk.ChatLine
}

// sender returns the sender of a message: the one in its From, else the first. What
// the others say stays in r.
func sender(r record) record {
	all := r.list("senders")
	for _, s := range all {
		if s["senderField"] == "FROM" {
			s.text("senderField")
			return s
		}
	}
	if len(all) > 0 {
		return all[0]
	}
	return nil
}

// person returns how somebody is called and where they write from. What is not said beside
// the message is taken from the actor.
func (c *converter) person(actor string, r record) (a api.Address) {
	a.Name = r.text("name")
	at := r.object("deliveryIdentifier")
	if at == nil { // as it once was
		if all := r.list("deliveryIdentifiers"); len(all) > 0 {
			at = all[0]
		}
	}
	hidden := at["type"] == opaque
	kind := at.text("type")
	a.Address = at.text("value")
	known := c.actors[actor]
	if agent := c.agents[actor]; agent != nil {
		known.name, known.email = cmp.Or(known.name, agent.Name), cmp.Or(known.email, agent.Email)
	}
	if hidden && cmp.Or(known.email, known.name, a.Name) != "" {
		at.back("type", kind)
		at.back("value", a.Address)
		a.Address = ""
	}
	a.Name, a.Address = cmp.Or(a.Name, known.name), cmp.Or(a.Address, known.email)
	if _, email, ok := strings.Cut(actor, "E-"); ok && a.Address == "" {
		a.Address = email
	}
	return a
}

// recipients sets to whom a message went.
func (c *converter) recipients(m *api.MessageFacts, r record) {
	for _, to := range r.list("recipients") {
		actor := to.text("actorId")
		a := c.person(actor, to)
		if a == (api.Address{}) {
			to.back("actorId", actor)
			continue
		}
		switch field := to.text("recipientField"); strings.ToUpper(field) {
		case "CC":
			m.Cc = append(m.Cc, a)
		case "BCC":
			m.Bcc = append(m.Bcc, a)
		case "TO", "":
			m.To = append(m.To, a)
		default:
			m.To = append(m.To, a)
			to.back("recipientField", field)
		}
	}
}

// original puts the whole of a message in place of what was cut off, if it is saved.
func (c *converter) original(of string, r record, m *api.MessageFacts) error {
	cut := r.text("truncationStatus")
	if cut == "" || cut == "NOT_TRUNCATED" {
		return nil
	}
	name := "originals/" + of + ".json"
	if slices.Contains(c.source.kinds["originals"], name) {
		whole, err := readObject(c.source.in, name)
		if err != nil {
			return err
		}
		m.Text, m.HTML = whole.text("text"), whole.text("richText")
		if m.Text == "" && m.HTML == "" { // perhaps it is an error that was answered
			return wrongPage(name, "text", "it has neither text nor richText")
		}
		c.named[name] = true
		c.unused.count("original", whole)
		return nil
	}
	m.Repairs = append(m.Repairs, "cut-off")
	c.notes.add(of, "messages that are cut off (%s), and whose original is not saved", desk.Truncate(cut, 40))
	return nil
}

// attachments adds the files of a message whose bytes are saved.
func (c *converter) attachments(of string, r record, m *api.MessageFacts) error {
	for _, a := range r.list("attachments") {
		if a["type"] != "FILE" {
			continue // what it says stays
		}
		a.text("type")
		file, name := a.text("fileId"), a.text("name")
		a.text("url") // it is good for a while only
		f, kind, err := c.file(file)
		if err != nil {
			return err
		}
		switch {
		case f == (exchange.File{}):
			c.leftOut.add(file, "files whose bytes are not saved")
		case f.Size > desk.MaxFile:
			c.leftOut.add(file, "files of more than %d MB", desk.MaxFile>>20)
		case len(m.Attachments) == desk.MaxAttachments:
			c.leftOut.add(file, "files beyond %d of a message", desk.MaxAttachments)
		default:
			c.result.Report.Files++
			m.Attachments = append(m.Attachments, api.Attachment{Name: cmp.Or(desk.CleanFileName(name), desk.CleanFileName(c.source.files[file])), Type: kind, Size: f.Size, SHA256: f.SHA256})
			continue
		}
		m.Repairs = append(m.Repairs, "file-missing")
	}
	return nil
}

// file returns the file with an ID and what is in it; none if its bytes are not saved.
func (c *converter) file(of string) (f exchange.File, kind string, err error) {
	name := c.source.files[of]
	if name == "" {
		return f, "", nil
	}
	c.named[of] = true
	in, err := c.source.in.Open(name)
	if err != nil {
		return f, "", err
	}
	var first [512]byte
	sum := sha256.New()
	n, err := io.ReadFull(in, first[:])
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	_, _ = sum.Write(first[:n])
	kind, _, _ = strings.Cut(http.DetectContentType(first[:n]), ";")
	if err == nil {
		var more int64
		more, err = io.Copy(sum, in)
		f = exchange.File{SHA256: hex.EncodeToString(sum.Sum(nil)), Size: int64(n) + more}
	}
	if err = errors.Join(err, in.Close()); err != nil {
		return f, "", fmt.Errorf("%s: %w", name, err)
	}
	if f.Size <= desk.MaxFile {
		c.files[of] = f
		c.result.Files[f.SHA256] = name
	}
	return f, kind, nil
}
