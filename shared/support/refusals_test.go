package support_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// written are the entries of an audit log.
type written struct {
	mu  sync.Mutex
	es  []desk.AuditEntry
	err error
}

func (w *written) Audit(_ context.Context, e desk.AuditEntry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.es = append(w.es, e)
	}
	return w.err
}

// take returns what was written since the last time.
func (w *written) take() (lines []string) {
	for _, e := range w.es {
		lines = append(lines, e.By+" "+e.Detail)
	}
	w.es = nil
	return lines
}

var refusedAt = time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)

func TestRefusalsAreCounted(t *testing.T) {
	var log written
	j := &support.Journal{Log: &log}
	refuse := func(by string, role desk.Role, times int, at time.Duration) {
		t.Helper()
		for range times {
			c := desk.Caller{Account: "acme", Agent: by, Role: role}
			if err := j.Audit(t.Context(), c.Refusal("why", refusedAt.Add(at))); err != nil {
				t.Fatal(err)
			}
		}
	}
	is := func(want ...string) {
		t.Helper()
		if got := log.take(); !slices.Equal(got, want) {
			t.Errorf("written: %q, want %q", got, want)
		}
	}
	ten := slices.Repeat([]string{"eve why"}, 10)
	const counted = "eve and others: for up to a minute they are counted from here on, and not written"
	refuse("eve", desk.AgentRole, 10, 0)
	is(ten...)
	refuse("eve", desk.AgentRole, 214, 30*time.Second)
	is(counted)
	refuse("eve", desk.ConnectorRole, 1, 31*time.Second) // another caller of that name
	refuse("ann", desk.AgentRole, 1, 31*time.Second)
	is("eve why", "ann why")
	for range 30 { // what is no refusal is not counted
		if err := j.Audit(t.Context(), desk.AuditEntry{Account: "acme", By: "eve", Role: desk.AgentRole, Action: desk.ActionStart, At: refusedAt}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(log.take()); n != 30 {
		t.Errorf("%d of 30 starts were written", n)
	}
	refuse("eve", desk.AgentRole, 1, time.Minute)
	is("eve and 214 more in the minute from 2026-11-29T09:00:00Z on", "eve why")
	refuse("eve", desk.AgentRole, 11, 90*time.Second)
	is(append(ten[:9:9], counted)...)
	refuse("ann", desk.AgentRole, 1, 3*time.Minute) // somebody else's refusal writes it too
	is("eve and 2 more in the minute from 2026-11-29T09:01:00Z on", "ann why")

	log.err = errors.New("busy")
	if err := j.Audit(t.Context(), desk.Caller{}.Refusal("why", refusedAt)); !errors.Is(err, log.err) {
		t.Errorf("a refusal that is not written: %v", err)
	}
}

// TestRefusalsAreBounded whoever is refused, and how many they are.
func TestRefusalsAreBounded(t *testing.T) {
	var log written
	j := &support.Journal{Log: &log}
	var wg sync.WaitGroup
	for i := range 3000 {
		wg.Go(func() {
			c := desk.Caller{Account: "acme", Agent: fmt.Sprint("agent", i), Role: desk.AgentRole}
			if err := j.Audit(t.Context(), c.Refusal("why", refusedAt)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(log.es); n != 1000+10+1 {
		t.Errorf("%d refusals were written", n)
	}
	log.take()
	for i := range 3000 {
		c := desk.Caller{Account: "acme", Agent: fmt.Sprint("agent", i), Role: desk.AgentRole}
		if err := j.Audit(t.Context(), c.Refusal("why", refusedAt.Add(time.Minute))); err != nil {
			t.Error(err)
		}
	}
	if lines := log.take(); !slices.ContainsFunc(lines, func(s string) bool { return strings.HasPrefix(s, "others and 1990 more ") }) {
		t.Errorf("%d entries, none tells of the others", len(lines))
	}
}
