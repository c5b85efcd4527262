package desk

import (
	"fmt"
	"strings"
)

// Certainty says how a figure was found.
type Certainty string

// The certainties. Of very many conversations not all are counted.
const (
	Exact        Certainty = "exact"
	AtLeast      Certainty = "at-least"     // counting was stopped before the end
	Extrapolated Certainty = "extrapolated" // from a part; it may be more or less
)

// Figure is a number, of conversations unless stated otherwise, and how it was
// found.
type Figure struct {
	N  int64
	Is Certainty
}

// Minus returns what of f is left without g, which is a part of it.
func (f Figure) Minus(g Figure) Figure {
	is := Extrapolated
	if g.Is == Exact {
		is = f.Is
	}
	return Figure{max(f.N-g.N, 0), is}
}

// Plus returns the sum of two figures.
func (f Figure) Plus(g Figure) Figure {
	is := f.Is
	switch {
	case f.Is == Extrapolated || g.Is == Extrapolated:
		is = Extrapolated
	case g.Is == AtLeast:
		is = AtLeast
	}
	return Figure{f.N + g.N, is}
}

// Of returns the figure with what is counted: "1 ticket", "about 37 tickets".
func (f Figure) Of(thing string) string {
	_, things, _ := strings.Cut(Count(f.N, thing), " ")
	return f.String() + " " + things
}

// Count returns a number with what is counted: "1 team", "2 teams". Thing is the word for
// one of them.
func Count[N int | int64](n N, thing string) string {
	if n != 1 {
		switch stem, isY := strings.CutSuffix(thing, "y"); {
		case isY && !strings.ContainsAny(stem[len(stem)-1:], "aeiou"):
			thing = stem + "ies"
		case strings.HasSuffix(thing, "ch"):
			thing += "es"
		default:
			thing += "s"
		}
	}
	return fmt.Sprint(n, " ", thing)
}

// String returns the number, and that it is no exact one.
func (f Figure) String() string {
	switch f.Is {
	case AtLeast:
		return fmt.Sprintf("at least %d", f.N)
	case Extrapolated:
		return fmt.Sprintf("about %d", f.N)
	}
	return fmt.Sprint(f.N)
}
