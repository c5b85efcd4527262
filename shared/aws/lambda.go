// Package aws is the platform on AWS: DynamoDB through package dynamo, SQS, Step
// Functions, and how a Lambda function starts. A function's configuration comes
// from its environment. Its main is
//
//	type environment struct { // the variables that it reads
//		aws.Tables
//		aws.Metrics
//	}
//
//	func main() { aws.Main(wire) }
//
//	func wire(c *aws.Cloud) (aws.Handler[events.SQSEvent, events.SQSEventResponse], error) {
//		var e environment
//		if err := c.Read(&e); err != nil {
//			return nil, err
//		}
//		p := c.Platform(e.Tables)
//		p.Metrics = c.Writer(e.Metrics)
//		return app.New(p).Convert.Handle, nil
//	}
//
// A function whose variables are missing or malformed logs one line, "function
// cannot start", that lists all of them, and exits with 1. Started without any
// variable it therefore lists those that it reads.
package aws

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"deskmove/shared/app"
	"deskmove/shared/aws/dynamo"
	"deskmove/shared/aws/files"
	"deskmove/shared/metrics"
	"deskmove/shared/store"
)

// Cloud makes a function's clients of AWS services, once, when it starts.
type Cloud struct {
	Log *slog.Logger
	cfg aws.Config
	// plain is the HTTP client of cfg, with the certificates that it was given.
	plain *awshttp.BuildableClient
}

// Handler handles a function's events.
type Handler[In, Out any] = func(context.Context, In) (Out, error)

// Main runs a function with the handler that wire returns. It does not return.
func Main[In, Out any](wire func(*Cloud) (Handler[In, Out], error)) {
	c := &Cloud{Log: lambdacontext.NewLogger()}
	handle, err := wire(c)
	if err != nil {
		problem := slog.Any("problems", err)
		if gaps, ok := errors.AsType[*EnvironmentError](err); ok {
			problem = slog.Any("problems", gaps)
		}
		c.Log.LogAttrs(context.Background(), slog.LevelError, "function cannot start", problem)
		os.Exit(1)
	}
	lambda.Start(withMargin(handle))
}

// margin is how long before Lambda's timeout the context ends. It leaves the
// function time to name what it has not done, so that only that is retried.
const margin = time.Second

// withMargin gives a handler a context that ends before Lambda's timeout.
func withMargin[In, Out any](handle Handler[In, Out]) Handler[In, Out] {
	return func(ctx context.Context, in In) (Out, error) {
		if end, ok := ctx.Deadline(); ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, end.Add(-margin))
			defer cancel()
		}
		return handle(ctx, in)
	}
}

// Read reads the environment into a pointer to a struct of parts, and loads the
// SDK's configuration. It sends no request.
func (c *Cloud) Read(environment any) error {
	err := ReadEnvironment(environment, nil)
	if err != nil {
		return err
	}
	c.cfg, err = config.LoadDefaultConfig(context.Background(), config.WithHTTPClient(dynamo.Transport()))
	c.plain, _ = c.cfg.HTTPClient.(*awshttp.BuildableClient) // as was asked for
	c.cfg.HTTPClient = dynamo.KeepAnswers(c.cfg.HTTPClient)
	if err == nil && c.cfg.Region == "" {
		err = &EnvironmentError{[]Gap{{"AWS_REGION", "not set", "set it to a region, such as eu-central-1; Lambda does so itself"}}}
	}
	return err
}

// BatchSize is the largest number of conversations in a batch on AWS. A batch
// costs six write units in the ledger whatever its size: a hundredth of a unit
// per conversation at this size. Five requests of a hundred keys read it, and
// its message has 13 KB. Twenty concurrent converters then need 10,000 write
// units, which a cold table grants in 3 s, before the engine stops retrying.
const BatchSize = 500

// Platform returns the platform that all functions with tables have in common. A
// function adds the Queue, Machine, Stream and Metrics that it needs. Tables with
// data of another layout are refused.
func (c *Cloud) Platform(t Tables) app.Platform {
	engine := c.engine(t)
	missing := t.Missing()
	check := func(ctx context.Context) error {
		if missing != nil {
			return missing
		}
		if err := engine.Check(ctx); err != nil {
			return err
		}
		return store.CheckLayout(ctx, engine)
	}
	return app.Platform{Engine: &checked{Engine: engine, missing: missing}, Batch: BatchSize, StandBack: standBack, LateAfter: lateAfter, Now: time.Now, Log: c.Log, Check: cached(check)}
}

// standBack is how long a converter leaves a table alone that has throttled it. Its batch
// comes back by itself, and the redirect of live traffic is tried again meanwhile.
const standBack = 5 * time.Second

// lateAfter is how old a change of the stream may be until converters stand back. Its
// age is known to the second, of which the stream itself takes a part.
const lateAfter = 2 * time.Second

func (c *Cloud) engine(t Tables) *dynamo.Engine {
	db, streams := dynamo.Clients(c.cfg)
	return dynamo.New(db, streams, dynamo.Tables{Conversations: string(t.Conversations), Control: string(t.Control)})
}

// Stream returns an engine that can read the conversations' stream again.
func (c *Cloud) Stream(t Tables, s Stream) *dynamo.Engine {
	e := c.engine(t)
	e.StreamARN = string(s.ConversationsStream)
	return e
}

// filesTimeout is how long an attempt may take with bytes of a file, of which functions
// themselves send and read 4 MB at most.
const filesTimeout = 12 * time.Second

// Files returns the bucket of files.
func (c *Cloud) Files(f Files) (*files.Bucket, error) {
	cfg := c.cfg.Copy()
	cfg.HTTPClient = dynamo.KeepAnswers(c.plain.WithTimeout(filesTimeout))
	return files.New(context.Background(), cfg, string(f.FilesBucket))
}

// Queue returns the sender of batches.
func (c *Cloud) Queue(b Batches) *Sender {
	return &Sender{Client: sqs.NewFromConfig(c.cfg), URL: string(b.BatchesQueue)}
}

// DeadLetters returns the dead letters.
func (c *Cloud) DeadLetters(d DeadLetters) *Redriver {
	return &Redriver{Client: sqs.NewFromConfig(c.cfg), Queues: []DeadQueue{{"batches", string(d.BatchesDead)}, {"stream-failures", string(d.StreamFailuresDead)}}}
}

// Machine returns the state machine.
func (c *Cloud) Machine(m Machine) *StateMachine {
	return &StateMachine{Client: sfn.NewFromConfig(c.cfg), ARN: string(m.MoveMachine)}
}

// Writer returns a writer of metrics to the log, from which CloudWatch extracts
// them.
func (c *Cloud) Writer(m Metrics) *metrics.Writer {
	return &metrics.Writer{W: os.Stdout, Namespace: string(m.MetricsNamespace), Now: time.Now}
}
