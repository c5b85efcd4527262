package desk_test

import (
	"slices"
	"testing"

	"deskmove/shared/desk"
)

func TestChoices(t *testing.T) {
	for name, test := range map[string]struct {
		change func(c *desk.Choices)
		want   []string // fields
	}{
		"R07 all":               {func(c *desk.Choices) {}, nil},
		"R07 unknown":           {func(c *desk.Choices) { c.History = "some" }, []string{"history"}},
		"R07 missing":           {func(c *desk.Choices) { c.History = "" }, []string{"history"}},
		"R07 none":              {func(c *desk.Choices) { c.History, c.Statuses = desk.NoHistory, desk.StatusMap{} }, nil},
		"R08 other pipeline":    {func(c *desk.Choices) { c.Statuses = desk.StatusMap{Open: "lead", Closed: "won"} }, nil},
		"R08 two pipelines":     {func(c *desk.Choices) { c.Statuses.Closed = "won" }, []string{"statusMap"}},
		"R08 unknown open":      {func(c *desk.Choices) { c.Statuses.Open = "ajar" }, []string{"statusMap.open"}},
		"R08 unknown closed":    {func(c *desk.Choices) { c.Statuses.Closed = "shut" }, []string{"statusMap.closed"}},
		"R08 closed for open":   {func(c *desk.Choices) { c.Statuses.Open = "spam" }, []string{"statusMap.open"}},
		"R08 open for closed":   {func(c *desk.Choices) { c.Statuses.Closed = "waiting" }, []string{"statusMap.closed"}},
		"R08 missing":           {func(c *desk.Choices) { c.Statuses = desk.StatusMap{} }, []string{"statusMap.open", "statusMap.closed"}},
		"R08 none, yet given":   {func(c *desk.Choices) { c.History = desk.NoHistory }, []string{"statusMap"}},
		"R09 unknown":           {func(c *desk.Choices) { c.SLA = "later" }, []string{"sla"}},
		"R09 original":          {func(c *desk.Choices) { c.SLA = desk.Original }, nil},
		"R10 unknown":           {func(c *desk.Choices) { c.Notifications = "loud" }, []string{"notifications"}},
		"R10 all":               {func(c *desk.Choices) { c.Notifications = desk.All }, nil},
		"R08 R09 R10 all wrong": {func(c *desk.Choices) { c.SLA, c.Notifications, c.Statuses.Open = "x", "y", "z" }, []string{"sla", "notifications", "statusMap.open"}},
		"R09 R10 without history": {func(c *desk.Choices) {
			c.History, c.Statuses, c.SLA, c.Notifications = desk.NoHistory, desk.StatusMap{}, desk.NoClocks, desk.Digest
		}, []string{"sla", "notifications"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := allOf("mail").Choices
			test.change(&c)
			err := acme().CheckChoices(c)
			if got := fields(err); !slices.Equal(got, test.want) {
				t.Errorf("CheckChoices finds %q (%v); want %q", got, err, test.want)
			}
		})
	}
}

func TestR09_R10_Defaults(t *testing.T) {
	got := desk.Choices{}.WithDefaults()
	if got.SLA != desk.FromMove || got.Notifications != desk.Quiet {
		t.Errorf("defaults are %q and %q", got.SLA, got.Notifications)
	}
	got = desk.Choices{SLA: desk.NoClocks, Notifications: desk.All}.WithDefaults()
	if got.SLA != desk.NoClocks || got.Notifications != desk.All {
		t.Errorf("a choice was replaced: %q, %q", got.SLA, got.Notifications)
	}
}

func TestR08_MappedStatus(t *testing.T) {
	mapping := desk.StatusMap{Open: "new", Closed: "solved"}
	for before, want := range map[desk.ConversationStatus]desk.Status{desk.Open: "new", desk.Closed: "solved"} {
		if got, err := mapping.Status(before); got != want || err != nil {
			t.Errorf("Status(%q) = %q, %v; want %q", before, got, err, want)
		}
	}
	if got, err := mapping.Status("ajar"); got != "" || len(fields(err)) != 1 {
		t.Errorf("Status(ajar) = %q, %v; want an error", got, err)
	}
}
