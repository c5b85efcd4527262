package desk_test

import (
	"testing"
	"time"

	"deskmove/shared/desk"
)

func TestR09_ClocksOfHistory(t *testing.T) {
	now := fence.Add(time.Hour) // Monday 11:00 in Berlin
	started := time.Date(2025, 6, 4, 8, 30, 0, 0, time.UTC)
	asked, answered := started.AddDate(0, 0, 5), started.Add(time.Hour) // Monday 10:30 in Berlin
	for name, test := range map[string]struct {
		sla                           desk.SLAMode
		answered, waiting, wrote      time.Time
		closed                        bool
		firstReply, nextReply, closes time.Time
	}{
		"from the move": {sla: desk.FromMove, waiting: started,
			firstReply: now.Add(4 * time.Hour), closes: now.AddDate(0, 0, 2)},
		"from the move, a reply waits": {sla: desk.FromMove, answered: answered, waiting: asked,
			nextReply: now.Add(2 * time.Hour), closes: now.AddDate(0, 0, 2)},
		"from the move, asked since": {sla: desk.FromMove, answered: answered, waiting: now.Add(time.Hour),
			nextReply: now.Add(3 * time.Hour), closes: now.AddDate(0, 0, 2)},
		"from the move, nobody waits": {sla: desk.FromMove, answered: answered, closes: now.AddDate(0, 0, 2)},
		"from the move, closed":       {sla: desk.FromMove, waiting: started, closed: true},
		"original": {sla: desk.Original, waiting: started,
			firstReply: started.Add(4 * time.Hour), closes: started.AddDate(0, 0, 2)},
		"original, a reply waits": {sla: desk.Original, answered: answered, waiting: asked,
			nextReply: asked.Add(2 * time.Hour), closes: started.AddDate(0, 0, 2)},
		"original, closed":             {sla: desk.Original, waiting: started, closed: true},
		"none":                         {sla: desk.NoClocks, waiting: started},
		"none, a reply waits":          {sla: desk.NoClocks, answered: answered, waiting: asked},
		"none, but wrote since":        {sla: desk.NoClocks, answered: answered, waiting: now, wrote: now, nextReply: now.Add(2 * time.Hour)},
		"none, but waits and wrote":    {sla: desk.NoClocks, waiting: started, wrote: now, firstReply: fence.Add(4 * time.Hour)},
		"none, wrote, answered since":  {sla: desk.NoClocks, answered: now, wrote: now},
		"none, but wrote, closed then": {sla: desk.NoClocks, wrote: now, waiting: now, closed: true},
	} {
		t.Run(name, func(t *testing.T) {
			m, c := allOf("mail"), old()
			m.Choices.SLA = test.sla
			c.FirstReplyAt, c.WaitingSince, c.CustomerAt = test.answered, test.waiting, test.wrote
			if test.closed {
				c.Status = desk.Closed
			}
			got := ticket(t, rules(t, acme(), m), c, now).Clocks
			want := desk.Clocks{FirstReply: test.firstReply, NextReply: test.nextReply, Close: test.closes}
			if got.Policy != "" {
				want.Policy = "mail"
			}
			if got != want {
				t.Errorf("clocks are\n%+v; want\n%+v", got, want)
			}
			if want.FirstReply.IsZero() && want.NextReply.IsZero() && want.Close.IsZero() && !test.wrote.Equal(now) && got.Policy != "" {
				t.Errorf("no clock runs, but policy %q applies", got.Policy)
			}
		})
	}
}

func TestR09_NothingBreachesTheMomentItLands(t *testing.T) {
	now := fence.Add(90 * time.Minute)
	if got := ticket(t, rules(t, acme(), allOf("mail")), old(), now); got.Clocks.Breached(now) {
		t.Errorf("%+v is past at %s", got.Clocks, now)
	}
	m := allOf("mail")
	m.Choices.SLA = desk.Original
	if got := ticket(t, rules(t, acme(), m), old(), now); !got.Clocks.Breached(now) {
		t.Errorf("%+v of last year is not past at %s", got.Clocks, now)
	}
}

