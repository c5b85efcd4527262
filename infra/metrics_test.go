package infra_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shown is a metric that a widget shows or an alarm watches.
type shown struct {
	where           string // such as "alarm Sweeper"
	namespace, name string
	dimensions      map[string]string // to what they refer, such as "BatchesQueue.QueueName"
}

// own is the namespace of the functions' metrics, as environment and alarms
// have it.
const own = "AWS::StackName"

// awsMetrics are AWS's own metrics, by namespace, with the dimensions that
// there are figures for and the type of what they name.
var awsMetrics = map[string]struct {
	names      string
	dimensions map[string]string // "" names an index of the table
}{
	"AWS/SQS": {
		"ApproximateNumberOfMessagesVisible ApproximateNumberOfMessagesNotVisible ApproximateAgeOfOldestMessage NumberOfMessagesSent",
		map[string]string{"QueueName": "AWS::SQS::Queue"},
	},
	"AWS/Lambda": {
		"Invocations Errors Throttles Duration IteratorAge ConcurrentExecutions",
		map[string]string{"FunctionName": "AWS::Serverless::Function"},
	},
	"AWS/States": {
		"ExecutionsStarted ExecutionsSucceeded ExecutionsFailed ExecutionsTimedOut ExecutionsAborted ExecutionThrottled ExecutionTime",
		map[string]string{"StateMachineArn": "AWS::Serverless::StateMachine"},
	},
	"AWS/DynamoDB": {
		"ConsumedWriteCapacityUnits ConsumedReadCapacityUnits WriteThrottleEvents ReadThrottleEvents",
		map[string]string{"TableName": "AWS::DynamoDB::Table", "GlobalSecondaryIndexName": ""},
	},
	"AWS/ApiGateway": {"Count 4xx 5xx Latency IntegrationLatency DataProcessed", map[string]string{"ApiId": "AWS::Serverless::HttpApi"}},
}

// metricsExist says which metrics of dashboard and alarms nobody has, and
// which of the functions' are nowhere to be seen.
func metricsExist(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	widgets, problems := t.widgets()
	emitted := p.emitted()
	var visible []string
	for _, m := range slices.Concat(widgets, t.alarms()) {
		if m.namespace == own {
			visible = append(visible, m.name)
			if !slices.Contains(emitted, m.name) {
				problems = append(problems, fmt.Sprintf("%s: nobody emits %s", m.where, m.name))
			}
			if len(m.dimensions) > 0 {
				problems = append(problems, fmt.Sprintf("%s: %s has no dimensions", m.where, m.name))
			}
			continue
		}
		if !slices.Contains(strings.Fields(awsMetrics[m.namespace].names), m.name) {
			problems = append(problems, fmt.Sprintf("%s: %s has no %s", m.where, m.namespace, m.name))
		}
		if len(m.dimensions) == 0 {
			problems = append(problems, fmt.Sprintf("%s: %s is of nothing", m.where, m.name))
		}
		for name, of := range m.dimensions {
			problems = append(problems, t.measured(m, name, of)...)
		}
	}
	slices.Sort(visible)
	problems = append(problems, differ(emitted, slices.Compact(visible), "is emitted, but nowhere to be seen", "is not emitted")...)
	return append(problems, t.unwatched()...)
}

// measured says what is wrong with a dimension of one of AWS's metrics.
func (t template) measured(m shown, name, of string) []string {
	kind, known := awsMetrics[m.namespace].dimensions[name]
	switch id, attribute, _ := strings.Cut(of, "."); {
	case !known:
		return []string{fmt.Sprintf("%s: %s has no dimension %s", m.where, m.name, name)}
	case kind == "":
		if !slices.Contains(t.indexes(m.dimensions["TableName"]), of) {
			return []string{fmt.Sprintf("%s: %s has no index %s", m.where, m.dimensions["TableName"], of)}
		}
	case t.Resources[id].Type != kind:
		return []string{fmt.Sprintf("%s: %s is no %s", m.where, of, kind)}
	case (attribute == "QueueName") != (name == "QueueName"): // a queue's Ref is its URL
		return []string{fmt.Sprintf("%s: %s does not name a %s", m.where, of, kind)}
	}
	return nil
}

func (t template) indexes(table string) (names []string) {
	for _, index := range list(t.Resources[table].Properties["GlobalSecondaryIndexes"]) {
		names = append(names, text(at(index, "IndexName")))
	}
	return names
}

