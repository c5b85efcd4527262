package desk

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// What the audit log says at most about one new setup. All of its entries go into
// the transaction that makes it hold.
const (
	namesBytes  = 2000 // of names in one entry, or of one kind
	nameEntries = 7    // about one right that was given, or taken
)

// helpDeskRight is how the audit log calls help desk access.
const helpDeskRight = "help-desk"

// SetupEntries returns what the audit log says when the caller replaces a setup,
// which is zero if there was none: an entry about what has changed, and entries of
// their own about roles and help desk access that were given and taken. There are
// none if nothing has changed, and 60 at most.
func (c Caller) SetupEntries(old, is Setup, at time.Time) []AuditEntry {
	var entries []AuditEntry
	add := func(action, detail string) {
		e := c.Entry(action, fmt.Sprintf("%s-%d-%d", c.Agent, at.UnixNano(), len(entries)), at)
		e.Detail = detail
		entries = append(entries, e)
	}
	if changed := is.ChangesSince(old); changed != nil {
		add(ActionSetup, strings.Join(changed, "; "))
	}
	had, has := rights(old), rights(is)
	for _, right := range []string{string(SuperAdmin), string(AgentRole), string(ConnectorRole), helpDeskRight} {
		for _, names := range listed(less(has[right], had[right]), nameEntries) {
			add(ActionGiven, right+": "+names)
		}
		for _, names := range listed(less(had[right], has[right]), nameEntries) {
			add(ActionTaken, right+": "+names)
		}
	}
	return entries
}

// rights are the IDs of those who have each role, and of those with help desk access.
func rights(s Setup) map[string][]string {
	by := make(map[string][]string)
	for _, a := range s.Agents {
		by[string(a.Role)] = append(by[string(a.Role)], a.ID)
		if a.HelpDesk {
			by[helpDeskRight] = append(by[helpDeskRight], a.ID)
		}
	}
	for _, c := range s.Connectors {
		by[string(ConnectorRole)] = append(by[string(ConnectorRole)], c.ID)
	}
	return by
}

// ChangesSince says of each kind of things in the setup which were added (+), changed
// (~) and taken away (-) since an earlier one, and whether their order is another:
// a line for each kind that differs. It names the first of very many.
func (s Setup) ChangesSince(old Setup) (kinds []string) {
	same := func(a, b any) bool { return reflect.DeepEqual(a, b) }
	for _, kind := range [...]string{
		changed("account", []Account{old.Account}, []Account{s.Account}, func(a Account) string { return a.ID }, func(a, b Account) bool { return a == b }),
		changed("agents", old.Agents, s.Agents, func(a Agent) string { return a.ID }, func(a, b Agent) bool { return a == b }),
		changed("teams", old.Teams, s.Teams, func(t Team) string { return t.ID }, func(a, b Team) bool { return same(a, b) }),
		changed("connectors", old.Connectors, s.Connectors, func(c Connector) string { return c.ID }, func(a, b Connector) bool { return same(a, b) }),
		changed("pipelines", old.Pipelines, s.Pipelines, func(p Pipeline) string { return p.ID }, func(a, b Pipeline) bool { return same(a, b) }),
		changed("policies", old.Policies, s.Policies, func(p Policy) string { return p.ID }, func(a, b Policy) bool { return same(a, b) }),
		changed("channels", old.Channels, s.Channels, func(c Channel) string { return c.ID }, sameConfig),
	} {
		if kind != "" {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// sameConfig compares what a setup says of a channel, which is not where it lives.
func sameConfig(a, b Channel) bool {
	if !bytes.Equal(a.Settings, b.Settings) {
		return false
	}
	for _, c := range []*Channel{&a, &b} {
		c.Account, c.Settings, c.Home, c.FenceAt, c.Move = "", nil, "", time.Time{}, ""
	}
	return reflect.DeepEqual(a, b)
}

// changed says which things of a kind have changed; "" if none has.
func changed[T any](kind string, old, is []T, id func(T) string, same func(a, b T) bool) string {
	was := make(map[string]T, len(old))
	var before, kept, names []string
	for _, v := range old {
		if id(v) != "" {
			was[id(v)] = v
			before = append(before, id(v))
		}
	}
	for _, v := range is {
		switch before, ok := was[id(v)]; {
		case !ok:
			names = append(names, "+"+id(v))
			continue
		case !same(before, v):
			names = append(names, "~"+id(v))
		}
		kept = append(kept, id(v))
	}
	gone := less(before, kept)
	for _, id := range gone {
		names = append(names, "-"+id)
	}
	if stayed := less(before, gone); !slices.Equal(stayed, kept) {
		names = append(names, "order")
	}
	if len(names) == 0 {
		return ""
	}
	return kind + ": " + listed(names, 1)[0]
}

// less returns those of ids that are not among others.
func less(ids, others []string) (rest []string) {
	known := make(map[string]bool, len(others))
	for _, id := range others {
		known[id] = true
	}
	for _, id := range ids {
		if !known[id] {
			rest = append(rest, id)
		}
	}
	return rest
}

// listed writes names into at most so many texts of about namesBytes each. The last
// says how many others there are.
func listed(names []string, most int) (texts []string) {
	for len(names) > 0 {
		n, bytes := 0, 0
		for n < len(names) && (n == 0 || bytes+len(names[n]) < namesBytes) {
			bytes += len(names[n]) + len(", ")
			n++
		}
		text := strings.Join(names[:n], ", ")
		if names = names[n:]; len(texts) == most-1 && len(names) > 0 {
			text += fmt.Sprintf(" and %d more", len(names))
			names = nil
		}
		texts = append(texts, text)
	}
	return texts
}
