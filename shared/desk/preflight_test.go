package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"deskmove/shared/desk"
)

func TestR11_Blockers(t *testing.T) {
	for name, test := range map[string]struct {
		channel string
		change  func(s *desk.Setup, c *desk.Channel)
		want    []string
	}{
		"none":            {"mail", func(*desk.Setup, *desk.Channel) {}, nil},
		"bot fit":         {"chat", func(*desk.Setup, *desk.Channel) {}, nil},
		"plan":            {"mail", func(s *desk.Setup, c *desk.Channel) { s.Account.Plan = desk.Starter }, []string{"plan"}},
		"fallback":        {"fallback", func(*desk.Setup, *desk.Channel) {}, []string{"fallback-address"}},
		"WhatsApp":        {"whatsapp", func(*desk.Setup, *desk.Channel) {}, []string{"reconnect"}},
		"moving":          {"mail", func(s *desk.Setup, c *desk.Channel) { c.Home = desk.Moving }, []string{"already-moving"}},
		"moved":           {"mail", func(s *desk.Setup, c *desk.Channel) { c.Home = desk.HelpDesk }, []string{"already-moved"}},
		"bot":             {"chat", func(s *desk.Setup, c *desk.Channel) { c.Bot = &desk.Bot{} }, []string{"bot-no-handover"}},
		"settings":        {"mail", func(s *desk.Setup, c *desk.Channel) { c.Settings = []byte("[]") }, []string{"setup"}},
		"no pipelines":    {"mail", func(s *desk.Setup, c *desk.Channel) { s.Pipelines = nil }, []string{"setup"}},
		"all at the same": {"facebook", func(s *desk.Setup, c *desk.Channel) { s.Account.Plan, s.Pipelines = desk.Free, nil }, []string{"plan", "reconnect", "setup"}},
	} {
		s := acme()
		c := channel(t, s, test.channel)
		test.change(&s, &c)
		got := s.Preflight(c, desk.Choices{History: desk.AllHistory}, desk.PreflightCounts{}, fence).Blockers
		if !slices.Equal(codes(got), test.want) {
			t.Errorf("%s: blockers %q; want %q", name, codes(got), test.want)
		}
		for _, f := range got {
			if f.Problem == "" || f.Remedy == "" {
				t.Errorf("%s: %+v does not say what to do", name, f)
			}
		}
	}
}

