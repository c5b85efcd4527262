package aws_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"deskmove/shared/aws"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

const arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:deskmove-move"

// sfnService answers as Step Functions does: with one answer, which it keeps the
// request of.
type sfnService struct {
	status int
	answer string

	action  string
	request map[string]string
}

func (s *sfnService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.action = strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSStepFunctions.")
	s.request = nil
	if err := json.NewDecoder(r.Body).Decode(&s.request); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(s.status)
	_, _ = w.Write([]byte(s.answer))
}

func startSFN(t *testing.T, s *sfnService) *aws.StateMachine {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &aws.StateMachine{ARN: arn, Client: sfn.New(sfn.Options{
		Region: "eu-central-1", BaseEndpoint: sdk.String(server.URL), RetryMaxAttempts: 1,
		Credentials: sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
			return sdk.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})}
}

func failure(code string) *sfnService {
	return &sfnService{status: 400, answer: `{"__type":"com.amazonaws.swf.sfnService.v2.model#` + code + `","message":"no"}`}
}

func TestStart(t *testing.T) {
	s := &sfnService{status: 200, answer: `{"executionArn":"x","startDate":1795000000.1}`}
	m := startSFN(t, s)
	run := move.Run{Account: "acme", Move: "m1795000000000a1b2c3d4", Run: 2, Step: "drain"}
	if err := m.Start(t.Context(), run.Name(), run); err != nil {
		t.Fatal(err)
	}
	var sent move.Run
	if err := json.Unmarshal([]byte(s.request["input"]), &sent); err != nil || sent != run {
		t.Errorf("input = %+v, %v; want %+v", sent, err, run)
	}
	if s.action != "StartExecution" || s.request["stateMachineArn"] != arn {
		t.Errorf("%s of %s", s.action, s.request["stateMachineArn"])
	}
	if name := s.request["name"]; name != "m1795000000000a1b2c3d4_2" || !regexp.MustCompile(`^[0-9A-Za-z_-]{1,80}$`).MatchString(name) {
		t.Errorf("name = %q", name)
	}
}

func TestStartingAgainDoesNothing(t *testing.T) {
	if err := startSFN(t, failure("ExecutionAlreadyExists")).Start(t.Context(), "m1", move.Run{}); err != nil {
		t.Errorf("Start = %v", err)
	}
}

func TestRunning(t *testing.T) {
	for status, want := range map[string]bool{"RUNNING": true, "SUCCEEDED": false, "FAILED": false, "TIMED_OUT": false, "ABORTED": false, "PENDING_REDRIVE": false} {
		s := &sfnService{status: 200, answer: `{"status":"` + status + `"}`}
		if got, err := startSFN(t, s).Running(t.Context(), "m1.3"); got != want || err != nil {
			t.Errorf("Running of one that is %s = %t, %v", status, got, err)
		}
		if got := s.request["executionArn"]; s.action != "DescribeExecution" || got != "arn:aws:states:eu-central-1:123456789012:execution:deskmove-move:m1_3" {
			t.Errorf("%s of %s", s.action, got)
		}
	}
	if got, err := startSFN(t, failure("ExecutionDoesNotExist")).Running(t.Context(), "m1"); got || err != nil {
		t.Errorf("Running of one that never was = %t, %v", got, err)
	}
}

// TestCrowded is told that as many executions run as may.
func TestCrowded(t *testing.T) {
	err := startSFN(t, failure("ExecutionLimitExceeded")).Start(t.Context(), "m1", move.Run{})
	if _, busy := errors.AsType[*desk.BusyError](err); !busy {
		t.Errorf("Start = %v", err)
	}
}

func TestErrors(t *testing.T) {
	for code, temporary := range map[string]bool{
		"ThrottlingException": true, "ServiceUnavailable": true,
		"InvalidName": false, "InvalidArn": false, "StateMachineDoesNotExist": false, "AccessDeniedException": false,
	} {
		s := failure(code)
		if code == "ServiceUnavailable" {
			s.status = 503
		}
		m := startSFN(t, s)
		_, err := m.Running(t.Context(), "m1")
		for _, err := range []error{err, m.Start(t.Context(), "m1", move.Run{})} {
			if _, busy := errors.AsType[*desk.BusyError](err); err == nil || busy != temporary || !strings.Contains(err.Error(), "m1") {
				t.Errorf("%s: %v, busy %t; want %t", code, err, busy, temporary)
			}
		}
	}
}
