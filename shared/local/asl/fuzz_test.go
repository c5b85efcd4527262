package asl_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"deskmove/shared/local/asl"
)

// Whatever is parsed is refused with a reason, or runs to some end within
// AWS's limits.
func FuzzParse(f *testing.F) {
	move, err := os.ReadFile("testdata/move.asl.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(move), moveInput)
	for _, state := range []string{
		`{"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$.a[0]"}, "ResultPath": "$.c", "Next": "A"}, "B": {"Type": "Succeed"}`,
		`{"Type": "Wait", "SecondsPath": "$.s", "Next": "B"}, "B": {"Type": "Fail", "Error": "E", "Cause": "c"}`,
		`{"Type": "Choice", "Choices": [{"Not": {"Variable": "$.a", "NumericLessThan": 1e9}, "Next": "B"}], "Default": "A"}, "B": {"Type": "Succeed"}`,
		`{"Type": "Task", "Resource": "f", "Retry": [{"ErrorEquals": ["States.ALL"], "BackoffRate": 1e300}], "Catch": [{"ErrorEquals": ["E"], "Next": "A"}], "End": true}`,
		`{"Type": "Task", "Resource": "f", "ResultSelector": {"a.$": "$$.Execution.Input"}, "ResultPath": null, "OutputPath": null, "Next": "A"}`,
	} {
		f.Add(one(state), `{"a":[1],"s":3}`)
	}
	f.Fuzz(func(t *testing.T, definition, input string) {
		m, err := asl.Parse([]byte(definition))
		if err != nil {
			if m != nil || strings.TrimSpace(err.Error()) == "" {
				t.Fatalf("Parse = %v, %q", m, err)
			}
			return
		}
		w := newWorld(t)
		w.task = func(call int, _, input string) (string, error) {
			if call%3 == 1 {
				return "", named("E")
			}
			return input, nil
		}
		e, err := m.Start("move-1", json.RawMessage(input), w.now)
		if err != nil {
			return
		}
		r := w.runner(m)
		r.Save = func(_ context.Context, next asl.Execution) error {
			if next.Events > 25_000 || len(next.Input) > limit || len(next.Output) > limit {
				t.Fatalf("beyond the limits: %d events, %d bytes in, %d out", next.Events, len(next.Input), len(next.Output))
			}
			if w.saved = append(w.saved, next); len(w.saved) == 200 {
				return errCrash // enough seen
			}
			return nil
		}
		if e, err = r.Run(t.Context(), e); err == nil && !e.Ended() {
			t.Fatalf("Run returned %s without an error", e.Status)
		}
	})
}
