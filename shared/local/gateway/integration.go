package gateway

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/uuid"

	"deskmove/shared/auth"
)

// maxBody is how large a request's body may be that is handed to a function.
const maxBody = 10 << 20

// Integration is a handler that hands requests to a function, as API Gateway does: with
// events of format 2.0, in which the caller of the request's context is one of claims.
type Integration struct {
	Invoke func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)
	Log    *slog.Logger // of functions that fail
}

// ServeHTTP answers as the function does. If it fails, the answer is API Gateway's own.
func (i Integration) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, err := event(w, r)
	if err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		refuse(w, status)
		return
	}
	answer, err := i.Invoke(r.Context(), e)
	var body []byte
	if err == nil {
		body, err = bodyOf(answer)
	}
	if err != nil {
		i.Log.ErrorContext(r.Context(), "function failed on a request", "err", err)
		status := http.StatusInternalServerError
		if r.Context().Err() != nil {
			status = http.StatusServiceUnavailable
		}
		refuse(w, status)
		return
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	for _, cookie := range answer.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(body) // the caller may be gone
}

// refuse answers as API Gateway does.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "{%q:%q}\n", "message", http.StatusText(status)) // the caller may be gone
}

func bodyOf(answer events.APIGatewayV2HTTPResponse) ([]byte, error) {
	if answer.StatusCode < 200 || answer.StatusCode > 599 {
		return nil, fmt.Errorf("its answer has the status %d", answer.StatusCode)
	}
	if answer.IsBase64Encoded {
		return base64.StdEncoding.DecodeString(answer.Body)
	}
	return []byte(answer.Body), nil
}

// event is a request as a function gets it.
func event(w http.ResponseWriter, r *http.Request) (events.APIGatewayV2HTTPRequest, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return events.APIGatewayV2HTTPRequest{}, err
	}
	from, err := addressOf(r)
	if err != nil {
		return events.APIGatewayV2HTTPRequest{}, err
	}
	now := time.Now()
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery,
		Headers: make(map[string]string, len(r.Header)+1), Body: string(body),
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "$default", Stage: "$default", RequestID: uuid.NewString(), DomainName: r.Host,
			Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: from, UserAgent: r.UserAgent(),
			},
		},
	}
	if !utf8.Valid(body) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	e.Headers["host"] = r.Host
	for name, values := range r.Header {
		if name = strings.ToLower(name); name == "cookie" {
			for _, v := range values {
				e.Cookies = append(e.Cookies, strings.Split(v, "; ")...)
			}
			continue
		}
		e.Headers[name] = strings.Join(values, ",")
	}
	if caller, ok := auth.CallerFrom(r.Context()); ok {
		e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: auth.Claims(caller), Scopes: []string{auth.Scope}},
		}
	}
	return e, nil
}
