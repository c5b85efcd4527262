package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"deskmove/shared/store"
)

// Write implements store.Engine. Each write is a request of its own, since
// BatchWriteItem takes no conditions.
func (e *Engine) Write(ctx context.Context, ws []store.Write) []error {
	if len(ws) == 0 {
		return nil
	}
	bounded, cancel := e.bounded(ctx)
	defer cancel()
	errs := make([]error, len(ws))
	var g errgroup.Group
	g.SetLimit(e.Parallel)
	for i := range ws {
		g.Go(func() error {
			errs[i] = e.write(ctx, bounded, &ws[i])
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs
	if store.FirstError(errs) == nil {
		return nil
	}
	return errs
}

// write does one write. Bounded is part of the caller's context.
func (e *Engine) write(caller, bounded context.Context, w *store.Write) error {
	table, err := e.name(w.Table)
	if err == nil {
		err = writable(w)
	}
	if err == nil {
		err = translate(caller, again(bounded, func() error { return e.request(bounded, table, w) }))
	}
	if err == nil || errors.Is(err, store.ErrCondition) {
		return doubt(err, []store.Write{*w})
	}
	return fmt.Errorf("write %s %q: %w", w.Table, w.Key, err)
}

// theItem asks for the item on which a condition fails.
const theItem = types.ReturnValuesOnConditionCheckFailureAllOld

// request makes the request of one write.
func (e *Engine) request(ctx context.Context, table *string, w *store.Write) error {
	var x expression
	condition := x.condition(w.If)
	var err error
	switch w.Op {
	case store.Put:
		_, err = e.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: table, Item: writeItem(w.Key, w.Set), ConditionExpression: condition,
			ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: theItem,
		})
	case store.Update:
		update := x.update(w)
		_, err = e.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: table, Key: writeKey(w.Key), UpdateExpression: update, ConditionExpression: condition,
			ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: theItem,
		})
	case store.Delete:
		_, err = e.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: table, Key: writeKey(w.Key), ConditionExpression: condition,
			ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: theItem,
		})
	default:
		err = fmt.Errorf("unknown operation %d", w.Op)
	}
	return err
}
