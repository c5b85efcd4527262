package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// SetupStore keeps accounts' configuration, and their channels' homes.
//
// What an account's owner configures is written as a generation, which never
// changes. One item of the account, its pointer, names the generation that counts.
// It is changed in one write, so that whoever reads finds one generation, whole.
type SetupStore struct {
	Engine Engine
	Cache  *SetupCache // nil keeps nothing
}

// Attributes of pointers, of generations and their parts, and of channels.
const (
	aGeneration = "gen"
	aParent     = "from"      // the generation before; absent of the first
	aParts      = "parts"     // how many a generation has
	aWithdrawn  = "withdrawn" // desk.Withdrawals as JSON
	aBegun      = "begun"     // whether a generation may still become the one that counts
	aPart       = "part"
	AttrFence   = "fence"
	aStarts     = "starts"    // 1 once a move of the channel has started
	aFrom       = "src"       // the account of which the channel was brought in
	aRestoring  = "restoring" // 1 while it is being brought in
)

// partSize is the most bytes of a part. An item of DynamoDB may have 400 KB.
const partSize = 256 << 10

// leftoversKept is how long a generation that does not count is kept: much longer
// than a reader, or one who writes it, takes.
const leftoversKept = time.Hour

// pointer is what an account's pointer says.
type pointer struct {
	generation, parent string
	parts              int
	withdrawn          string
}

func readPointer(a Attrs) pointer {
	return pointer{a.Str(aGeneration), a.Str(aParent), int(a.Num(aParts)), a.Str(aWithdrawn)}
}

// withdrawals are those of the account.
func (p pointer) withdrawals() (w desk.Withdrawals, err error) {
	if p.withdrawn == noWithdrawals {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(p.withdrawn), &w); err != nil {
		return nil, fmt.Errorf("withdrawals: %w", err)
	}
	return w, nil
}

const noWithdrawals = "{}"

// current reads an account's pointer and the generation that it names, and other
// items with the pointer, strongly; desk.ErrNotFound if there is no such account.
func (s SetupStore) current(ctx context.Context, account string, others ...Key) (p pointer, g *generation, found map[Key]Attrs, _ error) {
	key := pointerKey(account)
	for range attempts {
		items, err := s.Engine.Get(ctx, Control, append([]Key{key}, others...), Strong)
		if err != nil {
			return p, nil, nil, fmt.Errorf("setup of %s: %w", account, err)
		}
		found := make(map[Key]Attrs, len(items))
		for _, item := range items {
			found[item.Key] = item.Attrs
		}
		if found[key] == nil {
			if err := checkOldLayout(ctx, s.Engine, account); err != nil {
				return p, nil, nil, err
			}
			return p, nil, nil, fmt.Errorf("account %s: %w", account, desk.ErrNotFound)
		}
		p = readPointer(found[key])
		g, err := s.generation(ctx, account, p)
		if err != nil {
			return p, nil, nil, fmt.Errorf("setup of %s: %w", account, err)
		}
		if g != nil {
			return p, g, found, nil
		}
		// Another came to count, and this one was deleted: the pointer says which.
	}
	return p, nil, nil, &desk.BusyError{What: "setup of " + account, After: time.Second}
}

// attempts is how often something is read again that others replace meanwhile.
const attempts = 8

// generation reads a generation; nil if it is there no more.
func (s SetupStore) generation(ctx context.Context, account string, p pointer) (*generation, error) {
	if g := s.Cache.get(account, p.generation); g != nil {
		return g, nil
	}
	items, err := queryAll(ctx, s.Engine, Query{
		Table: Control, PK: setupPK(account), From: setupPartKey(account, p.generation, 0).SK, To: setupPartKey(account, p.generation, p.parts).SK,
		Limit: 100, Read: Strong,
	})
	if err != nil || len(items) < p.parts {
		return nil, err
	}
	var text []byte
	for _, item := range items {
		text = append(text, item.Attrs.Str(aPart)...)
	}
	g, err := readGeneration(account, p.generation, text)
	if err == nil {
		s.Cache.put(account, g)
	}
	return g, err
}

// generation is an account's configuration. It is shared, and never changed.
type generation struct {
	setup                        desk.Setup // its channels have no homes
	agents, connectors, channels map[string]int
	text                         []byte // as it is kept
}

