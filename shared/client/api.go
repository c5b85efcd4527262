package client

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"deskmove/shared/api"
	"deskmove/shared/desk"
)

// pageSize is the largest page that the API returns.
const pageSize = 1000

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	_, err := c.do(ctx, request{method: http.MethodGet, path: path, query: query}, out)
	return err
}

// paged returns a query for pages of that size.
func paged(name, value string) url.Values {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if name != "" {
		q.Set(name, value)
	}
	return q
}

// list reads a list page by page. An error ends it.
func list[T any](ctx context.Context, c *Client, path string, q url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		q := maps.Clone(q)
		for {
			var page struct {
				Items []T    `json:"items"`
				Next  string `json:"next"`
			}
			if err := c.get(ctx, path, q, &page); err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.Set("cursor", page.Next)
		}
	}
}

// Me returns the caller.
func (c *Client) Me(ctx context.Context) (m api.Me, err error) {
	return m, c.get(ctx, "/v1/me", nil, &m)
}

// Setup reads the account's setup and its version, by which it is replaced.
func (c *Client) Setup(ctx context.Context) (s api.Setup, version string, err error) {
	res, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/account"}, &s)
	if err != nil {
		return s, "", err
	}
	return s, res.Header.Get("ETag"), nil
}

// ReplaceSetup replaces the account's setup of that version, or makes its first one if
// that is "", with an api.Setup, written as JSON. If there is another, the API answers
// 412.
func (c *Client) ReplaceSetup(ctx context.Context, setup json.RawMessage, version string) (s api.Setup, err error) {
	header := map[string]string{"If-Match": version}
	if version == "" {
		header = map[string]string{"If-None-Match": "*"}
	}
	_, err = c.do(ctx, request{method: http.MethodPut, path: "/v1/account", in: setup, header: header}, &s)
	return s, err
}

// Withdraw makes the tokens of an agent or a connector good no more, or with neither
// everybody's in the account.
func (c *Client) Withdraw(ctx context.Context, of api.Withdrawal) (w api.Withdrawn, err error) {
	_, err = c.do(ctx, request{method: http.MethodPost, path: "/v1/withdrawals", in: of}, &w)
	return w, err
}

// Channels lists the channels.
func (c *Client) Channels(ctx context.Context) iter.Seq2[api.Channel, error] {
	return list[api.Channel](ctx, c, "/v1/channels", url.Values{})
}

// ChannelsWithVolume lists the channels with how many conversations each has.
func (c *Client) ChannelsWithVolume(ctx context.Context) iter.Seq2[api.Channel, error] {
	return list[api.Channel](ctx, c, "/v1/channels", url.Values{"volume": {"true"}})
}

// Channel returns a channel.
func (c *Client) Channel(ctx context.Context, id string) (v api.Channel, err error) {
	return v, c.get(ctx, "/v1/channels/"+url.PathEscape(id), nil, &v)
}

// Plan returns the plan of a channel's move.
func (c *Client) Plan(ctx context.Context, channel, history string) (p api.Plan, err error) {
	return p, c.get(ctx, "/v1/channels/"+url.PathEscape(channel)+"/plan", url.Values{"history": {history}}, &p)
}

// StartMove starts a move. The same key starts only one.
func (c *Client) StartMove(ctx context.Context, m api.NewMove, key string) (started api.ChannelMove, err error) {
	_, err = c.do(ctx, request{
		method: http.MethodPost, path: "/v1/moves", in: m, header: map[string]string{"Idempotency-Key": key},
	}, &started)
	return started, err
}

// Moves lists the moves, without their progress.
func (c *Client) Moves(ctx context.Context) iter.Seq2[api.ChannelMove, error] {
	return list[api.ChannelMove](ctx, c, "/v1/moves", paged("", ""))
}

func movePath(id string) string { return "/v1/moves/" + url.PathEscape(id) }

// Move reads a move with its progress.
func (c *Client) Move(ctx context.Context, id string) (m api.ChannelMove, err error) {
	return m, c.get(ctx, movePath(id), nil, &m)
}

// Report reads the report of a move that has ended.
func (c *Client) Report(ctx context.Context, id string) (r api.Report, err error) {
	return r, c.get(ctx, movePath(id)+"/report", nil, &r)
}

// Failures lists the conversations that a move could not convert.
func (c *Client) Failures(ctx context.Context, id string) iter.Seq2[api.Failure, error] {
	return list[api.Failure](ctx, c, movePath(id)+"/failures", paged("", ""))
}

// Retry retries the failures of a move.
func (c *Client) Retry(ctx context.Context, id string) (m api.ChannelMove, err error) {
	_, err = c.do(ctx, request{method: http.MethodPost, path: movePath(id) + "/retry"}, &m)
	return m, err
}

// Redrive sends dead letters back.
func (c *Client) Redrive(ctx context.Context) (r api.Redrive, err error) {
	_, err = c.do(ctx, request{method: http.MethodPost, path: "/v1/operations/redrive"}, &r)
	return r, err
}

// Repair compares all of a moved channel again.
func (c *Client) Repair(ctx context.Context, channel string) (r api.Repair, err error) {
	_, err = c.do(ctx, request{method: http.MethodPost, path: "/v1/channels/" + url.PathEscape(channel) + "/repair"}, &r)
	return r, err
}

// AuditHeads reads the heads of the audit log's chains.
func (c *Client) AuditHeads(ctx context.Context) (h api.AuditHeads, err error) {
	return h, c.get(ctx, "/v1/audit/heads", nil, &h)
}

