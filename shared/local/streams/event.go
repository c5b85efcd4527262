package streams

import (
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/function"
	"deskmove/shared/store"
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
			store.PK: events.NewStringAttribute(c.Key.PK),
			store.SK: events.NewStringAttribute(c.Key.SK),
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
	m[store.PK] = events.NewStringAttribute(k.PK)
	m[store.SK] = events.NewStringAttribute(k.SK)
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
