package api

import (
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// read returns the setup that was sent. What does not fit together is for the
// rules to find; here, durations that cannot be read are *desk.InvalidErrors.
func (w Setup) read() (desk.Setup, error) {
	id := w.Account.ID
	s := desk.Setup{Account: desk.Account{ID: id, Name: w.Account.Name, Plan: desk.Plan(w.Account.Plan), Zone: w.Account.Zone}}
	for _, a := range w.Agents {
		s.Agents = append(s.Agents, desk.Agent{ID: a.ID, Name: a.Name, Email: a.Email, Role: desk.Role(a.Role), HelpDesk: a.HelpDesk})
	}
	for _, t := range w.Teams {
		s.Teams = append(s.Teams, desk.Team{ID: t.ID, Name: t.Name, Agents: t.Agents})
	}
	for _, c := range w.Connectors {
		s.Connectors = append(s.Connectors, desk.Connector{ID: c.ID, Name: c.Name, Channels: c.Channels})
	}
	for _, p := range w.Pipelines {
		s.Pipelines = append(s.Pipelines, p.read())
	}
	var errs []error
	for i, p := range w.Policies {
		read, err := p.read(fmt.Sprintf("policies[%d]", i))
		errs = append(errs, err)
		s.Policies = append(s.Policies, read)
	}
	for _, c := range w.Channels {
		s.Channels = append(s.Channels, c.read(id))
	}
	return s, errors.Join(errs...)
}

// Check returns what the API would refuse in a setup; joined *desk.InvalidErrors.
func (w Setup) Check() error {
	s, err := w.read()
	if err != nil {
		return err
	}
	return s.Check()
}

// Changes says what differs between two setups: kind by kind, and then which roles and
// whose help desk access were given and taken.
func Changes(old, is Setup) ([]string, error) {
	a, err := old.read()
	b, err2 := is.read()
	lines := b.ChangesSince(a)
	for _, e := range (desk.Caller{}).SetupEntries(a, b, time.Time{}) {
		if e.Action != desk.ActionSetup {
			lines = append(lines, e.Action+" "+e.Detail)
		}
	}
	return lines, errors.Join(err, err2)
}

func (w Pipeline) read() desk.Pipeline {
	p := desk.Pipeline{ID: w.ID, Name: w.Name}
	for _, st := range w.Statuses {
		p.Statuses = append(p.Statuses, desk.PipelineStatus{ID: desk.Status(st.ID), Name: st.Name, Closed: st.Closed})
	}
	return p
}

func (w Policy) read(at string) (desk.Policy, error) {
	p := desk.Policy{ID: w.ID, Name: w.Name, Channels: w.Channels, Schedule: w.Schedule.read()}
	for _, st := range w.Statuses {
		p.Statuses = append(p.Statuses, desk.Status(st))
	}
	var errs [3]error
	p.FirstReply, errs[0] = w.FirstReply.read(at + ".firstReply")
	p.NextReply, errs[1] = w.NextReply.read(at + ".nextReply")
	p.Close, errs[2] = w.Close.read(at + ".close")
	return p, errors.Join(errs[:]...)
}

func (w Schedule) read() desk.Schedule {
	s := desk.Schedule{Zone: w.Zone, Holidays: w.Holidays}
	for _, h := range w.Weekly {
		s.Weekly = append(s.Weekly, desk.Hours{Day: weekdays[h.Day], From: h.From, To: h.To})
	}
	return s
}

// weekdays by their names in JSON.
var weekdays = map[string]time.Weekday{
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
	"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
}

func (w ChannelSetup) read(account string) desk.Channel {
	c := desk.Channel{
		Account: account, ID: w.ID, Name: w.Name, Type: desk.ChannelType(w.Type), Address: w.Address, Fallback: w.Fallback,
		Connected: w.Connected, Settings: w.Settings,
	}
	if w.Bot != nil {
		c.Bot = &desk.Bot{CreatesTickets: w.Bot.CreatesTickets, UsesInbox: w.Bot.UsesInbox}
		for _, t := range w.Bot.HandsOverTo {
			c.Bot.HandsOverTo = append(c.Bot.HandsOverTo, desk.Target{Agent: t.Agent, Team: t.Team})
		}
	}
	return c
}

// Duration is written as Go writes it, less its zeros: 4h, not 4h0m0s.
type Duration string

func (w Duration) read(field string) (time.Duration, error) {
	if w == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(string(w))
	if err != nil {
		return 0, &desk.InvalidError{Field: field, Code: codeNotADuration, Params: desk.Params{"value": desk.Truncate(string(w), 40)},
			Problem: fmt.Sprintf("%.40q is not a duration", string(w)), Remedy: "write it as 30m, 4h or 1h30m"}
	}
	return d, nil
}
