package api

import (
	"context"
	"net/http"

	"deskmove/shared/admin"
	"deskmove/shared/desk"
)

func (r *routes) repair() {
	add(r, operation{
		id: "repair-channel", method: http.MethodPost, path: "/v1/channels/{id}/repair", tag: tagChannels, roles: everyone, audits: desk.ActionRepair, status: http.StatusAccepted,
		summary: "Compare a moved channel again",
		description: "Looks at all conversations of a channel whose move has ended, at attention too, and lands those that should have and " +
			"have not, such as after a change was lost on its way. What came in during the last day is compared daily without this. Only a super " +
			"administrator may start it. While one runs, another request answers with that one. What it found is in the audit log.",
		problems: []error{
			&desk.RefusedError{Code: desk.CodeNotSuperAdmin, Problem: "only a super administrator of the account moves a channel",
				Remedy: "ask a super administrator"},
			&desk.RefusedError{Code: desk.CodeNotMoved, Problem: "the channel is in the inbox, and only what has moved can be repaired", Remedy: "move the channel"},
			&admin.RunningError{Move: exampleMove},
		},
	}, r.api.repairChannel)
}

// Repair is a comparison of a moved channel.
type Repair struct {
	ID        string `json:"id" example:"repair-1795000000000"`
	ChannelID string `json:"channelId" example:"support-mail"`
	MoveID    string `json:"moveId" example:"m1795000000000a1b2c3d4" doc:"The channel's move, by whose rules it lands."`
	Running   bool   `json:"running" doc:"It had been started before."`
}

func (a *api) repairChannel(ctx context.Context, c desk.Admitted, in *channelInput) (*body[Repair], error) {
	r, err := a.Repairer.Repair(ctx, c.Caller, in.ID)
	if err != nil {
		return nil, err
	}
	return &body[Repair]{Repair{r.ID, r.Channel, r.Move, r.Running}}, nil
}
