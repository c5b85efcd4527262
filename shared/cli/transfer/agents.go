package transfer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
)

// OfAgent is who an agent of a file is in the account.
type OfAgent struct {
	ID      string   `json:"id"`
	Name    string   `json:"name,omitempty"`
	Email   string   `json:"email,omitempty"`
	Is      string   `json:"is,omitempty"` // the agent's ID in the account; "" is nobody
	By      Match    `json:"by"`
	Owns    int64    `json:"owns"`  // conversations
	Wrote   int64    `json:"wrote"` // messages
	Similar []string `json:"similar,omitempty"`
}

// Match is by what an agent was found.
type Match string

// The matches.
const (
	ByID      Match = "id"
	ByAddress Match = "address"
	ByMapping Match = "mapping"
	ByAdding  Match = "added"      // the account is to have them
	AsNamed   Match = "left"       // no agent any more, and named by what was done alone
	Unused    Match = "not-needed" // nothing that is imported names them
	Unmatched Match = "unknown"
)

// resolve finds out who the file's agents are here.
func (i *importing) resolve() {
	i.agents = make(map[string]string)
	for _, a := range i.found.agents {
		u := i.found.used(a.ID)
		is := OfAgent{ID: a.ID, Name: a.Name, Email: a.Email, Owns: u.owns, Wrote: u.wrote}
		is.Is, is.By = match(a, i.setup.Agents, i.options.Agents, i.options.Setup)
		if is.By == Unmatched {
			if is.Similar = exchange.Similar(a.Agent, i.setup.Agents); *u == (use{}) {
				is.By = Unused
			}
		}
		i.agents[a.ID] = is.Is
		i.summary.Agents = append(i.summary.Agents, is)
	}
}

// match returns who an agent is, and by what.
func match(a *api.AgentFacts, here []api.Agent, mapping map[string]string, add bool) (id string, by Match) {
	if to, ok := mapping[a.ID]; ok {
		return to, ByMapping
	}
	if slices.ContainsFunc(here, func(h api.Agent) bool { return h.ID == a.ID }) {
		return a.ID, ByID
	}
	if a.Left {
		return a.ID, AsNamed
	}
	for _, h := range here {
		if a.Email != "" && strings.EqualFold(h.Email, a.Email) {
			return h.ID, ByAddress
		}
	}
	if add {
		return a.ID, ByAdding
	}
	return "", Unmatched
}

// text is a line about an agent, "" if there is nothing to say.
func (a OfAgent) text() string {
	who := "agent " + a.ID
	if a.Name != "" || a.Email != "" {
		who += " (" + strings.TrimSpace(a.Name+" "+a.Email) + ")"
	}
	switch a.By {
	case ByAddress, ByMapping:
		if a.Is == "" {
			return who + " is nobody here"
		}
		return who + " is " + a.Is + " here, by " + string(a.By)
	case ByAdding:
		return who + " is added"
	case Unmatched:
		who += fmt.Sprintf(" is unknown here: owns %d conversations and wrote %d messages", a.Owns, a.Wrote)
		if len(a.Similar) > 0 {
			who += "; perhaps " + strings.Join(a.Similar, " or ")
		}
		return who
	}
	return ""
}

// unresolved returns an error if agents are not known here. Moved says that a channel that
// has moved is among what is brought in as it was.
func (i *importing) unresolved(moved bool) error {
	var lines []string
	var errs []error
	here := make(map[string]bool)
	for _, a := range i.setup.Agents {
		here[a.ID] = true
	}
	known := make(map[string]bool)
	for _, a := range i.summary.Agents {
		known[a.ID] = true
		switch {
		case a.By == Unmatched:
			lines = append(lines, a.text())
		case a.By == ByMapping && a.Is != "" && a.Is != a.ID && !here[a.Is]:
			errs = append(errs, fmt.Errorf("--agents: agent %s is to be %q, and the account has no such agent", a.ID, a.Is))
		case moved && a.Is != a.ID && a.By != Unused:
			errs = append(errs, fmt.Errorf("agent %s is %q here: a channel that has moved is brought in with the proof of its move, which names agents by their IDs; they must be the same", a.ID, a.Is))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(i.options.Agents)) {
		if !known[id] {
			errs = append(errs, fmt.Errorf("--agents: there is no agent %q in the file", desk.Truncate(id, 80)))
		}
	}
	if len(lines) > 0 {
		errs = append(errs, fmt.Errorf("nothing was imported, because agents are not known here:\n  %s\n  say who they are in a file for --agents, or give --setup to have them added", strings.Join(lines, "\n  ")))
	}
	return errors.Join(errs...)
}

// here returns a copy of a conversation that names agents by their IDs here.
func (i *importing) here(c api.ConversationFacts) api.ConversationFacts {
	to := func(id *string) {
		if *id != "" {
			*id = i.agents[*id]
		}
	}
	to(&c.Owner)
	c.Edits = slices.DeleteFunc(slices.Clone(c.Edits), func(e api.Edit) bool { return i.agents[e.By] == "" })
	for n := range c.Edits {
		to(&c.Edits[n].By)
		if owner := c.Edits[n].Owner; owner != nil {
			is := *owner
			if mapped, ok := i.agents[is]; ok {
				is = mapped
			}
			c.Edits[n].Owner = &is
		}
	}
	if c.Ticket == nil {
		return c
	}
	t := *c.Ticket
	to(&t.Owner)
	to(&t.LostOwner)
	if t.Landed != nil {
		l := *t.Landed
		to(&l.Owner)
		t.Landed = &l
	}
	if t.Edited != nil {
		e := *t.Edited
		to(&e.Owner)
		if to(&e.By); e.By == "" {
			t.Edited, t.MadeVersion = nil, e.Revision
		} else {
			t.Edited = &e
		}
	}
	c.Ticket = &t
	return c
}
