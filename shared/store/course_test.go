package store_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// TestACourseStaysSmall: of a move of 100 million that takes a month, in which a clock
// is put back, too. What is read is what was written.
func TestACourseStaysSmall(t *testing.T) {
	e := &storetest.Memory{}
	s := store.LedgerStore{Engine: e}
	at := time.UnixMilli(1_795_000_000_000).UTC()
	var c desk.Course
	for i := int64(1); i <= 1000; i++ {
		at = at.Add(time.Duration(i*5) * time.Second)
		if i == 500 {
			at = at.Add(-time.Hour)
		}
		n := i * 100_000
		c = c.Add(desk.Sample{At: at, Done: n, Created: n - 5*i, AsIs: 2 * i, Live: i, Failed: i, Open: 400 - i%2}, n+1, desk.WaitLate)
		c.Stand, c.MovedAt = fmt.Sprint(i), at
		if err := s.Note(t.Context(), "acme", "m1", c); err != nil {
			t.Fatal(err)
		}
		got, err := s.Course(t.Context(), "acme", "m1")
		if err != nil || len(got.Samples) > desk.MaxSamples || !slices.Equal(got.Samples, c.Samples) || got.Written != int(i) || got.Planned != n+1 ||
			got.Waits != desk.WaitLate || !got.Since.Equal(c.Since) || got.Last().At != at ||
			got.Stand != c.Stand || !got.MovedAt.Equal(at) {
			t.Fatalf("after %d: %+v, %v", i, got, err)
		}
	}
	size := 0
	page, err := e.Query(t.Context(), store.Query{Table: store.Control, PK: store.CursorKey("acme", "m1").PK, Limit: 10})
	if err != nil || len(page.Items) != 1 {
		t.Fatal(page, err)
	}
	for _, item := range page.Items {
		for _, a := range item.Attrs {
			size += len(a.Name) + len(a.Value.Str) + 8
		}
	}
	if size > 8<<10 || size < 2<<10 {
		t.Errorf("%d bytes", size)
	}
	if c.Samples[0].Done != 100_000 || c.Since != c.Samples[0].At {
		t.Errorf("the first sample is lost: %+v", c.Samples[0])
	}
}

// TestACourseIsWrittenByOneAtATime: of two who have read the same, one is refused.
func TestACourseIsWrittenByOneAtATime(t *testing.T) {
	s := store.LedgerStore{Engine: &storetest.Memory{}}
	var c desk.Course
	for i := range int64(3) {
		next := c.Add(desk.Sample{At: time.UnixMilli(i).UTC(), Done: math.MaxInt64 - i}, 0, "")
		if err := s.Note(t.Context(), "acme", "m1", next); err != nil {
			t.Fatal(err)
		}
		if err := s.Note(t.Context(), "acme", "m1", c.Add(desk.Sample{Done: 7}, 0, "")); !errors.Is(err, desk.ErrChanged) {
			t.Errorf("a second one from %d: %v", c.Written, err)
		}
		c = next
	}
	if got, err := s.Course(t.Context(), "acme", "m1"); err != nil || !slices.Equal(got.Samples, c.Samples) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := s.Course(t.Context(), "acme", "m2"); err != nil || got.Written != 0 {
		t.Errorf("of another: %+v, %v", got, err)
	}
}
