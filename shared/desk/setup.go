package desk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Setup is the part of an account's configuration that moves and tickets
// depend on. Order matters: the first matching policy applies, and the first
// pipeline is the default.
type Setup struct {
	Account   Account
	Agents    []Agent
	Teams     []Team
	Pipelines []Pipeline
	Policies  []Policy
	Channels  []Channel
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
	var once []string
	for _, id := range ids {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

// withoutAccess returns the agents among ids who lack help desk access, in
// order and without duplicates.
func (s Setup) withoutAccess(ids []string) []string {
	var without []string
	for _, id := range ids {
		if a, _ := s.Agent(id); !a.HelpDesk && !slices.Contains(without, id) {
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

// Check returns all errors in s, joined. Each is an *InvalidError with the path
// of its field, such as "channels[2].settings.routing.agents[0]".
func (s Setup) Check() error {
	var errs problems
	errs.check(CheckID("account.id", s.Account.ID))
	_, err := ParsePlan("account.plan", string(s.Account.Plan))
	errs.check(err)
	errs.zone("account.zone", s.Account.Zone)
	s.checkAgents(&errs)
	s.checkTeams(&errs)
	s.checkPipelines(&errs)
	s.checkPolicies(&errs)
	s.checkChannels(&errs)
	return errs.join()
}

func (s Setup) checkAgents(errs *problems) {
	ids, emails := map[string]bool{}, map[string]bool{}
	for i, a := range s.Agents {
		at := fmt.Sprintf("agents[%d]", i)
		errs.checkID(at+".id", a.ID, ids)
		_, err := parse(at+".role", string(a.Role), SuperAdmin, AgentRole)
		errs.check(err)
		if a.Email != "" {
			errs.checkUnique(at+".email", strings.ToLower(a.Email), emails)
		}
	}
}

func (s Setup) checkTeams(errs *problems) {
	ids := map[string]bool{}
	for i, t := range s.Teams {
		at := fmt.Sprintf("teams[%d]", i)
		errs.checkID(at+".id", t.ID, ids)
		s.checkAgentIDs(errs, at+".agents", t.Agents)
	}
}

func (s Setup) checkAgentIDs(errs *problems, field string, agents []string) {
	for i, id := range agents {
		_, ok := s.Agent(id)
		errs.checkKnown(fmt.Sprintf("%s[%d]", field, i), "agent", id, ok)
	}
}

func (s Setup) checkPipelines(errs *problems) {
	ids, statuses := map[string]bool{}, map[string]bool{}
	for i, p := range s.Pipelines {
		at := fmt.Sprintf("pipelines[%d]", i)
		errs.checkID(at+".id", p.ID, ids)
		for j, st := range p.Statuses {
			errs.checkID(fmt.Sprintf("%s.statuses[%d].id", at, j), string(st.ID), statuses)
		}
		if p.first(false) == "" || p.first(true) == "" {
			errs.add(at+".statuses", CodeHalfPipeline, nil, "the pipeline lacks an open or a closed status", "add at least one of each")
		}
	}
}

func (s Setup) checkPolicies(errs *problems) {
	ids := map[string]bool{}
	for i, p := range s.Policies {
		at := fmt.Sprintf("policies[%d]", i)
		errs.checkID(at+".id", p.ID, ids)
		for j, id := range p.Channels {
			_, ok := s.Channel(id)
			errs.checkKnown(fmt.Sprintf("%s.channels[%d]", at, j), "channel", id, ok)
		}
		for j, id := range p.Statuses {
			_, _, ok := s.Status(id)
			errs.checkKnown(fmt.Sprintf("%s.statuses[%d]", at, j), "status", string(id), ok)
		}
		_, err := p.parse(at, s.Account.Zone)
		errs.check(err)
	}
}

func (s Setup) checkChannels(errs *problems) {
	ids := map[string]bool{}
	fallbacks := 0
	for i, c := range s.Channels {
		at := fmt.Sprintf("channels[%d]", i)
		errs.checkID(at+".id", c.ID, ids)
		_, err := ParseChannelType(at+".type", string(c.Type))
		errs.check(err)
		if c.Home != "" { // a declared channel has none yet
			_, err := ParseHome(at+".home", string(c.Home))
			errs.check(err)
		}
		if c.Fallback {
			if fallbacks++; fallbacks > 1 {
				errs.add(at+".fallback", CodeSecondFallback, nil, "the account already has a fallback address", "keep only one")
			}
			if c.Type != Email {
				errs.add(at+".fallback", CodeFallbackNoMail, nil, "only an e-mail channel can be the fallback address", "unset it")
			}
		}
		s.checkConnected(errs, at, c)
		s.checkBot(errs, at, c)
		s.checkSettings(errs, at, c)
	}
}

// checkConnected checks that only forms are connected, each to an e-mail
// channel (R14).
func (s Setup) checkConnected(errs *problems, at string, c Channel) {
	if c.Connected == "" {
		return
	}
	if c.Type != Form {
		errs.add(at+".connected", CodeConnectedNoForm, nil, "only a form can be answered through another channel", "unset it")
		return
	}
	if other, ok := s.Channel(c.Connected); !ok || other.Type != Email {
		errs.add(at+".connected", CodeConnectedNoMail, Params{"value": Truncate(c.Connected, 80)}, fmt.Sprintf("%.80q is not an e-mail channel", c.Connected),
			"name an e-mail channel of the account")
	}
}

func (s Setup) checkBot(errs *problems, at string, c Channel) {
	if c.Bot == nil {
		return
	}
	if c.Type != Chat {
		errs.add(at+".bot", CodeBotNoChat, nil, "only a chat flow can have a bot", "remove it")
	}
	for i, t := range c.Bot.HandsOverTo {
		field := fmt.Sprintf("%s.bot.handsOverTo[%d]", at, i)
		_, isAgent := s.Agent(t.Agent)
		_, isTeam := s.Team(t.Team)
		switch {
		case (t.Agent == "") == (t.Team == ""):
			errs.add(field, CodeOneTarget, nil, "it must set either agent or team", "set exactly one of them")
		case t.Agent != "":
			errs.checkKnown(field+".agent", "agent", t.Agent, isAgent)
		default:
			errs.checkKnown(field+".team", "team", t.Team, isTeam)
		}
	}
}

func (s Setup) checkSettings(errs *problems, at string, c Channel) {
	settings, err := c.ParsedSettings()
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		errs.add(at+"."+invalid.Field, invalid.Code, invalid.Params, invalid.Problem, invalid.Remedy)
		return
	}
	at += ".settings"
	s.checkAgentIDs(errs, at+".routing.agents", settings.Routing.Agents)
	if id := settings.Routing.Team; id != "" {
		_, ok := s.Team(id)
		errs.checkKnown(at+".routing.team", "team", id, ok)
	}
	if id := settings.Tickets.Status; id != "" {
		_, _, err := s.statusOf(at+".tickets.status", id, false)
		errs.check(err)
	}
}
