package local

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/desk"
	"deskmove/shared/local/asl"
	"deskmove/shared/local/queue"
	"deskmove/shared/metrics"
	"deskmove/shared/store"
)

// measurer measures of this machine's parts what CloudWatch does of their counterparts
// on AWS, by the names of template.yaml: the dashboard's widgets and the alarms read the
// same on both. Write units are those that DynamoDB would take for what is written here.
type measurer struct {
	record *metrics.Recorder
	now    func() time.Time
	queues []*queue.Queue
}

// Measures returns the names of all that is measured here of AWS's own metrics. The others
// of the dashboard and the alarms have no counterpart.
func Measures() (names []metrics.Name) {
	of := func(namespace, resource string, metric ...string) {
		for _, name := range metric {
			names = append(names, metrics.Of(namespace, name, resource))
		}
	}
	for _, name := range []string{"Fence", "List", "Drain", "Finish", "Convert", "Redirect", "Sweep"} {
		of(lambda, name+"Function", "Invocations", "Errors", "Duration")
	}
	of(lambda, "RedirectFunction", "IteratorAge")
	of(lambda, "ApiFunction", "Throttles")
	of("AWS/States", "MoveMachine", "ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed")
	of("AWS/ApiGateway", "Api", "Count", "4xx", "5xx", "Latency")
	for _, name := range []string{"Batches", "BatchesDead", "StreamFailures", "StreamFailuresDead"} {
		of("AWS/SQS", name+"Queue", "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible", "ApproximateAgeOfOldestMessage")
	}
	for _, t := range []store.Table{store.Conversations, store.Control} {
		of(dynamo, tableOf(t, nil), "ConsumedWriteCapacityUnits", "WriteThrottleEvents", "ReadThrottleEvents")
	}
	for _, i := range store.Indexes { // written together with their tables, so nothing of theirs is throttled
		of(dynamo, tableOf(i.Table, i), "ConsumedWriteCapacityUnits")
	}
	return names
}

const lambda = "AWS/Lambda"

const dynamo = "AWS/DynamoDB"

func (m *measurer) add(namespace, name, resource string, v int64) {
	m.record.Record(m.now(), metrics.Value{Name: metrics.Of(namespace, name, resource), Value: v})
}

// resourceOf is what the template calls something: stream-failures-dead is
// StreamFailuresDead.
func resourceOf(name string) (id string) {
	for word := range strings.SplitSeq(name, "-") {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

// tableOf is what the template calls a table, with the name of an index of it.
func tableOf(t store.Table, i *store.Index) string {
	name := resourceOf(string(t)) + "Table"
	if i != nil {
		name += " " + i.Name
	}
	return name
}

// Wrote notes the write units of a commit.
func (m *measurer) Wrote(t store.Table, i *store.Index, units int64) {
	m.add(dynamo, "ConsumedWriteCapacityUnits", tableOf(t, i), units)
	if i == nil {
		m.add(dynamo, "WriteThrottleEvents", tableOf(t, nil), 0)
	}
}

// Refused notes what the engine had no time for.
func (m *measurer) Refused(t store.Table, isWrite bool) {
	name := "ReadThrottleEvents"
	if isWrite {
		name = "WriteThrottleEvents"
	}
	m.add(dynamo, name, tableOf(t, nil), 1)
}

// invoked notes an invocation. What redirects and what does so again is one function.
func (m *measurer) invoked(name string, took time.Duration, err error) {
	function := resourceOf(strings.TrimSuffix(name, "-failed")) + "Function"
	failed := int64(0)
	if err != nil {
		failed = 1
	}
	m.add(lambda, "Invocations", function, 1)
	m.add(lambda, "Errors", function, failed)
	m.add(lambda, "Duration", function, took.Milliseconds())
}

// behind notes how old the last of the changes is that the stream delivers.
func (m *measurer) behind(handle func(context.Context, events.DynamoDBEvent) (events.DynamoDBEventResponse, error)) func(context.Context, events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
	return func(ctx context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
		if n := len(e.Records); n > 0 {
			m.add(lambda, "IteratorAge", "RedirectFunction", max(m.now().Sub(e.Records[n-1].Change.ApproximateCreationDateTime.Time), 0).Milliseconds())
		}
		return handle(ctx, e)
	}
}

// executed notes what has become of an execution.
func (m *measurer) executed(status asl.Status) {
	name := map[asl.Status]string{
		asl.Running: "ExecutionsStarted", asl.Succeeded: "ExecutionsSucceeded", asl.Failed: "ExecutionsFailed",
	}[status]
	m.add("AWS/States", name, "MoveMachine", 1)
}

// answered notes each request, and how it was answered.
func (m *measurer) answered(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		defer func() { m.request(seen.code, time.Since(begun)) }()
		site.ServeHTTP(seen, r)
	})
}

// refused notes requests that the site does not get to see: those for which there was no
// room would be throttled on AWS.
func (m *measurer) refused(refuse func(http.ResponseWriter, *http.Request, error)) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		if _, busy := errors.AsType[*desk.BusyError](err); busy {
			m.add(lambda, "Throttles", "ApiFunction", 1)
		}
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		defer func() { m.request(seen.code, 0) }()
		refuse(seen, r, err)
	}
}

func (m *measurer) request(code int, took time.Duration) {
	m.add("AWS/ApiGateway", "Count", "Api", 1)
	m.add("AWS/ApiGateway", "Latency", "Api", took.Milliseconds())
	m.add(lambda, "Throttles", "ApiFunction", 0)
	is4, is5 := int64(0), int64(0)
	switch code / 100 {
	case 4:
		is4 = 1
	case 5:
		is5 = 1
	}
	m.add("AWS/ApiGateway", "4xx", "Api", is4)
	m.add("AWS/ApiGateway", "5xx", "Api", is5)
}

// status remembers the status of an answer.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// watch notes each minute what the queues hold.
func (m *measurer) watch(ctx context.Context) error {
	for ctx.Err() == nil {
		for _, q := range m.queues {
			s, err := q.State(ctx)
			if err != nil {
				continue // the next minute tells
			}
			of := resourceOf(q.Name()) + "Queue"
			m.add("AWS/SQS", "ApproximateNumberOfMessagesVisible", of, s.Visible)
			m.add("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", of, s.InFlight)
			m.add("AWS/SQS", "ApproximateAgeOfOldestMessage", of, int64(s.Oldest.Seconds()))
		}
		timer := time.NewTimer(time.Minute)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
	return nil
}
