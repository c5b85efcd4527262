package aws_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"deskmove/shared/aws"
	"deskmove/shared/move"
)

// sqsService answers as SQS does.
type sqsService struct {
	// refuse says how an entry fails, "" not at all; a code with a '!' in
	// front is the sender's fault. attempt counts from 1.
	refuse func(entry string, attempt int) string
	// fail is the status and code of a whole request's failure, "" none.
	fail func(request int) (int, string)

	mu       sync.Mutex
	requests [][]string // the entries of each, by batch
	sizes    []int      // bytes of each one's bodies
	taken    []string
	attempts map[string]int
}

func (s *sqsService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []struct{ Id, MessageBody string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.QueueURL == "" {
		panic(fmt.Sprint(err, in.QueueURL))
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	type object = map[string]any
	out := object{"Successful": []object{}, "Failed": []object{}}
	var entries []string
	size := 0
	for _, e := range in.Entries {
		var b move.Batch
		if err := json.Unmarshal([]byte(e.MessageBody), &b); err != nil {
			panic(err)
		}
		entries, size = append(entries, b.Entry), size+len(e.MessageBody)
	}
	s.requests, s.sizes = append(s.requests, entries), append(s.sizes, size)
	if s.fail != nil {
		if status, code := s.fail(len(s.requests)); code != "" {
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(object{"__type": "com.amazonaws.sqs#" + code, "message": "no"})
			return
		}
	}
	for i, e := range in.Entries {
		s.attempts[entries[i]]++
		code := ""
		if s.refuse != nil {
			code = s.refuse(entries[i], s.attempts[entries[i]])
		}
		if code != "" {
			name, fault := strings.CutPrefix(code, "!")
			out["Failed"] = append(out["Failed"].([]object), object{"Id": e.Id, "Code": name, "SenderFault": fault, "Message": "no"})
			continue
		}
		sum := md5.Sum([]byte(e.MessageBody))
		s.taken = append(s.taken, entries[i])
		out["Successful"] = append(out["Successful"].([]object), object{"Id": e.Id, "MessageId": "m-" + e.Id, "MD5OfMessageBody": hex.EncodeToString(sum[:])})
	}
	_ = json.NewEncoder(w).Encode(out)
}

func startSQS(t *testing.T, s *sqsService) *aws.Sender {
	t.Helper()
	s.attempts = make(map[string]int)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &aws.Sender{URL: server.URL + "/000000000000/batches", Client: sqs.New(sqs.Options{
		Region: "local", BaseEndpoint: sdk.String(server.URL), RetryMaxAttempts: 1,
		Credentials: sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
			return sdk.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})}
}

func batches(n int) (bs []move.Batch, names []string) {
	for i := range n {
		name := fmt.Sprintf("e%03d", i)
		bs, names = append(bs, move.Batch{Account: "acme", Move: "m1", Entry: name, Count: 1, IDs: []string{"c1"}}), append(names, name)
	}
	return bs, names
}

func (s *sqsService) want(t *testing.T, names []string) {
	t.Helper()
	if slices.Sort(s.taken); !slices.Equal(s.taken, names) {
		t.Errorf("taken = %v, want %v", s.taken, names)
	}
}

func TestSendManyAtATime(t *testing.T) {
	s := &sqsService{}
	sender := startSQS(t, s)
	bs, names := batches(25)
	if err := sender.Send(t.Context(), bs); err != nil {
		t.Fatal(err)
	}
	s.want(t, names)
	if len(s.requests) != 3 {
		t.Errorf("%d requests, want 3", len(s.requests))
	}
	if err := sender.Send(t.Context(), nil); err != nil || len(s.requests) != 3 {
		t.Errorf("sending nothing: %v, %d requests", err, len(s.requests))
	}
}

func TestOnlyWhatFailedIsSentAgain(t *testing.T) {
	s := &sqsService{refuse: func(entry string, attempt int) string {
		if (entry == "e002" || entry == "e007") && attempt <= 2 {
			return "InternalError"
		}
		return ""
	}}
	sender := startSQS(t, s)
	bs, names := batches(9)
	if err := sender.Send(t.Context(), bs); err != nil {
		t.Fatal(err)
	}
	s.want(t, names)
	if want := [][]string{names, {"e002", "e007"}, {"e002", "e007"}}; !slices.EqualFunc(s.requests, want, slices.Equal[[]string]) {
		t.Errorf("requests = %v, want %v", s.requests, want)
	}
}

func TestSendersFaultIsFinal(t *testing.T) {
	s := &sqsService{refuse: func(entry string, _ int) string {
		if entry == "e001" {
			return "!InvalidMessageContents"
		}
		return ""
	}}
	bs, _ := batches(3)
	err := startSQS(t, s).Send(t.Context(), bs)
	if refused, ok := errors.AsType[*aws.RefusedError](err); !ok || *refused != (aws.RefusedError{Entry: "e001", Code: "InvalidMessageContents"}) {
		t.Errorf("Send = %v", err)
	}
	if temporary(err) || len(s.requests) != 1 {
		t.Errorf("temporary %t after %d requests", temporary(err), len(s.requests))
	}
}

func TestAttemptsEnd(t *testing.T) {
	s := &sqsService{refuse: func(string, int) string { return "InternalError" }}
	bs, _ := batches(1)
	if err := startSQS(t, s).Send(t.Context(), bs); !temporary(err) || len(s.requests) != 6 {
		t.Errorf("Send = %v after %d requests, want a temporary error after 6", err, len(s.requests))
	}
}

func TestWaitEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &sqsService{refuse: func(string, int) string { cancel(); return "InternalError" }}
	bs, _ := batches(1)
	if err := startSQS(t, s).Send(ctx, bs); !errors.Is(err, context.Canceled) {
		t.Errorf("Send = %v", err)
	}
}

func TestErrorsOfRequests(t *testing.T) {
	for code, c := range map[string]struct {
		status    int
		temporary bool
	}{
		"ThrottlingException":    {400, true},
		"RequestThrottled":       {400, true},
		"ServiceUnavailable":     {503, true},
		"InternalFailure":        {500, true},
		"QueueDoesNotExist":      {400, false},
		"AccessDeniedException":  {400, false},
		"InvalidSecurity":        {403, false},
		"BatchRequestTooLong":    {400, false},
		"KmsAccessDenied":        {400, false},
		"UnsupportedOperation":   {400, false},
		"KmsThrottled":           {400, false}, // unknown to the SDK: the state machine starts another execution
		"TooManyEntriesInBatch…": {400, false},
	} {
		s := &sqsService{fail: func(int) (int, string) { return c.status, code }}
		bs, _ := batches(1)
		if err := startSQS(t, s).Send(t.Context(), bs); err == nil || temporary(err) != c.temporary {
			t.Errorf("%s: Send = %v, temporary %t; want %t", code, err, temporary(err), c.temporary)
		}
	}
}

func TestOutOfReach(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	sender := startSQS(t, &sqsService{})
	sender.Client = sqs.New(sqs.Options{Region: "local", BaseEndpoint: sdk.String(server.URL), RetryMaxAttempts: 1, Credentials: sdk.AnonymousCredentials{}})
	bs, _ := batches(1)
	if err := sender.Send(t.Context(), bs); !temporary(err) {
		t.Errorf("Send = %v, want a temporary error", err)
	}
}

func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := &sqsService{refuse: func(string, int) string { return "InternalError" }}
	bs, _ := batches(1)
	if err := startSQS(t, s).Send(ctx, bs); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Send = %v", err)
	}
}

// TestSize sends batches of the longest IDs there can be.
func TestSize(t *testing.T) {
	s := &sqsService{}
	bs, names := batches(40)
	for i := range bs {
		for range 1000 {
			bs[i].IDs = append(bs[i].IDs, strings.Repeat("x", 64))
		}
	}
	bs[7].IDs = slices.Repeat(bs[7].IDs, 5) // alone above the limit
	if err := startSQS(t, s).Send(t.Context(), bs); err != nil {
		t.Fatal(err)
	}
	s.want(t, names)
	for i, size := range s.sizes {
		if size > 240<<10 && len(s.requests[i]) > 1 {
			t.Errorf("request of %v has %d bytes", s.requests[i], size)
		}
	}
}

// temporary is what package move asks of an error.
func temporary(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}
