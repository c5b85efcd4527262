package desk

import "slices"

// Agent returns the agent with that ID.
func (s Setup) Agent(id string) (Agent, bool) {
	i := slices.IndexFunc(s.Agents, func(a Agent) bool { return a.ID == id })
	if i < 0 {
		return Agent{}, false
	}
	return s.Agents[i], true
}

// Team returns the team with that ID.
func (s Setup) Team(id string) (Team, bool) {
	i := slices.IndexFunc(s.Teams, func(t Team) bool { return t.ID == id })
	if i < 0 {
		return Team{}, false
	}
	return s.Teams[i], true
}

// Channel returns the channel with that ID.
func (s Setup) Channel(id string) (Channel, bool) {
	i := slices.IndexFunc(s.Channels, func(c Channel) bool { return c.ID == id })
	if i < 0 {
		return Channel{}, false
	}
	return s.Channels[i], true
}

// Status returns the ticket status with that ID and the pipeline it is of.
func (s Setup) Status(id Status) (PipelineStatus, Pipeline, bool) {
	for _, p := range s.Pipelines {
		if i := slices.IndexFunc(p.Statuses, func(st PipelineStatus) bool { return st.ID == id }); i >= 0 {
			return p.Statuses[i], p, true
		}
	}
	return PipelineStatus{}, Pipeline{}, false
}

// Access returns the IDs of the agents who have help desk access. The fence
// takes it as a snapshot, so that an owner does not depend on the minute in
// which a conversation was converted.
func (s Setup) Access() map[string]bool {
	access := make(map[string]bool, len(s.Agents))
	for _, a := range s.Agents {
		if a.HelpDesk {
			access[a.ID] = true
		}
	}
	return access
}

// Connected returns the channels which share conversations with c (R14): of
// a form its e-mail channel, of an e-mail channel the forms answered by it.
func (s Setup) Connected(c Channel) []Channel {
	var with []Channel
	for _, other := range s.Channels {
		answers := c.Type == Form && other.ID == c.Connected
		answered := c.Type == Email && other.Type == Form && other.Connected == c.ID
		if answers || answered {
			with = append(with, other)
		}
	}
	return with
}

// Routed returns the IDs of the agents whom r names, in its order: its
// agents, then the members of its team, nobody twice. Of a team that does
// not exist nobody is a member; Setup.Check refuses such a routing.
func (s Setup) Routed(r Routing) []string {
	ids := slices.Clone(r.Agents)
	if team, ok := s.Team(r.Team); ok {
		ids = append(ids, team.Agents...)
	}
	var once []string
	for _, id := range ids {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

// first returns the first status of p that is closed, or open; "" if there
// is none.
func (p Pipeline) first(closed bool) Status {
	for _, s := range p.Statuses {
		if s.Closed == closed {
			return s.ID
		}
	}
	return ""
}
