package asl_test

import (
	"context"
	"testing"

	"deskmove/shared/local/asl"
)

// A whole move, without what its tasks and saves cost.
func BenchmarkMove(b *testing.B) {
	w := newWorld(b)
	w.aMove()
	r := w.runner()
	r.Save = func(context.Context, asl.Execution) error { return nil }
	input := string(run{Step: "fence"}.json(b))
	for b.Loop() {
		w.now = noon
		if e, err := r.Run(b.Context(), w.at("Begin", input)); err != nil || e.Status != asl.Succeeded {
			b.Fatal(e.Status, err)
		}
	}
}
