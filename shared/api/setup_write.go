package api

import (
	"strings"
	"time"

	"deskmove/shared/desk"
)

func writeSetup(s desk.Setup) Setup {
	w := Setup{Account: Account{s.Account.ID, s.Account.Name, string(s.Account.Plan), s.Account.Zone}}
	for _, a := range s.Agents {
		w.Agents = append(w.Agents, Agent{a.ID, a.Name, a.Email, string(a.Role), a.HelpDesk})
	}
	for _, t := range s.Teams {
		w.Teams = append(w.Teams, Team{t.ID, t.Name, t.Agents})
	}
	for _, c := range s.Connectors {
		w.Connectors = append(w.Connectors, Connector{c.ID, c.Name, c.Channels})
	}
	for _, p := range s.Pipelines {
		w.Pipelines = append(w.Pipelines, writePipeline(p))
	}
	for _, p := range s.Policies {
		w.Policies = append(w.Policies, writePolicy(p))
	}
	for _, c := range s.Channels {
		w.Channels = append(w.Channels, writeChannelSetup(c))
	}
	return w
}

func writePipeline(p desk.Pipeline) Pipeline {
	w := Pipeline{ID: p.ID, Name: p.Name, Statuses: []Status{}}
	for _, st := range p.Statuses {
		w.Statuses = append(w.Statuses, Status{string(st.ID), st.Name, st.Closed})
	}
	return w
}

func writePolicy(p desk.Policy) Policy {
	w := Policy{
		ID: p.ID, Name: p.Name, Channels: p.Channels, Schedule: Schedule{Zone: p.Schedule.Zone, Holidays: p.Schedule.Holidays},
		FirstReply: writeDuration(p.FirstReply), NextReply: writeDuration(p.NextReply), Close: writeDuration(p.Close),
	}
	for _, st := range p.Statuses {
		w.Statuses = append(w.Statuses, string(st))
	}
	for _, h := range p.Schedule.Weekly {
		w.Schedule.Weekly = append(w.Schedule.Weekly, Hours{strings.ToLower(h.Day.String()), h.From, h.To})
	}
	return w
}

func writeChannelSetup(c desk.Channel) ChannelSetup {
	w := ChannelSetup{
		ID: c.ID, Name: c.Name, Type: string(c.Type), Address: c.Address, Fallback: c.Fallback, Connected: c.Connected,
		Settings: c.Settings,
	}
	if c.Bot != nil {
		w.Bot = &Bot{CreatesTickets: c.Bot.CreatesTickets, UsesInbox: c.Bot.UsesInbox}
		for _, t := range c.Bot.HandsOverTo {
			w.Bot.HandsOverTo = append(w.Bot.HandsOverTo, Target{t.Agent, t.Team})
		}
	}
	return w
}

func writeDuration(d time.Duration) Duration {
	if d == 0 {
		return ""
	}
	s := d.String()
	for _, zero := range [...]string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return Duration(s)
}
