package desk

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// How much an account's setup may have, so that what depends on all of it stays
// quick and fits into an item of the store: the agents with help desk access are
// kept as one when a move is fenced.
const (
	MaxAgents     = 5000
	maxTeams      = 1000
	maxConnectors = 1000
	maxPipelines  = 100
	maxStatuses   = 1000 // of a pipeline
	maxPolicies   = 1000
	maxHours      = 100 // of a schedule, a week
	maxHolidays   = 1000
	maxChannels   = 1000
	maxTargets    = 1000      // to whom a bot hands over
	maxSettings   = 256 << 10 // bytes of a channel's
	maxText       = 1000      // bytes of a name or an address
)

// Check returns all errors in s, joined. Each is an *InvalidError with the path
// of its field, such as "channels[2].settings.routing.agents[0]". What there is too
// much of is reported alone. It takes time in proportion to the setup's size.
func (s Setup) Check() error {
	if err := s.checkSizes(); err != nil {
		return err
	}
	c := checker{Setup: s, agents: ids(s.Agents, func(a Agent) string { return a.ID }), teams: ids(s.Teams, func(t Team) string { return t.ID }),
		channels: make(map[string]ChannelType, len(s.Channels)), statuses: make(map[Status]bool)}
	for _, channel := range slices.Backward(s.Channels) { // the first counts of those with the same ID
		c.channels[channel.ID] = channel.Type
	}
	for _, p := range slices.Backward(s.Pipelines) {
		for _, st := range slices.Backward(p.Statuses) {
			c.statuses[st.ID] = st.Closed
		}
	}
	c.check(CheckID("account.id", s.Account.ID))
	_, err := ParsePlan("account.plan", string(s.Account.Plan))
	c.check(err)
	c.zone("account.zone", s.Account.Zone)
	c.checkAgents()
	c.checkTeams()
	c.checkConnectors()
	c.checkPipelines()
	c.checkPolicies()
	c.checkChannels()
	return c.join()
}

// checker checks a setup. It knows what is there by ID.
type checker struct {
	Setup
	problems
	agents, teams map[string]bool
	channels      map[string]ChannelType
	statuses      map[Status]bool // whether they are closed
}

func ids[T any](list []T, id func(T) string) map[string]bool {
	there := make(map[string]bool, len(list))
	for _, one := range list {
		there[id(one)] = true
	}
	return there
}

// checkSizes returns what is too much or too long.
func (s Setup) checkSizes() error {
	var errs problems
	text := func(field, value string) {
		if len(value) > maxText {
			errs.add(field, CodeTooLarge, Params{"most": fmt.Sprint(maxText, " bytes")}, fmt.Sprintf("it has more than %d bytes", maxText), "shorten it")
		}
	}
	many := func(field string, n, most int) {
		if n > most {
			errs.add(field, CodeTooLarge, Params{"most": strconv.Itoa(most)}, fmt.Sprintf("there are %d, and at most %d are possible", n, most), "leave some out")
		}
	}
	text("account.name", s.Account.Name)
	many("agents", len(s.Agents), MaxAgents)
	for i, a := range s.Agents {
		text(fmt.Sprintf("agents[%d].name", i), a.Name)
		text(fmt.Sprintf("agents[%d].email", i), a.Email)
	}
	many("teams", len(s.Teams), maxTeams)
	for i, t := range s.Teams {
		text(fmt.Sprintf("teams[%d].name", i), t.Name)
		many(fmt.Sprintf("teams[%d].agents", i), len(t.Agents), MaxAgents)
	}
	many("connectors", len(s.Connectors), maxConnectors)
	for i, c := range s.Connectors {
		text(fmt.Sprintf("connectors[%d].name", i), c.Name)
		many(fmt.Sprintf("connectors[%d].channels", i), len(c.Channels), maxChannels)
	}
	many("pipelines", len(s.Pipelines), maxPipelines)
	for i, p := range s.Pipelines {
		text(fmt.Sprintf("pipelines[%d].name", i), p.Name)
		many(fmt.Sprintf("pipelines[%d].statuses", i), len(p.Statuses), maxStatuses)
		for j, st := range p.Statuses {
			text(fmt.Sprintf("pipelines[%d].statuses[%d].name", i, j), st.Name)
		}
	}
	many("policies", len(s.Policies), maxPolicies)
	for i, p := range s.Policies {
		at := fmt.Sprintf("policies[%d]", i)
		text(at+".name", p.Name)
		many(at+".channels", len(p.Channels), maxChannels)
		many(at+".statuses", len(p.Statuses), maxStatuses)
		many(at+".schedule.weekly", len(p.Schedule.Weekly), maxHours)
		many(at+".schedule.holidays", len(p.Schedule.Holidays), maxHolidays)
	}
	many("channels", len(s.Channels), maxChannels)
	for i, c := range s.Channels {
		at := fmt.Sprintf("channels[%d]", i)
		text(at+".name", c.Name)
		text(at+".address", c.Address)
		if len(c.Settings) > maxSettings {
			errs.add(at+".settings", CodeTooLarge, Params{"most": fmt.Sprint(maxSettings>>10, " KB")},
				fmt.Sprintf("they have %d KB, and at most %d KB are kept", len(c.Settings)>>10, maxSettings>>10), "keep what is large, such as pictures, elsewhere")
		}
		if c.Bot != nil {
			many(at+".bot.handsOverTo", len(c.Bot.HandsOverTo), maxTargets)
		}
	}
	return errs.join()
}

