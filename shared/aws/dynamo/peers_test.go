package dynamo_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"deskmove/infra/samlocal/tables"
	"deskmove/infra/test/peers"
	"deskmove/shared/aws/dynamo"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// config is for a peer, or a test's own server, at an endpoint.
func config(endpoint string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// newEngine makes new tables at a peer, and an engine on them.
func newEngine(t testing.TB, cfg aws.Config) *dynamo.Engine {
	t.Helper()
	client, streams := dynamo.Clients(cfg)
	prefix := "deskmove-" + rand.Text() + "-"
	names := dynamo.Tables{Conversations: prefix + "conversations", Control: prefix + "control"}
	for range 2 { // what is there already stays
		if err := tables.Create(context.Background(), client, names); err != nil {
			t.Fatal(err)
		}
	}
	e := dynamo.New(client, streams, names)
	if err := e.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEngine runs the suite on dynoxide, TestEngineOnMinistack on another.
// They differ from DynamoDB in what neither the suite nor the engine relies on:
//
//   - An Update that only removes makes an absent item, on both. DynamoDB makes
//     none, and store.Update allows either.
//   - Ministack does not say what BatchGetItem consumes, and of transactions
//     only the sum of table and index.
//   - Neither lets an index lag, throttles or splits a shard; see the tests
//     with servers of their own, and TestMove.
func TestEngine(t *testing.T) {
	e := newEngine(t, config(peers.DynamoDB(t)))
	storetest.Run(t, func(*testing.T) store.Engine { return e })
}

func TestStream(t *testing.T) {
	e := newEngine(t, config(peers.DynamoDB(t)))
	storetest.RunStream(t, func(*testing.T) storetest.Streaming { return e })
}

func TestEngineOnMinistack(t *testing.T) {
	e := newEngine(t, config(peers.Ministack(t)))
	storetest.Run(t, func(*testing.T) store.Engine { return e })
}

func TestStreamOnMinistack(t *testing.T) {
	e := newEngine(t, config(peers.Ministack(t)))
	storetest.RunStream(t, func(*testing.T) storetest.Streaming { return e })
}

// TestLateness counts as the functions do, on both.
func TestLateness(t *testing.T) {
	for name, endpoint := range map[string]func(testing.TB) string{"dynoxide": peers.DynamoDB, "ministack": peers.Ministack} {
		t.Run(name, func(t *testing.T) {
			late := store.LatenessStore{Engine: newEngine(t, config(endpoint(t)))}
			for want := range int64(3) {
				if n, err := late.Count(t.Context()); n != want || err != nil {
					t.Errorf("count = %d, %v; want %d", n, err, want)
				}
				if err := late.Add(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
