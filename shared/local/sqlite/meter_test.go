package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// meter counts what an engine tells.
type meter struct {
	mu      sync.Mutex
	units   map[string]float64
	refused map[string]int
}

func (m *meter) Wrote(of store.Table, index *store.Index, units int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := string(of)
	if index != nil {
		name += " " + index.Name
	}
	m.units[name] += float64(units)
}

func (m *meter) Refused(of store.Table, isWrite bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused[fmt.Sprint(of, " ", isWrite)]++
}

func (m *meter) taken() (table, index float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.units["conversations"], m.units["conversations open"]
}

func newMeter() *meter { return &meter{units: map[string]float64{}, refused: map[string]int{}} }

func TestUnits(t *testing.T) {
	m := newMeter()
	storetest.RunUnits(t, open(t, sqlite.Options{Unsynced: true, Meter: m}), m.taken)
}

// TestBusyFile: while another program writes the file, writes are refused as throttled, or
// given up by who has asked. Each counts once and takes no units, and all goes on once the
// file is free. Whoever does not wait is not refused.
func TestBusyFile(t *testing.T) {
	m, dir := newMeter(), t.TempDir()
	e := openIn(t, dir, sqlite.Options{Unsynced: true, Meter: m})
	put := func(ctx context.Context, sk string) error {
		return store.FirstError(e.Write(ctx, []store.Write{{Table: store.Control, Key: store.Key{PK: "p", SK: sk}, Set: store.Attrs{{Name: "x", Value: store.S("x")}}}}))
	}
	other, err := zombiezen.OpenConn(filepath.Join(dir, "deskmove.db"), zombiezen.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := sqlitex.ExecuteTransient(other, "BEGIN IMMEDIATE", nil); err != nil {
		t.Fatal(err)
	}
	var first error
	var waiting sync.WaitGroup
	waiting.Go(func() { first = put(t.Context(), "1") })
	for e.Waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	late, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := put(late, "2"); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, store.ErrThrottled) {
		t.Errorf("in line behind another: %v", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := put(gone, "3"); !errors.Is(err, context.Canceled) {
		t.Errorf("of nobody: %v", err)
	}
	if waiting.Wait(); !errors.Is(first, store.ErrThrottled) {
		t.Errorf("while the file is kept: %v", first)
	}
	if err := sqlitex.ExecuteTransient(other, "ROLLBACK", nil); err != nil {
		t.Fatal(err)
	}
	if err := put(t.Context(), "4"); err != nil {
		t.Error(err)
	}
	if m.refused["control true"] != 2 || len(m.refused) != 1 || m.units["control"] != 1 {
		t.Errorf("refused %v, units %v", m.refused, m.units)
	}
}

// TestBusyReaders: a read that gets no reader before the time of who asked is over counts.
func TestBusyReaders(t *testing.T) {
	m := newMeter()
	e := open(t, sqlite.Options{Unsynced: true, Meter: m})
	put(t, e, store.Write{Table: store.Control, Key: store.Key{PK: "p", SK: "1"}, Set: store.Attrs{{Name: "x", Value: store.S("x")}}})
	free := e.KeepReaders()
	late, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := e.Count(late, store.Query{Table: store.Control, PK: "p", Limit: 1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a reader: %v", err)
	}
	_, _ = e.Count(late, store.Query{Table: store.Control, PK: "p", Limit: 1}) // its time was over before
	free()
	if m.refused["control false"] != 1 || len(m.refused) != 1 {
		t.Errorf("refused %v", m.refused)
	}
}

// TestFullTakesNothing: what no storage is left for takes no units.
func TestFullTakesNothing(t *testing.T) {
	m := newMeter()
	e := open(t, sqlite.Options{Unsynced: true, Meter: m, MaxBytes: 1 << 20})
	there := 0.0
	for i := range 1000 {
		err := store.FirstError(e.Write(t.Context(), []store.Write{{Table: store.Control, Key: store.Key{PK: "p", SK: fmt.Sprint(i)},
			Set: store.Attrs{{Name: "body", Value: store.S(strings.Repeat("x", 10_000))}}}}))
		if errors.Is(err, store.ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		there++
	}
	put(t, e, store.Write{Op: store.Delete, Table: store.Control, Key: store.Key{PK: "p", SK: "0"}})
	if there == 0 || there == 1000 || m.units["control"] != 10*(there+1) {
		t.Errorf("%v items and the deletion of one took %v", there, m.units)
	}
}
