package desk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
)

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
			c.Home, c.Move = home, "m1"
			err := c.Movable()
			if got := code(err); got != want {
				t.Errorf("Movable of %s at %s = %q; want %q", c.ID, home, got, want)
			}
			if refused, ok := errors.AsType[*desk.RefusedError](err); !ok || refused.Move != "m1" {
				t.Errorf("%v does not name the move", err)
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
			if test.about != "" && (len(got[0].Each) != 1 || got[0].Each[0].ID != test.about) {
				t.Errorf("it is about %v; want %q", got[0].Each, test.about)
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

func TestParseSettings(t *testing.T) {
	for raw, want := range map[string]desk.Settings{
		"":                          {},
		" \n":                       {},
		"null":                      {},
		"{}":                        {},
		`{"colour":"red","x":[1]}`:  {},
		`{"signature":"Yours"}`:     {Signature: "Yours"},
		`{"routing":{"team":"t"}}`:  {Routing: desk.Routing{Team: "t"}},
		`{"routing":{"deep":true}}`: {},
		`{"automation":{"keepClosed":true},"tickets":{"status":"new"}}`: {
			Automation: desk.Automation{KeepClosed: true}, Tickets: desk.TicketSettings{Status: "new"}},
	} {
		got, err := desk.ParseSettings(json.RawMessage(raw))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("ParseSettings(%s): %v %s", raw, err, diff)
		}
	}
}

func TestParseSettingsNamesTheWrongField(t *testing.T) {
	for raw, field := range map[string]string{
		"{":                                  "settings",
		"nonsense":                           "settings",
		"[]":                                 "settings",
		`"x"`:                                "settings",
		`{"signature":7}`:                    "settings.signature",
		`{"routing":{"agents":"ada"}}`:       "settings.routing.agents",
		`{"routing":{"agents":[1]}}`:         "settings.routing.agents",
		`{"automation":{"keepClosed":"on"}}`: "settings.automation.keepClosed",
		`{"tickets":{"status":{}}}`:          "settings.tickets.status",
	} {
		got, err := desk.ParseSettings(json.RawMessage(raw))
		if f := fields(err); !slices.Equal(f, []string{field}) {
			t.Errorf("ParseSettings(%s): %v is about %q; want %q", raw, err, f, field)
		}
		if diff := cmp.Diff(desk.Settings{}, got); diff != "" {
			t.Errorf("ParseSettings(%s) returns something beside the error: %s", raw, diff)
		}
	}
}

func TestR17_SettingsStayByteForByte(t *testing.T) {
	raw := []byte("{ \"signature\" : \"\\u00e4\",\n\t\"unknown\": 1e3, \"routing\":{\"agents\":[\"ada\"]} }")
	s := acme()
	s.Channels[0].Settings = bytes.Clone(raw)
	r := rules(t, s, allOf("mail"))
	ticket(t, r, old(), fence)
	ticket(t, r, fresh(), fence)
	s.Preflight(s.Channels[0], allOf("mail").Choices, desk.PreflightCounts{}, fence)
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(s.Channels[0].Settings, raw) {
		t.Errorf("settings are now %s", s.Channels[0].Settings)
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte(`{"routing":{"agents":["a"],"team":"t"},"automation":{"keepClosed":true}}`))
	f.Add([]byte(`[{}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		_, err := desk.ParseSettings(raw)
		if err != nil && len(fields(err)) != 1 {
			t.Errorf("%q: %v is no InvalidError", raw, err)
		}
		if err == nil && len(bytes.TrimSpace(raw)) > 0 && !json.Valid(raw) {
			t.Errorf("%q is no JSON", raw)
		}
		if !bytes.Equal(before, raw) {
			t.Errorf("%q became %q", before, raw)
		}
	})
}
