package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"deskmove/shared/desk"
)

func (r *routes) channels() {
	add(r, operation{
		id: "list-channels", method: http.MethodGet, path: "/v1/channels", tag: tagChannels, roles: everyone,
		summary: "List the channels", description: "All channels of the account in the order of its setup, and where each lives.",
	}, r.api.listChannels)
	add(r, operation{
		id: "get-channel", method: http.MethodGet, path: "/v1/channels/{id}", tag: tagChannels, roles: everyone,
		summary: "Read a channel", description: "Where the channel lives, and whether it may move.",
	}, r.api.getChannel)
	add(r, operation{
		id: "plan-move", method: http.MethodGet, path: "/v1/channels/{id}/plan", tag: tagMoves, roles: admins,
		summary: "See what a move would meet",
		description: "What makes the move impossible, what to know before it starts, when to start it, how long it takes and what it " +
			"costs on AWS. Nothing is written. With the statuses given it also says how many tickets would breach at once if " +
			"clocks counted from the original times.",
	}, r.api.getPlan)
	r.repair()
}

func (a *api) listChannels(ctx context.Context, c desk.Caller, _ *struct{}) (*body[list[Channel]], error) {
	setup, err := a.Setups.Setup(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	l := list[Channel]{Items: make([]Channel, len(setup.Channels))}
	for i, c := range setup.Channels {
		l.Items[i] = writeChannel(setup.Account, c)
	}
	return &body[list[Channel]]{l}, nil
}

type channelInput struct {
	ID string `path:"id" example:"support-mail" doc:"ID of the channel."`
}

func (a *api) getChannel(ctx context.Context, c desk.Caller, in *channelInput) (*body[Channel], error) {
	setup, err := a.Setups.Setup(ctx, c.Account)
	if err != nil {
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
	Refusal   *Finding  `json:"refusal,omitempty" doc:"Why it cannot move; absent if it may. The plan looks closer."`
}

func writeChannel(account desk.Account, c desk.Channel) Channel {
	w := Channel{
		ID: c.ID, Name: c.Name, Type: string(c.Type), Address: c.Address, Fallback: c.Fallback, Connected: c.Connected,
		HasBot: c.Bot != nil, Home: string(c.Home), FenceAt: c.FenceAt, MoveID: c.Move,
	}
	for _, err := range []error{account.MayUseDesk(), c.Movable()} {
		if refused, ok := errors.AsType[*desk.RefusedError](err); ok {
			w.Refusal = &Finding{Code: refused.Code, Problem: refused.Problem, Remedy: refused.Remedy}
		}
	}
	return w
}
