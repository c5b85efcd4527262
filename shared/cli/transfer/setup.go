package transfer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// lacking adds to the setup what the account lacks, if that is wanted, and returns what it
// lacks otherwise, or what does not fit.
func (i *importing) lacking() (lacks []string) {
	s := &i.setup
	add := func(what, id string) bool {
		if i.options.Setup {
			i.summary.Setup = append(i.summary.Setup, what+" "+id)
		} else {
			lacks = append(lacks, what+" "+id)
		}
		return i.options.Setup
	}
	for _, a := range i.found.agents {
		if i.agents[a.ID] == a.ID && !a.Left && !has(s.Agents, a.ID, func(h api.Agent) string { return h.ID }) && i.options.Setup && add("agent", whoIs(a.Agent)) {
			s.Agents = append(s.Agents, a.Agent)
		}
	}
	for _, t := range i.found.teams {
		if i.options.Setup && !has(s.Teams, t.ID, func(h api.Team) string { return h.ID }) && add("team", t.ID) {
			of := *t
			of.Agents = i.agentsHere(t.Agents)
			s.Teams = append(s.Teams, of)
		}
	}
	lacks = append(lacks, i.pipelines(add)...)
	for _, c := range i.found.channels {
		p := i.plans[c.ID]
		needed := p.How == AsItWas || p.How == Messages || p.How == Nothing && i.options.Setup
		if _, there := i.is[c.ID]; needed && !there && add("channel", c.ID) {
			s.Channels = append(s.Channels, i.channelHere(c.ChannelSetup))
		}
	}
	policies := slices.Clone(i.found.policies)
	slices.SortStableFunc(policies, func(a, b *api.PolicyFacts) int { return cmp.Compare(a.Order, b.Order) })
	for _, p := range policies {
		if i.options.Setup && !has(s.Policies, p.ID, func(h api.Policy) string { return h.ID }) && add("policy", p.ID) {
			s.Policies = append(s.Policies, p.Policy)
		}
	}
	return lacks
}

// whoIs names an agent, and says so if they will be able to do everything: the file may be
// of somebody else.
func whoIs(a api.Agent) string {
	if a.Role == string(desk.SuperAdmin) {
		return a.ID + ", as a super administrator"
	}
	return a.ID
}

// agentsHere returns who agents of the file are here, without those who are nobody.
func (i *importing) agentsHere(ids []string) (is []string) {
	for _, id := range ids {
		if here := i.agents[id]; here != "" && !slices.Contains(is, here) {
			is = append(is, here)
		}
	}
	return is
}

// channelHere returns a channel of the file whose bot and routing name agents by their IDs
// here.
func (i *importing) channelHere(c api.ChannelSetup) api.ChannelSetup {
	if c.Bot != nil {
		bot := *c.Bot
		bot.HandsOverTo = nil
		for _, to := range c.Bot.HandsOverTo {
			if to.Agent != "" {
				to.Agent = i.agents[to.Agent]
			}
			if to != (api.Target{}) && !slices.Contains(bot.HandsOverTo, to) {
				bot.HandsOverTo = append(bot.HandsOverTo, to)
			}
		}
		c.Bot = &bot
	}
	c.Settings = i.settingsHere(c.Settings)
	return c
}

// settingsHere returns settings of a channel byte for byte, but for the agents in
// routing.agents if they have other IDs here.
func (i *importing) settingsHere(settings json.RawMessage) json.RawMessage {
	d := jsontext.NewDecoder(bytes.NewReader(settings))
	for d.StackPointer() != "/routing/agents" {
		if _, err := d.ReadToken(); err != nil {
			return settings // it has none
		}
	}
	value, err := d.ReadValue()
	var agents []string
	if err != nil || json.Unmarshal(value, &agents) != nil {
		return settings // which the API refuses
	}
	is := i.agentsHere(agents)
	if slices.Equal(is, agents) {
		return settings
	}
	b, err := json.Marshal(append([]string{}, is...)) // [] if there are none
	if err != nil {
		return settings
	}
	end := d.InputOffset()
	return slices.Concat(settings[:end-int64(len(value))], b, settings[end:])
}

func has[T any](all []T, id string, of func(T) string) bool {
	return slices.ContainsFunc(all, func(v T) bool { return of(v) == id })
}

// pipelines adds the pipelines that the account lacks, and returns the statuses that do not
// fit those that it has.
func (i *importing) pipelines(add func(what, id string) bool) (lacks []string) {
	here := make(map[string]api.Status)
	for _, p := range i.setup.Pipelines {
		for _, st := range p.Statuses {
			here[st.ID] = st
		}
	}
	pipelines := slices.Clone(i.found.pipelines)
	slices.SortStableFunc(pipelines, func(a, b *api.PipelineFacts) int { return cmp.Compare(a.Order, b.Order) })
	for _, p := range pipelines {
		if p.Left {
			continue
		}
		if !has(i.setup.Pipelines, p.ID, func(h api.Pipeline) string { return h.ID }) {
			if i.tickets() || i.options.Setup {
				if add("pipeline", p.ID) {
					i.setup.Pipelines = append(i.setup.Pipelines, p.Pipeline)
				}
			}
			continue
		}
		for _, st := range p.Statuses {
			if is, ok := here[st.ID]; i.tickets() && (!ok || is.Closed != st.Closed) {
				lacks = append(lacks, fmt.Sprintf("status %s of pipeline %s, as it is in the file", st.ID, p.ID))
			}
		}
	}
	return lacks
}

// tickets reports whether tickets are brought in.
func (i *importing) tickets() bool {
	for _, p := range i.plans {
		if p.How == AsItWas && p.Tickets > 0 {
			return true
		}
	}
	return false
}

// apply gives the account the setup that it is to have.
func (i *importing) apply(ctx context.Context) error {
	if len(i.summary.Setup) == 0 {
		return nil
	}
	b, err := json.Marshal(i.setup)
	if err != nil {
		return err
	}
	_, err = i.server.ReplaceSetup(ctx, b, i.version)
	var problem *client.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusPreconditionFailed {
		return errors.New("nothing was imported: the account's setup has been changed meanwhile; import again")
	}
	return setupError(err)
}

func setupError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("nothing was imported, because the account cannot be set up with what the file has: %w", err)
}