func TestR09_BreachesAreNotedWhenItLands(t *testing.T) {
	now := fence.Add(90 * time.Minute)
	m, s, closed := allOf("mail"), acme(), old()
	m.Choices.SLA, closed.Status = desk.Original, desk.Closed
	r := rules(t, s, m)
	late := land(t, r, old(), now)
	if !late.Ticket.Breached || ticket(t, r, closed, now).Breached || ticket(t, rules(t, s, allOf("mail")), old(), now).Breached {
		t.Error("what was overdue at its landing, and only that, must say so")
	}
	late = edit(t, r, follow(t, s, r, late, desk.ByAgent, now), desk.TicketEdit{Status: ptr(desk.Status("spam"))}, now)
	if !late.Ticket.Breached {
		t.Error("it is forgotten later")
	}
	if got := land(t, r, native(), now); got.Ticket.Breached || !got.Ticket.Clocks.Breached(now) {
		t.Error("a native ticket is said to have breached by its landing")
	}
}

func TestClocksDue(t *testing.T) {
	past, future := fence.Add(-time.Second), fence.Add(time.Second)
	for name, test := range map[string]struct {
		clocks   desk.Clocks
		due      time.Time
		breached bool
	}{
		"no clocks":      {desk.Clocks{Policy: "mail"}, time.Time{}, false},
		"due now":        {desk.Clocks{FirstReply: fence}, fence, false},
		"first reply":    {desk.Clocks{FirstReply: past, NextReply: future}, past, true},
		"next reply":     {desk.Clocks{FirstReply: future, NextReply: past}, past, true},
		"close":          {desk.Clocks{FirstReply: future, Close: past}, past, true},
		"close only":     {desk.Clocks{Close: future}, future, false},
		"first of three": {desk.Clocks{FirstReply: future.Add(time.Hour), NextReply: future, Close: future.Add(time.Minute)}, future, false},
	} {
		if got := test.clocks.Due(); !got.Equal(test.due) {
			t.Errorf("%s: due %s", name, got)
		}
		if got := test.clocks.Breached(fence); got != test.breached {
			t.Errorf("%s: Breached = %v", name, got)
		}
	}
}

func TestR21_TicketsUseTheFirstPolicyThatFits(t *testing.T) {
	s := acme()
	s.Policies = append(s.Policies, desk.Policy{ID: "all", Channels: []string{"mail"}, Close: time.Hour})
	for name, test := range map[string]struct {
		channel string
		status  desk.Status
		want    string
	}{
		"the first that fits":  {"mail", "new", "mail"},
		"of another status":    {"mail", "lead", "rest"},
		"of another channel":   {"chat", "new", "rest"},
		"none for the channel": {"phone", "new", ""},
	} {
		m, c := allOf(test.channel), old()
		c.Channel, c.Origin = test.channel, test.channel
		if m.Choices.Statuses.Open = test.status; test.status == "lead" {
			m.Choices.Statuses.Closed = "won"
		}
		if got := ticket(t, rules(t, s, m), c, fence); got.Clocks.Policy != test.want {
			t.Errorf("%s: policy %q, want %q", name, got.Clocks.Policy, test.want)
		}
	}
	s.Policies = []desk.Policy{{ID: "everything", Close: time.Hour}}
	if got := ticket(t, rules(t, s, allOf("mail")), old(), fence); got.Clocks.Policy != "everything" {
		t.Errorf("policy %q, want the one for everything", got.Clocks.Policy)
	}
	s.Policies = nil
	if got := ticket(t, rules(t, s, allOf("mail")), old(), fence); got.Clocks != (desk.Clocks{}) {
		t.Errorf("without policies: %+v", got.Clocks)
	}
}
