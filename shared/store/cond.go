package store

import "slices"

// Test is one comparison of a condition.
type Test byte

// The tests. IsEqual does not hold for an item or attribute that is absent.
const (
	IsAbsent Test = iota // no item with this key
	IsThere              // an item with this key
	IsEqual              // attribute equals the value
	IsOther              // attribute is absent, or does not equal the value
)

// Term is one test of a condition.
type Term struct {
	Test  Test
	Attr  string
	Value Value
}

// Cond is a conjunction of terms; an empty one always holds.
type Cond []Term

// Absent holds if there is no item with the key.
func Absent() Cond { return Cond{{Test: IsAbsent}} }

// Exists holds if there is an item with the key.
func Exists() Cond { return Cond{{Test: IsThere}} }

// Equals holds if the attribute equals v.
func Equals(attr string, v Value) Cond { return Cond{{IsEqual, attr, v}} }

// Differs holds if the attribute, or the item, is absent or does not equal v.
func Differs(attr string, v Value) Cond { return Cond{{IsOther, attr, v}} }

// And holds if both do.
func (c Cond) And(d Cond) Cond { return append(c[:len(c):len(c)], d...) }

// Holds reports whether the condition holds for an item, which exists or not.
func (c Cond) Holds(item Attrs, exists bool) bool {
	for _, t := range c {
		v, ok := item.Find(t.Attr)
		switch {
		case t.Test == IsAbsent && exists,
			t.Test == IsThere && !exists,
			t.Test == IsEqual && (!exists || !ok || v != t.Value),
			t.Test == IsOther && exists && ok && v == t.Value:
			return false
		}
	}
	return true
}

// Apply returns the item that an Update makes of old; old is not changed. The item
// takes the place of what was in room, which may be nil.
func (w Write) Apply(room, old Attrs) Attrs {
	item := append(slices.Grow(room[:0], len(old)+len(w.Set)+len(w.Add)), old...)
	for _, a := range w.Set {
		item = item.With(a.Name, a.Value)
	}
	for _, a := range w.Add {
		item = item.With(a.Name, N(item.Num(a.Name)+a.Value.Num))
	}
	for _, name := range w.Remove {
		item = item.Without(name)
	}
	return item
}