// setupText is a generation as it is kept, as JSON.
type setupText struct {
	Account    desk.Account
	Agents     []desk.Agent
	Teams      []desk.Team
	Connectors []desk.Connector
	Pipelines  []desk.Pipeline
	Policies   []desk.Policy
	Channels   []channelText
}

// channelText is what an account's owner configures of a channel.
type channelText struct {
	ID, Name  string
	Type      desk.ChannelType
	Address   string    `json:",omitempty"`
	Fallback  bool      `json:",omitempty"`
	Connected string    `json:",omitempty"`
	Bot       *desk.Bot `json:",omitempty"`
	Settings  []byte    `json:",omitempty"` // byte for byte
}

func writeGeneration(s desk.Setup) ([]byte, error) {
	w := setupText{s.Account, s.Agents, s.Teams, s.Connectors, s.Pipelines, s.Policies, make([]channelText, len(s.Channels))}
	for i, c := range s.Channels {
		w.Channels[i] = channelText{c.ID, c.Name, c.Type, c.Address, c.Fallback, c.Connected, c.Bot, c.Settings}
	}
	return json.Marshal(w)
}

func readGeneration(account, version string, text []byte) (*generation, error) {
	var r setupText
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("generation %s: %w", version, err)
	}
	g := &generation{
		setup: desk.Setup{
			Account: r.Account, Agents: r.Agents, Teams: r.Teams, Connectors: r.Connectors, Pipelines: r.Pipelines, Policies: r.Policies,
			Channels: make([]desk.Channel, len(r.Channels)), Version: version,
		},
		agents: make(map[string]int, len(r.Agents)), connectors: make(map[string]int, len(r.Connectors)),
		channels: make(map[string]int, len(r.Channels)), text: text,
	}
	for i, a := range r.Agents {
		g.agents[a.ID] = i
	}
	for i, c := range r.Connectors {
		g.connectors[c.ID] = i
	}
	for i, c := range r.Channels {
		g.channels[c.ID] = i
		g.setup.Channels[i] = desk.Channel{
			Account: account, ID: c.ID, Name: c.Name, Type: c.Type, Address: c.Address, Fallback: c.Fallback, Connected: c.Connected,
			Bot: c.Bot, Settings: c.Settings,
		}
	}
	return g, nil
}

// Setup reads all of an account's configuration, strongly; desk.ErrNotFound
// if there is no such account. What is in its lists must not be changed in place.
func (s SetupStore) Setup(ctx context.Context, account string) (desk.Setup, error) {
	_, g, _, err := s.current(ctx, account)
	if err != nil {
		return desk.Setup{}, err
	}
	// A channel's home is there before the generation that has the channel counts.
	homes, err := queryAll(ctx, s.Engine, Query{Table: Control, PK: channelsPK(account), Limit: 1000, Read: Strong})
	if err != nil {
		return desk.Setup{}, fmt.Errorf("setup of %s: %w", account, err)
	}
	of := make(map[string]Attrs, len(homes))
	for _, item := range homes {
		of[item.Key.SK] = item.Attrs
	}
	setup := g.setup
	setup.Agents, setup.Teams, setup.Connectors = slices.Clone(setup.Agents), slices.Clone(setup.Teams), slices.Clone(setup.Connectors)
	setup.Pipelines, setup.Policies, setup.Channels = slices.Clone(setup.Pipelines), slices.Clone(setup.Policies), slices.Clone(setup.Channels)
	for i := range setup.Channels {
		if err := setHome(&setup.Channels[i], of[setup.Channels[i].ID]); err != nil {
			return desk.Setup{}, fmt.Errorf("setup of %s: %w", account, err)
		}
	}
	return setup, nil
}

// Membership reads what an account says of a caller now, strongly; desk.ErrNotFound
// if there is no such account.
func (s SetupStore) Membership(ctx context.Context, c desk.Caller) (m desk.Membership, _ error) {
	p, g, _, err := s.current(ctx, c.Account)
	if err != nil {
		return m, err
	}
	if i, ok := g.agents[c.Agent]; ok {
		agent := g.setup.Agents[i]
		m.Agent = &agent
	}
	if i, ok := g.connectors[c.Agent]; ok {
		connector := g.setup.Connectors[i]
		m.Connector = &connector
	}
	m.Withdrawals, err = p.withdrawals()
	return m, err
}

