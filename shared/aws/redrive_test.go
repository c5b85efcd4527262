package aws_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"deskmove/shared/admin"
	"deskmove/shared/aws"
	"deskmove/shared/desk"
)

// TestRedrive has SQS send dead letters back, but for a queue whose are on their way.
func TestRedrive(t *testing.T) {
	const batches, failures = "arn:aws:sqs:eu-central-1:123456789012:deskmove-batches-dead", "arn:aws:sqs:eu-central-1:123456789012:deskmove-stream-failures-dead"
	var started []string
	status, refusal := map[string]string{batches: "COMPLETED", failures: "RUNNING"}, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SourceArn string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		var out any = map[string]any{"TaskHandle": "t"}
		switch action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS."); {
		case action == "ListMessageMoveTasks":
			out = map[string]any{"Results": []any{map[string]any{"SourceArn": in.SourceArn, "Status": status[in.SourceArn]}}}
		case action != "StartMessageMoveTask":
			t.Errorf("asked for %s", action)
		case refusal != "":
			w.WriteHeader(http.StatusBadRequest)
			out = map[string]any{"__type": "com.amazonaws.sqs#" + refusal, "message": "no"}
		default:
			started = append(started, in.SourceArn)
		}
		_ = json.NewEncoder(w).Encode(out)
	}))
	defer server.Close()
	r := &aws.Redriver{Queues: []aws.DeadQueue{{Of: "batches", ARN: batches}, {Of: "stream-failures", ARN: failures}}, Client: sqs.New(sqs.Options{
		Region: "eu-central-1", BaseEndpoint: sdk.String(server.URL), RetryMaxAttempts: 1,
		Credentials: sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
			return sdk.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})}

	got, err := r.Redrive(t.Context())
	if diff := cmp.Diff([]admin.Redriven{{Queue: "batches", Letters: -1}, {Queue: "stream-failures", Letters: -1, Running: true}}, got); diff != "" || err != nil {
		t.Errorf("redriven (-want +got): %s %v", diff, err)
	}
	if !slices.Equal(started, []string{batches}) {
		t.Errorf("started tasks of %q", started)
	}
	for code, busy := range map[string]bool{"UnsupportedOperation": true, "RequestThrottled": true, "AccessDenied": false} {
		refusal = code
		_, err := r.Redrive(t.Context())
		if _, is := errors.AsType[*desk.BusyError](err); err == nil || is != busy {
			t.Errorf("%s: %v, busy %t; want %t", code, err, is, busy)
		}
	}
}
