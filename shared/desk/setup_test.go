package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
)

func TestR01_OnlyASuperAdministratorMoves(t *testing.T) {
	s := acme()
	s.Agents = append(s.Agents, desk.Agent{ID: "robot", Role: desk.ConnectorRole, HelpDesk: true})
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

func TestCheckAcceptsASoundSetup(t *testing.T) {
	if err := acme().Check(); err != nil {
		t.Error(err)
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	for want, spoil := range map[string]func(s *desk.Setup){
		"account.id":   func(s *desk.Setup) { s.Account.ID = "a#b" },
		"account.plan": func(s *desk.Setup) { s.Account.Plan = "gold" },
		"account.zone": func(s *desk.Setup) { s.Account.Zone = "Mars/Olympus"; s.Policies = nil },
		"agents[1].id": func(s *desk.Setup) {
			s.Agents[1].ID = "ada"
			s.Teams = nil
			s.Channels = nil
			s.Policies = nil
			s.Connectors = nil
		},
		"agents[2].id": func(s *desk.Setup) { s.Agents[2].ID = ""; s.Teams[1].Agents = nil },
		"connectors[2].id": func(s *desk.Setup) {
			s.Connectors = append(s.Connectors, desk.Connector{ID: desk.Program, Channels: s.Connectors[0].Channels})
		},
		"agents[4].id": func(s *desk.Setup) {
			s.Agents = append(s.Agents, desk.Agent{ID: desk.Program, Role: desk.AgentRole})
		},
		"agents[1].email":                        func(s *desk.Setup) { s.Agents[1].Email = "ADA@desk.example" },
		"agents[0].role":                         func(s *desk.Setup) { s.Agents[0].Role = desk.ConnectorRole },
		"teams[2].id":                            func(s *desk.Setup) { s.Teams[2].ID = "first" },
		"teams[0].agents[1]":                     func(s *desk.Setup) { s.Teams[0].Agents[1] = "zoe" },
		"agents":                                 func(s *desk.Setup) { s.Agents[0].Role = desk.AgentRole },
		"connectors[1].id":                       func(s *desk.Setup) { s.Connectors[1].ID = "mailer" },
		"connectors[0].id":                       func(s *desk.Setup) { s.Connectors[0].ID = "ada" },
		"connectors[0].channels":                 func(s *desk.Setup) { s.Connectors[0].Channels = nil },
		"connectors[0].channels[1]":              func(s *desk.Setup) { s.Connectors[0].Channels = []string{"mail", "fax"} },
		"agents[0].name":                         func(s *desk.Setup) { s.Agents[0].Name = strings.Repeat("a", 1001) },
		"channels[1].settings":                   func(s *desk.Setup) { s.Channels[1].Settings = []byte(`"` + strings.Repeat("a", 256<<10) + `"`) },
		"teams[1].agents":                        func(s *desk.Setup) { s.Teams[1].Agents = slices.Repeat([]string{"ada"}, 5001) },
		"channels":                               func(s *desk.Setup) { s.Channels = slices.Repeat(s.Channels, 1000) },
		"pipelines[1].id":                        func(s *desk.Setup) { s.Pipelines[1].ID = "support" },
		"pipelines[1].statuses[1].id":            func(s *desk.Setup) { s.Pipelines[1].Statuses[1].ID = "solved" },
		"pipelines[1].statuses":                  func(s *desk.Setup) { s.Pipelines[1].Statuses[1].Closed = false },
		"pipelines[0].statuses":                  func(s *desk.Setup) { s.Pipelines[0].Statuses = nil; s.Policies = nil },
		"policies[1].id":                         func(s *desk.Setup) { s.Policies[1].ID = "mail" },
		"policies[0].channels[1]":                func(s *desk.Setup) { s.Policies[0].Channels[1] = "fax" },
		"policies[0].statuses[0]":                func(s *desk.Setup) { s.Policies[0].Statuses[0] = "ajar" },
		"policies[0].firstReply":                 func(s *desk.Setup) { s.Policies[0].FirstReply = -1 },
		"policies[0].nextReply":                  func(s *desk.Setup) { s.Policies[0].NextReply = -time.Hour },
		"policies[1].close":                      func(s *desk.Setup) { s.Policies[1].Close = -1 },
		"policies[0].schedule.zone":              func(s *desk.Setup) { s.Policies[0].Schedule.Zone = "Mars" },
		"policies[0].schedule.holidays[0]":       func(s *desk.Setup) { s.Policies[0].Schedule.Holidays[0] = "25.12.2026" },
		"policies[0].schedule.weekly[2]":         func(s *desk.Setup) { s.Policies[0].Schedule.Weekly[2].To = "08:00" },
		"policies[0].schedule.weekly[4]":         func(s *desk.Setup) { s.Policies[0].Schedule.Weekly[4].Day = time.Monday },
		"policies[0].schedule.weekly[0].to":      func(s *desk.Setup) { s.Policies[0].Schedule.Weekly[0].To = "25:00" },
		"channels[3].id":                         func(s *desk.Setup) { s.Channels[3].ID = "mail" },
		"channels[3].type":                       func(s *desk.Setup) { s.Channels[3].Type = "fax" },
		"channels[3].home":                       func(s *desk.Setup) { s.Channels[3].Home = "attic" },
		"channels[6].fallback":                   func(s *desk.Setup) { s.Channels[0].Fallback = true },
		"channels[3].fallback":                   func(s *desk.Setup) { s.Channels[3].Fallback, s.Channels[6].Fallback = true, false },
		"channels[1].connected":                  func(s *desk.Setup) { s.Channels[1].Connected = "chat" },
		"channels[2].connected":                  func(s *desk.Setup) { s.Channels[2].Connected = "mail" },
		"channels[0].bot":                        func(s *desk.Setup) { s.Channels[0].Bot = &desk.Bot{} },
		"channels[2].bot.handsOverTo[0]":         func(s *desk.Setup) { s.Channels[2].Bot.HandsOverTo[0] = desk.Target{} },
		"channels[2].bot.handsOverTo[1]":         func(s *desk.Setup) { s.Channels[2].Bot.HandsOverTo[1].Agent = "ada" },
		"channels[2].bot.handsOverTo[0].agent":   func(s *desk.Setup) { s.Channels[2].Bot.HandsOverTo[0].Agent = "zoe" },
		"channels[2].bot.handsOverTo[1].team":    func(s *desk.Setup) { s.Channels[2].Bot.HandsOverTo[1].Team = "ghosts" },
		"channels[0].settings":                   func(s *desk.Setup) { s.Channels[0].Settings = []byte("{") },
		"channels[0].settings.routing.agents":    func(s *desk.Setup) { s.Channels[0].Settings = []byte(`{"routing":{"agents":7}}`) },
		"channels[2].settings.routing.agents[0]": func(s *desk.Setup) { s.Channels[2].Settings = []byte(`{"routing":{"agents":["zoe"]}}`) },
		"channels[0].settings.routing.team":      func(s *desk.Setup) { s.Channels[0].Settings = []byte(`{"routing":{"team":"ghosts"}}`) },
		"channels[0].settings.tickets.status":    func(s *desk.Setup) { s.Channels[0].Settings = []byte(`{"tickets":{"status":"solved"}}`) },
	} {
		s := acme()
		spoil(&s)
		err := s.Check()
		if got := fields(err); !slices.Equal(got, []string{want}) {
			t.Errorf("Check finds %q; want %q: %v", got, want, err)
		}
		for _, e := range desk.Invalid(err) {
			if e.Problem == "" || e.Remedy == "" {
				t.Errorf("%s: %+v does not say what to do", want, e)
			}
		}
	}
}

func TestCheckWantsNoMoreThanNeeded(t *testing.T) {
	s := desk.Setup{
		Account: desk.Account{ID: "tiny", Plan: desk.Free}, Agents: []desk.Agent{{ID: "ada", Role: desk.SuperAdmin}},
		Policies: []desk.Policy{{ID: "always"}},
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

// TestCheckIsNotQuadratic: the largest setup that there may be, in which everything
// names as much as it can, takes seconds at most; compared pair by pair it would take
// hours, longer than tests may.
func TestCheckIsNotQuadratic(t *testing.T) {
	s := desk.Setup{Account: desk.Account{ID: "large", Plan: desk.Enterprise}}
	var agents, channels []string
	for i := range desk.MaxAgents {
		agents = append(agents, fmt.Sprint("agent", i))
		s.Agents = append(s.Agents, desk.Agent{ID: agents[i], Role: desk.SuperAdmin, Email: fmt.Sprintf("a%d@desk.example", i)})
	}
	statuses := make([]desk.PipelineStatus, 1000)
	for i := range 100 {
		for j := range statuses {
			statuses[j] = desk.PipelineStatus{ID: desk.Status(fmt.Sprintf("s%d.%d", i, j)), Closed: j == 0}
		}
		s.Pipelines = append(s.Pipelines, desk.Pipeline{ID: fmt.Sprint("p", i), Statuses: slices.Clone(statuses)})
	}
	for i := range 1000 {
		channels = append(channels, fmt.Sprint("channel", i))
	}
	last := make([]desk.Status, 1000)
	for i := range last {
		last[i] = desk.Status(fmt.Sprintf("s99.%d", i))
	}
	for i := range 1000 {
		name := fmt.Sprint("x", i)
		s.Teams = append(s.Teams, desk.Team{ID: name, Agents: agents})
		s.Connectors = append(s.Connectors, desk.Connector{ID: name, Channels: channels})
		s.Policies = append(s.Policies, desk.Policy{ID: name, Channels: channels, Statuses: last})
		s.Channels = append(s.Channels, desk.Channel{ID: channels[i], Type: desk.Form, Connected: channels[999]})
	}
	s.Channels[999] = desk.Channel{ID: channels[999], Type: desk.Email}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if n := len(s.RoutedAgents(desk.Routing{Agents: agents, Team: "x0"})); n != desk.MaxAgents {
		t.Errorf("%d routed agents", n)
	}
	if all := s.ChangesSince(desk.Setup{}); len(all) != 7 || len(s.ChangesSince(s)) != 0 {
		t.Errorf("changes = %d", len(all))
	}
}

func TestCheckReportsAllTogether(t *testing.T) {
	s := acme()
	s.Account.Plan = ""
	s.Agents[3].Role = ""
	s.Teams[1].Agents = []string{"x", "y"}
	s.Channels[0].Settings = []byte(`{"routing":{"agents":["zoe"],"team":"ghosts"},"tickets":{"status":"ajar"}}`)
	want := []string{"account.plan", "agents[3].role", "teams[1].agents[0]", "teams[1].agents[1]",
		"channels[0].settings.routing.agents[0]", "channels[0].settings.routing.team", "channels[0].settings.tickets.status"}
	if got := fields(s.Check()); !slices.Equal(got, want) {
		t.Errorf("Check finds %q; want %q", got, want)
	}
}

func TestRoutedAgentsNamesNobodyTwice(t *testing.T) {
	got := acme().RoutedAgents(desk.Routing{Agents: []string{"di", "ada", "di"}, Team: "first"})
	if want := []string{"di", "ada", "bo"}; !slices.Equal(got, want) {
		t.Errorf("Routed = %q; want %q", got, want)
	}
}
