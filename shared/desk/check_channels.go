package desk

import (
	"errors"
	"fmt"
)

func (s Setup) checkChannels(errs *problems) {
	ids := map[string]bool{}
	fallbacks := 0
	for i, c := range s.Channels {
		at := fmt.Sprintf("channels[%d]", i)
		errs.unique(at+".id", c.ID, ids)
		_, err := ParseChannelType(at+".type", string(c.Type))
		errs.check(err)
		if c.Home != "" { // a declared channel has none yet
			_, err := ParseHome(at+".home", string(c.Home))
			errs.check(err)
		}
		if c.Fallback {
			if fallbacks++; fallbacks > 1 {
				errs.add(at+".fallback", "the account has another fallback address", "keep one")
			}
			if c.Type != Email {
				errs.add(at+".fallback", "only an e-mail channel can be the fallback address", "unset it")
			}
		}
		s.checkConnected(errs, at, c)
		s.checkBot(errs, at, c)
		s.checkSettings(errs, at, c)
	}
}

// checkConnected: only forms name an e-mail channel (R14).
func (s Setup) checkConnected(errs *problems, at string, c Channel) {
	if c.Connected == "" {
		return
	}
	if c.Type != Form {
		errs.add(at+".connected", "only a form is answered through another channel", "unset it")
		return
	}
	if other, ok := s.Channel(c.Connected); !ok || other.Type != Email {
		errs.add(at+".connected", fmt.Sprintf("%.80q is not an e-mail channel", c.Connected),
			"name an e-mail channel of the account")
	}
}

func (s Setup) checkBot(errs *problems, at string, c Channel) {
	if c.Bot == nil {
		return
	}
	if c.Type != Chat {
		errs.add(at+".bot", "only a chat flow has a bot", "remove it")
	}
	for i, t := range c.Bot.HandsOverTo {
		field := fmt.Sprintf("%s.bot.handsOverTo[%d]", at, i)
		_, isAgent := s.Agent(t.Agent)
		_, isTeam := s.Team(t.Team)
		switch {
		case (t.Agent == "") == (t.Team == ""):
			errs.add(field, "not exactly one of agent and team is set", "set one of them")
		case t.Agent != "":
			errs.known(field+".agent", "agent", t.Agent, isAgent)
		default:
			errs.known(field+".team", "team", t.Team, isTeam)
		}
	}
}

func (s Setup) checkSettings(errs *problems, at string, c Channel) {
	settings, err := c.ParsedSettings()
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		errs.add(at+"."+invalid.Field, invalid.Problem, invalid.Remedy)
		return
	}
	at += ".settings"
	s.checkAgentIDs(errs, at+".routing.agents", settings.Routing.Agents)
	if id := settings.Routing.Team; id != "" {
		_, ok := s.Team(id)
		errs.known(at+".routing.team", "team", id, ok)
	}
	if id := settings.Tickets.Status; id != "" {
		_, _, err := s.statusOf(at+".tickets.status", id, false)
		errs.check(err)
	}
}
