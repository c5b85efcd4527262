package support_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// slowIndex lets a reading of the index wait.
type slowIndex struct {
	rows []support.Open
	wait chan struct{} // nil: do not wait
	read atomic.Int32
}

func (s *slowIndex) ListOpen(context.Context, string, *string, desk.Position, int) ([]support.Open, bool, error) {
	s.read.Add(1)
	rows, wait := s.rows, s.wait
	if wait != nil {
		<-wait
	}
	return rows, false, nil
}

// Of twenty readers one reads what is open anew. The others do not wait for it:
// they get what was there before, unless that is too old.
func TestOpenRowsAreReadByOneAndNobodyWaits(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	var passed atomic.Int64
	index := &slowIndex{rows: make([]support.Open, 1)}
	o := &support.OpenRows{Conversations: index, Now: func() time.Time { return now.Add(time.Duration(passed.Load())) }}
	of := func() int {
		rows, err := o.Of(t.Context(), "acme")
		if err != nil {
			t.Error(err)
		}
		return len(rows.Items)
	}
	if n := of() + of(); n != 2 || index.read.Load() != 1 {
		t.Fatalf("%d rows after %d readings, want 1 row twice after one", n, index.read.Load())
	}

	passed.Store(int64(2 * time.Second))
	index.rows, index.wait = make([]support.Open, 2), make(chan struct{})
	done := make(chan int)
	go func() { done <- of() }()
	for index.read.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	if n := of(); n != 1 {
		t.Errorf("%d rows while they are read anew, want the 1 of before", n)
	}
	passed.Store(int64(time.Minute))
	go func() { done <- of() }() // too old to be shown: it waits
	select {
	case <-done:
		t.Error("got rows that are a minute old")
	case <-time.After(50 * time.Millisecond):
	}
	close(index.wait)
	if n := <-done + <-done; n != 4 {
		t.Errorf("%d rows, want the 2 that were read, twice", n)
	}
}
