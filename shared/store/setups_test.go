package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// probed is an engine that tells of each write before it is done, which may fail.
type probed struct {
	store.Engine
	before func() error
}

func (p *probed) Write(ctx context.Context, ws []store.Write) []error {
	if err := p.before(); err != nil {
		return []error{err}
	}
	return p.Engine.Write(ctx, ws)
}

func (p *probed) Transact(ctx context.Context, ws []store.Write) error {
	if err := p.before(); err != nil {
		return err
	}
	return p.Engine.Transact(ctx, ws)
}

// crowd is a setup of a thousand agents, one of whom is the super administrator.
func crowd(admin, name string) desk.Setup {
	s := desk.Setup{Account: desk.Account{ID: "acme"}, Channels: []desk.Channel{{ID: "mail", Account: "acme", Name: name}, {ID: name, Account: "acme"}}}
	for i := range 1000 {
		s.Agents = append(s.Agents, desk.Agent{ID: fmt.Sprint("a", i), Name: name, Role: desk.AgentRole})
	}
	for _, id := range []string{"root", "eve"} {
		role := desk.AgentRole
		if id == admin {
			role = desk.SuperAdmin
		}
		s.Agents = append(s.Agents, desk.Agent{ID: id, Name: name, Role: role})
	}
	return s
}

var errCrash = errors.New("crash")

// TestASetupIsWholeOrNotThere hands over from root to eve, with a crash before each
// write, or another setup at once: whoever reads meanwhile and afterwards finds the
// one setup or the other, and one super administrator.
func TestASetupIsWholeOrNotThere(t *testing.T) {
	at := time.UnixMilli(1_795_000_000_000)
	for _, what := range []string{"crash", "another"} {
		ended := false
		for n := 1; !ended; n++ {
			memory := &storetest.Memory{}
			plain := store.SetupStore{Engine: memory}
			old := crowd("root", "old")
			var err error
			if old.Version, err = plain.Replace(t.Context(), old, at); err != nil {
				t.Fatal(err)
			}
			seen := func() string {
				is, err := plain.Setup(t.Context(), "acme")
				if err != nil {
					t.Fatal(err)
				}
				name, admin := is.Channels[0].Name, ""
				for _, a := range is.Agents {
					if a.Name != name {
						t.Fatalf("a mixture: %s of %s", a.ID, a.Name)
					}
					if a.Role == desk.SuperAdmin {
						admin += a.ID
					}
				}
				if is.Channels[1].ID != name || is.Channels[1].Home != desk.Inbox || len(is.Agents) != 1002 {
					t.Fatalf("a mixture: %+v", is.Channels)
				}
				m, err := plain.Membership(t.Context(), desk.Caller{Account: "acme", Agent: admin, Role: desk.SuperAdmin})
				if want := map[string]string{"old": "root", "new": "eve", "other": "root"}[name]; err != nil || admin != want || m.Agent == nil || m.Agent.Role != desk.SuperAdmin {
					t.Fatalf("of %s the administrator is %s, %v", name, admin, err)
				}
				return name
			}
			is, other := crowd("eve", "new"), crowd("root", "other")
			is.Version, other.Version = old.Version, old.Version
			writes := 0
			var raced error
			e := &probed{Engine: memory, before: func() error {
				seen()
				if writes++; writes != n {
					return nil
				}
				if what == "crash" {
					return errCrash
				}
				_, raced = plain.Replace(t.Context(), other, at.Add(time.Second))
				return nil
			}}
			_, err = store.SetupStore{Engine: e}.Replace(t.Context(), is, at.Add(2*time.Second))
			name := seen()
			switch ended = writes < n; {
			case ended && (err != nil || name != "new"):
				t.Fatalf("alone: %s, %v", name, err)
			case !ended && what == "crash" && (!errors.Is(err, errCrash) || name != "old"):
				t.Fatalf("crash before write %d: %s, %v", n, name, err)
			case !ended && what == "another" && (raced != nil || !errors.Is(err, desk.ErrChanged) || name != "other"):
				t.Fatalf("another before write %d: %s, %v and %v", n, name, raced, err)
			}
			// Whatever is left over goes, and the account can be set up again.
			again := crowd("eve", "new")
			now, err := plain.Setup(t.Context(), "acme")
			if again.Version = now.Version; err == nil {
				_, err = plain.Replace(t.Context(), again, at.Add(2*time.Hour))
			}
			if err != nil || seen() != "new" {
				t.Fatalf("again after %s at write %d: %v", what, n, err)
			}
			if ended && n < 4 {
				t.Errorf("%d writes only", n)
			}
		}
	}
}

