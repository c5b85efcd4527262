package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// SetupStore keeps accounts' configuration, and their channels' homes.
type SetupStore struct{ Engine Engine }

// Setup reads all of an account's configuration, strongly; desk.ErrNotFound
// if there is no such account.
func (s SetupStore) Setup(ctx context.Context, account string) (desk.Setup, error) {
	items, err := s.items(ctx, account)
	if err != nil {
		return desk.Setup{}, fmt.Errorf("setup of %s: %w", account, err)
	}
	sort.SliceStable(items, func(i, j int) bool { return items[i].Attrs.Num(aPlace) < items[j].Attrs.Num(aPlace) })
	var setup desk.Setup
	for _, item := range items {
		if err := readSetup(&setup, item); err != nil {
			return desk.Setup{}, fmt.Errorf("setup of %s, %s: %w", account, item.Key.SK, err)
		}
	}
	if setup.Account.ID == "" {
		if err := checkOldLayout(ctx, s.Engine, account); err != nil {
			return desk.Setup{}, err
		}
		return desk.Setup{}, fmt.Errorf("account %s: %w", account, desk.ErrNotFound)
	}
	return setup, nil
}

// items reads all items of an account's configuration.
func (s SetupStore) items(ctx context.Context, account string) ([]Item, error) {
	setup, err := queryAll(ctx, s.Engine, Query{Table: Control, PK: setupPK(account), Limit: 1000, Read: Strong})
	if err != nil {
		return nil, err
	}
	channels, err := queryAll(ctx, s.Engine, Query{Table: Control, PK: channelsPK(account), Limit: 1000, Read: Strong})
	return append(setup, channels...), err
}

func readSetup(setup *desk.Setup, item Item) (err error) {
	if isChannel(item.Key) {
		c, err := readChannel(item.Attrs)
		setup.Channels = append(setup.Channels, c)
		return err
	}
	config := []byte(item.Attrs.Str(aConfig))
	kind, _, _ := strings.Cut(item.Key.SK, "#")
	switch kind {
	case "ACCOUNT":
		err = json.Unmarshal(config, &setup.Account)
	case "AGENT":
		setup.Agents, err = readInto(setup.Agents, config)
	case "TEAM":
		setup.Teams, err = readInto(setup.Teams, config)
	case "PIPELINE":
		setup.Pipelines, err = readInto(setup.Pipelines, config)
	case "POLICY":
		setup.Policies, err = readInto(setup.Policies, config)
	}
	return err
}

func isChannel(k Key) bool { return strings.HasSuffix(k.PK, "#CHANNELS") }

func readInto[T any](list []T, config []byte) ([]T, error) {
	var v T
	err := json.Unmarshal(config, &v)
	return append(list, v), err
}

// Channel reads one channel, strongly; desk.ErrNotFound if there is none.
func (s SetupStore) Channel(ctx context.Context, account, id string) (desk.Channel, error) {
	a, err := getOne(ctx, s.Engine, Control, ChannelKey(account, id))
	if err != nil {
		return desk.Channel{}, fmt.Errorf("channel %s: %w", id, err)
	}
	return readChannel(a)
}

// Agent reads one agent, strongly; desk.ErrNotFound if there is none.
func (s SetupStore) Agent(ctx context.Context, account, id string) (agent desk.Agent, err error) {
	a, err := getOne(ctx, s.Engine, Control, setupKey(account, "AGENT", id))
	if err == nil {
		err = json.Unmarshal([]byte(a.Str(aConfig)), &agent)
	}
	if err != nil {
		return desk.Agent{}, fmt.Errorf("agent %s: %w", id, err)
	}
	return agent, nil
}

// Fence makes a channel Moving by a move, if it is still in the inbox, and
// returns the channel as it is now: fenced by whichever came first.
func (s SetupStore) Fence(ctx context.Context, account, id, byMove string, at time.Time) (desk.Channel, error) {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Update, Table: Control, Key: ChannelKey(account, id),
		Set: Attrs{}.str(Home, string(desk.Moving)).time(AttrFence, at).str(aMoveID, byMove),
		If:  Equals(Home, S(string(desk.Inbox))),
	}}))
	if err != nil && !errors.Is(err, ErrCondition) {
		return desk.Channel{}, fmt.Errorf("fence channel %s: %w", id, err)
	}
	return s.Channel(ctx, account, id)
}

