package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"deskmove/shared/store"
)

// shape is what a table is like beside the keys pk and sk and the index list,
// which all of them have.
type shape struct {
	table   store.Table
	stream  bool // of both images
	expires bool // at store.Expires
}

var shapes = [...]shape{
	{table: store.Conversations, stream: true},
	{table: store.Tickets},
	{table: store.Control, expires: true},
}

// Keys of tables and of their indexes.
var (
	tableKeys = keySchema(store.PK, store.SK)
	indexKeys = keySchema(store.IndexPK, store.IndexSK)
)

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
		TableName: &name, KeySchema: tableKeys, BillingMode: types.BillingModePayPerRequest,
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String(index), KeySchema: indexKeys, Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
	}
	for _, attr := range []string{store.PK, store.SK, store.IndexPK, store.IndexSK} {
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
