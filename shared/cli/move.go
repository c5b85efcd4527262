package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"deskmove/shared/client"
)

type moveCmd struct {
	remote `embed:""`

	Channel        string   `required:"" placeholder:"C" help:"The channel to move."`
	History        string   `required:"" enum:"all,none" placeholder:"all|none" help:"Take the channel's conversations along, or leave them behind for good."`
	OpenStatus     string   `placeholder:"S" help:"With history: ticket status of open conversations."`
	ClosedStatus   string   `placeholder:"T" help:"With history: ticket status of closed conversations, of the same pipeline."`
	SLA            string   `name:"sla" enum:"from-move,original,none," default:"" placeholder:"MODE" help:"From when the clocks of history count: from-move (usual), original or none."`
	Notifications  string   `enum:"quiet,digest,all," default:"" placeholder:"MODE" help:"What agents hear of history: quiet (usual), digest or all. Live conversations always notify."`
	Ack            []string `placeholder:"CODE" help:"A warning of the plan that you have read, by its code. May be repeated."`
	Rehearsal      bool     `help:"Run the whole move without writing anything but its report."`
	IdempotencyKey string   `placeholder:"KEY" help:"Starts one move, however often the command is repeated with it."`
	Watch          bool     `help:"Show progress until the end, then the report."`
}

func (moveCmd) Help() string {
	return `A move cannot be stopped, undone or repeated. See "plan" first, and run with --rehearsal to know exactly what will become
of every conversation:

  deskmove move --channel support --history all --open-status new --closed-status solved --rehearsal --watch

Leaving --watch with Ctrl-C disturbs nothing; "status MOVE" shows how far it is.
Exit code: 0 when started, or with --watch when done; 2 with --watch when conversations failed (see "retry"); 1 on an error.`
}

func (m moveCmd) Run(ctx context.Context, c *call) error {
	api, err := m.client()
	if err != nil {
		return err
	}
	key := m.IdempotencyKey
	if key == "" { // so that a request whose answer was lost can be repeated
		key = rand.Text()
	}
	wish := client.NewMove{
		ChannelID: m.Channel, History: m.History, SLA: m.SLA, Notifications: m.Notifications, Acknowledged: m.Ack, Rehearsal: m.Rehearsal,
	}
	if m.OpenStatus != "" || m.ClosedStatus != "" {
		wish.StatusMap = &client.StatusMap{Open: m.OpenStatus, Closed: m.ClosedStatus}
	}
	started, err := api.StartMove(ctx, wish, key)
	if err != nil {
		return explain(err, m.Ack)
	}
	if !m.Watch {
		return c.print(started, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "move %s of channel %s is %s; \"%s status %s --watch\" shows how far it is\n",
				started.ID, started.ChannelID, started.Status, program(), started.ID)
		})
	}
	if !c.json {
		if _, err := fmt.Fprintf(c.stdout, "move %s of channel %s\n", started.ID, started.ChannelID); err != nil {
			return err
		}
	}
	return watch(ctx, c, api, started.ID)
}

// explain adds to a refusal how to acknowledge its warnings here.
func explain(err error, given []string) error {
	var p *client.Problem
	if !errors.As(err, &p) || len(p.Warnings) == 0 || len(p.Blockers) > 0 {
		return err
	}
	acks := slices.Clone(given)
	for _, w := range p.Warnings {
		acks = append(acks, w.Code)
	}
	return fmt.Errorf("%w\nhaving read them, repeat the command with --ack %s", err, strings.Join(acks, ","))
}
