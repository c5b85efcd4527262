package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"deskmove/shared/store"
)

// shape is what a table is like beside the keys pk and sk, which all of them
// have, and its indexes.
type shape struct {
	table   store.Table
	stream  bool // of both images
	expires bool // at store.Expires
}

var shapes = [...]shape{
	{table: store.Conversations, stream: true},
	{table: store.Control, expires: true},
}

// indexes are those of a table.
func (s shape) indexes() (all []*store.Index) {
	for _, i := range store.Indexes {
		if i.Table == s.table {
			all = append(all, i)
		}
	}
	return all
}

// projection is what an index has beside keys.
func projection(i *store.Index) *types.Projection {
	if len(i.Projects) == 0 {
		return &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	}
	return &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: i.Projects}
}

func keySchema(hash, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &hash, KeyType: types.KeyTypeHash},
		{AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}

// CreateTables makes the tables that do not exist, for tests and for SAM
// local, and waits until they can be used. On AWS the template makes them.
func CreateTables(ctx context.Context, client *dynamodb.Client, tables Tables) error {
	for _, s := range shapes {
		if err := create(ctx, client, tables.name(s.table), s); err != nil {
			return fmt.Errorf("create table %s: %w", tables.name(s.table), translate(ctx, err))
		}
	}
	return nil
}

func create(ctx context.Context, client *dynamodb.Client, name string, s shape) error {
	in := &dynamodb.CreateTableInput{
		TableName: &name, KeySchema: keySchema(store.PK, store.SK), BillingMode: types.BillingModePayPerRequest,
	}
	keys := []string{store.PK, store.SK}
	for _, i := range s.indexes() {
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: &i.Name, KeySchema: keySchema(i.PK, i.SK), Projection: projection(i),
		})
		keys = append(keys, i.PK, i.SK)
	}
	slices.Sort(keys)
	for _, attr := range slices.Compact(keys) {
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: &attr, AttributeType: types.ScalarAttributeTypeS})
	}
	if s.stream {
		in.StreamSpecification = &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		}
	}
	_, err := client.CreateTable(ctx, in)
	if _, there := errors.AsType[*types.ResourceInUseException](err); there {
		return nil
	}
	if err != nil {
		return err
	}
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 100 * time.Millisecond })
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, time.Minute); err != nil || !s.expires {
		return err
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(store.Expires), Enabled: aws.Bool(true)},
	})
	return err
}
