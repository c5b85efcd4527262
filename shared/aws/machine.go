package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// StateMachine starts executions in Step Functions; it is a move.Machine.
type StateMachine struct {
	Client interface {
		StartExecution(ctx context.Context, in *sfn.StartExecutionInput, opts ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
		DescribeExecution(ctx context.Context, in *sfn.DescribeExecutionInput, opts ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
	}
	ARN string // of the state machine: arn:aws:states:REGION:ACCOUNT:stateMachine:NAME
}

// Start starts an execution, unless one of that name is running or has ended
// within the last 90 days, which is not an error.
func (m *StateMachine) Start(ctx context.Context, name string, r move.Run) error {
	input, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("execution %s: %w", name, err)
	}
	_, err = m.Client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(m.ARN), Name: aws.String(executionName(name)), Input: aws.String(string(input)),
	})
	if _, exists := errors.AsType[*types.ExecutionAlreadyExists](err); exists {
		return nil
	}
	return translateSFN("start execution "+name, err)
}

// Running reports whether an execution was started and has not ended. Step
// Functions' answer may be slightly out of date; a successor that is started
// because of it does no harm.
func (m *StateMachine) Running(ctx context.Context, name string) (bool, error) {
	out, err := m.Client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(m.execution(name))})
	if _, absent := errors.AsType[*types.ExecutionDoesNotExist](err); absent {
		return false, nil
	}
	if err != nil {
		return false, translateSFN("describe execution "+name, err)
	}
	return out.Status == types.ExecutionStatusRunning, nil
}

// execution returns the ARN of an execution.
func (m *StateMachine) execution(name string) string {
	return strings.Replace(m.ARN, ":stateMachine:", ":execution:", 1) + ":" + executionName(name)
}

// executionName replaces what CloudWatch Logs does not accept in a name, which is
// anything but letters, digits, '-' and '_'. Names of runs have a '.' before
// their number, and no '_'.
func executionName(name string) string { return strings.ReplaceAll(name, ".", "_") }

// translateSFN makes temporary errors a BusyError.
func translateSFN(what string, err error) error {
	if err == nil {
		return nil
	}
	_, full := errors.AsType[*types.ExecutionLimitExceeded](err)
	if full || retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary {
		return &desk.BusyError{What: "state machine", After: time.Second, Err: fmt.Errorf("%s: %w", what, err)}
	}
	return fmt.Errorf("%s: %w", what, err)
}
