package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/progress"
)

func (r *routes) notices() {
	add(r, operation{
		id: "list-notices", method: http.MethodGet, path: "/v1/notices", tag: tagMoves, roles: everyone,
		summary: "Which channels are moving?",
		description: "The banners that everyone in the account sees while a channel moves: which channel, since when, how far. " +
			"Empty when none does. A move at attention keeps its banner until what failed has been settled.",
	}, r.api.listNotices)
}

// notice is a banner: a channel is moving.
type notice struct {
	ChannelID   string    `json:"channelId" example:"support-mail"`
	ChannelName string    `json:"channelName" example:"Support mail"`
	MoveID      string    `json:"moveId" example:"m1795000000000a1b2c3d4"`
	Status      string    `json:"status" enum:"starting,running,attention" example:"running"`
	Since       time.Time `json:"since"`
	Percent     int       `json:"percent" minimum:"0" maximum:"100" example:"42" doc:"How far it is."`
	ETASeconds  *int64    `json:"etaSeconds,omitempty" example:"95" doc:"Seconds until it has ended, as etaSeconds of a move, but by when it looked last at how far it is."`
}

func (a *api) listNotices(ctx context.Context, c desk.Admitted, _ *struct{}) (*polled[list[notice]], error) {
	found, err := a.Monitor.Notices(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(n progress.Notice) bool { return !c.MayUse(n.Channel.ID) })
	l := list[notice]{Items: make([]notice, len(found))}
	for i, n := range found {
		l.Items[i] = notice{
			ChannelID: n.Channel.ID, ChannelName: n.Channel.Name, MoveID: n.Move.ID, Status: string(n.Move.Status),
			Since: n.Since, Percent: n.Percent, ETASeconds: writeLeft(n.Left),
		}
	}
	after := pollIdle
	if len(found) > 0 {
		after = pollNotice
	}
	return &polled[list[notice]]{after, l}, nil
}
