package peers_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"deskmove/infra/test/peers"
)

// cloud is the SDK's configuration for a peer.
func cloud(url string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// TestPeers starts every server, and asks for something small.
func TestPeers(t *testing.T) {
	for name, ask := range map[string]func(*testing.T) error{
		"DynamoDB": func(t *testing.T) error {
			_, err := dynamodb.NewFromConfig(cloud(peers.DynamoDB(t))).ListTables(t.Context(), &dynamodb.ListTablesInput{})
			return err
		},
		"Ministack": func(t *testing.T) error {
			_, err := sfn.NewFromConfig(cloud(peers.Ministack(t))).ListStateMachines(t.Context(), &sfn.ListStateMachinesInput{})
			return err
		},
		"Moto": func(t *testing.T) error {
			_, err := sfn.NewFromConfig(cloud(peers.Moto(t))).ListStateMachines(t.Context(), &sfn.ListStateMachinesInput{})
			return err
		},
		"Fauxqs": func(t *testing.T) error {
			_, err := sqs.NewFromConfig(cloud(peers.Fauxqs(t))).ListQueues(t.Context(), &sqs.ListQueuesInput{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := ask(t); err != nil {
				t.Error(err)
			}
		})
	}
}
