package metrics_test

import (
	"testing"
	"time"

	"deskmove/shared/metrics"
)

// TestRecorder measures over four hours, and reads what is left of it.
func TestRecorder(t *testing.T) {
	now := at
	r := &metrics.Recorder{}
	w := &metrics.Writer{Record: r, Now: func() time.Time { return now }}
	for range 240 {
		w.Emit(nil, metrics.Value{Name: metrics.Converted, Value: 2}, metrics.Value{Name: metrics.BatchTime, Value: 10})
		w.Emit(nil, metrics.Value{Name: metrics.Converted, Value: 5}, metrics.Value{Name: metrics.BatchTime, Value: 30})
		now = now.Add(time.Minute)
	}
	now = now.Add(-time.Minute)
	got := r.Last(metrics.Converted, now)
	if len(got) != metrics.Minutes {
		t.Fatalf("%d minutes, want %d", len(got), metrics.Minutes)
	}
	last := got[len(got)-1]
	if want := (metrics.Minute{At: now.Truncate(time.Minute), Sum: 7, Max: 5}); last != want {
		t.Errorf("the last minute is %+v, want %+v", last, want)
	}
	if first := got[0].At; !first.Equal(last.At.Add(-(metrics.Minutes - 1) * time.Minute)) {
		t.Errorf("the first minute is %s", first)
	}
	if got := r.Last(metrics.Converted, now.Add(metrics.Minutes*time.Minute)); len(got) != 0 {
		t.Errorf("after three hours there are still %d minutes", len(got))
	}
	if got := r.Last(metrics.Failed, now); len(got) != 0 {
		t.Errorf("of what was never measured there are %d minutes", len(got))
	}
}

// TestRecorderPercentiles measures more durations in a minute than are kept.
func TestRecorderPercentiles(t *testing.T) {
	r := &metrics.Recorder{}
	w := &metrics.Writer{Record: r, Now: func() time.Time { return at }}
	for i := range int64(10_000) {
		w.Emit(nil, metrics.Value{Name: metrics.RedirectLag, Value: i})
	}
	m := r.Last(metrics.RedirectLag, at)[0]
	if m.Max != 9999 || m.P50 < 4800 || m.P50 > 5200 || m.P99 < 9700 {
		t.Errorf("%+v", m)
	}
}
