package desk_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"deskmove/shared/desk"
)

// chains makes two chains of 5 entries and one without, as a log lists them, and
// their heads.
func chains() (log []desk.ChainedEntry, heads []desk.ChainHead) {
	heads = []desk.ChainHead{{Chain: 0}, {Chain: 1}, {Chain: 2}}
	for i := range 10 {
		var e desk.ChainedEntry
		e, heads[i%2] = heads[i%2].Append(desk.AuditEntry{
			Account: "acme", ID: fmt.Sprint("start-", i), At: time.UnixMilli(int64(i)), By: "ann", Role: desk.SuperAdmin, Action: "start", Detail: "d", Address: "a",
		})
		log = append(log, e)
	}
	slices.Reverse(log)
	return log, heads
}

func TestChainCheck(t *testing.T) {
	earlier, _ := chains()
	kept := desk.ChainHead{Chain: 1, Number: 4, Hash: earlier[2].Hash} // the log has 1.5, 0.5, 1.4, 0.4 …
	// resealed changes what an entry says and writes the rest of its chain anew, as
	// somebody may who can write everything.
	resealed := func(log []desk.ChainedEntry, heads []desk.ChainHead) []desk.ChainedEntry {
		head := desk.ChainHead{Chain: 1}
		for i := len(log) - 1; i >= 0; i-- {
			if e := log[i]; e.Chain == 1 {
				if e.Number == 2 {
					e.By = "bob"
				}
				log[i], head = head.Append(e.AuditEntry)
			}
		}
		heads[1] = head
		return log
	}
	for name, c := range map[string]struct {
		change func(log []desk.ChainedEntry, heads []desk.ChainHead) []desk.ChainedEntry
		kept   []desk.ChainHead
		want   []string
	}{
		"whole":           {nil, nil, nil},
		"whole, as kept":  {nil, []desk.ChainHead{{Chain: 0}, kept}, nil},
		"newer than head": {func(l []desk.ChainedEntry, h []desk.ChainHead) []desk.ChainedEntry { h[1] = kept; return l }, nil, nil},
		"nothing":         {func([]desk.ChainedEntry, []desk.ChainHead) []desk.ChainedEntry { return nil }, nil, []string{"0 1-5 missing", "1 1-5 missing"}},
		"tail":            {func(l []desk.ChainedEntry, _ []desk.ChainHead) []desk.ChainedEntry { return l[1:] }, nil, []string{"1 5-5 missing"}},
		"gap":             {func(l []desk.ChainedEntry, _ []desk.ChainHead) []desk.ChainedEntry { return slices.Delete(l, 3, 6) }, nil, []string{"0 3-4 missing", "1 3-3 missing"}},
		"first":           {func(l []desk.ChainedEntry, _ []desk.ChainHead) []desk.ChainedEntry { return l[:8] }, nil, []string{"0 1-1 missing", "1 1-1 missing"}},
		"doubled":         {func(l []desk.ChainedEntry, _ []desk.ChainHead) []desk.ChainedEntry { return slices.Insert(l, 4, l[2]) }, nil, []string{"1 4-4 doubled"}},
		"changed":         {func(l []desk.ChainedEntry, _ []desk.ChainHead) []desk.ChainedEntry { l[4].By = "bob"; return l }, nil, []string{"1 3-3 changed"}},
		"changed with its hash": {func(l []desk.ChainedEntry, _ []desk.ChainHead) []desk.ChainedEntry {
			l[4].Detail = "x"
			l[4].Hash = l[4].Sum()
			return l
		}, nil, []string{"1 3-3 changed"}},
		"last with its hash": {func(l []desk.ChainedEntry, _ []desk.ChainHead) []desk.ChainedEntry {
			l[0].Detail = "x"
			l[0].Hash = l[0].Sum()
			return l
		}, nil, []string{"1 5-5 changed"}},
		"from another chain": {func(l []desk.ChainedEntry, _ []desk.ChainHead) []desk.ChainedEntry { l[4].Chain = 0; return l }, nil, []string{
			"0 2-2 changed", "0 3-3 changed", "0 3-3 changed", "0 3-3 doubled", "1 3-3 missing"}},
		"no such chain": {func(l []desk.ChainedEntry, _ []desk.ChainHead) []desk.ChainedEntry { l[9].Chain = 7; return l }, nil, []string{"0 1-1 missing", "7 1-1 changed", "7 1-1 changed"}},
		"follows another": {func(l []desk.ChainedEntry, h []desk.ChainHead) []desk.ChainedEntry {
			var only desk.ChainedEntry
			only, h[2] = desk.ChainHead{Chain: 2, Hash: "one that is gone"}.Append(l[0].AuditEntry)
			return append(l, only)
		}, nil, []string{"2 1-1 changed"}},
		"written anew":   {resealed, nil, nil}, // this it cannot show
		"anew, but kept": {resealed, []desk.ChainHead{kept}, []string{"1 4-4 kept"}},
		"cut with its head": {func(l []desk.ChainedEntry, h []desk.ChainHead) []desk.ChainedEntry {
			h[1] = desk.ChainHead{Chain: 1, Number: 3, Hash: l[4].Hash}
			return slices.DeleteFunc(l, func(e desk.ChainedEntry) bool { return e.Chain == 1 && e.Number > 3 })
		}, []desk.ChainHead{kept}, []string{"1 4-4 kept"}},
		"kept of a chain that is gone": {nil, []desk.ChainHead{{Chain: 9, Number: 2, Hash: "h"}}, []string{"9 1-2 kept"}},
	} {
		t.Run(name, func(t *testing.T) {
			log, heads := chains()
			if c.change != nil {
				log = c.change(log, heads)
			}
			check := desk.NewChainCheck(heads, c.kept)
			for _, e := range log {
				check.Add(e)
			}
			v := check.End()
			var got []string
			for _, f := range v.Faults {
				got = append(got, fmt.Sprintf("%d %d-%d %s", f.Chain, f.From, f.To, f.Kind))
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) || v.Entries != int64(len(log)) || v.More != 0 {
				t.Errorf("verdict = %q, %d entries, %d more, want %q", got, v.Entries, v.More, c.want)
			}
		})
	}
}

