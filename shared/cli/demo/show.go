package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/text"
	"deskmove/shared/desk"
)

func (d *demo) describe(name string) {
	able := 0
	for _, a := range d.setup.Agents {
		if a.HelpDesk {
			able++
		}
	}
	d.say("%s: %s, %d of them with help desk access; %s; %s", name, desk.Count(len(d.setup.Agents), "agent"), able,
		desk.Count(len(d.setup.Channels), "channel"), desk.Count(len(d.setup.Pipelines), "pipeline"))
}

// perChannel counts the sample's conversations.
func (d *demo) perChannel() string {
	counts := make(map[string]int)
	for _, l := range d.loaded {
		counts[l.Conversation.Channel]++
	}
	var parts []string
	for _, c := range d.setup.Channels {
		parts = append(parts, fmt.Sprintf("%s %d", c.ID, counts[c.ID]))
	}
	return strings.Join(parts, ", ")
}

// customer names that of a conversation.
func customer(c api.Conversation) string {
	if c.CustomerName == "" {
		return c.Customer
	}
	return fmt.Sprintf("%s <%s>", c.CustomerName, c.Customer)
}

// showStory prints the history of one conversation.
func (d *demo) showStory() {
	s := d.Story
	day := func(t time.Time) string { return t.Local().Format("2 Jan 2006") }
	clock := func(t time.Time) string { return t.Local().Format("15:04:05.000") }
	d.say("%q, from %s", s.Before.Subject, customer(s.Before))
	d.say("")
	d.say("%-13s it started on %s, and an agent answered by e-mail: so it belongs to %s", day(s.Before.StartedAt), d.name(s.Before.OriginID), d.name(s.Before.ChannelID))
	d.say("%-13s %s; %s, owned by %s, in the inbox", "before", desk.Count(s.Before.MessageCount, "message"), s.Before.Status, d.agent(s.Before.Owner))
	d.say("%-13s the move starts; from %s on, new mail goes to the help desk", clock(d.Move.StartedAt), clock(d.Move.FenceAt))
	d.say("%-13s %s writes again, in the middle of the move", clock(s.RepliedAt), cmp.Or(s.Before.CustomerName, s.Before.Customer))
	d.say("%-13s the reply has reopened its ticket, %s later", clock(s.LandedAt), s.LandedAt.Sub(s.RepliedAt).Round(time.Millisecond))
	d.say("%-13s %s, none lost; ticket %s", "after", desk.Count(s.After.MessageCount, "message"), s.Ticket.ID)
	d.say("%-13s dated %s, like the conversation; status %s; %s", "", day(s.Ticket.CreatedAt), s.Ticket.Status, d.ownerNow(s.Ticket))
}

func (d *demo) ownerNow(t api.Ticket) string {
	switch {
	case t.Owner != "":
		return "owned by " + d.agent(t.Owner)
	case t.LostOwner != "":
		return "no owner, because " + d.agent(t.LostOwner) + " has no help desk access"
	}
	return "no owner"
}

func (d *demo) agent(id string) string {
	a, _ := d.setup.Agent(id)
	return cmp.Or(a.Name, id, "nobody")
}

func (d *demo) name(channel string) string {
	c, _ := d.setup.Channel(channel)
	return cmp.Or(c.Name, channel)
}

// showProof shows what was checked, and every violation.
func (d *demo) showProof() {
	d.write(func(w io.Writer) { text.Verified(w, d.Verify) })
	t, c := d.Traffic, d.Check
	d.say("")
	d.say("Traffic: %s acknowledged meanwhile: %s, %s by customers,", desk.Count(t.Changes(), "change"), desk.Count(t.Began, "new conversation"), desk.Count(t.Replies+t.Continued, "reply"))
	d.say("%s by agents, %s in the inbox and %d of tickets. Compared with the data: %s,", desk.Count(t.Answers, "answer"), desk.Count(t.Edits, "edit"), t.Tickets, desk.Count(c.Messages, "message"))
	d.say("%s, %s, %s.", desk.Count(c.Edits, "edit"), desk.Count(c.Tickets, "ticket"), desk.Count(len(c.Violations), "violation"))
	for _, v := range c.Violations {
		d.say("violation: %s", v)
	}
	if r := t.Redirect; r.Samples > 0 {
		d.say("Time from a new mail to its ticket: median %s, 99th percentile %s, maximum %s (%s).", ms(r.P50), ms(r.P99), ms(r.Max), desk.Count(r.Samples, "mail"))
	}
}

func ms(d time.Duration) string { return d.Round(time.Millisecond).String() }

// conclusion prints the verdict, and what to do next.
func (d *demo) conclusion() {
	verdict := "Every guarantee was kept."
	if !d.OK {
		verdict = "GUARANTEES WERE BROKEN: see above."
	}
	d.print(fmt.Sprintf("\n%s (%.1f s)\n", verdict, d.Seconds))
}

// stay leaves the server up while the user looks around, if asked to.
func (d *demo) stay(ctx context.Context) error {
	if d.Stay == nil {
		return nil
	}
	link, err := d.server.Link(ctx, account, "/app/moves/"+d.Move.ID)
	if err != nil {
		return err
	}
	d.print(fmt.Sprintf(`
To see the report in the console, open this within 10 minutes; it is good once:

  %s

The server runs until you press Enter or Ctrl-C.
`, link))
	d.Stay(ctx)
	return nil
}

// keep says how to look at the data that is kept.
func (d *demo) keep() {
	if !d.Keep {
		return
	}
	d.Outcome.Data = d.dir
	data := d.dir + "/data"
	d.print(fmt.Sprintf(`
The data is kept. To look around:

  %[1]s serve --data %[2]s

It prints a link that signs you in; the report is then at http://127.0.0.1:8420/app/moves/%[5]s
Or over the API, in another terminal:

  export DESKMOVE_TOKEN=$(%[1]s token --data %[2]s --account %[3]s --role %[4]s)
  api() { curl -sS -H "Authorization: Bearer $DESKMOVE_TOKEN" "http://127.0.0.1:8420/v1/$1"; }
  api moves
  api moves/%[5]s/report
  api conversations/%[6]s
  api tickets/%[7]s
  api 'tickets?status=new&limit=3'

When you are done: rm -r %[8]s
`, d.Call, data, account, desk.SuperAdmin, d.Move.ID, d.Story.Conversation, d.Story.Ticket.ID, d.dir))
}
