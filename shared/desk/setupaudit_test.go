package desk_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
)

// audited is a setup whose slices may be changed.
func audited() desk.Setup {
	return desk.Setup{
		Account:   desk.Account{ID: "acme", Plan: desk.Professional},
		Agents:    []desk.Agent{{ID: "ann", Role: desk.SuperAdmin, HelpDesk: true}, {ID: "bob", Role: desk.AgentRole}, {ID: "cem", Role: desk.AgentRole}},
		Teams:     []desk.Team{{ID: "first", Agents: []string{"bob"}}},
		Pipelines: []desk.Pipeline{{ID: "p", Statuses: []desk.PipelineStatus{{ID: "new"}, {ID: "done", Closed: true}}}},
		Policies:  []desk.Policy{{ID: "gold"}, {ID: "silver"}},
		Channels:  []desk.Channel{{ID: "mail", Type: desk.Email, Settings: json.RawMessage(`{"a": 1}`)}, {ID: "chat", Type: desk.Chat, Bot: &desk.Bot{}}},
	}
}

func TestSetupEntries(t *testing.T) {
	eve := desk.Caller{Account: "acme", Agent: "eve", Role: desk.SuperAdmin, Address: "192.0.2.1"}
	at := time.UnixMilli(1_795_000_000_000)
	for name, c := range map[string]struct {
		change func(*desk.Setup)
		want   []string
	}{
		"nothing": {func(*desk.Setup) {}, nil},
		"homes": {func(s *desk.Setup) {
			s.Channels[0].Home, s.Channels[0].Move, s.Channels[0].FenceAt = desk.Moving, "m1", at
		}, nil},
		"account": {func(s *desk.Setup) { s.Account.Plan = desk.Free }, []string{"setup account: ~acme"}},
		"many kinds": {func(s *desk.Setup) {
			s.Teams[0].Agents = []string{"cem"}
			s.Pipelines[0].Statuses[0].Name = "New"
			s.Policies = s.Policies[1:]
			s.Channels[0].Settings = json.RawMessage(`{"a":1}`)
			s.Channels[1].Bot.UsesInbox = true
			s.Channels = append(s.Channels, desk.Channel{ID: "form"})
		}, []string{"setup teams: ~first; pipelines: ~p; policies: -gold; channels: ~mail, ~chat, +form"}},
		"order": {func(s *desk.Setup) { slices.Reverse(s.Policies) }, []string{"setup policies: order"}},
		"order and one more": {func(s *desk.Setup) {
			slices.Reverse(s.Policies)
			s.Policies = append(s.Policies, desk.Policy{ID: "new"})
		}, []string{"setup policies: +new, order"}},
		"a role": {func(s *desk.Setup) { s.Agents[1].Role = desk.SuperAdmin }, []string{
			"setup agents: ~bob", "role-given super-admin: bob", "role-taken agent: bob"}},
		"a connector": {func(s *desk.Setup) { s.Connectors = []desk.Connector{{ID: "mailer"}} }, []string{
			"setup connectors: +mailer", "role-given connector: mailer"}},
		"access": {func(s *desk.Setup) { s.Agents[0].HelpDesk, s.Agents[1].HelpDesk = false, true }, []string{
			"setup agents: ~ann, ~bob", "role-given help-desk: bob", "role-taken help-desk: ann"}},
		"gone and come": {func(s *desk.Setup) { s.Agents[0].ID, s.Agents[2].ID = "dan", "edo" }, []string{
			"setup agents: +dan, +edo, -ann, -cem", "role-given super-admin: dan", "role-taken super-admin: ann",
			"role-given agent: edo", "role-taken agent: cem", "role-given help-desk: dan", "role-taken help-desk: ann"}},
	} {
		t.Run(name, func(t *testing.T) {
			is := audited()
			c.change(&is)
			var got []string
			ids := map[string]bool{}
			for _, e := range eve.SetupEntries(audited(), is, at) {
				got = append(got, e.Action+" "+e.Detail)
				if ids[e.ID] = true; e.By != "eve" || e.Role != desk.SuperAdmin || e.Account != "acme" || e.Address != "192.0.2.1" || !e.At.Equal(at) {
					t.Errorf("entry = %+v", e)
				}
			}
			if !slices.Equal(got, c.want) || len(ids) != len(got) {
				t.Errorf("entries = %q, IDs %v, want %q", got, ids, c.want)
			}
		})
	}
	first := eve.SetupEntries(desk.Setup{}, audited(), at)
	if len(first) != 4 || !strings.HasPrefix(first[0].Detail, "account: +acme; agents: +ann, +bob, +cem; teams: +first; ") {
		t.Errorf("first setup: %+v", first)
	}
}

// TestSetupEntriesFitATransaction however many agents there are, and count whom they
// do not name.
func TestSetupEntriesFitATransaction(t *testing.T) {
	crowd := func(prefix string, role desk.Role) (s desk.Setup) {
		for i := range 20_000 {
			s.Agents = append(s.Agents, desk.Agent{ID: fmt.Sprintf("%s%d-%s", prefix, i, strings.Repeat("x", 40)), Role: role, HelpDesk: true})
		}
		return s
	}
	entries := desk.Caller{}.SetupEntries(crowd("a", desk.AgentRole), crowd("b", desk.SuperAdmin), time.UnixMilli(1))
	if len(entries) != 1+4*7 {
		t.Errorf("%d entries", len(entries))
	}
	named := 0
	for _, e := range entries {
		if len(e.Detail) > 2200 {
			t.Errorf("%d bytes", len(e.Detail))
		}
		if strings.HasPrefix(e.Detail, "super-admin: ") {
			names, rest, cut := strings.Cut(e.Detail, " and ")
			if named += 1 + strings.Count(names, ", "); cut {
				more := 0
				if _, err := fmt.Sscanf(rest, "%d more", &more); err != nil {
					t.Error(err)
				}
				named += more
			}
		}
	}
	if named != 20_000 {
		t.Errorf("%d are named or counted", named)
	}
}