func (c *checker) checkAgents() {
	ids, emails := map[string]bool{}, map[string]bool{}
	admins := 0
	for i, a := range c.Agents {
		at := fmt.Sprintf("agents[%d]", i)
		c.checkID(at+".id", a.ID, ids)
		c.checkReserved(at+".id", a.ID)
		role, err := parse(at+".role", string(a.Role), SuperAdmin, AgentRole)
		c.check(err)
		if err != nil || role == SuperAdmin { // one with a wrong role may be meant to be it
			admins++
		}
		if a.Email != "" {
			c.checkUnique(at+".email", strings.ToLower(a.Email), emails)
		}
	}
	if admins == 0 {
		c.add("agents", CodeNoSuperAdmin, nil, "nobody is a super administrator, so nobody could change the setup any more",
			"give an agent the role super-admin")
	}
}

// checkReserved refuses the name by which the audit log calls the program: nobody
// else may act under it.
func (c *checker) checkReserved(field, id string) {
	if id == Program {
		c.add(field, CodeReservedID, Params{"value": id}, fmt.Sprintf("%q is the program's own name in the audit log", id), "use another ID")
	}
}

func (c *checker) checkTeams() {
	ids := map[string]bool{}
	for i, t := range c.Teams {
		at := fmt.Sprintf("teams[%d]", i)
		c.checkID(at+".id", t.ID, ids)
		c.checkAgentIDs(at+".agents", t.Agents)
	}
}

func (c *checker) checkAgentIDs(field string, agents []string) {
	for i, id := range agents {
		if !c.agents[id] { // what is right costs no field's name
			c.checkKnown(fmt.Sprintf("%s[%d]", field, i), "agent", id, false)
		}
	}
}

// checkConnectors checks that each has its channels, and no agent's ID.
func (c *checker) checkConnectors() {
	ids := map[string]bool{}
	for i, k := range c.Connectors {
		at := fmt.Sprintf("connectors[%d]", i)
		c.checkID(at+".id", k.ID, ids)
		c.checkReserved(at+".id", k.ID)
		if c.agents[k.ID] {
			c.add(at+".id", CodeDuplicate, Params{"value": Truncate(k.ID, 80)}, fmt.Sprintf("%.80q is an agent", k.ID), "give the connector an ID of its own")
		}
		if len(k.Channels) == 0 {
			c.add(at+".channels", CodeNoChannels, nil, "the connector has no channels", "name each channel on which it delivers messages")
		}
		c.checkChannelIDs(at+".channels", k.Channels)
	}
}

func (c *checker) checkChannelIDs(field string, channels []string) {
	for i, id := range channels {
		if _, ok := c.channels[id]; !ok {
			c.checkKnown(fmt.Sprintf("%s[%d]", field, i), "channel", id, false)
		}
	}
}