// TestASetupIsReadAsWritten in parts, and what does not count is deleted after a while.
func TestASetupIsReadAsWritten(t *testing.T) {
	e := openEngine(t)
	s := store.SetupStore{Engine: e, Cache: &store.SetupCache{}}
	at := time.UnixMilli(1_795_000_000_000)
	is := crowd("root", "x")
	for i := range is.Channels {
		is.Channels[i].Home = desk.Inbox
		is.Channels[i].Settings = append([]byte(`{ "a" : "`), append(make([]byte, 300<<10), '"', '}')...)
	}
	items := func() int {
		page, err := e.Query(t.Context(), store.Query{Table: store.Control, PK: "A#acme#SETUP", Limit: 100, Read: store.Strong})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items)
	}
	for i := range 4 {
		is.Account.Name = fmt.Sprint(i)
		var err error
		if is.Version, err = s.Replace(t.Context(), is, at.Add(time.Duration(i)*2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		got, err := s.Setup(t.Context(), "acme")
		if diff := cmp.Diff(is, got); diff != "" || err != nil {
			t.Fatalf("setup (-written +read): %v\n%.2000s", err, diff)
		}
	}
	if n := items(); n > 2*4+4 {
		t.Errorf("%d items are left", n)
	}
}

// TestALateNoteHarmsNothing: the first attempt to note a generation may be done when it
// counts already, for hours.
func TestALateNoteHarmsNothing(t *testing.T) {
	e := openEngine(t)
	s := store.SetupStore{Engine: e, Cache: &store.SetupCache{}}
	at := time.UnixMilli(1_795_000_000_000)
	is := crowd("root", "x")
	replace := func() {
		t.Helper()
		var err error
		if is.Version, err = s.Replace(t.Context(), is, at); err != nil {
			t.Fatal(err)
		}
		at = at.Add(2 * time.Hour)
	}
	replace()
	was := is.Version
	is.Account.Name = "2"
	replace()
	page, err := e.Query(t.Context(), store.Query{Table: store.Control, PK: "A#acme#SETUP", Limit: 100, Read: store.Strong})
	if err != nil {
		t.Fatal(err)
	}
	noted := false
	for _, item := range page.Items { // the one before has its note
		if sk, ok := strings.CutSuffix(item.Key.SK, was); ok && item.Attrs.Num("parts") > 0 {
			late := append(slices.Clone(item.Attrs), store.Attr{Name: "begun", Value: store.N(1)})
			noted = true
			if err := store.FirstError(e.Write(t.Context(), []store.Write{{Op: store.Put, Table: store.Control, Key: store.Key{PK: item.Key.PK, SK: sk + is.Version}, Set: late}})); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !noted {
		t.Fatalf("no note among %v", page.Items)
	}
	is.Account.Name = "3"
	broken := &failsAt{Engine: e}
	_, _ = store.SetupStore{Engine: broken, Cache: &store.SetupCache{}}.Replace(t.Context(), is, at) // does not get to its flip
	if got, err := (store.SetupStore{Engine: e, Cache: &store.SetupCache{}}).Setup(t.Context(), "acme"); err != nil || got.Account.Name != "2" {
		t.Errorf("setup %q, %v; want that of before", got.Account.Name, err)
	}
}

// failsAt is an engine that makes no transaction.
type failsAt struct{ store.Engine }

func (failsAt) Transact(context.Context, []store.Write) error { return store.ErrThrottled }
