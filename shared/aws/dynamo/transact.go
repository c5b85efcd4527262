package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"deskmove/shared/store"
)

// maxTransaction is the most writes of one transaction.
const maxTransaction = 100

// Transact implements store.Engine. The SDK gives each call a token, so that
// its own retries after a lost answer do nothing twice; a transaction that
// was cancelled did nothing, and is tried again with a new one.
func (e *Engine) Transact(ctx context.Context, ws []store.Write) error {
	if len(ws) == 0 {
		return nil
	}
	items, err := e.transaction(ws)
	if err != nil {
		return err
	}
	bounded, cancel := e.bounded(ctx)
	defer cancel()
	err = translate(ctx, again(bounded, func() error {
		_, err := e.client.TransactWriteItems(bounded, &dynamodb.TransactWriteItemsInput{TransactItems: items})
		return err
	}))
	if err == nil || errors.Is(err, store.ErrCondition) {
		return doubt(err, ws)
	}
	return fmt.Errorf("transaction of %d writes, first %s %q: %w", len(ws), ws[0].Table, ws[0].Key, err)
}

// transaction checks writes and turns them into DynamoDB's form.
func (e *Engine) transaction(ws []store.Write) ([]types.TransactWriteItem, error) {
	if len(ws) > maxTransaction {
		return nil, fmt.Errorf("transaction of %d writes: at most %d are allowed", len(ws), maxTransaction)
	}
	type place struct {
		table store.Table
		key   store.Key
	}
	seen := make(map[place]bool, len(ws))
	items := make([]types.TransactWriteItem, len(ws))
	for i := range ws {
		w := &ws[i]
		table, err := e.name(w.Table)
		if err == nil {
			err = writable(w)
		}
		if err == nil && seen[place{w.Table, w.Key}] {
			err = errors.New("the transaction writes it twice")
		}
		if err == nil {
			items[i], err = transactItem(table, w)
		}
		if err != nil {
			return nil, fmt.Errorf("write %d, %s %q: %w", i, w.Table, w.Key, err)
		}
		seen[place{w.Table, w.Key}] = true
	}
	return items, nil
}

func transactItem(table *string, w *store.Write) (types.TransactWriteItem, error) {
	var x expression
	condition := x.condition(w.If)
	switch w.Op {
	case store.Put:
		return types.TransactWriteItem{Put: &types.Put{
			TableName: table, Item: writeItem(w.Key, w.Set), ConditionExpression: condition,
			ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: theItem,
		}}, nil
	case store.Update:
		update := x.update(w)
		return types.TransactWriteItem{Update: &types.Update{
			TableName: table, Key: writeKey(w.Key), UpdateExpression: update, ConditionExpression: condition,
			ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: theItem,
		}}, nil
	case store.Delete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: table, Key: writeKey(w.Key), ConditionExpression: condition,
			ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: theItem,
		}}, nil
	}
	return types.TransactWriteItem{}, fmt.Errorf("unknown operation %d", w.Op)
}
