package asl_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"deskmove/shared/local/asl"
)

// FuzzParse: what is accepted runs to an end within AWS's limits.
func FuzzParse(f *testing.F) {
	f.Add(definition, `{"step": "list"}`)
	f.Add(definition, `{"step": "drain", "more": true, "yield": false, "wait": 3}`)
	for _, b := range breakages {
		f.Add(strings.Replace(definition, b.old, b.new, 1), `{"step": "list"}`)
	}
	f.Fuzz(func(t *testing.T, text, input string) {
		m, err := asl.Parse([]byte(text))
		if err != nil {
			return
		}
		w := newWorld(t)
		w.machine = m
		e, err := m.Start("move-1", json.RawMessage(input), w.now)
		if err != nil {
			return
		}
		calls, saves := 0, 0
		w.task = func(_ context.Context, _ string, input json.RawMessage) (json.RawMessage, error) {
			if calls++; calls%3 == 1 {
				return nil, &busyError{}
			}
			return input, nil
		}
		r := w.runner()
		r.Save = func(_ context.Context, next asl.Execution) error {
			if next.Events > 25_000 || len(next.Input) > limit || len(next.Output) > limit {
				t.Fatalf("above the limits: %d events, %d bytes in, %d out", next.Events, len(next.Input), len(next.Output))
			}
			if saves++; saves == 200 {
				return errCrash // enough seen
			}
			return nil
		}
		if e, err = r.Run(t.Context(), e); (err == nil) != e.Ended() {
			t.Fatalf("Run returned %s and %v", e.Status, err)
		}
	})
}
