package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"deskmove/shared/store"
)

// On AWS it is Lambda that follows the stream. What is here reads again what Lambda
// has given up.

// How a shard is read: the most changes of an answer, and how many answers in a
// row may be empty. DynamoDB gives empty ones before the next change.
const (
	maxRecords  = 1000
	manyAnswers = 40
)

// shards returns the names of the stream's shards. They vanish with their last
// change, 24 hours after it.
func (e *Engine) shards(ctx context.Context) (names []string, err error) {
	arn, err := e.stream(ctx)
	if err != nil {
		return nil, err
	}
	for last := (*string)(nil); ; {
		out, err := e.describe(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn, ExclusiveStartShardId: last})
		if err != nil {
			return nil, fmt.Errorf("shards of %s: %w", arn, translate(ctx, err))
		}
		for _, s := range out.Shards {
			names = append(names, aws.ToString(s.ShardId))
		}
		if last = out.LastEvaluatedShardId; last == nil {
			return names, nil
		}
	}
}

func (e *Engine) describe(ctx context.Context, in *dynamodbstreams.DescribeStreamInput) (*types.StreamDescription, error) {
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	out, err := e.streams.DescribeStream(ctx, in)
	if err != nil {
		return nil, err
	}
	return out.StreamDescription, nil
}

// stream returns the stream's ARN, asking the table for it if need be.
func (e *Engine) stream(ctx context.Context) (string, error) {
	if e.StreamARN != "" {
		return e.StreamARN, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.found != "" {
		return e.found, nil
	}
	bounded, cancel := e.bounded(ctx)
	defer cancel()
	out, err := e.client.DescribeTable(bounded, &dynamodb.DescribeTableInput{TableName: &e.tables.Conversations})
	if err != nil {
		return "", fmt.Errorf("stream of %s: %w", e.tables.Conversations, translate(ctx, err))
	}
	if out.Table.LatestStreamArn == nil {
		return "", fmt.Errorf("table %s has no stream", e.tables.Conversations)
	}
	e.found = *out.Table.LatestStreamArn
	return e.found, nil
}

// Between implements handler.ChangeReader. If the first changes are kept no more, it
// begins with the oldest that is. If the shard cannot be read as far as the
// last change, which must be there, the error is store.ErrThrottled.
func (e *Engine) Between(ctx context.Context, shard, first, last string) ([]store.Change, error) {
	changes, err := e.between(ctx, shard, first, last)
	if err == nil {
		return changes, nil
	}
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		shards, err := e.shards(ctx)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(shards, shard) { // it went with all its changes
			return nil, nil
		}
	}
	return nil, fmt.Errorf("changes of shard %s from %s to %s: %w", shard, first, last, translate(ctx, err))
}

func (e *Engine) between(ctx context.Context, shard, first, last string) ([]store.Change, error) {
	r := shardReader{engine: e, shard: shard}
	if err := r.begin(ctx, types.ShardIteratorTypeAtSequenceNumber, first); err != nil {
		return nil, err
	}
	var all []store.Change
	newest := ""
	for empty := 0; r.iterator != nil && empty < manyAnswers; {
		some, err := r.next(ctx, maxRecords)
		if err != nil {
			return nil, err
		}
		empty++
		for _, c := range some {
			if later(c.Sequence, last) {
				return all, nil
			}
			if !later(first, c.Sequence) && later(c.Sequence, newest) {
				newest, empty = c.Sequence, 0
				if store.Streamed(c.New) {
					all = append(all, c)
				}
			}
			if c.Sequence == last {
				return all, nil
			}
		}
	}
	if r.iterator == nil || r.trimmed {
		return all, nil // that was the shard's end, or the last may be trimmed too
	}
	return nil, fmt.Errorf("%w: the shard does not come to its change %s", store.ErrThrottled, last)
}

// later reports whether sequence number a comes after b. They are decimal
// numbers of up to 40 digits.
func later(a, b string) bool {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}

