package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
)

func (r *routes) restore() {
	refusals := []error{
		desk.Channel{Home: desk.Moving, Move: exampleMove}.Movable(), desk.Channel{Home: desk.HelpDesk, Move: exampleMove}.Movable(),
		desk.Channel{From: "acme", Restoring: true}.Movable(), desk.Channel{Fallback: true}.Movable(), desk.Channel{Type: desk.WhatsApp}.Movable(),
		desk.Account{Plan: desk.Starter}.MayUseDesk(),
		&desk.RefusedError{Code: desk.CodeNotEmpty, Problem: "the channel has conversations that were not brought in from there", Remedy: "bring them into a channel that has none"},
	}
	add(r, operation{
		id: "list-facts", method: http.MethodGet, path: "/v1/channels/{id}/facts", tag: tagChannels, roles: admins,
		summary: "Read a channel as it is kept",
		description: "All conversations of a channel, in the inbox and in the help desk, each with what only deskmove knows of it, followed by its messages in the " +
			"order in which they were written: what an export has. A page has about 1 MB. Of a text or an HTML part that is longer than a page it has " +
			"nothing, and says so. Who begins is in the audit log. Needs help desk access if the channel has moved.",
		problems: []error{noAccess()},
	}, r.api.listFacts)
	add(r, operation{
		id: "begin-restoration", method: http.MethodPost, path: "/v1/channels/{id}/restoration", tag: tagChannels, roles: admins, audits: desk.ActionRestore,
		summary: "Begin to bring a channel in as it was",
		description: "Gives a channel without conversations the home that it had elsewhere, with the move that brought it to the help desk if it had one. Then its conversations " +
			"are brought in as they were, with their tickets, and until the end of that it cannot move. For good: into a channel that has moved, or has conversations that did not come " +
			"this way, nothing is brought. Sent again, it changes nothing. It is in the audit log.",
		problems: refusals,
	}, r.api.beginRestoration)
	add(r, operation{
		id: "restore-conversation", method: http.MethodPost, path: "/v1/channels/{id}/restoration/conversations", tag: tagChannels, roles: admins, limit: restoredLimit,
		summary: "Bring a conversation in as it was",
		description: "A conversation with its ticket and its messages, none of which is changed and of none of which anybody is told. Files are uploaded before: see POST /v1/files. What does not fit " +
			"one body comes in several, all but the last with more; until the last has come nobody sees the conversation. Sent again, it changes nothing. One that " +
			"was brought in before, and that people have not changed since, becomes what is sent now, and so do its messages.",
		problems: []error{&desk.RefusedError{Code: desk.CodeNotRestoring, Problem: "the channel is not being brought in", Remedy: "begin with it"}},
	}, r.api.restoreConversation)
	add(r, operation{
		id: "end-restoration", method: http.MethodDelete, path: "/v1/channels/{id}/restoration", tag: tagChannels, roles: admins, status: http.StatusNoContent,
		summary:     "End bringing a channel in",
		description: "All is in. A channel of the inbox may move from now on; to one of the help desk nothing is added this way any more.",
	}, r.api.endRestoration)
}

// restoredLimit is how long a body with a conversation may be: one message of it may be as long
// as any, and the conversation is there beside it.
const restoredLimit = messageLimit + 1<<20

// NewRestoration says what a channel was elsewhere.
type NewRestoration struct {
	From string     `json:"from" example:"acme" doc:"The account that it was exported of."`
	Move *MoveFacts `json:"move,omitempty" doc:"What brought it to the help desk; without it, it was in the inbox."`
}

type restorationInput struct {
	ID   string `path:"id" example:"support-mail" doc:"ID of the channel."`
	Body NewRestoration
}

func (a *api) beginRestoration(ctx context.Context, c desk.Admitted, in *restorationInput) (*body[Channel], error) {
	of := desk.Restoration{Account: c.Account, Channel: in.ID, From: in.Body.From}
	if m := in.Body.Move; m != nil {
		of.Move, of.Access = m.read(in.ID), m.Access
	}
	if err := a.Restorer.Begin(ctx, c.Caller, of); err != nil {
		return nil, err
	}
	return a.getChannel(ctx, c, &channelInput{in.ID})
}

// RestoredConversation is a conversation that is brought in.
type RestoredConversation struct {
	Conversation ConversationFacts `json:"conversation"`
	Messages     []MessageFacts    `json:"messages,omitempty" nullable:"false" maxItems:"1000"`
	More         bool              `json:"more,omitempty" doc:"More messages of it come in other bodies."`
}

