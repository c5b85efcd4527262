package infra_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"deskmove/shared/local"
	"deskmove/shared/metrics"
)

// notHere are the dashboard's and the alarms' metrics that one machine does not measure.
// SQLite writes an index together with its table. Executions neither time out nor are
// aborted. Whatever asks a function to run waits for it, but for requests, which the
// gateway refuses instead; what fails in the API is an answer of its own, and nobody signs
// in by way of claims.
var notHere = []string{
	"WriteThrottleEvents ConversationsTable channel", "WriteThrottleEvents ConversationsTable open", "ExecutionsTimedOut", "ExecutionsAborted", "Errors ApiFunction", "Errors ClaimsFunction",
	"Throttles FenceFunction", "Throttles ListFunction", "Throttles DrainFunction", "Throttles FinishFunction", "Throttles ConvertFunction",
	"Throttles RedirectFunction", "Throttles SweepFunction",
}

// measuredHere says which of the dashboard's and the alarms' metrics one machine does
// not measure, so that the page of operations has nothing to draw.
func measuredHere(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	here := local.Measures()
	widgets, problems := t.widgets()
	for _, m := range append(widgets, t.alarms()...) {
		if m.namespace == own {
			continue
		}
		var words []string
		for _, dimension := range slices.Backward(slices.Sorted(maps.Keys(m.dimensions))) { // a table before its index
			word, _, _ := strings.Cut(m.dimensions[dimension], ".")
			words = append(words, word)
		}
		of := strings.Join(words, " ")
		measured := slices.Contains(here, metrics.Of(m.namespace, m.name, of))
		excused := slices.ContainsFunc([]string{m.namespace, m.name, m.name + " " + of}, func(s string) bool { return slices.Contains(notHere, s) })
		if measured == excused {
			problems = append(problems, m.where+": "+m.name+" of "+of+" is measured here, or not, against what notHere says")
		}
	}
	return problems
}

func TestOneMachineMeasuresTheDashboard(t *testing.T) {
	holds(t, measuredHere, map[string]breakage{
		"a metric more":     {file: "template.yaml", old: `["AWS/SQS", "ApproximateAgeOfOldestMessage"`, new: `["AWS/SQS", "NumberOfMessagesSent"`, says: "NumberOfMessagesSent of BatchesQueue"},
		"a function more":   {file: "template.yaml", old: "${SweepFunction}", new: "${SweeperFunction}", says: "Errors of SweeperFunction"},
		"an index more":     {file: "template.yaml", old: `"open", {"label": "index of what is open"}`, new: `"opened", {"label": "index of what is open"}`, says: "ConsumedWriteCapacityUnits of ConversationsTable opened"},
		"an alarm's metric": {file: "template.yaml", old: "MetricName: IteratorAge", new: "MetricName: ConcurrentExecutions", says: "ConcurrentExecutions of RedirectFunction"},
	})
}
