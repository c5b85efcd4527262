package dynamo

import (
	"strconv"
	"strings"

	"deskmove/shared/store"
)

// Rounding: a write unit is a kilobyte, a read unit four, or eight if the
// read may be old.
const (
	writeBlock = 1 << 10
	readBlock  = 4 << 10
)

// estimate are the units of a write, of the table and of its index.
type estimate struct{ table, index float64 }

// writeUnits estimates a write by itself; see Units for what it cannot know.
func writeUnits(w *store.Write) estimate {
	size := keySize(w.Key) + attrsSize(w.Set) + attrsSize(w.Add)
	e := estimate{table: float64(blocks(size, writeBlock))}
	_, hasPK := w.Set.Find(store.IndexPK)
	_, hasSK := w.Set.Find(store.IndexSK)
	switch w.Op {
	case store.Put:
		if hasPK && hasSK && isNew(w.If) {
			e.index = 1
		}
	case store.Update:
		for _, name := range w.Remove {
			if name == store.IndexPK || name == store.IndexSK {
				e.index = 1 // the old entry goes
			}
		}
		if hasPK || hasSK {
			e.index = 2 // the old entry goes, a new one comes
		}
	}
	return e
}

// isNew reports whether a condition says that there is no item.
func isNew(c store.Cond) bool {
	for _, t := range c {
		if t.Test == store.IsAbsent {
			return true
		}
	}
	return false
}

// readUnits estimates the reading of n keys one by one, of which some have
// items: each is rounded by itself, and one that is missing is read as well.
func readUnits(items []store.Item, n int, strong bool) float64 {
	units := max(n-len(items), 0)
	for i := range items {
		units += blocks(itemSize(&items[i]), readBlock)
	}
	return consistent(units, strong)
}

// pageUnits estimates a query, which is rounded as a whole.
func pageUnits(items []store.Item, strong bool) float64 {
	size := 0
	for i := range items {
		size += itemSize(&items[i])
	}
	return consistent(blocks(size, readBlock), strong)
}

func consistent(units int, strong bool) float64 {
	if strong {
		return float64(units)
	}
	return float64(units) / 2
}

// blocks is how many blocks hold size bytes, at least one.
func blocks(size, block int) int { return max((size+block-1)/block, 1) }

func itemSize(item *store.Item) int { return keySize(item.Key) + attrsSize(item.Attrs) }

func keySize(k store.Key) int { return len(pk) + len(k.PK) + len(sk) + len(k.SK) }

// attrsSize is the size of attributes as DynamoDB counts it: names and values
// in bytes, a number in half its digits and one byte, and one more if it is
// negative.
func attrsSize(attrs store.Attrs) int {
	size := 0
	for i := range attrs {
		a := &attrs[i]
		size += len(a.Name) + len(a.Value.Str)
		if a.Value.Kind == store.Number {
			size += numberSize(a.Value.Num)
		}
	}
	return size
}

func numberSize(n int64) int {
	digits, size := strconv.FormatInt(n, 10), 1
	if n < 0 {
		digits, size = digits[1:], 2
	}
	digits = strings.TrimRight(digits, "0")
	return size + (len(digits)+1)/2
}