// Replace makes an account's configuration what setup says, and changes the
// home of no channel. It is not atomic, but may be repeated after a crash:
// what others refer to is written before, and taken away after, what refers
// to it.
func (s SetupStore) Replace(ctx context.Context, setup desk.Setup) error {
	account := setup.Account.ID
	if err := checkOldLayout(ctx, s.Engine, account); err != nil {
		return err
	}
	if err := writeLayout(ctx, s.Engine); err != nil {
		return err
	}
	old, err := s.items(ctx, account)
	if err != nil {
		return fmt.Errorf("setup of %s: %w", account, err)
	}
	writes, err := writeSetup(setup)
	if err != nil {
		return fmt.Errorf("setup of %s: %w", account, err)
	}
	kept := make(map[Key]bool, len(writes))
	for _, w := range writes {
		kept[w.Key] = true
		err := FirstError(s.Engine.Write(ctx, []Write{w}))
		if isChannel(w.Key) && errors.Is(err, ErrCondition) {
			err = FirstError(s.Engine.Write(ctx, []Write{newChannel(w)}))
		}
		if err != nil {
			return fmt.Errorf("setup of %s, %s: %w", account, w.Key.SK, err)
		}
	}
	for _, item := range old {
		if kept[item.Key] {
			continue
		}
		gone := Write{Op: Delete, Table: Control, Key: item.Key}
		if isChannel(item.Key) {
			gone.If = Equals(Home, S(string(desk.Inbox)))
		}
		if err := FirstError(s.Engine.Write(ctx, []Write{gone})); err != nil && !errors.Is(err, ErrCondition) {
			return fmt.Errorf("setup of %s, %s: %w", account, item.Key.SK, err)
		}
	}
	return nil
}

func writeSetup(setup desk.Setup) (ws []Write, err error) {
	account := setup.Account.ID
	add := func(k Key, place int, v any) {
		config, e := json.Marshal(v)
		err = errors.Join(err, e)
		ws = append(ws, Write{Op: Put, Table: Control, Key: k, Set: Attrs{}.str(aConfig, string(config)).num(aPlace, int64(place))})
	}
	for i, p := range setup.Pipelines {
		add(setupKey(account, "PIPELINE", p.ID), i, p)
	}
	for i, a := range setup.Agents {
		add(setupKey(account, "AGENT", a.ID), i, a)
	}
	for i, t := range setup.Teams {
		add(setupKey(account, "TEAM", t.ID), i, t)
	}
	for i, p := range setup.Policies {
		add(setupKey(account, "POLICY", p.ID), i, p)
	}
	for i, c := range setup.Channels {
		cws, e := writeChannel(account, c, i)
		err = errors.Join(err, e)
		ws = append(ws, cws)
	}
	add(Key{setupPK(account), "ACCOUNT"}, 0, setup.Account)
	return ws, err
}

// channelConfig is what an account's owner configures of a channel, but for
// its settings, which are kept beside it byte for byte.
type channelConfig struct {
	ID, Name  string
	Type      desk.ChannelType
	Address   string    `json:",omitempty"`
	Fallback  bool      `json:",omitempty"`
	Connected string    `json:",omitempty"`
	Bot       *desk.Bot `json:",omitempty"`
}

// writeChannel updates the configuration of a channel that exists. Home is
// touched by none but the move.
func writeChannel(account string, c desk.Channel, place int) (Write, error) {
	config, err := json.Marshal(channelConfig{c.ID, c.Name, c.Type, c.Address, c.Fallback, c.Connected, c.Bot})
	w := Write{
		Op: Update, Table: Control, Key: ChannelKey(account, c.ID),
		Set: Attrs{}.str(aAccount, account).str(aConfig, string(config)).With(aPlace, N(int64(place))),
		If:  Exists(),
	}
	if len(c.Settings) > 0 {
		w.Set = w.Set.bin(aSettings, string(c.Settings))
	} else {
		w.Remove = []string{aSettings}
	}
	return w, err
}

// newChannel turns the update of a channel into its creation, in the inbox.
func newChannel(update Write) Write {
	return Write{
		Op: Put, Table: update.Table, Key: update.Key,
		Set: update.Set.str(Home, string(desk.Inbox)), If: Absent(),
	}
}

func readChannel(a Attrs) (desk.Channel, error) {
	var config channelConfig
	if err := json.Unmarshal([]byte(a.Str(aConfig)), &config); err != nil {
		return desk.Channel{}, fmt.Errorf("channel's configuration: %w", err)
	}
	c := desk.Channel{
		Account: a.Str(aAccount), ID: config.ID, Name: config.Name, Type: config.Type, Address: config.Address,
		Fallback: config.Fallback, Connected: config.Connected, Bot: config.Bot,
		Home: desk.Home(a.Str(Home)), FenceAt: a.Time(AttrFence), Move: a.Str(aMoveID),
	}
	if settings := a.Str(aSettings); settings != "" {
		c.Settings = json.RawMessage(settings)
	}
	return c, nil
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

// Attributes of an account's configuration.
const (
	aConfig   = "config"
	aPlace    = "place"
	aSettings = "settings"
	AttrFence = "fence"
)
