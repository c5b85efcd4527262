package desk_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
)

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
			Automation: desk.Automation{KeepClosed: true}, Tickets: desk.NewTickets{Status: "new"}},
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
	s.Preflight(s.Channels[0], allOf("mail").Choices, desk.Facts{}, fence)
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