// Channel reads one channel, strongly; desk.ErrNotFound if there is none.
func (s SetupStore) Channel(ctx context.Context, account, id string) (desk.Channel, error) {
	key := ChannelKey(account, id)
	_, g, found, err := s.current(ctx, account, key)
	if err != nil {
		return desk.Channel{}, fmt.Errorf("channel %s: %w", id, err)
	}
	i, ok := g.channels[id]
	if !ok {
		return desk.Channel{}, fmt.Errorf("channel %s: %w", id, desk.ErrNotFound)
	}
	c := g.setup.Channels[i]
	return c, setHome(&c, found[key])
}

// Home reads where a channel lives, strongly, and nothing of its configuration;
// desk.ErrNotFound if there is no such channel.
func (s SetupStore) Home(ctx context.Context, account, id string) (desk.Channel, error) {
	a, err := getOne(ctx, s.Engine, Control, ChannelKey(account, id))
	if err != nil {
		return desk.Channel{}, fmt.Errorf("channel %s: %w", id, err)
	}
	c := desk.Channel{Account: account, ID: id}
	return c, setHome(&c, a)
}

// ReadHome reads where a channel lives from its item; false if it is no channel's.
func ReadHome(item Item) (c desk.Channel, ok bool) {
	account, ok := strings.CutSuffix(strings.TrimPrefix(item.Key.PK, "A#"), "#CHANNELS")
	c = desk.Channel{Account: account, ID: item.Key.SK}
	return c, ok && setHome(&c, item.Attrs) == nil
}

// setHome sets where a channel lives: home and fence are touched by none but the move.
func setHome(c *desk.Channel, a Attrs) error {
	if a == nil {
		return fmt.Errorf("channel %s has no home", c.ID)
	}
	c.Home, c.FenceAt, c.Move = desk.Home(a.Str(Home)), a.Time(AttrFence), a.Str(aMoveID)
	c.From, c.Restoring = a.Str(aFrom), a.Num(aRestoring) != 0
	return nil
}

// Fence makes a channel Moving by a move, if it is still in the inbox, and
// returns where the channel lives now: fenced by whichever came first.
func (s SetupStore) Fence(ctx context.Context, account, id, byMove string, at time.Time) (desk.Channel, error) {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Update, Table: Control, Key: ChannelKey(account, id),
		Set: Attrs{}.str(Home, string(desk.Moving)).time(AttrFence, at).str(aMoveID, byMove),
		If:  Equals(Home, S(string(desk.Inbox))),
	}}))
	if err != nil && !errors.Is(err, ErrCondition) {
		return desk.Channel{}, fmt.Errorf("fence channel %s: %w", id, err)
	}
	return s.Home(ctx, account, id)
}

// Replace makes an account's configuration what setup says, in place of the one
// with setup's version, and returns the version that it has then. Homes of channels
// stay. It is done whole or not at all, with the entries of the audit log.
// If the account's setup has another version, or none though setup has one, the
// error is desk.ErrChanged. Sent again after its answer was lost, it finds what it
// has done; what changes nothing is not written.
func (s SetupStore) Replace(ctx context.Context, setup desk.Setup, at time.Time, entries ...desk.AuditEntry) (version string, err error) {
	account := setup.Account.ID
	version, err = s.replace(ctx, setup, at, entries)
	if err != nil {
		return "", fmt.Errorf("setup of %s: %w", account, err)
	}
	return version, nil
}

