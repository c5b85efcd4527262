package peers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// change is a change of a conversation's header, as the stream has it.
type change struct {
	shard, sequence string
	raw             json.RawMessage
}

// stream reads the stream from its begin: changes that the mapping's filter is to
// let pass, and how many there are in all. The API's records are what Lambda
// hands to functions, letter by letter, so they are kept as they come; the
// SDK's would have to be written anew.
func (d *duplicates) stream(ctx context.Context) (pass []change, all int, _ error) {
	arn, err := d.streamARN(ctx)
	if err != nil {
		return nil, 0, err
	}
	var about struct {
		StreamDescription struct{ Shards []struct{ ShardId string } }
	}
	if err := d.streams(ctx, "DescribeStream", map[string]any{"StreamArn": arn}, &about); err != nil {
		return nil, 0, err
	}
	for _, shard := range about.StreamDescription.Shards {
		var at struct{ ShardIterator string }
		err := d.streams(ctx, "GetShardIterator", map[string]any{"StreamArn": arn, "ShardId": shard.ShardId, "ShardIteratorType": "TRIM_HORIZON"}, &at)
		for err == nil && at.ShardIterator != "" {
			var page struct {
				Records           []json.RawMessage
				NextShardIterator string
			}
			if err = d.streams(ctx, "GetRecords", map[string]any{"ShardIterator": at.ShardIterator}, &page); err != nil || len(page.Records) == 0 {
				break
			}
			at.ShardIterator = page.NextShardIterator
			all += len(page.Records)
			for _, raw := range page.Records {
				if c, ok := header(raw); ok {
					c.shard = shard.ShardId
					pass = append(pass, c)
				}
			}
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return pass, all, nil
}

// header reads a record; false if the mapping's filter is to keep it back.
func header(raw json.RawMessage) (change, bool) {
	var r struct {
		EventName string `json:"eventName"`
		Dynamodb  struct {
			SequenceNumber string
			NewImage       map[string]struct{ S string }
		} `json:"dynamodb"`
	}
	if json.Unmarshal(raw, &r) != nil || r.EventName == "REMOVE" {
		return change{}, false
	}
	return change{sequence: r.Dynamodb.SequenceNumber, raw: raw}, r.Dynamodb.NewImage[store.Home].S == string(desk.Inbox)
}

// streamARN is the stream that the function of redirection is told of.
func (d *duplicates) streamARN(ctx context.Context) (string, error) {
	out, err := d.call.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(d.resources["RedirectFunction"])})
	if err != nil {
		return "", err
	}
	arn := out.Environment.Variables["CONVERSATIONS_STREAM_ARN"]
	if arn == "" {
		return "", errors.New("the function of redirection is told of no stream")
	}
	return arn, nil
}

// streams calls DynamoDB's API of streams.
func (d *duplicates) streams(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, aws.ToString(d.config.BaseEndpoint), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDBStreams_20120810."+action)
	r.Header.Set("Authorization", signed("dynamodb"))
	if err := send(r, out); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// change has some changes of the stream redirected again: neighbours in their
// order, as when a batch is retried, or any in any order.
func (d *duplicates) change(ctx context.Context) error {
	all, _, err := d.stream(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	n := min(1+d.dice.IntN(20), len(all))
	at := d.dice.IntN(len(all) - n + 1)
	some := all[at : at+n]
	if d.dice.IntN(2) == 0 {
		some = nil
		for range n {
			some = append(some, all[d.dice.IntN(len(all))])
		}
	}
	return d.redirect(ctx, some)
}

// redirect has changes redirected.
func (d *duplicates) redirect(ctx context.Context, some []change) error {
	records := make([]json.RawMessage, len(some))
	for i, c := range some {
		records[i] = c.raw
	}
	before := d.calls["RedirectFunction"]
	err := d.invoke(ctx, "RedirectFunction", map[string]any{"Records": records})
	d.changes += (d.calls["RedirectFunction"] - before) * len(some)
	return err
}

// giveUp has a stretch of the stream read again, as if its mapping had given
// it up: the peer's mapping never does, it tries without end.
func (d *duplicates) giveUp(ctx context.Context) error {
	all, _, err := d.stream(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	n := min(1+d.dice.IntN(20), len(all))
	at := d.dice.IntN(len(all) - n + 1)
	body, err := json.Marshal(map[string]any{"DDBStreamBatchInfo": map[string]string{
		"shardId": all[at].shard, "startSequenceNumber": all[at].sequence, "endSequenceNumber": all[at+n-1].sequence,
	}})
	if err != nil {
		return err
	}
	if err := d.failed.send(ctx, string(body)); err != nil {
		return err
	}
	d.givenUp++
	return nil
}
