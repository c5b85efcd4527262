package desk

import "slices"

// Setup is the part of an account's configuration that moves and tickets
// depend on. Order matters: the first matching policy applies, and the first
// pipeline is the default.
type Setup struct {
	Account    Account
	Agents     []Agent
	Teams      []Team
	Connectors []Connector
	Pipelines  []Pipeline
	Policies   []Policy
	Channels   []Channel

	Version string // which of the account's setups it is; "" before it is stored
}

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

// Status returns the ticket status with that ID and its pipeline.
func (s Setup) Status(id Status) (PipelineStatus, Pipeline, bool) {
	for _, p := range s.Pipelines {
		if i := slices.IndexFunc(p.Statuses, func(st PipelineStatus) bool { return st.ID == id }); i >= 0 {
			return p.Statuses[i], p, true
		}
	}
	return PipelineStatus{}, Pipeline{}, false
}

// Access returns the set of agents who have help desk access. A move stores it
// at its fence, because the owner of a ticket must not depend on when its
// conversation happens to be converted.
func (s Setup) Access() map[string]bool {
	access := make(map[string]bool, len(s.Agents))
	for _, a := range s.Agents {
		if a.HelpDesk {
			access[a.ID] = true
		}
	}
	return access
}

// ConnectedChannels returns the channels that share conversations with c (R14):
// for a form its e-mail channel, for an e-mail channel the forms answered
// through it.
func (s Setup) ConnectedChannels(c Channel) []Channel {
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

// RoutedAgents returns the agents of r, then the members of its team, without
// duplicates. An unknown team has no members; Check reports it.
func (s Setup) RoutedAgents(r Routing) []string {
	ids := slices.Clone(r.Agents)
	if team, ok := s.Team(r.Team); ok {
		ids = append(ids, team.Agents...)
	}
	seen := make(map[string]bool, len(ids))
	var once []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	return once
}

// withoutAccess returns the agents among ids who lack help desk access, in
// order and without duplicates.
func (s Setup) withoutAccess(ids []string) []string {
	access, seen := s.Access(), make(map[string]bool, len(ids))
	var without []string
	for _, id := range ids {
		if !access[id] && !seen[id] {
			seen[id] = true
			without = append(without, id)
		}
	}
	return without
}

// MayMove returns a *RefusedError unless the agent is a super administrator
// (R1). The setup must be current, because the agent may have lost the role
// after their token was issued.
func (s Setup) MayMove(agentID string) error {
	if a, ok := s.Agent(agentID); ok && a.Role == SuperAdmin {
		return nil
	}
	return &RefusedError{Code: CodeNotSuperAdmin, Problem: "only a super administrator of the account may move a channel",
		Remedy: "ask a super administrator to start the move"}
}
