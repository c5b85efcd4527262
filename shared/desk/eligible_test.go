package desk_test

import (
	"testing"

	"deskmove/shared/desk"
)

func TestR01_OnlyASuperAdministratorMoves(t *testing.T) {
	s := acme()
	s.Agents = append(s.Agents, desk.Agent{ID: "robot", Role: desk.Connector, HelpDesk: true})
	for id, want := range map[string]string{
		"ada": "", "bo": "not-super-admin", "cy": "not-super-admin", "robot": "not-super-admin",
		"nobody": "not-super-admin", "": "not-super-admin",
	} {
		if got := code(s.MayMove(id)); got != want {
			t.Errorf("MayMove(%q) = %q; want %q", id, got, want)
		}
	}
	s.Agents[0].Role = desk.AgentRole
	if got := code(s.MayMove("ada")); got != "not-super-admin" {
		t.Errorf("after her demotion ada may still move: %q", got)
	}
}

func TestR02_PlanMustIncludeTheHelpDesk(t *testing.T) {
	for plan, want := range map[desk.Plan]string{
		desk.Free: "plan", desk.Starter: "plan", desk.Professional: "", desk.Enterprise: "", "": "plan", "gold": "plan",
	} {
		if got := code(desk.Account{Plan: plan}.MayUseDesk()); got != want {
			t.Errorf("MayUseDesk on %q = %q; want %q", plan, got, want)
		}
	}
}

func TestR03_Movable(t *testing.T) {
	for id, want := range map[string]string{
		"mail": "", "form": "", "chat": "", "phone": "",
		"whatsapp": "reconnect", "facebook": "reconnect", "fallback": "fallback-address",
	} {
		if got := code(channel(t, acme(), id).Movable()); got != want {
			t.Errorf("Movable of %s = %q; want %q", id, got, want)
		}
	}
	if got := code(desk.Channel{Type: "fax"}.Movable()); got != "not-movable" {
		t.Errorf("a fax is %q", got)
	}
}

func TestR05_NoChannelMovesTwice(t *testing.T) {
	s := acme()
	for home, want := range map[desk.Home]string{desk.Moving: "already-moving", desk.HelpDesk: "already-moved"} {
		for _, c := range s.Channels {
			c.Home = home
			if got := code(c.Movable()); got != want {
				t.Errorf("Movable of %s at %s = %q; want %q", c.ID, home, got, want)
			}
		}
	}
}

func TestR06_BotMustBeFitForADesk(t *testing.T) {
	for name, test := range map[string]struct {
		bot   *desk.Bot
		want  string
		about string
	}{
		"none":               {bot: nil},
		"fit":                {bot: &desk.Bot{HandsOverTo: []desk.Target{{Agent: "ada"}, {Team: "first"}}}},
		"no handover":        {bot: &desk.Bot{}, want: "bot-no-handover"},
		"agent without":      {bot: &desk.Bot{HandsOverTo: []desk.Target{{Agent: "ada"}, {Agent: "cy"}}}, want: "bot-target-without-access", about: "cy"},
		"unknown agent":      {bot: &desk.Bot{HandsOverTo: []desk.Target{{Agent: "zoe"}}}, want: "bot-target-without-access", about: "zoe"},
		"team, one without":  {bot: &desk.Bot{HandsOverTo: []desk.Target{{Team: "mixed"}}}, want: "bot-target-without-access", about: "cy"},
		"team without agent": {bot: &desk.Bot{HandsOverTo: []desk.Target{{Team: "empty"}}}, want: "bot-target-without-access", about: "empty"},
		"unknown team":       {bot: &desk.Bot{HandsOverTo: []desk.Target{{Team: "ghosts"}}}, want: "bot-target-without-access", about: "ghosts"},
		"creates tickets":    {bot: &desk.Bot{HandsOverTo: []desk.Target{{Agent: "bo"}}, CreatesTickets: true}, want: "bot-creates-tickets"},
		"uses the inbox":     {bot: &desk.Bot{HandsOverTo: []desk.Target{{Agent: "bo"}}, UsesInbox: true}, want: "bot-uses-inbox"},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme()
			c := channel(t, s, "chat")
			c.Bot = test.bot
			got := s.BotFindings(c)
			if test.want == "" {
				if len(got) != 0 {
					t.Errorf("found %+v; want nothing", got)
				}
				return
			}
			if len(got) != 1 || got[0].Code != test.want {
				t.Fatalf("found %+v; want %s", got, test.want)
			}
			if test.about != "" && (len(got[0].About) != 1 || got[0].About[0] != test.about) {
				t.Errorf("it is about %q; want %q", got[0].About, test.about)
			}
		})
	}
	s := acme()
	c := channel(t, s, "chat")
	c.Bot = &desk.Bot{CreatesTickets: true, UsesInbox: true}
	if got := s.BotFindings(c); len(got) != 3 {
		t.Errorf("found %q; want all three at once", codes(got))
	}
}
