package desk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"deskmove/shared/desk"
)

// accepts runs a parser over what it must accept and over what it must not.
func accepts[T ~string](t *testing.T, parse func(field, s string) (T, error), values ...T) {
	t.Helper()
	for _, v := range values {
		if got, err := parse("f", string(v)); got != v || err != nil {
			t.Errorf("parse(%q) = %q, %v", v, got, err)
		}
	}
	for _, s := range []string{"", "nonsense", strings.ToUpper(string(values[0])), " " + string(values[0])} {
		got, err := parse("f", s)
		var invalid *desk.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != "f" || got != "" {
			t.Errorf("parse(%q) = %q, %v; want an InvalidError about f", s, got, err)
			continue
		}
		for _, v := range values {
			if !strings.Contains(invalid.Remedy, `"`+string(v)+`"`) {
				t.Errorf("parse(%q) does not offer %q: %s", s, v, invalid.Remedy)
			}
		}
	}
}

func TestParse(t *testing.T) {
	accepts(t, desk.ParsePlan, desk.Free, desk.Starter, desk.Professional, desk.Enterprise)
	accepts(t, desk.ParseRole, desk.SuperAdmin, desk.AgentRole, desk.ConnectorRole)
	accepts(t, desk.ParseChannelType, desk.Chat, desk.Email, desk.Form, desk.Calling, desk.WhatsApp, desk.Messenger)
	accepts(t, desk.ParseHome, desk.Inbox, desk.Moving, desk.HelpDesk)
	accepts(t, desk.ParseConversationStatus, desk.Open, desk.Closed)
	accepts(t, desk.ParseAuthor, desk.ByCustomer, desk.ByAgent, desk.ByBot, desk.BySystem)
	accepts(t, desk.ParseHistoryChoice, desk.AllHistory, desk.NoHistory)
	accepts(t, desk.ParseSLAMode, desk.FromMove, desk.Original, desk.NoClocks)
	accepts(t, desk.ParseNotificationMode, desk.Quiet, desk.Digest, desk.All)
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		err   error
		parts []string
	}{
		{&desk.InvalidError{Field: "sla", Problem: "\"x\" is unknown", Remedy: "use one of them"}, []string{"sla", "\"x\"", "use one"}},
		{&desk.RefusedError{Code: "plan", Problem: "no desk", Remedy: "change it"}, []string{"plan", "no desk", "change it"}},
		{&desk.MovedError{Conversation: "c1", Ticket: "t-c1"}, []string{"c1 has moved", "edit ticket t-c1"}},
		{&desk.ConversionError{Conversation: "c1", Code: "no-start-date", Problem: "missing", Remedy: "set it"},
			[]string{"c1", "no-start-date", "missing", "set it"}},
	} {
		for _, part := range test.parts {
			if !strings.Contains(test.err.Error(), part) {
				t.Errorf("%q does not say %q", test.err, part)
			}
		}
	}
}

func TestChangedError(t *testing.T) {
	err := fmt.Errorf("save: %w", &desk.ChangedError{Conversation: "c1", Now: &desk.Conversation{Rev: 4}})
	if !errors.Is(err, desk.ErrChanged) || errors.Is(err, desk.ErrExists) || !strings.Contains(err.Error(), "c1") {
		t.Error(err)
	}
}

func TestTemporary(t *testing.T) {
	for err, want := range map[error]bool{
		nil: false, desk.ErrChanged: false, desk.ErrNotFound: false, context.Canceled: true, context.DeadlineExceeded: true,
		&desk.InvalidError{}: false, &desk.BusyError{}: true, fmt.Errorf("read: %w", &desk.BusyError{}): true,
	} {
		if got := desk.Temporary(err); got != want {
			t.Errorf("Temporary(%v) = %v", err, got)
		}
	}
}

func TestInvalidFindsAll(t *testing.T) {
	a, b := &desk.InvalidError{Field: "a"}, &desk.InvalidError{Field: "b"}
	err := errors.Join(a, errors.New("other"), errors.Join(b))
	if got := desk.Invalid(err); len(got) != 2 || got[0] != a || got[1] != b {
		t.Errorf("Invalid = %v", got)
	}
	if got := desk.Invalid(nil); got != nil {
		t.Errorf("Invalid(nil) = %v", got)
	}
}

func TestCheckID(t *testing.T) {
	for id, ok := range map[string]bool{"a": true, "A.b_c@d-1": true, strings.Repeat("x", 64): true,
		"": false, "-a": false, "a#b": false, "a b": false, strings.Repeat("x", 65): false, "a\n": false} {
		if err := desk.CheckID("id", id); (err == nil) != ok {
			t.Errorf("CheckID(%q) = %v; want ok %v", id, err, ok)
		}
	}
}
