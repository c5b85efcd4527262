package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"deskmove/shared/store"
)

// usage is what consumes capacity: an operation, as DynamoDB names it, on a
// table or on an index of it.
type usage struct {
	table     store.Table
	index     string // "" is the table
	operation string
}

// reads reports whether the units are read units; else they are write units.
func (u usage) reads() bool {
	return u.operation == "GetItem" || u.operation == "BatchGetItem" || u.operation == "Query"
}

// meter adds up the request units that a client consumes, as DynamoDB reports
// them. It does not report what a failed condition costs: that counts as
// store.WriteUnits says, for an item of up to 1 KB.
type meter struct {
	prefix string // of the tables' names

	mu         sync.Mutex
	units      map[usage]float64
	unreported int // answers that did not say what they consumed
}

// attach has a client's calls ask for what they consume, and counts it.
func (m *meter) attach(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Meter", m.call), middleware.After)
}

func (m *meter) call(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	ask := reflect.ValueOf(in.Parameters).Elem().FieldByName("ReturnConsumedCapacity")
	if !ask.IsValid() { // an operation that consumes none
		return next.HandleInitialize(ctx, in)
	}
	ask.Set(reflect.ValueOf(types.ReturnConsumedCapacityIndexes))
	out, metadata, err := next.HandleInitialize(ctx, in)
	m.mu.Lock()
	defer m.mu.Unlock()
	operation := awsmiddleware.GetOperationName(ctx)
	if err != nil {
		m.failed(operation, in.Parameters, err)
		return out, metadata, err
	}
	switch consumed := reflect.ValueOf(out.Result).Elem().FieldByName("ConsumedCapacity").Interface().(type) {
	case *types.ConsumedCapacity:
		m.add(operation, consumed)
	case []types.ConsumedCapacity: // one for each table
		if len(consumed) == 0 {
			m.unreported++
		}
		for i := range consumed {
			m.add(operation, &consumed[i])
		}
	}
	return out, metadata, nil
}

// add splits what a call consumed between the table and its indexes.
func (m *meter) add(operation string, c *types.ConsumedCapacity) {
	if c == nil || c.TableName == nil || c.Table == nil {
		m.unreported++
		return
	}
	m.count(*c.TableName, "", operation, *c.Table.CapacityUnits)
	for name, index := range c.GlobalSecondaryIndexes {
		m.count(*c.TableName, name, operation, *index.CapacityUnits)
	}
}

// failed counts what a call with a failed condition costs.
func (m *meter) failed(operation string, in any, err error) {
	_, condition := errors.AsType[*types.ConditionalCheckFailedException](err)
	_, cancelled := errors.AsType[*types.TransactionCanceledException](err)
	switch in := in.(type) {
	case *dynamodb.TransactWriteItemsInput:
		for i := 0; cancelled && i < len(in.TransactItems); i++ {
			m.count(tableOf(in.TransactItems[i]), "", operation, 2*float64(store.WriteUnits(0)))
		}
	default:
		if condition {
			m.count(reflect.ValueOf(in).Elem().FieldByName("TableName").Elem().String(), "", operation, float64(store.WriteUnits(0)))
		}
	}
}

func tableOf(item types.TransactWriteItem) string {
	switch {
	case item.Put != nil:
		return *item.Put.TableName
	case item.Update != nil:
		return *item.Update.TableName
	}
	return *item.Delete.TableName
}

func (m *meter) count(table, index, operation string, units float64) {
	if units == 0 {
		return
	}
	if m.units == nil {
		m.units = map[usage]float64{}
	}
	m.units[usage{store.Table(strings.TrimPrefix(table, m.prefix)), index, operation}] += units
}

// consumed returns what was consumed so far.
func (m *meter) consumed() map[usage]float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.units)
}

// complete says whether all answers said what they consumed.
func (m *meter) complete() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unreported > 0 {
		return fmt.Errorf("%d answers do not say what they consumed: use an endpoint that does", m.unreported)
	}
	return nil
}
