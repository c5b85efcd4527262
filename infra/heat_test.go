package infra_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/aws"
	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// What the converters can do, and what DynamoDB bears. The default of
// ConvertConcurrency and its description in the template go with the first two:
// TestConverters says how. The first is to be corrected by every new measurement.
const (
	landedPerSecond   = 1900   // conversations that one converter lands a second: 0.29 ms of processor each in make bench-aws, on a machine taken as 1.8 times as fast as Lambda's
	landingUnits      = 1.03   // write units of a landing, with its share of the ledger
	comparedPerSecond = 2000   // conversations that one converter compares a second, which writes nothing of them
	recordedPerSecond = 250    // failures that one converter records a second: one after another, 4 ms each
	openShare         = 30     // percent of history that is open, as in README's costs
	tableUnits        = 40_000 // write units a second of a table
	keyUnits          = 1000   // write units a second of a hash key
)

// heat counts the write units of every hash key, of tables and of indexes.
type heat struct {
	mu     sync.Mutex
	tables map[store.Table]float64
	keys   map[string]float64
}

func (h *heat) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tables, h.keys = map[store.Table]float64{}, map[string]float64{}
}

// wrote is for storetest.Memory. Every write of a transaction costs twice as much.
func (h *heat) wrote(items []storetest.Written) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range items {
		units := float64(store.WriteUnits(max(store.Size(w.Key, w.Old), store.Size(w.Key, w.New))))
		if len(items) > 1 {
			units *= 2
		}
		h.tables[w.Table] += units
		h.keys[fmt.Sprintf("%s %s", w.Table, w.Key.PK)] += units
		for _, index := range store.Indexes {
			if index.Table == w.Table {
				h.indexed(index, w)
			}
		}
	}
}

// indexed counts what a write costs in an index: one unit to change an entry in its
// place, to put one there and to take one away.
func (h *heat) indexed(index *store.Index, w storetest.Written) {
	entry := func(a store.Attrs) (pk, whole string) {
		pk, sk := a.Str(index.PK), a.Str(index.SK)
		if pk == "" || sk == "" {
			return "", ""
		}
		whole = pk + " " + sk
		for _, name := range index.Projects {
			v, _ := a.Find(name)
			whole += fmt.Sprint(v)
		}
		return pk, whole
	}
	was, old := entry(w.Old)
	is, now := entry(w.New)
	if old == now {
		return
	}
	for _, pk := range slices.Compact([]string{was, is}) {
		if pk != "" {
			h.keys[fmt.Sprintf("%s %s", index.Name, pk)]++
		}
	}
}

// hottest returns the hottest key of each kind, in write units a second at a rate of
// conversations a second, which the tables do not exceed.
func (h *heat) hottest(conversations int, rate float64) map[string]float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, units := range h.tables {
		rate = min(rate, tableUnits*float64(conversations)/units)
	}
	found := map[string]float64{}
	for key, units := range h.keys {
		kind := number.ReplaceAllString(key, "n")
		found[kind] = max(found[kind], units*rate/float64(conversations))
	}
	return found
}

var number = regexp.MustCompile(`c?\d[0-9a-z.]*`)

// converters is how many converters work at a time.
func (t template) converters() float64 {
	n, _ := at(t.Parameters["ConvertConcurrency"], "Default").(float64)
	return n
}

// convertersFit says whether the converters use what a table has, and no more, and
// whether the template's description tells the same.
func convertersFit(p project) (problems []string) {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	thousands := func(n float64) string { return fmt.Sprintf("%d,%03d", int(n)/1000, int(n)%1000) }
	units := t.converters() * landedPerSecond * landingUnits
	if units > tableUnits || units < tableUnits/2 {
		problems = append(problems, fmt.Sprintf("converters take %.0f write units a second of %d", units, tableUnits))
	}
	want := fmt.Sprintf("One lands about %s conversations a second, so that %.0f take %s of a table's %s write units a second.",
		thousands(landedPerSecond), t.converters(), thousands(units), thousands(tableUnits))
	if got := text(at(t.Parameters["ConvertConcurrency"], "Description")); !strings.Contains(got, want) {
		problems = append(problems, fmt.Sprintf("description of ConvertConcurrency: %q lacks %q", got, want))
	}
	return problems
}

func TestConverters(t *testing.T) {
	const yaml, converters = "template.yaml", "    Default: 20\n    MinValue: 2\n"
	holds(t, convertersFit, map[string]breakage{
		"too many":    {file: yaml, old: converters, new: "    Default: 21\n    MinValue: 2\n", says: "take 41097 write units"},
		"too few":     {file: yaml, old: converters, new: "    Default: 10\n    MinValue: 2\n", says: "take 19570 write units"},
		"other words": {file: yaml, old: "One lands about 1,900", new: "One lands about 2,000", says: "lacks"},
	})
}