// shardReader reads a shard, answer by answer.
type shardReader struct {
	engine   *Engine
	shard    string
	iterator *string // nil at the end of the shard
	trimmed  bool    // what was to be read first is kept no more
}

// begin starts at a place of the shard, or if that is kept no more, at the
// oldest change that is.
func (r *shardReader) begin(ctx context.Context, from types.ShardIteratorType, sequence string) error {
	arn, err := r.engine.stream(ctx)
	if err != nil {
		return err
	}
	in := dynamodbstreams.GetShardIteratorInput{StreamArn: &arn, ShardId: &r.shard, ShardIteratorType: from}
	if from != types.ShardIteratorTypeTrimHorizon {
		in.SequenceNumber = &sequence
	}
	bounded, cancel := r.engine.bounded(ctx)
	defer cancel()
	out, err := r.engine.streams.GetShardIterator(bounded, &in)
	if trimmed(err) && !r.trimmed {
		r.trimmed = true
		return r.begin(ctx, types.ShardIteratorTypeTrimHorizon, "")
	}
	if err != nil {
		return err
	}
	r.iterator = out.ShardIterator
	return nil
}

// next reads the next answer; it may be empty.
func (r *shardReader) next(ctx context.Context, limit int) ([]store.Change, error) {
	bounded, cancel := r.engine.bounded(ctx)
	defer cancel()
	out, err := r.engine.streams.GetRecords(bounded, &dynamodbstreams.GetRecordsInput{
		ShardIterator: r.iterator, Limit: aws.Int32(int32(limit)), // #nosec G115 -- at most maxRecords
	})
	if trimmed(err) && !r.trimmed {
		r.trimmed = true
		return nil, r.begin(ctx, types.ShardIteratorTypeTrimHorizon, "")
	}
	if err != nil {
		return nil, err
	}
	r.iterator = out.NextShardIterator
	changes := make([]store.Change, len(out.Records))
	for i, record := range out.Records {
		if changes[i], err = readChange(record.Dynamodb); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

func trimmed(err error) bool {
	_, ok := errors.AsType[*types.TrimmedDataAccessException](err)
	return ok
}

func readChange(r *types.StreamRecord) (store.Change, error) {
	if r == nil {
		return store.Change{}, errors.New("a record of the stream is empty")
	}
	c := store.Change{Sequence: aws.ToString(r.SequenceNumber), At: aws.ToTime(r.ApproximateCreationDateTime).UTC()}
	keys, err := readImage(r.Keys)
	if err == nil {
		c.Key = keys.Key
		c.Old, err = readSide(r.OldImage)
	}
	if err == nil {
		c.New, err = readSide(r.NewImage)
	}
	if err != nil {
		return c, fmt.Errorf("change %s: %w", c.Sequence, err)
	}
	return c, nil
}

// readSide reads one of a change's images, nil if there is none.
func readSide(m map[string]types.AttributeValue) (store.Attrs, error) {
	if m == nil {
		return nil, nil
	}
	item, err := readImage(m)
	return item.Attrs, err
}

// readImage is readItem for the stream's own types.
func readImage(m map[string]types.AttributeValue) (store.Item, error) {
	item := store.Item{Attrs: make(store.Attrs, 0, len(m))}
	for name, raw := range m {
		var v store.Value
		var err error
		switch raw := raw.(type) {
		case *types.AttributeValueMemberS:
			v = store.S(raw.Value)
		case *types.AttributeValueMemberN:
			v, err = readNumber(raw.Value)
		case *types.AttributeValueMemberB:
			v = store.B(string(raw.Value))
		default:
			err = fmt.Errorf("%T is not a string, a number or bytes", raw)
		}
		if err != nil {
			return item, fmt.Errorf("attribute %s: %w", name, err)
		}
		take(&item, name, v)
	}
	return item, nil
}
