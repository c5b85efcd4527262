package store

import "time"

// Kind is the type of a value.
type Kind byte

// The kinds of values, named as DynamoDB names them.
const (
	String Kind = 'S'
	Number Kind = 'N'
	Binary Kind = 'B'
)

// Value is one attribute's value: a string, a 64-bit integer or bytes.
// Values are comparable with ==.
type Value struct {
	Kind Kind
	Str  string // of String and Binary
	Num  int64  // of Number
}

// S is a string value.
func S(s string) Value { return Value{Kind: String, Str: s} }

// N is a number value.
func N(n int64) Value { return Value{Kind: Number, Num: n} }

// B is a binary value; the string holds the bytes.
func B(b string) Value { return Value{Kind: Binary, Str: b} }

// time reads a number of milliseconds since 1970.
func (v Value) time() time.Time { return time.UnixMilli(v.Num).UTC() }

// Attr is a named value.
type Attr struct {
	Name  string
	Value Value
}

// Attrs are the attributes of an item, in any order, no name twice. Items are
// small, so that a slice is faster than a map.
type Attrs []Attr

// Find returns the value of name, and whether there is one.
func (a Attrs) Find(name string) (Value, bool) {
	for i := range a {
		if a[i].Name == name {
			return a[i].Value, true
		}
	}
	return Value{}, false
}

// Str returns the string or bytes of name, "" if there are none.
func (a Attrs) Str(name string) string {
	v, _ := a.Find(name)
	return v.Str
}

// Num returns the number of name, 0 if there is none.
func (a Attrs) Num(name string) int64 {
	v, _ := a.Find(name)
	return v.Num
}

// Time returns the time of name, which counts milliseconds since 1970, in
// UTC; the zero time if there is none.
func (a Attrs) Time(name string) time.Time {
	if v, ok := a.Find(name); ok {
		return v.time()
	}
	return time.Time{}
}

// With returns a with name set to v; a's own array may be changed.
func (a Attrs) With(name string, v Value) Attrs {
	for i := range a {
		if a[i].Name == name {
			a[i].Value = v
			return a
		}
	}
	return append(a, Attr{name, v})
}

// Without returns a less the attribute name; a's own array may be changed.
func (a Attrs) Without(name string) Attrs {
	for i := range a {
		if a[i].Name == name {
			a[i] = a[len(a)-1]
			return a[:len(a)-1]
		}
	}
	return a
}

// str appends a string attribute unless s is empty: an absent attribute is
// the empty string, as DynamoDB keys would not take it and others need not.
func (a Attrs) str(name, s string) Attrs {
	if s == "" {
		return a
	}
	return append(a, Attr{name, S(s)})
}

func (a Attrs) num(name string, n int64) Attrs {
	if n == 0 {
		return a
	}
	return append(a, Attr{name, N(n)})
}

func (a Attrs) bin(name, s string) Attrs {
	if s == "" {
		return a
	}
	return append(a, Attr{name, B(s)})
}

func (a Attrs) time(name string, t time.Time) Attrs {
	if t.IsZero() {
		return a
	}
	return append(a, Attr{name, N(t.UnixMilli())})
}
