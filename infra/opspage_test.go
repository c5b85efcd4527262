package infra_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// notOnePlace are the dashboard's metrics that one machine does not measure: SQLite has
// no units, and its executions neither time out nor are aborted; requests that are
// throttled are answered with 5xx, and its API's latency and errors are in the log.
var notOnePlace = []string{"ExecutionsTimedOut", "ExecutionsAborted", "Throttles", "Latency", "Errors ApiFunction"}

// opsPageShows says which of the dashboard's metrics the console's page of operations
// does not show.
func opsPageShows(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	page := p["shared/console/ui/pages/ops.tsx"]
	widgets, problems := t.widgets()
	for _, m := range widgets {
		words := []string{m.name}
		for _, of := range m.dimensions {
			of, _, _ = strings.Cut(of, ".")
			words = append(words, of)
		}
		if m.namespace == "AWS/DynamoDB" || slices.Contains(notOnePlace, m.name) || slices.Contains(notOnePlace, strings.Join(words, " ")) {
			continue
		}
		for _, word := range words {
			if !strings.Contains(page, fmt.Sprintf("%q", word)) {
				problems = append(problems, fmt.Sprintf("%s: the page does not show %s", m.where, word))
			}
		}
	}
	return problems
}

func TestOperationsPageShowsTheDashboard(t *testing.T) {
	holds(t, opsPageShows, map[string]breakage{
		"a metric more": {file: "template.yaml", old: `"SecondsLeft", {`, new: `"SecondsRight", {`, says: "does not show SecondsRight"},
		"left out":      {file: "shared/console/ui/pages/ops.tsx", old: `"IteratorAge"`, new: `"Age"`, says: "does not show IteratorAge"},
		"another's":     {file: "shared/console/ui/pages/ops.tsx", old: `"BatchesDeadQueue"`, new: `"BatchesQueue"`, says: "does not show BatchesDeadQueue"},
	})
}
