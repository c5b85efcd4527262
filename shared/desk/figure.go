package desk

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

// minus returns what of f is left without g, which is a part of it.
func (f Figure) minus(g Figure) Figure {
	is := Extrapolated
	if g.Is == Exact {
		is = f.Is
	}
	return Figure{max(f.N-g.N, 0), is}
}

// plus returns the sum of two figures.
func (f Figure) plus(g Figure) Figure {
	is := f.Is
	switch {
	case f.Is == Extrapolated || g.Is == Extrapolated:
		is = Extrapolated
	case g.Is == AtLeast:
		is = AtLeast
	}
	return Figure{f.N + g.N, is}
}
