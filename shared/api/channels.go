package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"deskmove/shared/desk"
)

func (r *routes) channels() {
	add(r, operation{
		id: "list-channels", method: http.MethodGet, path: "/v1/channels", tag: tagChannels, roles: everyone,
		summary: "List the channels", description: "All channels of the account in the order of its setup, or of a connector its own, and where each lives. With volume it says how many " +
			"conversations each has, and how many joined it lately; these figures are up to five minutes old.",
	}, r.api.listChannels)
	add(r, operation{
		id: "get-channel", method: http.MethodGet, path: "/v1/channels/{id}", tag: tagChannels, roles: everyone,
		problems: []error{notOfConnector("mailer", "hotline")},
		summary:  "Read a channel", description: "Where the channel lives, and whether it may move.",
	}, r.api.getChannel)
	add(r, operation{
		id: "plan-move", method: http.MethodGet, path: "/v1/channels/{id}/plan", tag: tagMoves, roles: admins,
		summary: "See what a move would meet",
		description: "What makes the move impossible, what to know before it starts, when to start it, how long it takes and what it " +
			"costs on AWS. Nothing is written. A channel of up to 5,000 conversations is read. Of a larger one conversations are " +
			"counted, up to a million exactly, what is open is known, and the newest stand for the others; each figure says how " +
			"it was found, and is up to a minute old. Without history no conversation is read.",
	}, r.api.getPlan)
	r.repair()
	r.restore()
}

type channelsInput struct {
	Volume bool `query:"volume" doc:"Also count each channel's conversations."`
}

func (a *api) listChannels(ctx context.Context, c desk.Admitted, in *channelsInput) (*body[list[Channel]], error) {
	setup, err := a.Setups.Setup(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	setup.Channels = slices.DeleteFunc(setup.Channels, func(of desk.Channel) bool { return !c.MayUse(of.ID) })
	l := list[Channel]{Items: make([]Channel, len(setup.Channels))}
	for i, c := range setup.Channels {
		l.Items[i] = writeChannel(setup.Account, c)
	}
	if !in.Volume {
		return &body[list[Channel]]{l}, nil
	}
	volumes, err := a.Volumes.Of(ctx, setup)
	if err != nil {
		return nil, err
	}
	for i, v := range volumes {
		n := v.Conversations
		l.Items[i].Conversations = &ChannelCount{n.N, n.Is == desk.AtLeast, string(n.Is)}
		l.Items[i].PerDay, l.Items[i].LastAt = v.PerDay[:], v.LastAt
	}
	return &body[list[Channel]]{l}, nil
}

type channelInput struct {
	ID string `path:"id" example:"support-mail" doc:"ID of the channel."`
}

func (a *api) getChannel(ctx context.Context, c desk.Admitted, in *channelInput) (*body[Channel], error) {
	setup, err := a.Setups.Setup(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	if err := mayUse(c, in.ID); err != nil {
		return nil, err
	}
	found, ok := setup.Channel(in.ID)
	if !ok {
		return nil, fmt.Errorf("channel %s: %w", in.ID, desk.ErrNotFound)
	}
	return &body[Channel]{writeChannel(setup.Account, found)}, nil
}

// Channel is one way by which customers reach the account, and where it
// lives.
type Channel struct {
	ID        string    `json:"id" example:"support-mail"`
	Name      string    `json:"name" example:"Support mail"`
	Type      string    `json:"type" enum:"chat,email,form,calling,whatsapp,messenger" example:"email"`
	Address   string    `json:"address,omitempty" example:"support@acme.example"`
	Fallback  bool      `json:"fallback" doc:"It is the account's fallback e-mail address."`
	Connected string    `json:"connected,omitempty" example:"support-mail" doc:"Of a form: the e-mail channel by which agents answer it."`
	HasBot    bool      `json:"hasBot" doc:"It is a chat flow with a bot."`
	Home      string    `json:"home" enum:"inbox,moving,helpdesk" example:"inbox" doc:"Where it lives. It only ever goes forward."`
	FenceAt   time.Time `json:"fenceAt,omitzero" doc:"Since when new conversations go to the help desk."`
	MoveID    string    `json:"moveId,omitempty" example:"m1795000000000a1b2c3d4" doc:"The move that took it there."`
	From      string    `json:"from,omitempty" example:"acme" doc:"The account of which its conversations were brought in as they were."`
	Restoring bool      `json:"restoring,omitempty" doc:"They are being brought in, and until that has ended it cannot move."`
	Refusal   *Finding  `json:"refusal,omitempty" doc:"Why it cannot move; absent if it may. The plan looks closer."`

	Conversations *ChannelCount `json:"conversations,omitempty" doc:"Present with volume only, as are perDay and lastAt."`
	PerDay        []int64       `json:"perDay,omitempty" example:"[310,295,120,98,350,341,330,312,301,118,90,360,333,41]" doc:"How many conversations joined the channel on each of the last 14 days in the account's time zone, today's the last."`
	LastAt        time.Time     `json:"lastAt,omitzero" doc:"When the last conversation joined the channel; absent if it has none."`
}

// ChannelCount is how many conversations a channel has.
type ChannelCount struct {
	N       int64  `json:"n" example:"412306"`
	AtLeast bool   `json:"atLeast" doc:"There are more."`
	Is      string `json:"is" enum:"exact,at-least,extrapolated" example:"exact" doc:"How it was found: of more than a million, a sixteenth is counted."`
}

func writeChannel(account desk.Account, c desk.Channel) Channel {
	w := Channel{
		ID: c.ID, Name: c.Name, Type: string(c.Type), Address: c.Address, Fallback: c.Fallback, Connected: c.Connected,
		HasBot: c.Bot != nil, Home: string(c.Home), FenceAt: c.FenceAt, MoveID: c.Move,
		From: c.From, Restoring: c.Restoring,
	}
	for _, err := range []error{account.MayUseDesk(), c.Movable()} {
		if refused, ok := errors.AsType[*desk.RefusedError](err); ok {
			w.Refusal = &Finding{Code: refused.Code, Params: refused.Params, Problem: refused.Problem, Remedy: refused.Remedy}
		}
	}
	return w
}
