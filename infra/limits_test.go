package infra_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"deskmove/shared/local"
)

// limitsAgree holds the template's limits against each other and against
// those of the local stack.
func limitsAgree(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	same := func(what string, got any, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			problems = append(problems, fmt.Sprintf("%s: is %v in the template and %v in the local stack", what, got, want))
		}
	}
	here := local.DefaultLimits()
	timeout := func(name string) time.Duration {
		n, _ := t.Resources[function(name)].Properties["Timeout"].(float64)
		return time.Duration(n) * time.Second
	}
	for name, want := range here.Timeouts {
		same("time-out of "+name, timeout(name), want)
	}
	if got := timeout("api"); got <= 0 || got >= 30*time.Second {
		problems = append(problems, fmt.Sprintf("time-out of api: is %s, and API Gateway's 30 s", got))
	}
	if got := timeout("claims"); got <= 0 || got > 5*time.Second {
		problems = append(problems, fmt.Sprintf("time-out of claims: is %s, and Cognito waits for 5 s", got))
	}

	mapping := func(name, event string) map[string]any {
		m, _ := at(t.Resources[function(name)].Properties, "Events", event, "Properties").(map[string]any)
		return m
	}
	for _, of := range []struct {
		queue, function, event string
		here                   local.Queue
	}{
		{"BatchesQueue", "convert", "Batches", here.Batches},
		{"StreamFailuresQueue", "redirect", "GivenUp", here.StreamFailures},
	} {
		properties, m := t.Resources[of.queue].Properties, mapping(of.function, of.event)
		seconds, _ := properties["VisibilityTimeout"].(float64)
		visibility := time.Duration(seconds) * time.Second
		receives := at(properties, "RedrivePolicy", "maxReceiveCount")
		same("visibility of "+of.queue, visibility, of.here.Visibility)
		same("receives of "+of.queue, receives, of.here.Receives)
		same("batch of "+of.queue, m["BatchSize"], 1)
		if visibility < 6*timeout(of.function) {
			problems = append(problems, fmt.Sprintf("visibility of %s: is %s, less than six times the time-out of %s", of.queue, visibility, of.function))
		}
		if n, _ := receives.(float64); n < 5 {
			problems = append(problems, fmt.Sprintf("receives of %s: are %v, less than five", of.queue, receives))
		}
		if got := target(m["Queue"]); got != of.queue+".Arn" {
			problems = append(problems, fmt.Sprintf("%s: takes from %s, not from %s", of.function, got, of.queue))
		}
	}
	stream := mapping("redirect", "Conversations")
	age, _ := stream["MaximumRecordAgeInSeconds"].(float64)
	same("batch of the stream", stream["BatchSize"], here.Stream.Size)
	same("retries of the stream", stream["MaximumRetryAttempts"], here.Stream.Retries)
	same("age of the stream's changes", time.Duration(age)*time.Second, here.Stream.MaxAge)
	same("bisecting of the stream", stream["BisectBatchOnFunctionError"], true)
	same("start of the stream", stream["StartingPosition"], "TRIM_HORIZON")
	same("partial answers of the stream", stream["FunctionResponseTypes"], "[ReportBatchItemFailures]")
	same("partial answers of batches", mapping("convert", "Batches")["FunctionResponseTypes"], "[ReportBatchItemFailures]")
	same("partial answers of stream failures", mapping("redirect", "GivenUp")["FunctionResponseTypes"], "[ReportBatchItemFailures]")
	same("what the stream gives up", target(at(stream, "DestinationConfig", "OnFailure", "Destination")), "StreamFailuresQueue.Arn")
	if rate := text(mapping("sweep", "EveryMinute")["Schedule"]); here.Sweep != time.Minute || rate != "rate(1 minute)" {
		problems = append(problems, fmt.Sprintf("sweep: is at %s in the template and every %s in the local stack", rate, here.Sweep))
	}
	return append(problems, stepsEnd(p, timeout)...)
}

// stepsEnd says which function may run longer than the state machine waits
// for it: two of one step would then run at a time.
func stepsEnd(p project, timeout func(string) time.Duration) (problems []string) {
	for name, s := range p.states() {
		if s.Resource == "" {
			continue
		}
		if of := s.function(); timeout(of) > time.Duration(s.TimeoutSeconds)*time.Second {
			problems = append(problems, fmt.Sprintf("state %s: waits for %d s, and %s may take %s", name, s.TimeoutSeconds, of, timeout(of)))
		}
	}
	return problems
}

func TestLimitsAgree(t *testing.T) {
	const yaml = "template.yaml"
	holds(t, limitsAgree, map[string]breakage{
		"function":       {file: yaml, old: "Timeout: 30\n", new: "Timeout: 20\n", says: "time-out of convert: is 20s"},
		"api":            {file: yaml, old: "Timeout: 29\n", new: "Timeout: 30\n", says: "time-out of api"},
		"claims":         {file: yaml, old: "Timeout: 5\n", new: "Timeout: 6\n", says: "time-out of claims"},
		"visibility":     {file: yaml, old: "VisibilityTimeout: 180", new: "VisibilityTimeout: 179", says: "less than six times the time-out of convert"},
		"receives":       {file: yaml, old: "maxReceiveCount: 10", new: "maxReceiveCount: 4", says: "less than five"},
		"batch":          {file: yaml, old: "BatchSize: 1 # of", new: "BatchSize: 3 # of", says: "batch of BatchesQueue"},
		"other queue":    {file: yaml, old: "Queue: !GetAtt StreamFailuresQueue.Arn", new: "Queue: !GetAtt BatchesQueue.Arn", says: "redirect: takes from BatchesQueue.Arn"},
		"stream's size":  {file: yaml, old: "BatchSize: 500", new: "BatchSize: 100", says: "batch of the stream"},
		"retries":        {file: yaml, old: "MaximumRetryAttempts: 4", new: "MaximumRetryAttempts: -1", says: "retries of the stream"},
		"age":            {file: yaml, old: "MaximumRecordAgeInSeconds: 3600", new: "MaximumRecordAgeInSeconds: -1", says: "age of the stream"},
		"bisect":         {file: yaml, old: "BisectBatchOnFunctionError: true", new: "BisectBatchOnFunctionError: false", says: "bisecting"},
		"latest":         {file: yaml, old: "TRIM_HORIZON", new: "LATEST", says: "start of the stream"},
		"whole answers":  {file: yaml, old: "            FunctionResponseTypes: [ReportBatchItemFailures]\n", new: "", says: "partial answers of batches"},
		"lost changes":   {file: yaml, old: "Destination: !GetAtt StreamFailuresQueue.Arn", new: "Destination: !GetAtt BatchesQueue.Arn", says: "what the stream gives up"},
		"seldom swept":   {file: yaml, old: "rate(1 minute)", new: "rate(5 minutes)", says: "sweep"},
		"impatient step": {file: "shared/move/move.asl.json", old: `"TimeoutSeconds": 300`, new: `"TimeoutSeconds": 60`, says: "state List: waits for 60 s"},
	})
}

// state is what contracts look at of a state.
type state struct {
	Resource       string
	TimeoutSeconds int
	Retry, Catch   []struct{ ErrorEquals []string }
}

// states returns the states of the state machine.
func (p project) states() map[string]state {
	var m struct{ States map[string]state }
	if err := json.Unmarshal([]byte(p["shared/move/move.asl.json"]), &m); err != nil {
		return nil
	}
	return m.States
}
