package dynamo

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"

	"deskmove/shared/store"
)

func text(v types.AttributeValue) string {
	s, ok := v.(*types.AttributeValueMemberS)
	if !ok {
		return ""
	}
	return s.Value
}

func cursor(t interface{ Fatal(...any) }, q store.Query, last store.Item) string {
	c, err := writeCursor(q, last)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCursors writes cursors and reads them.
func TestCursors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringN(1, 20, 200)
		q := store.Query{PK: part.Draw(t, "partition"), Index: rapid.SampledFrom([]*store.Index{nil, store.ByChannel, store.ByOwner}).Draw(t, "index")}
		last := store.Item{Key: store.Key{PK: q.PK, SK: part.Draw(t, "sort")}}
		if q.Index != nil {
			last.Key.PK = part.Draw(t, "base")
			last.Attrs = store.Attrs{{Name: q.Index.SK, Value: store.S(part.Draw(t, "sort of the index"))}}
		}
		q.After = cursor(t, q, last)
		at, err := readCursor(q)
		if err != nil || text(at[store.PK]) != last.Key.PK || text(at[store.SK]) != last.Key.SK ||
			q.Index != nil && (text(at[q.Index.PK]) != q.PK || text(at[q.Index.SK]) != last.Attrs.Str(q.Index.SK)) {
			t.Fatalf("%q reads as %v, %v", q.After, at, err)
		}
	})
}

// TestForgedCursors has cursors of other queries, or of none.
func TestForgedCursors(t *testing.T) {
	table, other := store.Query{PK: "p", From: "b", To: "y"}, store.Item{Key: store.Key{PK: "q", SK: "k"}}
	byIndex := table
	byIndex.Index = store.ByDueTime
	ofIndex := cursor(t, byIndex, store.Item{Key: other.Key, Attrs: store.Attrs{{Name: store.ByDueTime.SK, Value: store.S("k")}}})

	table.After = cursor(t, table, other)
	if at, err := readCursor(table); err != nil || text(at[store.PK]) != "p" {
		t.Errorf("a cursor of another partition leads to %v, %v", at, err)
	}
	byIndex.After = ofIndex
	if at, err := readCursor(byIndex); err != nil || text(at[store.ByDueTime.PK]) != "p" {
		t.Errorf("a cursor of the index leads to %v, %v", at, err)
	}
	before := cursor(t, table, store.Item{Key: store.Key{SK: "a"}})
	after := cursor(t, table, store.Item{Key: store.Key{SK: "z"}})
	empty := cursor(t, table, store.Item{})
	for _, forged := range []string{"k", "!", "bnVsbA", "W10", "WzFd", ofIndex, before, after, empty, ofIndex + "AA"} {
		table.After = forged
		if at, err := readCursor(table); err == nil {
			t.Errorf("cursor %q leads to %v", forged, at)
		}
	}
	byIndex.After = cursor(t, table, other)
	if at, err := readCursor(byIndex); err == nil {
		t.Errorf("a cursor of the table leads the index to %v", at)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(cursor(f, store.Query{}, store.Item{Key: store.Key{SK: "k"}}), "p", false)
	f.Add("WyJrIiwiYiIsInMiXQ", "p", true)
	f.Fuzz(func(t *testing.T, after, partition string, isIndex bool) {
		q, hash := store.Query{PK: partition, After: after}, store.PK
		if isIndex {
			q.Index, hash = store.ByOwner, store.ByOwner.PK
		}
		at, err := readCursor(q)
		if err != nil {
			return
		}
		if text(at[hash]) != partition {
			t.Errorf("%q leads from %q to %q", after, partition, text(at[hash]))
		}
	})
}

func TestLater(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"2", "1", true}, {"1", "2", false}, {"1", "1", false}, {"10", "9", true}, {"9", "10", false}, {"0010", "9", true},
		{"0", "00", false}, {"300000000000000000499659", "49000000000000000049965", true},
	} {
		if got := later(c.a, c.b); got != c.want {
			t.Errorf("later(%s, %s) = %t", c.a, c.b, got)
		}
	}
}