func (s SetupStore) replace(ctx context.Context, setup desk.Setup, at time.Time, entries []desk.AuditEntry) (string, error) {
	account := setup.Account.ID
	if err := checkOldLayout(ctx, s.Engine, account); err != nil {
		return "", err
	}
	if err := writeLayout(ctx, s.Engine); err != nil {
		return "", err
	}
	text, err := writeGeneration(setup)
	if err != nil {
		return "", err
	}
	was, old, _, err := s.current(ctx, account)
	if isNew := errors.Is(err, desk.ErrNotFound); isNew {
		old = &generation{}
	} else if err != nil {
		return "", err
	}
	same := bytes.Equal(old.text, text)
	switch {
	case same && (was.generation == setup.Version || was.parent == setup.Version):
		return was.generation, nil
	case was.generation != setup.Version:
		return "", desk.ErrChanged
	}
	if err := s.deleteLeftovers(ctx, account, was.generation, at); err != nil {
		return "", err
	}
	parts := slices.Collect(slices.Chunk(text, partSize))
	is := pointer{generation: newGeneration(setup.Version, at, text), parent: was.generation, parts: len(parts)}
	if err := s.begin(ctx, account, is, parts, at); err != nil {
		return "", err
	}
	if err := s.houseNew(ctx, setup, old); err != nil {
		return "", err
	}
	err = transactAudited(ctx, s.Engine, append(flip(account, was, is, at), stillInTheInbox(setup, old)...), entries...)
	if errors.Is(err, ErrCondition) {
		err = desk.ErrChanged
	}
	return is.generation, err
}

// newGeneration names a generation: by its number and a sum of all that it comes of.
// Two writers share a name only if they write the same in place of the same at the
// same time.
func newGeneration(parent string, at time.Time, text []byte) string {
	number := 0
	_, _ = fmt.Sscanf(parent, "%d-", &number) // none has the number 0
	return fmt.Sprintf("%d-%s", number+1, sumOf(parent, instant(at), string(text)))
}

// begin writes a generation, which does not count yet. A note of it comes first, so
// that it is found after a crash.
func (s SetupStore) begin(ctx context.Context, account string, g pointer, parts [][]byte, at time.Time) error {
	note := noteOf(account, g, at)
	note.Set, note.If = note.Set.num(aBegun, 1), Absent()
	err := FirstError(s.Engine.Write(ctx, []Write{note}))
	if err != nil && !errors.Is(err, ErrCondition) { // the same has been begun already
		return err
	}
	ws := make([]Write, len(parts))
	for i, part := range parts {
		ws[i] = Write{Op: Put, Table: Control, Key: setupPartKey(account, g.generation, i), Set: Attrs{}.bin(aPart, string(part))}
	}
	return FirstError(s.Engine.Write(ctx, ws))
}

// noteOf is the note of a generation that does not count.
func noteOf(account string, g pointer, at time.Time) Write {
	return Write{Op: Put, Table: Control, Key: generationKey(account, g.generation), Set: Attrs{}.num(aParts, int64(g.parts)).time(aAt, at)}
}

// houseNew gives channels that were not there before a home, in the inbox. One that
// was there earlier has its own.
func (s SetupStore) houseNew(ctx context.Context, setup desk.Setup, old *generation) error {
	var ws []Write
	for _, c := range setup.Channels {
		if _, ok := old.channels[c.ID]; !ok {
			ws = append(ws, Write{Op: Put, Table: Control, Key: ChannelKey(setup.Account.ID, c.ID), Set: Attrs{{Home, S(string(desk.Inbox))}}, If: Absent()})
		}
	}
	if len(ws) == 0 {
		return nil
	}
	for _, err := range s.Engine.Write(ctx, ws) {
		if err != nil && !errors.Is(err, ErrCondition) {
			return err
		}
	}
	return nil
}

// flip makes a generation the one that counts, in place of another, if that still
// does and this one has not been given up. Withdrawals stay as they are.
func flip(account string, was, is pointer, at time.Time) []Write {
	ws := []Write{
		{
			Op: Update, Table: Control, Key: pointerKey(account), If: Equals(aGeneration, S(was.generation)),
			Set: Attrs{}.str(aGeneration, is.generation).str(aParent, was.generation).num(aParts, int64(is.parts)),
		},
		{Op: Delete, Table: Control, Key: generationKey(account, is.generation), If: Equals(aBegun, N(1))},
	}
	if was.generation == "" {
		ws[0].Op, ws[0].If, ws[0].Set = Put, Absent(), ws[0].Set.str(aWithdrawn, noWithdrawals)
		return ws
	}
	return append(ws, noteOf(account, was, at))
}

// setupIs holds while an account has this version of its setup.
func setupIs(account, version string) Write {
	return Write{Op: Update, Table: Control, Key: pointerKey(account), Set: Attrs{{aGeneration, S(version)}}, If: Equals(aGeneration, S(version))}
}

