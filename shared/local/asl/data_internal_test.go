package asl

import "testing"

// The count is never above the length of the JSON, or values would be refused
// that AWS takes.
func TestLeft(t *testing.T) {
	for raw, want := range map[string]int{
		`null`: 4, `true`: 4, `false`: 4, `"abc"`: 5, `-1.5e3`: 6,
		`[]`: 1, `[1]`: 3, `[1,22,[3]]`: 10,
		`{}`: 1, `{"a":1}`: 7, `{"a":1,"bc":{"d":[null]}}`: 25,
	} {
		v, err := decode([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if got := 100 - left(v, 100); got != want {
			t.Errorf("%s counts as %d bytes; want %d", raw, got, want)
		}
	}
}

// A value that shares its parts is huge as JSON: counting must stop early.
func TestLeftStops(t *testing.T) {
	var a, m any = "x", "x"
	for range 60 {
		a, m = []any{a, a}, map[string]any{"a": m, "b": m}
	}
	for _, v := range []any{a, m} {
		if n := left(v, maxData); n >= 0 {
			t.Errorf("left = %d of 2^60 values; want it spent", n)
		}
	}
}