// TestChainCoversEveryField changes them one by one.
func TestChainCoversEveryField(t *testing.T) {
	log, _ := chains()
	for name, change := range map[string]func(*desk.ChainedEntry){
		"account": func(e *desk.ChainedEntry) { e.Account += "x" }, "ID": func(e *desk.ChainedEntry) { e.ID += "x" },
		"time": func(e *desk.ChainedEntry) { e.At = e.At.Add(time.Millisecond) }, "by": func(e *desk.ChainedEntry) { e.By += "x" },
		"role": func(e *desk.ChainedEntry) { e.Role += "x" }, "action": func(e *desk.ChainedEntry) { e.Action += "x" },
		"move": func(e *desk.ChainedEntry) { e.Move += "x" }, "channel": func(e *desk.ChainedEntry) { e.Channel += "x" },
		"detail": func(e *desk.ChainedEntry) { e.Detail += "x" }, "address": func(e *desk.ChainedEntry) { e.Address += "x" },
		"chain": func(e *desk.ChainedEntry) { e.Chain++ }, "number": func(e *desk.ChainedEntry) { e.Number++ },
		"previous": func(e *desk.ChainedEntry) { e.Previous = "" },
		"a border": func(e *desk.ChainedEntry) { e.By, e.Role = e.By+string(e.Role), "" },
	} {
		e := log[2]
		change(&e)
		if e.Sum() == e.Hash {
			t.Errorf("%s is not covered", name)
		}
	}
}

// TestChainCheckIsBounded: of a log in which all is wrong it describes a few.
func TestChainCheckIsBounded(t *testing.T) {
	check := desk.NewChainCheck([]desk.ChainHead{{Chain: 0, Number: 1000}}, nil)
	for i := range 1000 {
		check.Add(desk.ChainedEntry{Number: int64(1000 - i)})
	}
	if v := check.End(); len(v.Faults) != 20 || v.More < 900 {
		t.Errorf("%d faults and %d more", len(v.Faults), v.More)
	}
}
