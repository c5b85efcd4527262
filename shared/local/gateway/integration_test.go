package gateway_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"deskmove/shared/api"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/local/gateway"
)

type (
	request  = events.APIGatewayV2HTTPRequest
	response = events.APIGatewayV2HTTPResponse
)

func integration(invoke func(context.Context, request) (response, error)) gateway.Integration {
	return gateway.Integration{Invoke: invoke, Log: slog.New(slog.DiscardHandler)}
}

// encoded is an event as Lambda gets it.
func encoded(t *testing.T, e request) []byte {
	t.Helper()
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestIntegration: what comes to the function's handler is what came to the gateway, and
// so is the answer.
func TestIntegration(t *testing.T) {
	for name, body := range map[string]string{"none": "", "text": "grüß <b>&</b>", "bytes": "\xff\x00\x01"} {
		var seen *http.Request
		var got string
		function := api.Lambda{Log: slog.New(slog.DiscardHandler), API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			seen, got = r, string(raw)
			w.Header().Add("Set-Cookie", "c=1")
			w.Header().Add("Set-Cookie", "d=2")
			w.Header().Set("Location", "/there")
			w.WriteHeader(http.StatusAccepted)
			_, _ = w.Write(raw)
		})}
		r := httptest.NewRequest(http.MethodPost, "/v1/x%20y?a=1&a=2", strings.NewReader(body))
		r.Header.Set("Idempotency-Key", "k1")
		r.Header.Set("Cookie", "one=1; two=2")
		r.RemoteAddr = "192.0.2.7:1234"
		ann := desk.Caller{Account: "acme", Agent: "ann", Role: desk.SuperAdmin, Address: "192.0.2.7", IssuedAt: time.UnixMilli(1795424460123).UTC()}
		r = r.WithContext(auth.WithCaller(r.Context(), ann))
		w := httptest.NewRecorder()
		integration(func(ctx context.Context, e request) (answer response, err error) {
			if e.Headers["idempotency-key"] != "k1" { // names are in lower case
				t.Errorf("%s: header %v", name, e.Headers)
			}
			raw, err := lambda.NewHandler(function.Handle).Invoke(ctx, encoded(t, e))
			if err == nil {
				err = json.Unmarshal(raw, &answer)
			}
			return answer, err
		}).ServeHTTP(w, r)
		if got != body || w.Body.String() != body {
			t.Errorf("%s: got %q, answered %q", name, got, w.Body)
		}
		if w.Code != http.StatusAccepted || w.Header().Get("Location") != "/there" || len(w.Header()["Set-Cookie"]) != 2 {
			t.Errorf("%s: answer %d %v", name, w.Code, w.Header())
		}
		if seen.Method != http.MethodPost || seen.URL.Path != "/v1/x y" || seen.URL.RawQuery != "a=1&a=2" || seen.Host != r.Host || seen.Header.Get("Idempotency-Key") != "k1" {
			t.Errorf("%s: the function saw %s %s of %s, %v", name, seen.Method, seen.URL, seen.Host, seen.Header)
		}
		if c, err := seen.Cookie("two"); err != nil || c.Value != "2" {
			t.Errorf("%s: cookies %v", name, seen.Cookies())
		}
		if caller, ok := auth.CallerFrom(seen.Context()); !ok || caller != ann {
			t.Errorf("%s: the caller is %+v, want %+v", name, caller, ann)
		}
	}
}

// TestIntegrationWithoutCaller: a header is no claim.
func TestIntegrationWithoutCaller(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
	r.Header.Set("Authorization", "Bearer good")
	integration(func(_ context.Context, e request) (response, error) {
		if e.RequestContext.Authorizer != nil {
			t.Errorf("the authorizer says %+v", e.RequestContext.Authorizer)
		}
		return response{StatusCode: 200}, nil
	}).ServeHTTP(httptest.NewRecorder(), r)
}

// TestIntegrationFails answers as API Gateway does.
func TestIntegrationFails(t *testing.T) {
	for name, c := range map[string]struct {
		answer response
		err    error
		body   string
		want   int
	}{
		"an error":     {err: errors.New("a customer's words"), want: 500},
		"no status":    {answer: response{Body: "x"}, want: 500},
		"not base64":   {answer: response{StatusCode: 200, Body: "?", IsBase64Encoded: true}, want: 500},
		"a large body": {answer: response{StatusCode: 200}, body: strings.Repeat("x", 10<<20+1), want: 413},
		"good":         {answer: response{StatusCode: 200, Body: base64.StdEncoding.EncodeToString([]byte("x")), IsBase64Encoded: true}, body: "x", want: 200},
	} {
		w := httptest.NewRecorder()
		integration(func(context.Context, request) (response, error) { return c.answer, c.err }).
			ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body)))
		if w.Code != c.want || w.Code != 200 && !strings.HasPrefix(w.Body.String(), `{"message":`) || strings.Contains(w.Body.String(), "customer") {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.want)
		}
	}
}
