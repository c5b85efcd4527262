package handler

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
)

// Sources of records, as Lambda names them.
const (
	fromStream = "aws:dynamodb"
	fromQueue  = "aws:sqs"
)

// Event calls Handle or HandleFailed, for a function that both the stream and the
// queue of its failures invoke. Records name their source; a mixture of sources
// or another source is an error. A change that cannot be read is treated as one
// that failed.
func (h *Redirect) Event(ctx context.Context, raw json.RawMessage) (any, error) {
	var e struct{ Records []json.RawMessage }
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	var changes []change
	var failed events.SQSEvent
	for i, raw := range e.Records {
		var r struct {
			events.DynamoDBEventRecord
			Message string `json:"messageId"`
			Body    string `json:"body"`
		}
		err := json.Unmarshal(raw, &r)
		if err != nil {
			r.EventSource, r.Change.SequenceNumber = identity(raw)
		}
		switch {
		case r.EventSource == fromStream && r.Change.SequenceNumber != "" && err != nil:
			changes = append(changes, change{sequence: r.Change.SequenceNumber, err: err})
		case r.EventSource == fromStream && r.Change.SequenceNumber != "":
			changes = append(changes, read(r.DynamoDBEventRecord))
		case r.EventSource == fromQueue && r.Message != "" && err == nil:
			failed.Records = append(failed.Records, events.SQSMessage{MessageId: r.Message, Body: r.Body})
		default:
			return nil, fmt.Errorf("record %d, from %.40q, is neither a stream's change nor a queue's message", i, r.EventSource)
		}
	}
	switch {
	case len(changes) > 0 && len(failed.Records) > 0:
		return nil, fmt.Errorf("event mixes %d changes and %d messages", len(changes), len(failed.Records))
	case len(failed.Records) > 0:
		return h.HandleFailed(ctx, failed)
	}
	return h.redirect(ctx, changes), nil
}

// identity reads only a record's source and sequence number.
func identity(raw json.RawMessage) (source, sequence string) {
	var r struct {
		Source string                          `json:"eventSource"`
		Change struct{ SequenceNumber string } `json:"dynamodb"`
	}
	_ = json.Unmarshal(raw, &r) // an unreadable field stays ""
	return r.Source, r.Change.SequenceNumber
}
