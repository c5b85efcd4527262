package asl_test

import (
	"context"
	"encoding/json"
	"testing"

	"deskmove/shared/local/asl"
)

// A whole move of 34 transitions, without what its tasks and saves cost.
func BenchmarkMove(b *testing.B) {
	w := newWorld(b)
	w.rand = 0.5
	w.task = moveTasks(w)
	r := w.runner(machine(b, moveDefinition(b)))
	r.Save = func(context.Context, asl.Execution) error { return nil }
	for b.Loop() {
		w.calls, w.path = nil, nil
		e, err := r.Machine.Start("move-1", json.RawMessage(moveInput), w.now)
		if err != nil {
			b.Fatal(err)
		}
		if e, err = r.Run(b.Context(), e); err != nil || e.Status != asl.Succeeded {
			b.Fatal(e.Status, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	definition := []byte(moveDefinition(b))
	for b.Loop() {
		if _, err := asl.Parse(definition); err != nil {
			b.Fatal(err)
		}
	}
}
