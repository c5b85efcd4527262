// Package aws is what is its platform on AWS, made from the environment
// of a Lambda function: the engine, the queue, the state machine and where
// measurements go. A function's main is
//
//	type environment struct { // all that it reads
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
//		b := c.Platform(e.Tables)
//		b.Metrics = c.Writer(e.Metrics)
//		return app.New(b).Convert.Handle, nil
//	}
//
// A function that finds variables missing or malformed exits with 1 after one
// line in its log, "function cannot start", whose problems name every one of
// them. Started without any, it so tells which variables it reads.
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
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"deskmove/shared/app"
	"deskmove/shared/aws/dynamo"
	"deskmove/shared/metrics"
)

// Cloud makes what a function needs of AWS, once, when it starts.
type Cloud struct {
	Log *slog.Logger
	cfg aws.Config
}

// Handler handles a function's events.
type Handler[In, Out any] = func(context.Context, In) (Out, error)

// Main runs a function, whose handler wire makes, and never returns.
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
	lambda.Start(early(handle))
}

// margin is how long before its time is up a function is told to stop: time
// enough to say what has not been done, so that no more is done again.
const margin = time.Second

// early gives a handler a context that ends before Lambda ends the function.
func early[In, Out any](handle Handler[In, Out]) Handler[In, Out] {
	return func(ctx context.Context, in In) (Out, error) {
		if end, ok := ctx.Deadline(); ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, end.Add(-margin))
			defer cancel()
		}
		return handle(ctx, in)
	}
}

// Read reads the environment, which is a pointer to a struct of parts, and
// the SDK's own part of it. Nothing is asked of AWS.
func (c *Cloud) Read(environment any) error {
	err := ReadEnvironment(environment, nil)
	if err != nil {
		return err
	}
	c.cfg, err = config.LoadDefaultConfig(context.Background(), config.WithHTTPClient(dynamo.Transport()))
	c.cfg.HTTPClient = dynamo.KeepAnswers(c.cfg.HTTPClient)
	if err == nil && c.cfg.Region == "" {
		err = &EnvironmentError{[]Gap{{"AWS_REGION", "it is not set", "set it to a region, such as eu-central-1; Lambda does"}}}
	}
	return err
}

// BatchSize is the most conversations that a batch holds on AWS. A batch costs
// five write units in the ledger whatever its size: with 500 that is a
// hundredth of a unit for each conversation. Five requests of a hundred keys
// read them, and a message is 13 KB. Thirty converters at once then want
// 30,000 write units, which a cold table gives in 8 s, within the engine's
// patience. On one machine, whose writer does one thing at a time, live
// traffic would wait for so large a batch.
const BatchSize = 500

// Platform is what every function that knows the tables has its platform. A
// function adds the Queue, Machine, Stream and Writer that it needs.
func (c *Cloud) Platform(t Tables) app.Platform {
	engine := c.engine(t)
	return app.Platform{Engine: engine, Batch: BatchSize, Now: time.Now, Log: c.Log, Check: remember(engine.Check)}
}

func (c *Cloud) engine(t Tables) *dynamo.Engine {
	db, streams := dynamo.Clients(c.cfg)
	return dynamo.New(db, streams, dynamo.Tables{Conversations: string(t.Conversations), Tickets: string(t.Tickets), Control: string(t.Control)})
}

// Stream is the engine as a stream that is read again.
func (c *Cloud) Stream(t Tables, s Stream) *dynamo.Engine {
	e := c.engine(t)
	e.StreamARN = string(s.ConversationsStream)
	return e
}

// Queue is where batches are sent.
func (c *Cloud) Queue(b Batches) *Sender {
	return &Sender{Client: sqs.NewFromConfig(c.cfg), URL: string(b.BatchesQueue)}
}

// Machine is the state machine.
func (c *Cloud) Machine(m Machine) *StateMachine {
	return &StateMachine{Client: sfn.NewFromConfig(c.cfg), ARN: string(m.MoveMachine)}
}

// Writer is where measurements go: to the log, from which CloudWatch takes
// them.
func (c *Cloud) Writer(m Metrics) *metrics.Writer {
	return &metrics.Writer{W: os.Stdout, Namespace: string(m.MetricsNamespace), Now: time.Now}
}
