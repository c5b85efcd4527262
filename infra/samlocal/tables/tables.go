// Package tables makes the tables that template.yaml makes on AWS, for SAM local,
// benchmarks and tests.
package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"deskmove/shared/aws/dynamo"
	"deskmove/shared/store"
)

// Create makes the tables that do not exist, and waits until they can be used.
func Create(ctx context.Context, client *dynamodb.Client, names dynamo.Tables) error {
	conversations := table(store.Conversations, names.Conversations)
	conversations.StreamSpecification = &types.StreamSpecification{
		StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
	}
	if _, err := create(ctx, client, conversations); err != nil {
		return err
	}
	isNew, err := create(ctx, client, table(store.Control, names.Control))
	if err != nil || !isNew {
		return err
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &names.Control,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(store.Expires), Enabled: aws.Bool(true)},
	})
	return err
}

// table describes a table with its keys and indexes.
func table(t store.Table, name string) *dynamodb.CreateTableInput {
	in := &dynamodb.CreateTableInput{
		TableName: &name, KeySchema: keySchema(store.PK, store.SK), BillingMode: types.BillingModePayPerRequest,
	}
	keys := []string{store.PK, store.SK}
	for _, i := range store.Indexes {
		if i.Table != t {
			continue
		}
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: &i.Name, KeySchema: keySchema(i.PK, i.SK), Projection: dynamo.Projection(i),
		})
		keys = append(keys, i.PK, i.SK)
	}
	slices.Sort(keys)
	for _, attr := range slices.Compact(keys) {
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: &attr, AttributeType: types.ScalarAttributeTypeS})
	}
	return in
}

func keySchema(hash, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &hash, KeyType: types.KeyTypeHash},
		{AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}

// create makes a table, and reports whether it was not there.
func create(ctx context.Context, client *dynamodb.Client, in *dynamodb.CreateTableInput) (isNew bool, err error) {
	_, err = client.CreateTable(ctx, in)
	if _, there := errors.AsType[*types.ResourceInUseException](err); there {
		return false, nil
	}
	if err == nil {
		waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 100 * time.Millisecond })
		err = waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: in.TableName}, time.Minute)
	}
	if err != nil {
		return false, fmt.Errorf("create table %s: %w", *in.TableName, err)
	}
	return true, nil
}
