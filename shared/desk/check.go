package desk

import (
	"fmt"
	"strings"
)

// Check reports all that is wrong with s, each as an *InvalidError with the
// path of its field, such as "channels[2].settings.routing.agents[0]"; nil
// if nothing is.
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
		errs.unique(at+".id", a.ID, ids)
		_, err := parse(at+".role", string(a.Role), SuperAdmin, AgentRole)
		errs.check(err)
		if a.Email != "" {
			errs.once(at+".email", strings.ToLower(a.Email), emails)
		}
	}
}

func (s Setup) checkTeams(errs *problems) {
	ids := map[string]bool{}
	for i, t := range s.Teams {
		at := fmt.Sprintf("teams[%d]", i)
		errs.unique(at+".id", t.ID, ids)
		s.checkAgentIDs(errs, at+".agents", t.Agents)
	}
}

func (s Setup) checkAgentIDs(errs *problems, field string, agents []string) {
	for i, id := range agents {
		_, ok := s.Agent(id)
		errs.known(fmt.Sprintf("%s[%d]", field, i), "agent", id, ok)
	}
}

func (s Setup) checkPipelines(errs *problems) {
	ids, statuses := map[string]bool{}, map[string]bool{}
	for i, p := range s.Pipelines {
		at := fmt.Sprintf("pipelines[%d]", i)
		errs.unique(at+".id", p.ID, ids)
		for j, st := range p.Statuses {
			errs.unique(fmt.Sprintf("%s.statuses[%d].id", at, j), string(st.ID), statuses)
		}
		if p.first(false) == "" || p.first(true) == "" {
			errs.add(at+".statuses", "an open or a closed status is missing", "give it at least one of each")
		}
	}
}

func (s Setup) checkPolicies(errs *problems) {
	ids := map[string]bool{}
	for i, p := range s.Policies {
		at := fmt.Sprintf("policies[%d]", i)
		errs.unique(at+".id", p.ID, ids)
		for j, id := range p.Channels {
			_, ok := s.Channel(id)
			errs.known(fmt.Sprintf("%s.channels[%d]", at, j), "channel", id, ok)
		}
		for j, id := range p.Statuses {
			_, _, ok := s.Status(id)
			errs.known(fmt.Sprintf("%s.statuses[%d]", at, j), "status", string(id), ok)
		}
		_, err := p.promise(at, s.Account.Zone)
		errs.check(err)
	}
}