// stillInTheInbox holds while the channels that a setup takes away are in the inbox, and
// no move of theirs has started: such a channel must stay.
func stillInTheInbox(setup desk.Setup, old *generation) (ws []Write) {
	kept := make(map[string]bool, len(setup.Channels))
	for _, c := range setup.Channels {
		kept[c.ID] = true
	}
	inbox := S(string(desk.Inbox))
	for _, c := range old.setup.Channels {
		if !kept[c.ID] {
			ws = append(ws, Write{
				Op: Update, Table: Control, Key: ChannelKey(setup.Account.ID, c.ID), Set: Attrs{{Home, inbox}},
				If: Equals(Home, inbox).And(Differs(aStarts, N(1))),
			})
		}
	}
	return ws
}

// deleteLeftovers deletes generations that do not count, and have not for a while. A
// crash while it does so leaves the rest for the next time. A note of the one that
// counts was written late, by an attempt of which nobody waited for the end: it alone
// is deleted.
func (s SetupStore) deleteLeftovers(ctx context.Context, account, current string, now time.Time) error {
	notes, err := queryAll(ctx, s.Engine, Query{
		Table: Control, PK: setupPK(account), From: generationPrefix, To: generationPrefix + "~", Limit: 100, Read: Strong,
	})
	if err != nil {
		return err
	}
	for _, note := range notes {
		if note.Attrs.Time(aAt).After(now.Add(-leftoversKept)) {
			continue
		}
		version := strings.TrimPrefix(note.Key.SK, generationPrefix)
		if version == current {
			if err := FirstError(s.Engine.Write(ctx, []Write{{Op: Delete, Table: Control, Key: note.Key}})); err != nil {
				return err
			}
			continue
		}
		if note.Attrs.Num(aBegun) != 0 { // from here on it cannot come to count
			err := FirstError(s.Engine.Write(ctx, []Write{{Op: Update, Table: Control, Key: note.Key, Remove: []string{aBegun}, If: Equals(aBegun, N(1))}}))
			if errors.Is(err, ErrCondition) {
				continue
			}
			if err != nil {
				return err
			}
		}
		ws := make([]Write, note.Attrs.Num(aParts))
		for i := range ws {
			ws[i] = Write{Op: Delete, Table: Control, Key: setupPartKey(account, version, i)}
		}
		if err := FirstError(s.Engine.Write(ctx, ws)); err != nil {
			return err
		}
		if err := FirstError(s.Engine.Write(ctx, []Write{{Op: Delete, Table: Control, Key: note.Key}})); err != nil {
			return err
		}
	}
	return nil
}

// Withdraw makes tokens of an account that were issued until the entry's time good
// no more, with the audit entry. Errors: desk.ErrNotFound if there is no such
// account, *desk.RefusedError if there are too many withdrawals.
func (s SetupStore) Withdraw(ctx context.Context, account string, of desk.Holder, entry desk.AuditEntry) error {
	for range attempts {
		a, err := getOne(ctx, s.Engine, Control, pointerKey(account))
		if err != nil {
			return fmt.Errorf("account %s: %w", account, err)
		}
		p := readPointer(a)
		w, err := p.withdrawals()
		if err == nil {
			w, err = w.With(of, entry.At)
		}
		if err != nil {
			return fmt.Errorf("account %s: %w", account, err)
		}
		text, err := json.Marshal(w)
		if err != nil {
			return err
		}
		err = transactAudited(ctx, s.Engine, []Write{
			{Op: Update, Table: Control, Key: pointerKey(account), Set: Attrs{}.str(aWithdrawn, string(text)), If: Equals(aWithdrawn, S(p.withdrawn))},
		}, entry)
		if err == nil || !errors.Is(err, ErrCondition) {
			return err
		}
	}
	return &desk.BusyError{What: "withdrawal of tokens", After: time.Second}
}

// queryAll reads every page.
func queryAll(ctx context.Context, e Engine, q Query) ([]Item, error) {
	var items []Item
	for {
		page, err := e.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.Next == "" {
			return items, nil
		}
		q.After = page.Next
	}
}
