package dynamo_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"deskmove/shared/aws/dynamo"
	"deskmove/shared/store"
)

// request is one request that a server of a test got.
type request struct {
	n      int    // from 0
	target string // the operation
	body   map[string]any
}

// answer is what a server says to it. Status 0 says nothing: the connection
// ends.
type answer struct {
	status int
	body   string
}

// failure is an error as DynamoDB writes it. More are further members.
func failure(status int, code string, more ...string) answer {
	more = append(more, fmt.Sprintf(`"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"as the test wants"`, code))
	return answer{status, "{" + strings.Join(more, ",") + "}"}
}

var done = answer{200, "{}"}

// serve returns an engine on a server, and what the server was asked so far.
func serve(t *testing.T, reply func(r request) answer) (*dynamo.Engine, func() []request) {
	t.Helper()
	var mu sync.Mutex
	var all []request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		_, target, _ := strings.Cut(hr.Header.Get("X-Amz-Target"), ".")
		r := request{target: target}
		if err := json.NewDecoder(hr.Body).Decode(&r.body); err != nil {
			t.Error(err)
		}
		mu.Lock()
		r.n = len(all)
		all = append(all, r)
		a := reply(r)
		mu.Unlock()
		if a.status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(a.body)) // who hung up has no need of it
	}))
	t.Cleanup(server.Close)
	client, streams := dynamo.Clients(config(server.URL))
	e := dynamo.New(client, streams, dynamo.Tables{Conversations: "c", Control: "t"})
	e.StreamARN = "arn:aws:dynamodb:us-east-1:123456789012:table/c/stream/1"
	return e, func() []request {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

// inTurn gives answers one after the other, the last for ever.
func inTurn(all ...answer) func(request) answer {
	return func(r request) answer { return all[min(r.n, len(all)-1)] }
}

var secret = "what the customer wrote"

// ticket is a write of an item that holds the secret.
func ticket(op store.Op) store.Write {
	w := store.Write{Op: op, Table: store.Control, Key: store.Key{PK: "p", SK: "s"}}
	if op == store.Put || op == store.Update {
		w.Set = store.Attrs{{Name: "text", Value: store.S(secret)}}
	}
	return w
}

func one(e *dynamo.Engine, t *testing.T, w store.Write) error {
	return store.FirstError(e.Write(t.Context(), []store.Write{w}))
}