// TestHeat moves some conversations and reckons from what was written how hot keys
// are when all converters are at work.
func TestHeat(t *testing.T) {
	tmpl, err := readProject(t).template()
	if err != nil {
		t.Fatal(err)
	}
	converters := tmpl.converters()
	for name, c := range map[string]struct {
		owner         string
		notifications desk.NotificationMode
		undated       bool
	}{
		"nobody's":       {},
		"one agent's":    {owner: "bob"},
		"one who leaves": {owner: "cem"},
		"digest":         {owner: "bob", notifications: desk.Digest},
		"all are told":   {owner: "bob", notifications: desk.All},
		"all fail":       {owner: "bob", undated: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			r.Platform.Batch = aws.BatchSize
			r.App = app.New(r.Platform)
			var cs []desk.Conversation
			for i := range 10_000 {
				cs = append(cs, history(i, c.owner, r.Time, c.undated))
			}
			if err := r.Conversations.Import(t.Context(), cs); err != nil {
				t.Fatal(err)
			}
			choices := apptest.History("plain")
			choices.Notifications = c.notifications
			r.StartMove(choices)
			run := r.FenceLast()
			var h heat
			r.Memory.Wrote = h.wrote
			rates := []float64{landedPerSecond, comparedPerSecond}
			if c.undated {
				rates = []float64{recordedPerSecond, recordedPerSecond}
			}
			for pass, rate := range rates {
				h.reset()
				for run.More = true; run.More; {
					run = r.Step(r.List, run)
				}
				for _, b := range r.Sent {
					if _, err := r.Convert.Use(t.Context(), b, 1); err != nil {
						t.Fatal(err)
					}
				}
				r.Sent = nil
				r.Time = r.Time.Add(time.Minute)
				run = r.Step(r.Drain, run)
				for kind, units := range h.hottest(len(cs), converters*rate) {
					t.Logf("pass %d: %4.0f units a second of %s", pass, units, kind)
					if units > keyUnits {
						t.Errorf("pass %d: a key of %s takes %.0f write units a second", pass, kind, units)
					}
				}
			}
			if p, err := r.Ledger.Progress(t.Context(), "acme", run.Move, run.PassID()); err != nil || p.Found != int64(len(cs)) || run.Again {
				t.Errorf("%+v, %v, %+v", p, err, run)
			}
		})
	}
}

// history is a conversation of years ago, one each minute.
func history(i int, owner string, now time.Time, undated bool) desk.Conversation {
	at := now.Add(-10_000*time.Hour + time.Duration(i)*time.Minute)
	c := desk.Conversation{
		Account: "acme", ID: fmt.Sprintf("c%013d", at.UnixMilli()), Origin: "plain", Channel: "plain", Home: desk.Inbox, Status: desk.Closed,
		Subject: "Where is my order?", Customer: "jane@customer.example", Owner: owner, Messages: 1, Rev: 1, CustomerRev: 1,
		Started: at, TakenIn: at, Joined: at, ChangedAt: at, CustomerAt: at, ClosedAt: at,
	}
	if undated {
		c.Started = time.Time{}
	}
	if i%100 < openShare {
		c.Status, c.ClosedAt, c.WaitingSince = desk.Open, time.Time{}, at
	}
	return c
}

// auditedPerSecond is more than an account ever does that goes into its audit log:
// what people and connectors are refused is written ten times a minute at most.
const auditedPerSecond = 1000

// TestHeatOfTheAuditLog reckons what its chains take.
func TestHeatOfTheAuditLog(t *testing.T) {
	r := apptest.New(t)
	var h heat
	h.reset()
	r.Memory.Wrote = h.wrote
	const entries = 4000
	for i := range entries {
		err := r.Journal.Audit(t.Context(), desk.AuditEntry{
			Account: "acme", ID: fmt.Sprint("refuse-ann-", 1_795_000_000_000_000_000+i), At: r.Time, By: "ann", Role: desk.AgentRole, Action: desk.ActionRefuse,
			Channel: "support-mail", Detail: strings.Repeat("d", 500), Address: "192.0.2.7",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for kind, units := range h.hottest(entries, auditedPerSecond) {
		t.Logf("%4.0f units a second of %s", units, kind)
		if units > keyUnits {
			t.Errorf("a key of %s takes %.0f write units a second", kind, units)
		}
	}
}
