package main

import (
	"context"
	"crypto/md5" // #nosec G501 -- the protocol's checksum, which guards nothing
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
)

// services is what functions ask for of SQS and Step Functions: a few operations of
// their JSON protocols, each done by a part of the local platform.
type services struct {
	queue   string                                           // the batches' name, in its URL
	send    func(ctx context.Context, bodies []string) error // into it
	redrive map[string]func(context.Context) (int, error)    // of queues, by their dead-letter queue's ARN
	machine string                                           // the ARN of the state machine
	start   func(ctx context.Context, name string, input json.RawMessage) error
	running func(ctx context.Context, name string) (bool, error)
	log     *slog.Logger
}

// fault is an error that a service answers with.
type fault struct{ Type, Message string }

func (f *fault) Error() string { return f.Type + ": " + f.Message }

const (
	sqsPrefix = "com.amazonaws.sqs#"
	sfnPrefix = "com.amazonaws.states#"
)

// ServeHTTP answers an SDK.
func (s services) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operations := map[string]func(context.Context, []byte) (any, error){
		"AmazonSQS.SendMessageBatch":         s.sendMessageBatch,
		"AmazonSQS.ListMessageMoveTasks":     s.listMessageMoveTasks,
		"AmazonSQS.StartMessageMoveTask":     s.startMessageMoveTask,
		"AWSStepFunctions.StartExecution":    s.startExecution,
		"AWSStepFunctions.DescribeExecution": s.describeExecution,
	}
	const most = 2 << 20 // twice what either takes
	target := r.Header.Get("X-Amz-Target")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var answer any
	switch operation := operations[target]; {
	case err != nil:
	case operation == nil:
		err = &fault{"UnknownOperationException", fmt.Sprintf("%.100q is nothing that deskmove's functions may ask for", target)}
	default:
		answer, err = operation(r.Context(), body)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if err != nil {
		status := http.StatusInternalServerError // which an SDK tries again
		f, known := errors.AsType[*fault](err)
		if known {
			status = http.StatusBadRequest
		} else {
			s.log.ErrorContext(r.Context(), "request of a function not done", "operation", target, "err", err)
			f = &fault{"InternalFailure", "see the log of sam-local"}
		}
		w.WriteHeader(status)
		answer = map[string]string{"__type": f.Type, "message": f.Message}
	}
	_ = json.NewEncoder(w).Encode(answer) // the caller may be gone
}

func (s services) sendMessageBatch(ctx context.Context, body []byte) (any, error) {
	var in struct {
		QueueUrl string //nolint:revive // the protocol's name
		Entries  []struct{ Id, MessageBody string }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &fault{sqsPrefix + "InvalidParameterValue", err.Error()}
	}
	if path.Base(in.QueueUrl) != s.queue {
		return nil, &fault{sqsPrefix + "QueueDoesNotExist", fmt.Sprintf("there is no queue %.200q", in.QueueUrl)}
	}
	type sent struct{ Id, MessageId, MD5OfMessageBody string }
	out := struct{ Successful, Failed []sent }{[]sent{}, []sent{}}
	bodies := make([]string, len(in.Entries))
	for i, e := range in.Entries {
		sum := md5.Sum([]byte(e.MessageBody)) // #nosec G401 -- as above
		bodies[i] = e.MessageBody
		out.Successful = append(out.Successful, sent{e.Id, uuid.NewString(), hex.EncodeToString(sum[:])})
	}
	return out, s.send(ctx, bodies)
}

// listMessageMoveTasks never lists one: they end at once.
func (services) listMessageMoveTasks(context.Context, []byte) (any, error) {
	return map[string]any{"Results": []any{}}, nil
}

func (s services) startMessageMoveTask(ctx context.Context, body []byte) (any, error) {
	var in struct{ SourceArn string }
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &fault{sqsPrefix + "InvalidParameterValue", err.Error()}
	}
	redrive := s.redrive[in.SourceArn]
	if redrive == nil {
		return nil, &fault{sqsPrefix + "ResourceNotFoundException", fmt.Sprintf("there is no dead-letter queue %.200q", in.SourceArn)}
	}
	_, err := redrive(ctx)
	return map[string]string{"TaskHandle": uuid.NewString()}, err
}

// startExecution is kinder than Step Functions: an execution of the name with other
// input, or one that has ended, is no error.
func (s services) startExecution(ctx context.Context, body []byte) (any, error) {
	var in struct{ StateMachineArn, Name, Input string }
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &fault{sfnPrefix + "InvalidExecutionInput", err.Error()}
	}
	if in.StateMachineArn != s.machine {
		return nil, &fault{sfnPrefix + "StateMachineDoesNotExist", fmt.Sprintf("there is no state machine %.200q", in.StateMachineArn)}
	}
	if err := s.start(ctx, in.Name, json.RawMessage(in.Input)); err != nil {
		return nil, err
	}
	return map[string]any{"executionArn": s.executions() + in.Name, "startDate": time.Now().Unix()}, nil
}

// describeExecution knows those that run; to those who ask, one that has ended is as
// good as none.
func (s services) describeExecution(ctx context.Context, body []byte) (any, error) {
	var in struct{ ExecutionArn string }
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &fault{sfnPrefix + "InvalidArn", err.Error()}
	}
	name, ours := strings.CutPrefix(in.ExecutionArn, s.executions())
	running := false
	if ours {
		var err error
		if running, err = s.running(ctx, name); err != nil {
			return nil, err
		}
	}
	if !running {
		return nil, &fault{sfnPrefix + "ExecutionDoesNotExist", fmt.Sprintf("no execution %.200q runs", in.ExecutionArn)}
	}
	return map[string]any{
		"executionArn": in.ExecutionArn, "stateMachineArn": s.machine, "name": name, "status": "RUNNING", "startDate": time.Now().Unix(),
	}, nil
}

// executions is what the ARNs of executions begin with.
func (s services) executions() string {
	return strings.Replace(s.machine, ":stateMachine:", ":execution:", 1) + ":"
}
