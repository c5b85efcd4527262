package streams

import (
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/uuid"

	"deskmove/shared/local/function"
	"deskmove/shared/store"
)

// The names of the key's parts in every table.
const (
	partitionKey = "pk"
	sortKey      = "sk"
)

// Record is a change in a shard of a stream as Lambda gets it.
func Record(c *store.Change, shard, arn string) events.DynamoDBEventRecord {
	e := events.DynamoDBEventRecord{
		AWSRegion:      function.Region,
		EventID:        shard + "-" + c.Sequence,
		EventName:      string(operation(c)),
		EventSource:    "aws:dynamodb",
		EventVersion:   "1.1",
		EventSourceArn: arn,
	}
	e.Change = events.DynamoDBStreamRecord{
		// AWS tells it to the second.
		ApproximateCreationDateTime: events.SecondsEpochTime{Time: c.At.Truncate(time.Second)},
		Keys: map[string]events.DynamoDBAttributeValue{
			partitionKey: events.NewStringAttribute(c.Key.PK),
			sortKey:      events.NewStringAttribute(c.Key.SK),
		},
		NewImage:       image(c.Key, c.New),
		OldImage:       image(c.Key, c.Old),
		SequenceNumber: c.Sequence,
		SizeBytes:      int64(sizeOf(c.Old) + sizeOf(c.New)),
		StreamViewType: string(events.DynamoDBStreamViewTypeNewAndOldImages),
	}
	return e
}

func operation(c *store.Change) events.DynamoDBOperationType {
	switch {
	case c.Old == nil:
		return events.DynamoDBOperationTypeInsert
	case c.New == nil:
		return events.DynamoDBOperationTypeRemove
	}
	return events.DynamoDBOperationTypeModify
}

// image is an item with its key, nil if there is none.
func image(k store.Key, attrs store.Attrs) map[string]events.DynamoDBAttributeValue {
	if attrs == nil {
		return nil
	}
	m := make(map[string]events.DynamoDBAttributeValue, len(attrs)+2)
	m[partitionKey] = events.NewStringAttribute(k.PK)
	m[sortKey] = events.NewStringAttribute(k.SK)
	for i := range attrs {
		a := &attrs[i]
		switch a.Value.Kind {
		case store.String:
			m[a.Name] = events.NewStringAttribute(a.Value.Str)
		case store.Number:
			m[a.Name] = events.NewNumberAttribute(strconv.FormatInt(a.Value.Num, 10))
		case store.Binary:
			m[a.Name] = events.NewBinaryAttribute([]byte(a.Value.Str))
		}
	}
	return m
}

// sizeOf is about what an item takes.
func sizeOf(attrs store.Attrs) int {
	n := 0
	for i := range attrs {
		n += len(attrs[i].Name) + len(attrs[i].Value.Str) + 8
	}
	return n
}

// report is the on-failure message of a stream. It tells where the changes
// are, not what they hold.
type report struct {
	Request  requestContext  `json:"requestContext"`
	Response responseContext `json:"responseContext"`
	Version  string          `json:"version"`
	Time     time.Time       `json:"timestamp"`
	Batch    batchInfo       `json:"DDBStreamBatchInfo"`
}

type requestContext struct {
	ID          string `json:"requestId"`
	FunctionARN string `json:"functionArn"`
	Condition   string `json:"condition"` // RetryAttemptsExhausted or RecordAgeExceeded
	Invoked     int    `json:"approximateInvokeCount"`
}

type responseContext struct {
	StatusCode int    `json:"statusCode"`
	Version    string `json:"executedVersion"`
	Error      string `json:"functionError"`
}

type batchInfo struct {
	Shard         string    `json:"shardId"`
	StartSequence string    `json:"startSequenceNumber"`
	EndSequence   string    `json:"endSequenceNumber"`
	FirstArrival  time.Time `json:"approximateArrivalOfFirstRecord"`
	LastArrival   time.Time `json:"approximateArrivalOfLastRecord"`
	Size          int       `json:"batchSize"`
	StreamARN     string    `json:"streamArn"`
}

func (r *reader) report(batch []store.Change, attempts int, condition string) report {
	first, last := &batch[0], &batch[len(batch)-1]
	return report{
		Request: requestContext{
			ID: uuid.NewString(), FunctionARN: r.mapping.Function.ARN(), Condition: condition, Invoked: attempts,
		},
		Response: responseContext{StatusCode: 200, Version: "$LATEST", Error: "Unhandled"},
		Version:  "1.0",
		Time:     r.feed.Host.Clock.Now().UTC(),
		Batch: batchInfo{
			Shard:         r.shard,
			StartSequence: first.Sequence,
			EndSequence:   last.Sequence,
			FirstArrival:  first.At.UTC().Truncate(time.Second),
			LastArrival:   last.At.UTC().Truncate(time.Second),
			Size:          len(batch),
			StreamARN:     r.feed.arn(),
		},
	}
}
