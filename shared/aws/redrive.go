package aws

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"deskmove/shared/admin"
	"deskmove/shared/desk"
)

// Redriver has SQS send dead letters back to where they came from. It is a
// admin.DeadLetters.
type Redriver struct {
	Client interface {
		ListMessageMoveTasks(ctx context.Context, in *sqs.ListMessageMoveTasksInput, opts ...func(*sqs.Options)) (*sqs.ListMessageMoveTasksOutput, error)
		StartMessageMoveTask(ctx context.Context, in *sqs.StartMessageMoveTaskInput, opts ...func(*sqs.Options)) (*sqs.StartMessageMoveTaskOutput, error)
	}
	Queues []DeadQueue
}

// DeadQueue is a dead-letter queue, and the name of the queue whose it is.
type DeadQueue struct{ Of, ARN string }

// Redrive starts a task for each queue that has none running: SQS runs one a queue.
// How many letters it will move nobody knows yet. Errors: a *desk.BusyError if a retry
// helps, or one of the SDK; tasks that were started run on.
func (r *Redriver) Redrive(ctx context.Context) ([]admin.Redriven, error) {
	all := make([]admin.Redriven, len(r.Queues))
	for i, q := range r.Queues {
		all[i] = admin.Redriven{Queue: q.Of, Letters: -1}
		tasks, err := r.Client.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(q.ARN)})
		if err != nil {
			return nil, translateSQS(err)
		}
		if len(tasks.Results) > 0 && aws.ToString(tasks.Results[0].Status) == "RUNNING" { // the newest is the first
			all[i].Running = true
			continue
		}
		_, err = r.Client.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(q.ARN)})
		if _, taken := errors.AsType[*types.UnsupportedOperation](err); taken { // another was started since
			return nil, &desk.BusyError{What: "queue", After: time.Second, Err: err}
		}
		if err != nil {
			return nil, translateSQS(err)
		}
	}
	return all, nil
}
