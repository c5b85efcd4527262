package demo

import (
	"context"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"deskmove/shared/cli/traffic"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// Moved is the channel that the demo moves.
const Moved = "support-mail"

// Account is the sample's account, as the API takes it, and as far as traffic
// must know it.
func Account(id string) (json.RawMessage, desk.Setup, error) { return ReadAccount(accountYAML, id) }

// ReadAccount reads an account's file, which need not say whose it is.
func ReadAccount(file []byte, id string) (json.RawMessage, desk.Setup, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(file, &doc); err != nil {
		return nil, desk.Setup{}, fmt.Errorf("account %s: %w", id, err)
	}
	about, ok := doc["account"].(map[string]any)
	if !ok {
		return nil, desk.Setup{}, fmt.Errorf("account %s: its file holds no account", id)
	}
	about["id"] = id
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, desk.Setup{}, err
	}
	var s struct {
		Agents    []desk.Agent
		Pipelines []desk.Pipeline
		Channels  []desk.Channel
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, desk.Setup{}, fmt.Errorf("account %s: %w", id, err)
	}
	return raw, desk.Setup{
		Account: desk.Account{ID: id}, Agents: s.Agents, Pipelines: s.Pipelines, Channels: s.Channels,
	}, nil
}

// Loaded is a thread of the sample that is in deskmove.
type Loaded struct {
	Thread

	Conversation desk.Conversation // as far as traffic must know it
}

// Load takes threads in, some at a time, and makes of each what the sample's
// agents made of it. Seen hears of every message.
func Load(ctx context.Context, api *client.Client, threads []Thread, seen func()) ([]Loaded, error) {
	loaded := make([]Loaded, len(threads))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i, t := range threads {
		g.Go(func() error {
			c, err := load(ctx, api, t, seen)
			if err != nil {
				return fmt.Errorf("sample conversation %d: %w", i, err)
			}
			loaded[i] = Loaded{t, c}
			return nil
		})
	}
	return loaded, g.Wait()
}

func load(ctx context.Context, api *client.Client, t Thread, seen func()) (desk.Conversation, error) {
	c := desk.Conversation{Channel: t.Messages[0].Channel, Home: desk.Inbox}
	channels := traffic.HTTPAPI{Connector: api, Agent: api}
	for _, m := range t.Messages {
		m.Conversation = c.ID
		posted, err := channels.Post(ctx, m, nil)
		if err != nil {
			return c, err
		}
		c.ID = posted.Conversation
		seen()
	}
	var e desk.Edit
	if t.Owner != "" {
		e.Owner = &t.Owner
	}
	if t.Closed {
		e.Status = new(desk.Closed)
	}
	if e != (desk.Edit{}) {
		if err := api.EditConversation(ctx, c.ID, e); err != nil {
			return c, err
		}
	}
	if t.Ticket != "" {
		if _, err := api.NewTicket(ctx, c.ID, string(t.Ticket)); err != nil {
			return c, err
		}
		c.Ticket = desk.Ticket{Status: t.Ticket, Provenance: desk.Native}
	}
	return c, nil
}
