package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"deskmove/infra/samlocal/tables"
	"deskmove/shared/aws/dynamo"
)

const (
	region       = "us-east-1"
	nobody       = "local"          // access key and secret: the stand-ins take any
	states       = "8083"           // the port of whatever may walk state machines here
	startTimeout = 30 * time.Second // with stand-ins that are being started
)

// setup holds the inputs and outputs of sam-local's setup.
type setup struct {
	name          string // with which those of tables and queue begin
	dynamodb, sqs string // URLs of the stand-ins
	host          string // of the stand-ins, as functions see it
	events        string // folder of the sample events

	template     string // path of the built template
	architecture string // of the built functions; "" leaves the template's

	environment string // path of the file for --env-vars
}

// tables are the names of the tables.
func (s setup) tables() dynamo.Tables {
	return dynamo.Tables{Conversations: s.name + "-conversations", Control: s.name + "-control"}
}

// config is for the clients of a stand-in.
func config(endpoint string) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider(nobody, nobody, "")}
}

// run sets everything up. Done again, it changes nothing.
func (s setup) run(ctx context.Context) error {
	for _, endpoint := range []string{s.dynamodb, s.sqs} {
		if err := await(ctx, endpoint); err != nil {
			return err
		}
	}
	db, streams := dynamo.Clients(config(s.dynamodb))
	names := s.tables()
	if err := tables.Create(ctx, db, names); err != nil {
		return err
	}
	if err := sample(ctx, dynamo.New(db, streams, names), s.events); err != nil {
		return err
	}
	about, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &names.Conversations})
	if err != nil {
		return err
	}
	queue, err := sqs.NewFromConfig(config(s.sqs)).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(s.name + "-batches")})
	if err != nil {
		return fmt.Errorf("create the queue: %w", err)
	}
	vars, err := s.variables(aws.ToString(about.Table.LatestStreamArn), aws.ToString(queue.QueueUrl))
	if err != nil {
		return err
	}
	content, err := json.MarshalIndent(map[string]any{"Parameters": vars}, "", "  ") // for every function that declares them
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(s.environment, append(content, '\n'), 0o600), declare(s.template, s.architecture, vars))
}

// variables are all that functions read of their environment.
func (s setup) variables(stream, queue string) (map[string]string, error) {
	db, err := withHost(s.dynamodb, s.host)
	if err != nil {
		return nil, err
	}
	q, err := withHost(s.sqs, s.host)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(queue)
	if err != nil {
		return nil, err
	}
	tables := s.tables()
	return map[string]string{
		"CONVERSATIONS_TABLE": tables.Conversations, "CONTROL_TABLE": tables.Control,
		"CONVERSATIONS_STREAM_ARN":       stream,
		"BATCHES_QUEUE_URL":              q + u.Path,
		"BATCHES_DEAD_QUEUE_ARN":         "arn:aws:sqs:" + region + ":000000000000:" + s.name + "-batches-dead",
		"STREAM_FAILURES_DEAD_QUEUE_ARN": "arn:aws:sqs:" + region + ":000000000000:" + s.name + "-stream-failures-dead",
		"MOVE_MACHINE_ARN":               "arn:aws:states:" + region + ":000000000000:stateMachine:" + s.name + "-move",
		"METRICS_NAMESPACE":              s.name,
		"SIGN_IN_URL":                    "", // SAM checks no tokens
		"SIGN_IN_CLIENT":                 "",
		"DASHBOARD_URL":                  "", // no dashboard either

		"AWS_REGION": region, "AWS_ACCESS_KEY_ID": nobody, "AWS_SECRET_ACCESS_KEY": nobody,
		"AWS_ENDPOINT_URL_DYNAMODB": db, "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": db, "AWS_ENDPOINT_URL_SQS": q,
		"AWS_ENDPOINT_URL_SFN": "http://" + net.JoinHostPort(s.host, states),
	}, nil
}

// withHost replaces an endpoint's host and keeps its port.
func withHost(endpoint, host string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	u.Host = net.JoinHostPort(host, u.Port())
	return u.String(), nil
}

// await waits until something listens at an endpoint.
func await(ctx context.Context, endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("nothing listens at %s; infra/test/peers/run serves tables and queues: %w", endpoint, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