// Audit lists the audit log: each chain from its newest entry to its first.
func (c *Client) Audit(ctx context.Context) iter.Seq2[api.AuditEntry, error] {
	return list[api.AuditEntry](ctx, c, "/v1/audit", paged("", ""))
}

// Conversations lists all conversations of a channel, in the inbox and in the
// help desk.
func (c *Client) Conversations(ctx context.Context, channel string) iter.Seq2[api.Conversation, error] {
	return list[api.Conversation](ctx, c, "/v1/conversations", paged("channel", channel))
}

func conversationPath(id string) string { return "/v1/conversations/" + url.PathEscape(id) }

// Conversation reads a conversation without its messages.
func (c *Client) Conversation(ctx context.Context, id string) (v api.Conversation, err error) {
	return v, c.get(ctx, conversationPath(id), nil, &v)
}

// Messages lists a conversation's messages, those written last first. Of long texts
// it has the beginning.
func (c *Client) Messages(ctx context.Context, conversation string) iter.Seq2[api.Message, error] {
	return list[api.Message](ctx, c, conversationPath(conversation)+"/messages", url.Values{})
}

// MessagePart reads the whole of a part of a message: text, html, source, subject or
// html-source.
func (c *Client) MessagePart(ctx context.Context, conversation, message, part string) (string, error) {
	path := conversationPath(conversation) + "/messages/" + url.PathEscape(message) + "/" + url.PathEscape(part)
	var whole strings.Builder
	for offset := int64(0); ; {
		var piece api.MessagePart
		if err := c.get(ctx, path, url.Values{"offset": {strconv.FormatInt(offset, 10)}}, &piece); err != nil {
			return "", err
		}
		whole.WriteString(piece.Text)
		if offset = piece.Next; offset == 0 {
			return whole.String(), nil
		}
	}
}

// edit is the body of an edit; nil leaves a field as it is.
type edit struct {
	Status *string   `json:"status,omitempty"`
	Owner  *string   `json:"owner,omitempty"`
	Tags   *[]string `json:"tags,omitempty"`
}

// EditConversation changes a conversation in the inbox.
func (c *Client) EditConversation(ctx context.Context, id string, e desk.Edit) error {
	in := edit{(*string)(e.Status), e.Owner, e.Tags}
	_, err := c.do(ctx, request{method: http.MethodPatch, path: conversationPath(id), in: in}, nil)
	return err
}

// Tickets lists the tickets of the help desk.
func (c *Client) Tickets(ctx context.Context) iter.Seq2[api.Ticket, error] {
	return list[api.Ticket](ctx, c, "/v1/tickets", paged("", ""))
}

// Ticket reads a ticket, in the inbox or in the help desk.
func (c *Client) Ticket(ctx context.Context, id string) (t api.Ticket, err error) {
	return t, c.get(ctx, "/v1/tickets/"+url.PathEscape(id), nil, &t)
}

// EditTicket changes a ticket.
func (c *Client) EditTicket(ctx context.Context, id string, e desk.TicketEdit) error {
	in := edit{(*string)(e.Status), e.Owner, e.Tags}
	_, err := c.do(ctx, request{method: http.MethodPatch, path: "/v1/tickets/" + url.PathEscape(id), in: in}, nil)
	return err
}

// NewTicket makes a ticket of a conversation in the inbox.
func (c *Client) NewTicket(ctx context.Context, conversation, status string) (t api.Ticket, err error) {
	_, err = c.do(ctx, request{
		method: http.MethodPost, path: conversationPath(conversation) + "/tickets", in: map[string]string{"status": status},
	}, &t)
	return t, err
}

// TakeMessage delivers a message that a channel received.
func (c *Client) TakeMessage(ctx context.Context, channel string, m api.NewMessage) (t api.Taken, err error) {
	_, err = c.do(ctx, request{method: http.MethodPost, path: "/v1/channels/" + url.PathEscape(channel) + "/conversations", in: m}, &t)
	return t, err
}

// AddMessage delivers a message of a conversation.
func (c *Client) AddMessage(ctx context.Context, conversation string, m api.AddedMessage) (t api.Taken, err error) {
	_, err = c.do(ctx, request{method: http.MethodPost, path: conversationPath(conversation) + "/messages", in: m}, &t)
	return t, err
}

// Facts lists a channel's conversations as they are kept, each followed by its messages.
func (c *Client) Facts(ctx context.Context, channel string) iter.Seq2[api.Fact, error] {
	return list[api.Fact](ctx, c, "/v1/channels/"+url.PathEscape(channel)+"/facts", url.Values{})
}

func restorationPath(channel string) string {
	return "/v1/channels/" + url.PathEscape(channel) + "/restoration"
}

// BeginRestoration begins to bring a channel in as it was, or goes on.
func (c *Client) BeginRestoration(ctx context.Context, channel string, of api.NewRestoration) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: restorationPath(channel), in: of}, nil)
	return err
}

// RestoreConversation brings a conversation in, and returns what has become of it.
func (c *Client) RestoreConversation(ctx context.Context, channel string, of api.RestoredConversation) (l api.Landing, err error) {
	_, err = c.do(ctx, request{method: http.MethodPost, path: restorationPath(channel) + "/conversations", in: of}, &l)
	return l, err
}

// EndRestoration says that all of a channel is in.
func (c *Client) EndRestoration(ctx context.Context, channel string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: restorationPath(channel)}, nil)
	return err
}
