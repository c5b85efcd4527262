package machines_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/local/machines"
)

// BenchmarkTransitions is a state that is left and saved, its task included.
func BenchmarkTransitions(b *testing.B) {
	d, err := db.Open(filepath.Join(b.TempDir(), "local.db"), machines.Schema)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	type count struct {
		N int `json:"n"`
	}
	const each = 1000 // transitions of an execution
	ended := make(chan struct{})
	executions := (b.N + each - 1) / each
	var left atomic.Int64
	left.Store(int64(executions))
	definition := `{"StartAt": "Add", "States": {
		"Add": {"Type": "Task", "Resource": "add", "Next": "More"},
		"More": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 500, "Next": "Add"}], "Default": "Done"},
		"Done": {"Type": "Succeed"}}}`
	m, err := machines.Open(b.Context(), d, &function.Host{Log: slog.New(slog.DiscardHandler)}, machines.Config{
		Name: "bench", Definition: []byte(definition), Functions: map[string]machines.Function{
			"add": {Name: "add", Handle: function.JSON(func(_ context.Context, c count) (count, error) {
				if c.N++; c.N == each/2 {
					if left.Add(-1) == 0 {
						close(ended)
					}
				}
				return c, nil
			})},
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	running := make(chan error, 1)
	b.ResetTimer()
	for i := range executions {
		if err := m.Start(ctx, strconv.Itoa(i), json.RawMessage(`{"n":0}`)); err != nil {
			b.Fatal(err)
		}
	}
	go func() { running <- m.Run(ctx) }()
	<-ended
	b.StopTimer()
	cancel()
	if err := <-running; err != nil {
		b.Error(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "transitions/s")
}
