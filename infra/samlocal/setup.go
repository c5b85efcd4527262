package main

import (
	"cmp"
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

	"deskmove/infra/samlocal/tables"
	"deskmove/shared/aws/dynamo"
)

const (
	region       = "us-east-1"
	nobody       = "local"          // access key and secret: the stand-ins take any
	startTimeout = 30 * time.Second // of a stand-in that is being started
)

// setup holds the inputs and outputs of sam-local's setup.
type setup struct {
	name     string // with which those of tables and queue begin
	dynamodb string // URL of the stand-in
	services string // URL of queue and state machine, which the platform serves
	host     string // of both, as functions see it
	events   string // folder of the sample events

	template     string // path of the built template
	architecture string // of the built functions; "" leaves the template's

	environment string // path of the file for --env-vars
}

// tables are the names of the tables.
func (s setup) tables() dynamo.Tables {
	return dynamo.Tables{Conversations: s.name + "-conversations", Control: s.name + "-control"}
}

// engine is the tables.
func (s setup) engine() *dynamo.Engine {
	db, streams := dynamo.Clients(config(s.dynamodb))
	return dynamo.New(db, streams, s.tables())
}

// queue is the name of the queue of batches.
func (s setup) queue() string { return s.name + "-batches" }

// bucket is the name of the bucket of files.
func (s setup) bucket() string { return s.name + "-files" }

// deadBatches and deadFailures are the ARNs of the dead-letter queues.
func (s setup) deadBatches() string {
	return "arn:aws:sqs:" + region + ":000000000000:" + s.name + "-batches-dead"
}
func (s setup) deadFailures() string {
	return "arn:aws:sqs:" + region + ":000000000000:" + s.name + "-stream-failures-dead"
}

// machine is the ARN of the state machine.
func (s setup) machine() string {
	return "arn:aws:states:" + region + ":000000000000:stateMachine:" + s.name + "-move"
}

// config is for the clients of a stand-in.
func config(endpoint string) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider(nobody, nobody, "")}
}

// run sets everything up. Done again, it changes nothing.
func (s setup) run(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := await(within, s.dynamodb, "infra/test/peers/run, which serves tables,"); err != nil {
		return err
	}
	db, _ := dynamo.Clients(config(s.dynamodb))
	names := s.tables()
	if err := tables.Create(ctx, db, names); err != nil {
		return err
	}
	if err := sample(ctx, s.engine(), s.events); err != nil {
		return err
	}
	about, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &names.Conversations})
	if err != nil {
		return err
	}
	vars, err := s.variables(aws.ToString(about.Table.LatestStreamArn))
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
func (s setup) variables(stream string) (map[string]string, error) {
	db, err := withHost(s.dynamodb, s.host)
	if err != nil {
		return nil, err
	}
	services, err := withHost(s.services, s.host)
	if err != nil {
		return nil, err
	}
	tables := s.tables()
	return map[string]string{
		"CONVERSATIONS_TABLE": tables.Conversations, "CONTROL_TABLE": tables.Control,
		"CONVERSATIONS_STREAM_ARN":       stream,
		"FILES_BUCKET":                   s.bucket(),
		"BATCHES_QUEUE_URL":              services + "/000000000000/" + s.queue(),
		"BATCHES_DEAD_QUEUE_ARN":         s.deadBatches(),
		"STREAM_FAILURES_DEAD_QUEUE_ARN": s.deadFailures(),
		"MOVE_MACHINE_ARN":               s.machine(),
		"METRICS_NAMESPACE":              s.name,
		"SIGN_IN_URL":                    "", // tokens are the gateway's
		"SIGN_IN_CLIENT":                 "",
		"DASHBOARD_URL":                  "", // no dashboard either
		"OPERATOR_ACCOUNT":               demoAccount,

		"AWS_REGION": region, "AWS_ACCESS_KEY_ID": nobody, "AWS_SECRET_ACCESS_KEY": nobody,
		"AWS_ENDPOINT_URL_DYNAMODB": db, "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": db, "AWS_ENDPOINT_URL_SQS": services, "AWS_ENDPOINT_URL_SFN": services, "AWS_ENDPOINT_URL_S3": services,
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

// await waits until something listens at an endpoint, where somebody is to.
func await(ctx context.Context, endpoint, somebody string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return err
	}
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen at %s: %w", somebody, endpoint, cmp.Or(context.Cause(ctx), err))
		case <-time.After(100 * time.Millisecond):
		}
	}
}