// emitted are the names of the metrics that handlers write.
func (p project) emitted() []string {
	names := map[string]string{} // by constant
	for _, file := range p.below("shared/metrics") {
		for spec := range nodes[*ast.ValueSpec](p[file]) {
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Name" && len(spec.Values) == 1 {
				if value, ok := spec.Values[0].(*ast.BasicLit); ok {
					names[spec.Names[0].Name] = unquote(value)
				}
			}
		}
	}
	var found []string
	for _, file := range append(p.below("shared/app"), p.below("shared/handler")...) {
		for s := range nodes[*ast.SelectorExpr](p[file]) {
			if of, ok := s.X.(*ast.Ident); ok && of.Name == "metrics" && names[s.Sel.Name] != "" {
				found = append(found, names[s.Sel.Name])
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

var inSub = regexp.MustCompile(`\$\{([^}]+)\}`)

// widgets are the metrics of the dashboard.
func (t template) widgets() (found []shown, problems []string) {
	body := text(at(t.Resources["Dashboard"].Properties, "DashboardBody", "Fn::Sub"))
	var d struct {
		Widgets []struct {
			Type       string
			Properties struct {
				Title, Region string
				Metrics       [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(inSub.ReplaceAllString(body, "$1")), &d); err != nil {
		return nil, []string{"dashboard: " + err.Error()}
	}
	for _, w := range d.Widgets {
		if (w.Type == "metric" || w.Type == "log") && w.Properties.Region != "AWS::Region" {
			problems = append(problems, fmt.Sprintf("widget %q: is of region %s", w.Properties.Title, w.Properties.Region))
		}
		for _, m := range w.Properties.Metrics {
			var words []string
			for _, word := range m {
				if s, ok := word.(string); ok {
					words = append(words, s)
				}
			}
			if len(words) < 2 || len(words)%2 != 0 {
				problems = append(problems, fmt.Sprintf("widget %q: %v is no metric", w.Properties.Title, m))
				continue
			}
			s := shown{where: fmt.Sprintf("widget %q", w.Properties.Title), namespace: words[0], name: words[1], dimensions: map[string]string{}}
			for pair := range slices.Chunk(words[2:], 2) {
				s.dimensions[pair[0]] = pair[1]
			}
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		problems = append(problems, "dashboard: shows nothing")
	}
	return found, problems
}

// alarms are the metrics of the alarms.
func (t template) alarms() (found []shown) {
	for _, id := range t.of("AWS::CloudWatch::Alarm") {
		properties := t.Resources[id].Properties
		metrics := []any{properties}
		if several := list(properties["Metrics"]); several != nil {
			metrics = nil
			for _, m := range several {
				if metric := at(m, "MetricStat", "Metric"); metric != nil {
					metrics = append(metrics, metric)
				}
			}
		}
		for _, m := range metrics {
			s := shown{
				where: "alarm " + id, namespace: target(at(m, "Namespace")), name: text(at(m, "MetricName")), dimensions: map[string]string{},
			}
			for _, d := range list(at(m, "Dimensions")) {
				s.dimensions[text(at(d, "Name"))] = target(at(d, "Value"))
			}
			found = append(found, s)
		}
	}
	return found
}

// watched is what an alarm must be about: the ways in which a move may fail.
var watched = []string{
	"ApproximateNumberOfMessagesVisible BatchesDeadQueue.QueueName",
	"ApproximateNumberOfMessagesVisible StreamFailuresDeadQueue.QueueName",
	"ApproximateNumberOfMessagesVisible StreamFailuresQueue.QueueName",
	"ApproximateAgeOfOldestMessage BatchesDeadQueue.QueueName", "ApproximateAgeOfOldestMessage StreamFailuresDeadQueue.QueueName",
	"IteratorAge RedirectFunction", "RedirectLag", "SecondsStuck",
	"ExecutionsFailed MoveMachine", "ExecutionsTimedOut MoveMachine", "ExecutionsAborted MoveMachine",
	"MovesAtAttention", "MovesRestarted", "Invocations SweepFunction", "5xx Api",
}

// unwatched says for what there is no alarm, and which alarm tells nobody.
func (t template) unwatched() (problems []string) {
	var have []string
	for _, m := range t.alarms() {
		words := []string{m.name}
		for _, name := range slices.Sorted(maps.Keys(m.dimensions)) {
			words = append(words, m.dimensions[name])
		}
		have = append(have, strings.Join(words, " "))
	}
	want := slices.Clone(watched)
	for _, name := range t.functions() {
		switch name {
		case "fence", "list", "drain", "finish": // a step is tried again; an execution that fails is watched
		default:
			want = append(want, "Errors "+function(name))
		}
		if name != "claims" { // Cognito tries again
			want = append(want, "Throttles "+function(name))
		}
	}
	for _, w := range want {
		if !slices.Contains(have, w) {
			problems = append(problems, "no alarm is about "+w)
		}
	}
	for _, id := range t.of("AWS::CloudWatch::Alarm") {
		properties := t.Resources[id].Properties
		want := "notBreaching"
		if id == "SweeperAlarm" { // silence is what it listens for
			want = "breaching"
		}
		if got := text(properties["TreatMissingData"]); got != want {
			problems = append(problems, fmt.Sprintf("alarm %s: takes missing data as %s", id, got))
		}
		if properties["AlarmActions"] == nil || properties["OKActions"] == nil || text(properties["AlarmDescription"]) == "" {
			problems = append(problems, fmt.Sprintf("alarm %s: tells nobody, or not what to do, or not when it is over", id))
		}
		problems = append(problems, window(id, properties)...)
	}
	return problems
}

// window says what is wrong with how far back an alarm looks: further than CloudWatch
// allows, or less far than what it watches for is apart.
func window(id string, properties map[string]any) (problems []string) {
	number := func(v any) float64 { n, _ := v.(float64); return n }
	period := number(properties["Period"])
	for _, m := range list(properties["Metrics"]) {
		period = max(period, number(at(m, "MetricStat", "Period")))
	}
	const day = 24 * 3600
	back, most := period*number(properties["EvaluationPeriods"]), float64(day)
	if period >= 3600 {
		most = 7 * day
	}
	if back <= 0 || back > most {
		problems = append(problems, fmt.Sprintf("alarm %s: looks %v s back", id, back))
	}
	// shared/move.TestAttentionIsSaidDaily: within 25 hours, and one that lasts needs no second.
	if id == "MovesAtAttentionAlarm" && (back < 26*3600 || number(properties["DatapointsToAlarm"]) != 1) {
		problems = append(problems, fmt.Sprintf("alarm %s: ends and begins again between two reports a day apart", id))
	}
	return problems
}

func TestMetricsExist(t *testing.T) {
	const yaml = "template.yaml"
	holds(t, metricsExist, map[string]breakage{
		"renamed in Go":       {file: "shared/metrics/metrics.go", old: `"RedirectLag"`, new: `"RedirectDelay"`, says: "nobody emits RedirectLag"},
		"not written":         {file: "shared/app/report.go", old: "metrics.MovesRestarted", new: "metrics.MovesDone", says: "nobody emits MovesRestarted"},
		"misspelt in widget":  {file: yaml, old: `"BatchTime"`, new: `"BatchTimes"`, says: "nobody emits BatchTimes"},
		"not shown":           {file: yaml, old: `"BatchTime"`, new: `"RedirectLag"`, says: "BatchTime: is emitted, but nowhere to be seen"},
		"misspelt in alarm":   {file: yaml, old: "MetricName: MovesAtAttention", new: "MetricName: MovesAttention", says: "nobody emits MovesAttention"},
		"dimension too many":  {file: yaml, old: `"OpenBatches",`, new: `"OpenBatches", "Move", "m1",`, says: "OpenBatches has no dimensions"},
		"not AWS's":           {file: yaml, old: "MetricName: IteratorAge", new: "MetricName: IteratorAges", says: "AWS/Lambda has no IteratorAges"},
		"another namespace":   {file: yaml, old: `["AWS/ApiGateway", "5xx"`, new: `["AWS/Gateway", "5xx"`, says: "AWS/Gateway has no 5xx"},
		"unknown dimension":   {file: yaml, old: `"Latency", "ApiId"`, new: `"Latency", "ApiName"`, says: "Latency has no dimension ApiName"},
		"of nothing":          {file: yaml, old: `"Latency", "ApiId", "${Api}"`, new: `"Latency"`, says: "Latency is of nothing"},
		"unknown resource":    {file: yaml, old: `"FunctionName", "${ListFunction}"`, new: `"FunctionName", "${LookFunction}"`, says: "LookFunction is no AWS::Serverless::Function"},
		"URL instead of name": {file: yaml, old: `"${BatchesQueue.QueueName}"`, new: `"${BatchesQueue}"`, says: "BatchesQueue does not name"},
		"unknown index":       {file: yaml, old: `"GlobalSecondaryIndexName", "open"`, new: `"GlobalSecondaryIndexName", "opened"`, says: "has no index opened"},
		"elsewhere":           {file: yaml, old: `"region": "${AWS::Region}"`, new: `"region": "us-east-1"`, says: "is of region us-east-1"},
		"no JSON":             {file: yaml, old: `{"start": "-PT3H",`, new: `{"start": "-PT3H"`, says: "dashboard: invalid"},
		"no alarm":            {file: yaml, old: "MetricName: ExecutionsAborted", new: "MetricName: ExecutionsFailed", says: "no alarm is about ExecutionsAborted MoveMachine"},
		"an unwatched queue":  {file: yaml, old: "Value: !GetAtt BatchesDeadQueue.QueueName", new: "Value: !GetAtt BatchesQueue.QueueName", says: "no alarm is about ApproximateNumberOfMessagesVisible BatchesDeadQueue"},
		"silence is good":     {file: yaml, old: "TreatMissingData: breaching", new: "TreatMissingData: notBreaching", says: "alarm SweeperAlarm: takes missing data as notBreaching"},
		"silent alarm":        {file: yaml, old: "AlarmActions:", new: "InsufficientDataActions:", says: "tells nobody"},
		"flapping":            {file: yaml, old: "EvaluationPeriods: 26", new: "EvaluationPeriods: 24", says: "MovesAtAttentionAlarm: ends and begins again"},
		"each hour":           {file: yaml, old: "DatapointsToAlarm: 1", new: "DatapointsToAlarm: 2", says: "MovesAtAttentionAlarm: ends and begins again"},
		"longer than a week":  {file: yaml, old: "EvaluationPeriods: 26", new: "EvaluationPeriods: 169", says: "MovesAtAttentionAlarm: looks"},
		"no end":              {file: yaml, old: "OKActions:", new: "InsufficientDataActions:", says: "not when it is over"},
	})
}