func (c *checker) checkPipelines() {
	ids, statuses := map[string]bool{}, map[string]bool{}
	for i, p := range c.Pipelines {
		at := fmt.Sprintf("pipelines[%d]", i)
		c.checkID(at+".id", p.ID, ids)
		for j, st := range p.Statuses {
			c.checkID(fmt.Sprintf("%s.statuses[%d].id", at, j), string(st.ID), statuses)
		}
		if p.first(false) == "" || p.first(true) == "" {
			c.add(at+".statuses", CodeHalfPipeline, nil, "the pipeline lacks an open or a closed status", "add at least one of each")
		}
	}
}

func (c *checker) checkPolicies() {
	ids := map[string]bool{}
	for i, p := range c.Policies {
		at := fmt.Sprintf("policies[%d]", i)
		c.checkID(at+".id", p.ID, ids)
		c.checkChannelIDs(at+".channels", p.Channels)
		for j, id := range p.Statuses {
			if _, ok := c.statuses[id]; !ok {
				c.checkKnown(fmt.Sprintf("%s.statuses[%d]", at, j), "status", string(id), false)
			}
		}
		_, err := p.parse(at, c.Account.Zone)
		c.check(err)
	}
}

func (c *checker) checkChannels() {
	ids := map[string]bool{}
	fallbacks := 0
	for i, channel := range c.Channels {
		at := fmt.Sprintf("channels[%d]", i)
		c.checkID(at+".id", channel.ID, ids)
		_, err := ParseChannelType(at+".type", string(channel.Type))
		c.check(err)
		if channel.Home != "" { // a declared channel has none yet
			_, err := ParseHome(at+".home", string(channel.Home))
			c.check(err)
		}
		if channel.Fallback {
			if fallbacks++; fallbacks > 1 {
				c.add(at+".fallback", CodeSecondFallback, nil, "the account already has a fallback address", "keep only one")
			}
			if channel.Type != Email {
				c.add(at+".fallback", CodeFallbackNoMail, nil, "only an e-mail channel can be the fallback address", "unset it")
			}
		}
		c.checkConnected(at, channel)
		c.checkBot(at, channel)
		c.checkSettings(at, channel)
	}
}

// checkConnected checks that only forms are connected, each to an e-mail
// channel (R14).
func (c *checker) checkConnected(at string, channel Channel) {
	if channel.Connected == "" {
		return
	}
	if channel.Type != Form {
		c.add(at+".connected", CodeConnectedNoForm, nil, "only a form can be answered through another channel", "unset it")
		return
	}
	if c.channels[channel.Connected] != Email {
		c.add(at+".connected", CodeConnectedNoMail, Params{"value": Truncate(channel.Connected, 80)}, fmt.Sprintf("%.80q is not an e-mail channel", channel.Connected),
			"name an e-mail channel of the account")
	}
}

func (c *checker) checkBot(at string, channel Channel) {
	if channel.Bot == nil {
		return
	}
	if channel.Type != Chat {
		c.add(at+".bot", CodeBotNoChat, nil, "only a chat flow can have a bot", "remove it")
	}
	for i, t := range channel.Bot.HandsOverTo {
		field := fmt.Sprintf("%s.bot.handsOverTo[%d]", at, i)
		switch {
		case (t.Agent == "") == (t.Team == ""):
			c.add(field, CodeOneTarget, nil, "it must set either agent or team", "set exactly one of them")
		case t.Agent != "":
			c.checkKnown(field+".agent", "agent", t.Agent, c.agents[t.Agent])
		default:
			c.checkKnown(field+".team", "team", t.Team, c.teams[t.Team])
		}
	}
}

func (c *checker) checkSettings(at string, channel Channel) {
	settings, err := channel.ParsedSettings()
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		c.add(at+"."+invalid.Field, invalid.Code, invalid.Params, invalid.Problem, invalid.Remedy)
		return
	}
	at += ".settings"
	c.checkAgentIDs(at+".routing.agents", settings.Routing.Agents)
	if id := settings.Routing.Team; id != "" {
		c.checkKnown(at+".routing.team", "team", id, c.teams[id])
	}
	if id := settings.Tickets.Status; id != "" {
		if closed, ok := c.statuses[id]; !ok || closed { // then it says what is wrong
			_, _, err := c.statusOf(at+".tickets.status", id, false)
			c.check(err)
		}
	}
}
