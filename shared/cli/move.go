package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"deskmove/shared/api"
	"deskmove/shared/client"
)

type moveCmd struct {
	remote `embed:""`

	Channel        string   `required:"" placeholder:"C" help:"The channel to move."`
	History        string   `required:"" enum:"all,none" placeholder:"all|none" help:"Move the channel's conversations too, or leave them in the inbox permanently."`
	OpenStatus     string   `placeholder:"S" help:"With history: ticket status of open conversations."`
	ClosedStatus   string   `placeholder:"T" help:"With history: ticket status of closed conversations, from the same pipeline."`
	SLA            string   `name:"sla" enum:"from-move,original,none," default:"" placeholder:"MODE" help:"When SLA clocks of existing conversations start: from-move (usual), original or none."`
	Notifications  string   `enum:"quiet,digest,all," default:"" placeholder:"MODE" help:"How agents are notified of existing conversations: quiet (usual), digest or all. New conversations always notify."`
	Ack            []string `placeholder:"CODE" help:"Acknowledge a warning of the plan by its code. May be repeated."`
	Rehearsal      bool     `help:"Run the whole move, but write nothing except its report."`
	IdempotencyKey string   `placeholder:"KEY" help:"Repeating the command with the same key starts only one move."`
	Watch          bool     `help:"Show progress until the move ends, then the report."`
}

func (moveCmd) Help() string {
	return `A move cannot be stopped, undone or repeated. Run "plan" first, then a --rehearsal to know exactly what will happen to
every conversation:

  deskmove move --channel support --history all --open-status new --closed-status solved --rehearsal --watch

Ctrl-C during --watch does not affect the move; "status MOVE" shows its progress.
Exit code: 0 when started, or with --watch when done; 2 with --watch when conversations failed (see "retry"); 1 on an error;
130 when Ctrl-C ended the watching.`
}

func (m moveCmd) Run(ctx context.Context, c *call) error {
	server, err := m.client(c)
	if err != nil {
		return err
	}
	key := m.IdempotencyKey
	if key == "" { // so that a request whose answer was lost can be repeated
		key = rand.Text()
	}
	started, err := server.StartMove(ctx, api.NewMove{
		ChannelID: m.Channel, History: m.History, StatusMap: api.StatusMap{Open: m.OpenStatus, Closed: m.ClosedStatus},
		SLA: m.SLA, Notifications: m.Notifications, Acknowledged: m.Ack, Rehearsal: m.Rehearsal,
	}, key)
	if err != nil && !c.json {
		err = withFlags(err)
	}
	if err != nil {
		return explain(err, m.Ack)
	}
	if !m.Watch {
		return c.print(started, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "move %s of channel %s is %s; \"%s status %s --watch\" shows its progress\n",
				started.ID, started.ChannelID, started.Status, program(), started.ID)
		})
	}
	if !c.json {
		if _, err := fmt.Fprintf(c.stdout, "move %s of channel %s\n", started.ID, started.ChannelID); err != nil {
			return err
		}
	}
	return watch(ctx, c, server, started.ID)
}

// flags are the flags of move that stand for fields of the request.
var flags = map[string]string{
	"channelId": "--channel", "history": "--history", "statusMap": "--open-status, --closed-status", "statusMap.open": "--open-status",
	"statusMap.closed": "--closed-status", "sla": "--sla", "notifications": "--notifications", "acknowledged": "--ack",
	"rehearsal": "--rehearsal", "Idempotency-Key": "--idempotency-key",
}

// withFlags names fields of the request as people gave them: by their flags.
func withFlags(err error) error {
	var p *client.Problem
	if errors.As(err, &p) {
		for i, e := range p.Errors {
			field, _, _ := strings.Cut(e.Field, "[")
			if flag := flags[field]; flag != "" {
				p.Errors[i].Field = flag
			}
		}
	}
	return err
}

// explain adds the --ack flags to a refusal that is due to warnings.
func explain(err error, given []string) error {
	var p *client.Problem
	if !errors.As(err, &p) || len(p.Warnings) == 0 || len(p.Blockers) > 0 {
		return err
	}
	acks := slices.Clone(given)
	for _, w := range p.Warnings {
		acks = append(acks, w.Code)
	}
	return fmt.Errorf("%w\nonce you have read them, repeat the command with --ack %s", err, strings.Join(acks, ","))
}
