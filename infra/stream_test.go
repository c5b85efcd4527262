package infra_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// record is what the stream tells of an item, as far as a filter may look at it.
func record(event string, w storetest.Written) any {
	image := map[string]any{}
	for _, a := range w.New {
		v := any(a.Value.Str)
		if a.Value.Kind == store.Number {
			v = fmt.Sprint(a.Value.Num)
		}
		image[a.Name] = map[string]any{string(a.Value.Kind): v}
	}
	return map[string]any{"eventName": event, "dynamodb": map[string]any{
		"Keys": map[string]any{
			store.PK: map[string]any{"S": w.Key.PK}, store.SK: map[string]any{"S": w.Key.SK},
		},
		"NewImage": image,
	}}
}

// passes applies a filter's pattern: every name of it leads somewhere, and ends in
// one of some texts. Patterns may say more, which is then taken for no match.
func passes(pattern, v any) bool {
	switch pattern := pattern.(type) {
	case map[string]any:
		for name, p := range pattern {
			if !passes(p, at(v, name)) {
				return false
			}
		}
		return true
	case []any:
		return v != nil && slices.Contains(pattern, v)
	}
	return false
}

// TestStreamFilter gives the filter of the stream's event source mapping all that
// the store has written of conversations.
func TestStreamFilter(t *testing.T) {
	s := newScene(t)
	var inbox, landed, others []storetest.Written
	s.Memory.Wrote = func(items []storetest.Written) {
		for _, w := range items {
			if w.Table != store.Conversations || w.New == nil {
				continue
			}
			to := &inbox
			if c, ok := store.ReadConversation(w.Key, w.New); !ok {
				to = &others // a message, or an external ID
			} else if c.Home == desk.HelpDesk {
				to = &landed
			}
			*to = append(*to, w)
			if store.Streamed(w.New) != (to == &inbox) {
				t.Errorf("one machine filters otherwise: %v", w)
			}
		}
	}
	id := s.take("plain", "<1>")
	s.request("POST", "/v1/conversations/{"+id+"}/tickets", map[string]any{"status": "new"}, 201)
	s.walk(s.start("plain", nil))
	s.reply("plain", id)
	if len(inbox) < 2 || len(landed) < 2 || len(others) < 4 {
		t.Fatalf("%d in the inbox, %d landed, %d others", len(inbox), len(landed), len(others))
	}
	contract := func(p project) (problems []string) {
		tmpl, err := p.template()
		if err != nil {
			return []string{err.Error()}
		}
		stream := at(tmpl.Resources[function("redirect")].Properties, "Events", "Conversations", "Properties")
		filters := list(at(stream, "FilterCriteria", "Filters"))
		if len(filters) != 1 {
			return []string{fmt.Sprintf("the stream has %d filters", len(filters))}
		}
		var pattern any
		if err := json.Unmarshal([]byte(text(at(filters[0], "Pattern"))), &pattern); err != nil {
			return []string{err.Error()}
		}
		for what, of := range map[string]struct {
			items []storetest.Written
			want  bool
		}{"a conversation in the inbox": {inbox, true}, "one that has landed": {landed, false}, "what is no conversation": {others, false}} {
			for _, w := range of.items {
				for _, event := range []string{"INSERT", "MODIFY", "REMOVE"} {
					if got := passes(pattern, record(event, w)); got != (of.want && event != "REMOVE") {
						problems = append(problems, fmt.Sprintf("the filter lets %s pass: %s of %v: %t", what, event, w.Key, got))
					}
				}
			}
		}
		return problems
	}
	const yaml, home = "template.yaml", `"NewImage": {"home": {"S": ["inbox"]}}`
	holds(t, contract, map[string]breakage{
		"no filter":     {file: yaml, old: "            FilterCriteria:\n", new: "            Comment:\n", says: "0 filters"},
		"all headers":   {file: yaml, old: home, new: `"Keys": {"sk": {"S": ["H"]}}`, says: "lets one that has landed pass: MODIFY"},
		"everything":    {file: yaml, old: `, "dynamodb": {` + home + `}`, new: "", says: "lets what is no conversation pass: INSERT"},
		"inserts only":  {file: yaml, old: `["INSERT", "MODIFY"]`, new: `["INSERT"]`, says: "lets a conversation in the inbox pass: MODIFY"},
		"another name":  {file: yaml, old: home, new: `"NewImage": {"home": {"S": ["Inbox"]}}`, says: "lets a conversation in the inbox pass: INSERT"},
		"what was":      {file: yaml, old: home, new: `"OldImage": {"home": {"S": ["inbox"]}}`, says: "lets a conversation in the inbox pass: INSERT"},
		"removals, too": {file: yaml, old: `["INSERT", "MODIFY"]`, new: `["INSERT", "MODIFY", "REMOVE"]`, says: "REMOVE of"},
	})
}
