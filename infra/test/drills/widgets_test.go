package drills_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"deskmove/shared/api"
	"deskmove/shared/local"
	"deskmove/shared/metrics"
)

var (
	kept  = map[string]bool{}       // what was noted, by name
	drawn = map[metrics.Name]bool{} // what was anything else than zero in it
)

// note notes what was measured in a drill, of which its widgets are drawn.
func note(name string, measured []api.Measured) {
	kept[name] = true
	for _, m := range measured {
		of := metrics.Name(m.Name)
		if m.Namespace != "" {
			of = metrics.Of(m.Namespace, m.Name, m.Of)
		}
		for _, p := range m.Points {
			drawn[of] = drawn[of] || p.Sum != 0 || p.Max != 0
		}
	}
}

// flat are the series of widgets that stay at zero in all drills.
var flat = []metrics.Name{
	metrics.Missing, // the stream has brought everything before a move compares
	// Of the steps, list is broken in a drill. Redirect says what has failed, and does not fail itself; the sweeper is stopped.
	"AWS/Lambda Errors FenceFunction", "AWS/Lambda Errors DrainFunction", "AWS/Lambda Errors FinishFunction",
	"AWS/Lambda Errors RedirectFunction", "AWS/Lambda Errors SweepFunction",
	// SQLite refuses no reads, and the conversations' table stands for both as to writes.
	"AWS/DynamoDB ReadThrottleEvents ConversationsTable", "AWS/DynamoDB ReadThrottleEvents ControlTable",
	"AWS/DynamoDB WriteThrottleEvents ControlTable",
	"AWS/SQS ApproximateNumberOfMessagesVisible StreamFailuresQueue", // what is put back is in hand until it is tried
	"AWS/ApiGateway 4xx Api",                                         // nobody asks for what there is not
}

// widgetsAreDrawn: each series of the dashboard's widgets that is measured here was
// something else than zero in a drill, so that what the runbook looks for can be seen.
func widgetsAreDrawn(t *testing.T) {
	t.Helper()
	here := append(metrics.All(), local.Measures()...)
	shown := widgetSeries(t)
	if len(shown) < 50 {
		t.Errorf("the widgets show %d series", len(shown))
	}
	for _, name := range shown {
		if slices.Contains(here, name) && drawn[name] == slices.Contains(flat, name) {
			t.Errorf("a widget shows %s, which was something else than zero: %t", name, drawn[name])
		}
	}
}

var reference = regexp.MustCompile(`\$\{([^}.]+)[^}]*\}`)

// widgetSeries are the metrics that the dashboard's widgets show, by their names here.
func widgetSeries(t *testing.T) (names []metrics.Name) {
	t.Helper()
	var template struct {
		Resources struct {
			Dashboard struct {
				Properties struct {
					Body string `yaml:"DashboardBody"`
				} `yaml:"Properties"`
			} `yaml:"Dashboard"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(read(t, "../../../template.yaml"), &template); err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Widgets []struct{ Properties struct{ Metrics [][]any } }
	}
	if err := json.Unmarshal([]byte(reference.ReplaceAllString(template.Resources.Dashboard.Properties.Body, "$1")), &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, w := range dashboard.Widgets {
		for _, m := range w.Properties.Metrics {
			var words []string
			for _, word := range m {
				if s, ok := word.(string); ok {
					words = append(words, s)
				}
			}
			if words[0] == "AWS::StackName" {
				names = append(names, metrics.Name(words[1]))
				continue
			}
			var of []string
			for i := 3; i < len(words); i += 2 { // each after the name of a dimension
				of = append(of, words[i])
			}
			names = append(names, metrics.Of(words[0], words[1], strings.Join(of, " ")))
		}
	}
	return names
}