func TestR11_Warnings(t *testing.T) {
	moved := func(s *desk.Setup, id string) {
		i := slices.IndexFunc(s.Channels, func(c desk.Channel) bool { return c.ID == id })
		s.Channels[i].Home = desk.HelpDesk
	}
	left := func(id string, n int64) desk.PreflightCounts {
		return desk.PreflightCounts{LeftBehind: map[string]desk.Figure{id: {N: n, Is: desk.Exact}}}
	}
	owned := desk.PreflightCounts{OwnedIs: desk.Extrapolated, Owned: map[string]int64{"": 90, "ada": 5, "cy": 7, "zoe": 30, "bo": 2}}
	breaching := desk.PreflightCounts{Breaching: &desk.Breaching{Original: desk.Figure{N: 4, Is: desk.AtLeast}, FromMove: desk.Figure{N: 1, Is: desk.Exact}}}
	for name, test := range map[string]struct {
		channel string
		change  func(s *desk.Setup, c *desk.Choices)
		facts   desk.PreflightCounts
		want    []desk.Finding // Code, Count, Is and Each
	}{
		"none": {"chat", func(*desk.Setup, *desk.Choices) {}, desk.PreflightCounts{}, nil},
		"owners without access": {"chat", func(*desk.Setup, *desk.Choices) {}, owned,
			[]desk.Finding{{Code: "agents-without-access", Count: 37, Is: desk.Extrapolated, Each: []desk.Share{{ID: "zoe", N: 30}, {ID: "cy", N: 7}}}}},
		"owners, history stays": {"chat", func(s *desk.Setup, c *desk.Choices) { c.History = desk.NoHistory }, owned, nil},
		"owners of nothing":     {"chat", func(*desk.Setup, *desk.Choices) {}, desk.PreflightCounts{Owned: map[string]int64{"cy": 0}}, nil},
		"no policy":             {"phone", func(*desk.Setup, *desk.Choices) {}, desk.PreflightCounts{}, []desk.Finding{{Code: "no-sla-policy"}}},
		"a policy for all": {"phone", func(s *desk.Setup, c *desk.Choices) { s.Policies = append(s.Policies, desk.Policy{ID: "x"}) },
			desk.PreflightCounts{}, nil},
		"routing": {"chat", func(s *desk.Setup, c *desk.Choices) {
			s.Channels[2].Settings = []byte(`{"routing":{"agents":["zoe","ada"],"team":"mixed"}}`)
		}, desk.PreflightCounts{}, []desk.Finding{{Code: "routing-without-access", Count: 2, Each: []desk.Share{{ID: "zoe"}, {ID: "cy"}}}}},
		"form left behind": {"mail", func(*desk.Setup, *desk.Choices) {}, left("form", 12),
			[]desk.Finding{{Code: "connected-left-behind", Count: 12, Is: desk.Exact, Each: []desk.Share{{ID: "form", N: 12}}}}},
		"mail left behind": {"form", func(*desk.Setup, *desk.Choices) {}, left("mail", 3),
			[]desk.Finding{{Code: "connected-left-behind", Count: 3, Is: desk.Exact, Each: []desk.Share{{ID: "mail", N: 3}}}}},
		"form has moved":  {"mail", func(s *desk.Setup, c *desk.Choices) { moved(s, "form") }, left("form", 12), nil},
		"other channels":  {"chat", func(*desk.Setup, *desk.Choices) {}, left("mail", 12), nil},
		"breaches":        {"chat", func(s *desk.Setup, c *desk.Choices) { c.SLA = desk.Original }, breaching, []desk.Finding{{Code: "would-breach", Count: 4, Is: desk.AtLeast}}},
		"no breaches":     {"chat", func(s *desk.Setup, c *desk.Choices) { c.SLA = desk.Original }, desk.PreflightCounts{}, nil},
		"clocks from now": {"chat", func(s *desk.Setup, c *desk.Choices) { c.SLA = desk.FromMove }, breaching, nil},
	} {
		s, choices := acme(), desk.Choices{History: desk.AllHistory}
		test.change(&s, &choices)
		p := s.Preflight(channel(t, s, test.channel), choices, test.facts, fence)
		var got []desk.Finding
		for _, f := range p.Warnings {
			if f.Problem == "" || f.Remedy == "" {
				t.Errorf("%s: %+v does not say what to do", name, f)
			}
			got = append(got, desk.Finding{Code: f.Code, Count: f.Count, Is: f.Is, Each: f.Each})
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if !cmp.Equal(p.PreflightCounts, test.facts) {
			t.Errorf("%s: the facts are changed", name)
		}
	}
}

func TestR11_AgentsAndTheirConversationsAreNamed(t *testing.T) {
	f := desk.PreflightCounts{Owned: map[string]int64{}}
	for i, id := range strings.Split("a b c d e f g h i j k l", " ") {
		f.Owned[id] = int64(100 - i)
	}
	got := acme().Preflight(channel(t, acme(), "chat"), desk.Choices{History: desk.AllHistory}, f, fence).Warnings[0]
	const want = "own 1134 conversations: a 100, b 99, c 98, d 97, e 96, f 95, g 94, h 93, i 92, j 91, 2 others the rest"
	if !strings.HasSuffix(got.Problem, want) {
		t.Errorf("%q does not end in %q", got.Problem, want)
	}
}

func TestR11_WarningsAreAcknowledgedByCode(t *testing.T) {
	p := desk.Preflight{Warnings: []desk.Finding{{Code: "no-sla-policy"}, {Code: "would-breach"}}}
	for name, test := range map[string]struct {
		codes  []string
		want   []string
		errors []string
	}{
		"none":      {nil, []string{"no-sla-policy", "would-breach"}, nil},
		"one":       {[]string{"would-breach"}, []string{"no-sla-policy"}, nil},
		"all, more": {[]string{"would-breach", "no-sla-policy", "connected-left-behind"}, nil, nil},
		"unknown":   {[]string{"would-breach", "whatever", "plan"}, nil, []string{"acknowledged[1]", "acknowledged[2]"}},
	} {
		got, err := p.Unacknowledged(test.codes)
		if !slices.Equal(codes(got), test.want) || !slices.Equal(fields(err), test.errors) {
			t.Errorf("%s: left %q, %v", name, codes(got), err)
		}
	}
}

func TestR11_QuietHours(t *testing.T) {
	s := acme()
	quiet := func(f desk.PreflightCounts, now time.Time) []desk.QuietWindow {
		return s.Preflight(s.Channels[0], desk.Choices{}, f, now).QuietHours
	}
	if got := quiet(desk.PreflightCounts{}, fence); got != nil {
		t.Errorf("without history: %v", got)
	}
	var f desk.PreflightCounts
	for i := range f.Hourly {
		f.Hourly[i] = 10
	}
	busy := func(day time.Weekday, hour int, n int64) { f.Hourly[int(day)*24+hour] = n }
	busy(time.Saturday, 23, 0) // over the end of the week
	busy(time.Sunday, 0, 0)
	busy(time.Sunday, 1, 1)
	busy(time.Wednesday, 2, 5)
	busy(time.Wednesday, 3, 0)
	busy(time.Wednesday, 4, 6)
	got := quiet(f, fence) // Monday 09:00 in UTC
	want := []desk.QuietWindow{
		{Hour: 6*24 + 23, Start: at(t, "2026-03-07T23:00:00+01:00"), End: at(t, "2026-03-08T02:00:00+01:00"), Conversations: 1},
		{Hour: 3*24 + 2, Start: at(t, "2026-03-04T02:00:00+01:00"), End: at(t, "2026-03-04T05:00:00+01:00"), Conversations: 11},
		{Hour: 24 + 10, Start: fence, End: fence.Add(3 * time.Hour), Conversations: 30}, // the next of all the others
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if zone := got[0].Start.Location().String(); zone != "Europe/Berlin" {
		t.Errorf("it is told in %s", zone)
	}
	// The clocks change on the 29th.
	if got := quiet(f, at(t, "2026-03-23T12:00:00Z"))[0].Start; got.Format(time.RFC3339) != "2026-03-28T23:00:00+01:00" {
		t.Errorf("before summer time: %s", got)
	}
	if got := quiet(f, at(t, "2026-03-30T12:00:00Z"))[0].Start; got.Format(time.RFC3339) != "2026-04-04T23:00:00+02:00" {
		t.Errorf("in summer time: %s", got)
	}
}

func TestR11_QuietHoursComeNextAndDoNotOverlap(t *testing.T) {
	s := acme()
	rapid.Check(t, func(t *rapid.T) {
		var f desk.PreflightCounts
		for i := range f.Hourly {
			f.Hourly[i] = rapid.Int64Range(0, 3).Draw(t, "messages")
		}
		f.Hourly[7]++
		now := fence.Add(time.Duration(rapid.Int64Range(-1e18, 1e18).Draw(t, "now")))
		got := s.Preflight(s.Channels[0], desk.Choices{}, f, now).QuietHours
		if len(got) != 3 {
			t.Fatalf("%d windows", len(got))
		}
		for i, w := range got {
			if w.Start.Before(now) || w.Start.After(now.Add((7*24+1)*time.Hour)) || w.End.Sub(w.Start) != 3*time.Hour {
				t.Fatalf("window %s to %s is not the next after %s", w.Start, w.End, now)
			}
			var sum int64
			for h := range 3 {
				sum += f.Hourly[(w.Hour+h)%len(f.Hourly)]
			}
			if sum != w.Conversations {
				t.Fatalf("window at %s has %d conversations, not %d", w.Start, sum, w.Conversations)
			}
			// An hour that is left out when the clocks change is one beside it.
			if hour := desk.HourOfWeek(w.Start); max(hour-w.Hour, w.Hour-hour) > 1 {
				t.Fatalf("window at %s is of hour %d, not %d", w.Start, hour, w.Hour)
			}
			for _, o := range got[:i] {
				apart := w.Start.Sub(o.Start).Abs()
				if o.Conversations > w.Conversations || apart < 2*time.Hour || apart > (7*24-2)*time.Hour {
					t.Fatalf("%v and %v", o, w)
				}
			}
		}
	})
}

func TestR11_Estimate(t *testing.T) {
	s := acme()
	for name, test := range map[string]struct {
		history       desk.HistoryChoice
		notifications desk.NotificationMode
		conversations int64
		shortest      time.Duration
		longest       time.Duration
		dollars       float64
	}{
		"nothing":     {desk.AllHistory, desk.Quiet, 0, 10 * time.Second, 10 * time.Second, 0},
		"no history":  {desk.NoHistory, desk.Quiet, 1e6, 10 * time.Second, 10 * time.Second, 0},
		"a thousand":  {desk.AllHistory, desk.Quiet, 1e3, 10 * time.Second, 10 * time.Second, 0.000990625},
		"a million":   {desk.AllHistory, desk.Quiet, 1e6, 61 * time.Second, 403 * time.Second, 0.990625},
		"all told":    {desk.AllHistory, desk.All, 1e6, 61 * time.Second, 403 * time.Second, 2.865625},
		"ten million": {desk.AllHistory, desk.Quiet, 1e7, 518 * time.Second, 10*time.Second + 1800*time.Second + 1189*time.Second, 9.90625},
		"hundred million, 85 minutes on a warm table": {desk.AllHistory, desk.Quiet, 1e8, 5085 * time.Second,
			10*time.Second + 5*1800*time.Second + 1679*time.Second, 99.0625},
	} {
		exact := func(n int64) desk.Figure { return desk.Figure{N: n, Is: desk.Exact} }
		counts := desk.PreflightCounts{Conversations: exact(test.conversations), Open: exact(test.conversations * 3 / 10)}
		got := s.Preflight(s.Channels[0], desk.Choices{History: test.history, Notifications: test.notifications}, counts, fence).Estimate
		if got.Shortest != test.shortest || (got.Longest-test.longest).Abs() > time.Second {
			t.Errorf("%s: %s to %s; want %s to %s", name, got.Shortest, got.Longest, test.shortest, test.longest)
		}
		if diff := got.Dollars - test.dollars; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("%s: $%f; want $%f", name, got.Dollars, test.dollars)
		}
	}
}

func TestR11_Messages(t *testing.T) {
	exact := func(n int64) desk.Figure { return desk.Figure{N: n, Is: desk.Exact} }
	counts := desk.PreflightCounts{
		Conversations: exact(100), WithTicket: exact(20), OwnedIs: desk.Exact, Owned: map[string]int64{"": 30, "ada": 5, "bo": 1, "cy": 7, "zoe": 37, "ed": 0},
	}
	p := acme().Preflight(acme().Channels[0], desk.Choices{History: desk.AllHistory}, counts, fence)
	want := desk.Messages{Quiet: exact(0), Digest: exact(2), All: exact(100)}
	if p.Messages != want || p.Create != exact(80) || p.OwnersLost != exact(44) {
		t.Errorf("%+v, %v to create, %v lose their owner", p.Messages, p.Create, p.OwnersLost)
	}
	counts.OwnedIs, counts.WithTicket.Is = desk.Extrapolated, desk.Extrapolated
	p = acme().Preflight(acme().Channels[0], desk.Choices{History: desk.AllHistory}, counts, fence)
	if p.Messages.Digest.Is != desk.AtLeast || p.Create.Is != desk.Extrapolated || p.OwnersLost.Is != desk.Extrapolated {
		t.Errorf("of a sample: %+v, %v to create, %v lose their owner", p.Messages, p.Create, p.OwnersLost)
	}
}
