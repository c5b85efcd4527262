package drills_test

import (
	"cmp"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"deskmove/shared/metrics"
)

// metric is one that an alarm watches.
type metric struct {
	Namespace  string `yaml:"Namespace"`
	Name       string `yaml:"MetricName"`
	Dimensions []struct {
		Value string `yaml:"Value"`
	} `yaml:"Dimensions"`
}

// name is what one machine calls the metric.
func (m metric) name() metrics.Name {
	if m.Namespace == "AWS::StackName" {
		return metrics.Name(m.Name)
	}
	of, _, _ := strings.Cut(m.Dimensions[0].Value, ".")
	return metrics.Of(m.Namespace, m.Name, of)
}

// alarm is what the template says of one.
type alarm struct {
	metric     `yaml:",inline"`
	Statistic  string  `yaml:"Statistic"`
	Extended   string  `yaml:"ExtendedStatistic"`
	Period     int     `yaml:"Period"`
	Comparison string  `yaml:"ComparisonOperator"`
	Threshold  float64 `yaml:"Threshold"`
	Periods    int     `yaml:"EvaluationPeriods"`
	Datapoints int     `yaml:"DatapointsToAlarm"`
	Missing    string  `yaml:"TreatMissingData"`
	Metrics    []struct {
		Expression string `yaml:"Expression"`
		Stat       struct {
			Stat   string `yaml:"Stat"`
			Period int    `yaml:"Period"`
			Metric metric `yaml:"Metric"`
		} `yaml:"MetricStat"`
	} `yaml:"Metrics"`
}

// alarms are those of the template, by name.
func alarms(t *testing.T) map[string]alarm {
	t.Helper()
	var template struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(read(t, "../../../template.yaml"), &template); err != nil {
		t.Fatal(err)
	}
	found := map[string]alarm{}
	for id, r := range template.Resources {
		if r.Type != "AWS::CloudWatch::Alarm" {
			continue
		}
		var a alarm
		if err := r.Properties.Decode(&a); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		found[id] = a
	}
	return found
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// on reports whether the alarm would be on: each of its last periods breaches, or as
// many as it says.
func (a alarm) on(t *testing.T, r *metrics.Recorder, now time.Time) bool {
	t.Helper()
	breaching := 0
	for back := range a.Periods {
		v, ok := a.value(t, r, now, back)
		var breaches bool
		switch {
		case !ok:
			breaches = a.Missing == "breaching"
		case a.Comparison == "GreaterThanThreshold":
			breaches = v > a.Threshold
		case a.Comparison == "LessThanThreshold":
			breaches = v < a.Threshold
		default:
			t.Fatalf("comparison %q is not known here", a.Comparison)
		}
		if breaches {
			breaching++
		}
	}
	return breaching >= cmp.Or(a.Datapoints, a.Periods)
}

// value is what the alarm looks at, in the period that ended so many periods ago.
func (a alarm) value(t *testing.T, r *metrics.Recorder, now time.Time, back int) (v float64, ok bool) {
	t.Helper()
	if len(a.Metrics) == 0 {
		return statistic(t, r, a.name(), a.Statistic+a.Extended, a.Period, now, back)
	}
	expression := ""
	var values []float64
	for _, m := range a.Metrics {
		if m.Expression != "" {
			expression = m.Expression
		} else if v, ok := statistic(t, r, m.Stat.Metric.name(), m.Stat.Stat, m.Stat.Period, now, back); ok {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	switch expression {
	case "SUM(METRICS())":
		for _, x := range values {
			v += x
		}
		return v, true
	case "MAX(METRICS())":
		return slices.Max(values), true
	}
	t.Fatalf("expression %q is not known here", expression)
	return 0, false
}

// statistic is that of a metric in a period of so many seconds. The last one ended with the
// last minute, as the present one is not over.
func statistic(t *testing.T, r *metrics.Recorder, name metrics.Name, stat string, seconds int, now time.Time, back int) (v float64, ok bool) {
	t.Helper()
	to := now.Unix()/60 - 1 - int64(back*seconds/60)
	from := to - int64(seconds/60)
	for _, m := range r.Last(name, now) {
		if at := m.At.Unix() / 60; at <= from || at > to {
			continue
		}
		ok = true
		switch stat {
		case "Sum":
			v += float64(m.Sum)
		case "Maximum":
			v = max(v, float64(m.Max))
		case "p99":
			v = max(v, float64(m.P99))
		default:
			t.Fatalf("statistic %q is not known here", stat)
		}
	}
	return v, ok
}

var block = regexp.MustCompile("(?s)```sh\n(.*?)```")

// section are the commands of an alarm's section of the runbook: those that show which,
// and those that one gives once what was wrong is mended.
func section(t *testing.T, name string) (which, todo []string) {
	t.Helper()
	before, after, _ := strings.Cut(text(t, name), "**What to do.**")
	return commands(before), commands(after)
}

func text(t *testing.T, name string) string {
	t.Helper()
	_, text, found := strings.Cut(string(read(t, "../../RUNBOOK.md")), "\n### "+name+"\n")
	if !found {
		t.Fatalf("the runbook has no section %s", name)
	}
	text, _, _ = strings.Cut(text, "\n##")
	return text
}

func commands(text string) (lines []string) {
	for _, b := range block.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(b[1]) {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines
}
