package metrics_test

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskmove/shared/metrics"
)

var at = time.Date(2026, 11, 26, 9, 0, 0, 123e6, time.UTC)

func writer(w io.Writer) *metrics.Writer {
	return &metrics.Writer{W: w, Namespace: "deskmove", Now: func() time.Time { return at }}
}

// check reads a line as CloudWatch does and returns what else it holds.
func check(t *testing.T, line string) map[string]any {
	t.Helper()
	if !strings.HasSuffix(line, "\n") || strings.Count(line, "\n") != 1 || len(line) > 1<<20 {
		t.Errorf("%q is not one line", line)
	}
	var root map[string]any
	if err := json.Unmarshal([]byte(line), &root); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	var meta struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	d := json.NewDecoder(strings.NewReader(line))
	if err := d.Decode(&meta); err != nil {
		t.Fatal(err)
	}
	delete(root, "_aws")
	if meta.AWS.Timestamp != at.UnixMilli() || len(meta.AWS.CloudWatchMetrics) != 1 {
		t.Fatalf("metadata = %+v", meta)
	}
	of := meta.AWS.CloudWatchMetrics[0]
	if !regexp.MustCompile(`^[0-9A-Za-z._#:/-]{1,255}$`).MatchString(of.Namespace) || len(of.Dimensions) != 1 || len(of.Dimensions[0]) != 0 {
		t.Errorf("namespace %q, dimensions %v", of.Namespace, of.Dimensions)
	}
	if len(of.Metrics) == 0 || len(of.Metrics) > 100 {
		t.Errorf("%d metrics", len(of.Metrics))
	}
	units := []string{"Seconds", "Microseconds", "Milliseconds", "Bytes", "Percent", "Count", "None"} // those we know
	for _, m := range of.Metrics {
		if m.Name == "" || len(m.Name) > 1024 || !slices.Contains(units, m.Unit) {
			t.Errorf("metric %+v", m)
		}
		if _, ok := root[m.Name].(float64); !ok {
			t.Errorf("%s has no number: %v", m.Name, root[m.Name])
		}
	}
	return root
}

func TestEmit(t *testing.T) {
	var b bytes.Buffer
	writer(&b).Emit([]metrics.Label{{Name: "move", ID: "m1"}, {Name: "account", ID: "acme"}},
		metrics.Value{Name: metrics.Converted, Value: 98}, metrics.Value{Name: metrics.Failed, Value: 2}, metrics.Value{Name: metrics.BatchTime, Value: 512})
	got := check(t, b.String())
	if got["move"] != "m1" || got["account"] != "acme" || got["Converted"] != 98.0 || got["Failed"] != 2.0 || got["BatchTime"] != 512.0 || len(got) != 5 {
		t.Errorf("line = %v", got)
	}
	if !strings.Contains(b.String(), `{"Name":"BatchTime","Unit":"Milliseconds"}`) || !strings.Contains(b.String(), `{"Name":"Failed","Unit":"Count"}`) {
		t.Errorf("units in %s", b.String())
	}
}

// TestEveryMetric writes them all in one line, and none twice.
func TestEveryMetric(t *testing.T) {
	var values []metrics.Value
	for _, n := range []metrics.Name{
		metrics.Converted, metrics.Failed, metrics.BatchTime, metrics.Redirected, metrics.RedirectFailed, metrics.RedirectLag, metrics.Planned,
		metrics.Done, metrics.Remaining, metrics.OpenBatches, metrics.Compared, metrics.Missing, metrics.MovesDone, metrics.MovesAttention,
		metrics.FoundLate, metrics.MovesRestarted,
	} {
		values = append(values, metrics.Value{Name: n, Value: -1})
	}
	var b bytes.Buffer
	writer(&b).Emit(nil, values...)
	if got := check(t, b.String()); len(got) != len(values) {
		t.Errorf("%d metrics in %v", len(got), got)
	}
}

func TestStrangeIDs(t *testing.T) {
	var b bytes.Buffer
	writer(&b).Emit([]metrics.Label{{Name: "move", ID: "a\"b\\c\nd\x00é"}}, metrics.Value{Name: metrics.Done})
	if got := check(t, b.String()); got["move"] != "a\"b\\c\nd\x00é" {
		t.Errorf("line = %v", got)
	}
}

func TestNothing(t *testing.T) {
	var none *metrics.Writer
	none.Emit(nil, metrics.Value{Name: metrics.Done, Value: 1})
	var b bytes.Buffer
	if writer(&b).Emit(nil); b.Len() > 0 {
		t.Errorf("wrote %q", b.String())
	}
}

func TestLinesStayWhole(t *testing.T) {
	var b bytes.Buffer
	w := writer(&b)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				w.Emit(nil, metrics.Value{Name: metrics.Done, Value: int64(i)})
			}
		})
	}
	wg.Wait()
	lines := slices.Collect(strings.Lines(b.String()))
	if len(lines) != 800 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		check(t, line)
	}
}