// Landing is what has become of a conversation that was brought in.
type Landing struct {
	Landing   string   `json:"landing" enum:"part,added,known,updated,diverged" example:"added" doc:"part: more messages are to come. added: it is in. known: it was there, and is the same. updated: it was there as it had been brought in, and is now as it was sent. diverged: it was there, and people have changed it since; nothing was done."`
	Elsewhere []string `json:"elsewhere,omitempty" nullable:"false" doc:"For each message of the body that the channel has taken in by itself since the restoration began: the conversation where it is, and stays. In its place the conversation that is brought in has an event that says so."`
}

type restoredInput struct {
	ID   string `path:"id" example:"support-mail" doc:"ID of the channel."`
	Body RestoredConversation
}

func (a *api) restoreConversation(ctx context.Context, c desk.Admitted, in *restoredInput) (*body[Landing], error) {
	v, err := in.Body.Conversation.read(c.Account)
	errs := prefixed("conversation", err)
	ms := make([]desk.Message, len(in.Body.Messages))
	for i, m := range in.Body.Messages {
		ms[i], err = m.read(c.Account, m.ChannelID, time.Time{})
		ms[i].ID, ms[i].TakenIn, ms[i].Stranger = m.ID, m.TakenInAt.UTC().Truncate(time.Millisecond), m.Stranger
		ms[i].At = ms[i].At.UTC().Truncate(time.Millisecond)
		if m.ConversationID != v.ID {
			errs = append(errs, &desk.InvalidError{Field: fmt.Sprintf("messages[%d].conversationId", i), Code: desk.CodeFacts, Problem: "it is of another conversation", Remedy: "send it with its own"})
		}
		errs = append(errs, prefixed(fmt.Sprintf("messages[%d]", i), err)...)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	landing, elsewhere, err := a.Restorer.Land(ctx, c.Caller, in.ID, v, ms, in.Body.More)
	if err != nil {
		return nil, err
	}
	return &body[Landing]{Landing{string(landing), elsewhere}}, nil
}

// prefixed are the *desk.InvalidErrors of a value that is a field.
func prefixed(field string, err error) (errs []error) {
	for _, e := range desk.Invalid(err) {
		e.Field = field + "." + e.Field
		errs = append(errs, e)
	}
	return errs
}

func (a *api) endRestoration(ctx context.Context, c desk.Admitted, in *channelInput) (*struct{}, error) {
	return nil, a.Restorer.End(ctx, c.Caller, in.ID)
}

func (m MoveFacts) read(channel string) desk.Move {
	of := desk.Move{
		ID: m.ID, By: m.By, StartedAt: m.StartedAt.UTC().Truncate(time.Millisecond), FenceAt: m.FenceAt.UTC().Truncate(time.Millisecond), EndedAt: m.EndedAt.UTC().Truncate(time.Millisecond), Expected: m.Expected,
		Choices: desk.Choices{Channel: channel, History: desk.HistoryChoice(m.History), SLA: desk.SLAMode(m.SLA), Notifications: desk.NotificationMode(m.Notifications), Acknowledged: m.Acknowledged},
		Report: desk.Report{
			Found: m.Report.Found, Created: m.Report.Created, AsIs: m.Report.AsIs, Redirected: m.Report.Redirected, Failed: m.Report.Failed, OwnersLost: m.Report.OwnersLost,
			LostBy: m.Report.OwnersLostBy, Breaches: m.Report.Breaches, InboxSum: m.Report.InboxSum, DeskSum: m.Report.DeskSum,
		},
	}
	if m.StatusMap != nil {
		of.Choices.Statuses = desk.StatusMap{Open: desk.Status(m.StatusMap.Open), Closed: desk.Status(m.StatusMap.Closed)}
	}
	for _, p := range m.Phases {
		of.Phases = append(of.Phases, desk.Stage{Phase: desk.Phase(p.Phase), StartedAt: p.StartedAt, EndedAt: p.EndedAt})
	}
	for status, n := range m.Report.ByStatus {
		if of.Report.ByStatus == nil {
			of.Report.ByStatus = make(map[desk.Status]int64)
		}
		of.Report.ByStatus[desk.Status(status)] = n
	}
	return of
}

// Facts makes facts of a move that is done, of what the API says of it.
func (m ChannelMove) Facts(r Report) MoveFacts {
	f := MoveFacts{
		ID: m.ID, History: m.History, StatusMap: m.StatusMap, SLA: m.SLA, Notifications: m.Notifications, Acknowledged: m.Acknowledged, By: m.By,
		StartedAt: m.StartedAt, FenceAt: m.FenceAt, EndedAt: m.EndedAt, Phases: m.Phases, Expected: m.Expected, Access: m.Access,
		Report: ReportFacts{
			Found: r.Found, Created: r.Created, AsIs: r.AsIs, Redirected: r.Redirected, Failed: r.Failed, OwnersLost: r.OwnersLost, Breaches: r.Breaches,
			ByStatus: r.ByStatus, InboxSum: r.Checksum.Inbox, DeskSum: r.Checksum.Desk,
		},
	}
	for _, lost := range r.OwnersLostBy {
		if f.Report.OwnersLostBy == nil {
			f.Report.OwnersLostBy = make(map[string]int64)
		}
		f.Report.OwnersLostBy[lost.ID] = lost.N
	}
	return f
}

// read returns the conversation. Times are to the millisecond, as they are kept.
func (f ConversationFacts) read(account string) (desk.Conversation, error) {
	var errs []error
	at := func(field string, t time.Time) time.Time {
		errs = append(errs, checkDate(field, t))
		if t.IsZero() {
			return time.Time{}
		}
		return t.UTC().Truncate(time.Millisecond)
	}
	tags, err := desk.ParseTags("tags", f.Tags)
	errs = append(errs, err)
	edits := make([]desk.LoggedEdit, len(f.Edits))
	for i, e := range f.Edits {
		edits[i] = desk.LoggedEdit(e)
		errs = append(errs, checkDate(fmt.Sprintf("edits[%d].at", i), e.At), desk.CheckID(fmt.Sprintf("edits[%d].by", i), e.By))
	}
	c := desk.Conversation{
		Account: account, ID: f.ID, Channel: f.ChannelID, Origin: cmp.Or(f.OriginID, f.ChannelID), Subject: f.Subject, Customer: f.Customer, CustomerName: f.CustomerName,
		Status: desk.ConversationStatus(f.Status), Owner: f.Owner, Home: desk.Home(f.Home), Tags: tags, Messages: f.MessageCount, Past: f.History,
		Started: at("startedAt", f.StartedAt), TakenIn: at("takenInAt", f.TakenInAt), Joined: at("joinedAt", f.JoinedAt), ChangedAt: at("changedAt", f.ChangedAt),
		Rev: f.Version, CustomerAt: at("customerAt", f.CustomerAt), CustomerRev: f.CustomerVersion, FirstReplyAt: at("firstReplyAt", f.FirstReplyAt),
		WaitingSince: at("waitingSince", f.WaitingSince), ClosedAt: at("closedAt", f.ClosedAt), Edits: desk.NewEditLog(edits),
	}
	if t := f.Ticket; t != nil {
		c.Ticket = desk.Ticket{
			Status: desk.Status(t.Status), Owner: t.Owner, Created: at("ticket.createdAt", t.CreatedAt), Provenance: desk.Provenance(t.Provenance),
			Imported: at("ticket.importedAt", t.ImportedAt), Move: t.MoveID, LostOwner: t.LostOwner, Opened: at("ticket.openedAt", t.OpenedAt),
			Clocks: desk.Clocks{
				Policy: t.Clocks.PolicyID, FirstReply: at("ticket.clocks.firstReplyAt", t.Clocks.FirstReplyAt), NextReply: at("ticket.clocks.nextReplyAt", t.Clocks.NextReplyAt),
				Close: at("ticket.clocks.closeAt", t.Clocks.CloseAt),
			},
			Breached: t.Breached, Closed: t.Closed, Behind: t.NotApplied, Edited: desk.LastEdit{Rev: t.MadeVersion},
		}
		if l := t.Landed; l != nil {
			c.Ticket.Landed = desk.Landed{Status: desk.Status(l.Status), Owner: l.Owner}
		}
		if e := t.Edited; e != nil {
			c.Ticket.Edited = desk.LastEdit{At: at("ticket.edited.at", e.At), By: e.By, Status: desk.Status(e.Status), Owner: e.Owner, Rev: e.Revision}
		}
	}
	return c, errors.Join(errs...)
}

// writeFacts writes a conversation as it is kept. What it usually has is left out.
func writeFacts(c desk.Conversation) ConversationFacts {
	f := ConversationFacts{
		ID: c.ID, ChannelID: c.Channel, Subject: c.Subject, Customer: c.Customer, CustomerName: c.CustomerName, Status: string(c.Status), Owner: c.Owner, Home: string(c.Home), Tags: c.Tags.List(),
		MessageCount: c.Messages, StartedAt: c.Started, TakenInAt: c.TakenIn, History: c.Past, ChangedAt: c.ChangedAt, Version: c.Rev, CustomerAt: c.CustomerAt,
		CustomerVersion: c.CustomerRev, FirstReplyAt: c.FirstReplyAt, WaitingSince: c.WaitingSince, ClosedAt: c.ClosedAt, Edits: writeEdits(c.Edits),
	}
	if c.Origin != c.Channel {
		f.OriginID = c.Origin
	}
	if !c.Joined.Equal(c.TakenIn) {
		f.JoinedAt = c.Joined
	}
	if !c.HasTicket() {
		return f
	}
	t := c.Ticket
	f.Ticket = &TicketFacts{
		Status: string(t.Status), Owner: t.Owner, CreatedAt: t.Created, Provenance: string(t.Provenance), ImportedAt: t.Imported, MoveID: t.Move, LostOwner: t.LostOwner,
		OpenedAt: t.Opened, Clocks: Clocks{t.Clocks.Policy, t.Clocks.FirstReply, t.Clocks.NextReply, t.Clocks.Close}, Breached: t.Breached, Closed: t.Closed, NotApplied: t.Behind,
	}
	if was := t.AtLanding(); was != (desk.Landed{Status: t.Status, Owner: t.Owner}) {
		f.Ticket.Landed = &Landed{string(was.Status), was.Owner}
	}
	if e := t.Edited; !e.At.IsZero() {
		f.Ticket.Edited = &Edited{e.At, e.By, string(e.Status), e.Owner, e.Rev}
	} else {
		f.Ticket.MadeVersion = e.Rev
	}
	return f
}

// Fact is one of the facts of a channel.
type Fact struct {
	Conversation *ConversationFacts `json:"conversation,omitempty"`
	Message      *MessageFacts      `json:"message,omitempty" doc:"One of the conversation before it."`
	SubjectLeft  bool               `json:"subjectLeft,omitempty" doc:"The message's subject is too long for a page: it is the part subject."`
	TextLeft     bool               `json:"textLeft,omitempty" doc:"The message's text is too long for a page: it is the part text."`
	HTMLLeft     bool               `json:"htmlLeft,omitempty" doc:"The message's HTML part is too long for a page: it is the part html-source."`
}

type factsInput struct {
	ID     string `path:"id" example:"support-mail" doc:"ID of the channel."`
	Cursor string `query:"cursor" doc:"next of the page before; without it, the first page."`
}

// conversationsAtOnce is how many headers a page of facts reads at a time.
const conversationsAtOnce = 100

func (a *api) listFacts(ctx context.Context, c desk.Admitted, in *factsInput) (*body[list[Fact]], error) {
	ch, err := a.Setups.Channel(ctx, c.Account, in.ID)
	if err != nil {
		return nil, err
	}
	if ch.Home != desk.Inbox {
		if err := helpDesk(c); err != nil {
			return nil, err
		}
	}
	at, err := readFactsCursor(in)
	if err != nil {
		return nil, err
	}
	if in.Cursor == "" {
		now := a.Now()
		e := c.Entry(desk.ActionExport, fmt.Sprintf("%s-%d", c.Agent, now.UnixNano()), now)
		e.Channel, e.Detail = in.ID, "conversations"
		if err := a.Audit.Audit(ctx, e); err != nil {
			return nil, err
		}
	}
	p := factsPage{api: a, account: c.Account, l: list[Fact]{Items: []Fact{}}}
	if at.message != "" { // a conversation that a page did not hold
		if _, err := a.visible(ctx, c, at.Position.ID); err != nil { // whoever made up the cursor
			return nil, err
		}
		whole, err := p.messages(ctx, at.Position.ID, at.message)
		if err != nil {
			return nil, err
		}
		if !whole {
			return p.ends(in, factsCursor{at.Position, p.last})
		}
	}
	for {
		ps, more, err := a.Conversations.List(ctx, c.Account, in.ID, at.Position, desk.Position{}, conversationsAtOnce)
		if err != nil {
			return nil, err
		}
		found, err := a.those(ctx, c.Account, ps)
		if err != nil {
			return nil, err
		}
		for _, of := range ps {
			at.Position = of
			if v, ok := found[of.ID]; !ok || v.Channel != in.ID { // it has joined another one meanwhile
				continue
			} else if whole, err := p.add(ctx, v); err != nil {
				return nil, err
			} else if !whole {
				return p.ends(in, factsCursor{of, p.last})
			} else if p.full() {
				return p.ends(in, factsCursor{Position: of})
			}
		}
		if !more {
			return &body[list[Fact]]{p.l}, nil
		}
	}
}

// those reads the conversations at positions, strongly.
func (a *api) those(ctx context.Context, account string, ps []desk.Position) (map[string]desk.Conversation, error) {
	ids := make([]string, len(ps))
	for i, at := range ps {
		ids[i] = at.ID
	}
	found, err := a.Conversations.GetMany(ctx, account, ids, true)
	of := make(map[string]desk.Conversation, len(found))
	for _, c := range found {
		of[c.ID] = c
	}
	return of, err
}

// factsCursor is where a page of facts ended: after a conversation or, if there is one,
// after a message of it.
type factsCursor struct {
	desk.Position
	message string
}

func (in *factsInput) cursors() string { return "facts of " + in.ID }

func readFactsCursor(in *factsInput) (at factsCursor, err error) {
	place, err := readCursor(in.cursors(), in.Cursor)
	if err != nil {
		return at, err
	}
	position, message, _ := strings.Cut(place, "#")
	at.message = message
	return at, at.UnmarshalText([]byte(position))
}

// factsPage is a page of facts.
type factsPage struct {
	*api
	account string
	l       list[Fact]
	size    int
	last    string // message that was added
}

func (p *factsPage) full() bool { return p.size > pageSize }

// ends returns the page, which goes on after a place.
func (p *factsPage) ends(in *factsInput, at factsCursor) (*body[list[Fact]], error) {
	place, err := at.MarshalText()
	if err == nil && at.message != "" {
		place = append(append(place, '#'), at.message...)
	}
	p.l.Next = writeCursor(in.cursors(), string(place))
	return &body[list[Fact]]{p.l}, err
}

// add adds a conversation and as many of its messages as the page holds; whole says
// that it holds all.
func (p *factsPage) add(ctx context.Context, c desk.Conversation) (whole bool, _ error) {
	f := writeFacts(c)
	p.put(Fact{Conversation: &f})
	return p.messages(ctx, c.ID, "")
}

// messages adds a conversation's messages after one.
func (p *factsPage) messages(ctx context.Context, conversation, after string) (whole bool, _ error) {
	for {
		ms, more, err := p.Messages.Forward(ctx, p.account, conversation, after, 50)
		if err != nil {
			return false, err
		}
		for i, m := range ms {
			if err := p.message(ctx, m); err != nil {
				return false, err
			}
			if p.last = m.ID; p.full() {
				return !more && i == len(ms)-1, nil
			}
		}
		if !more {
			return true, nil
		}
		after = p.last
	}
}

// message adds a message with its whole contents, as far as a page can have them.
func (p *factsPage) message(ctx context.Context, m store.Message) error {
	f := MessageFacts{ConversationID: m.Conversation, ID: m.ID, ChannelID: m.Channel, TakenInAt: m.TakenIn, Stranger: m.Stranger, MessageContent: writeContent(m.Message)}
	for i := range f.Attachments {
		f.Attachments[i].ID = ""
	}
	fact := Fact{Message: &f}
	for _, of := range []struct {
		content store.Content
		text    *string
		left    *bool
	}{{store.Subject, &f.Subject, &fact.SubjectLeft}, {store.Text, &f.Text, &fact.TextLeft}, {store.HTML, &f.HTML, &fact.HTMLLeft}} {
		switch size := m.Sizes[of.content]; {
		case size == int64(len(*of.text)):
		case size > pageSize/4:
			*of.left, *of.text = true, ""
		default:
			b, err := p.Messages.Body(ctx, p.account, m.Conversation, m.ID, of.content)
			if err != nil {
				return err
			}
			if *of.text, err = b.Read(ctx, 0, int(b.Size)); err != nil {
				return err
			}
		}
	}
	p.put(fact)
	return nil
}

func (p *factsPage) put(f Fact) {
	p.l.Items = append(p.l.Items, f)
	p.size += jsonSize(f)
}
