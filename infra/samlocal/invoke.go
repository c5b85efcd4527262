package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"deskmove/shared/local/function"
)

// invokeAPI is where Lambda's Invoke API is, such as that of "sam local start-lambda".
type invokeAPI string

// invoke runs a function, which has the name of its folder, and waits for its answer. A
// *function.Failure is what the function failed with.
func (l invokeAPI) invoke(ctx context.Context, name string, event json.RawMessage) (json.RawMessage, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, string(l)+"/2015-03-31/functions/"+logical(name)+"/invocations", bytes.NewReader(event))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("invoke %s: %w", name, err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("invoke %s: %w", name, err)
	}
	switch {
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("invoke %s: %s: %.500s", name, res.Status, answer)
	case res.Header.Get("X-Amz-Function-Error") != "":
		var why struct {
			Type    string `json:"errorType"`
			Message string `json:"errorMessage"`
		}
		_ = json.Unmarshal(answer, &why) // one that cannot be read has no name
		return nil, &function.Failure{Name: cmp.Or(why.Type, "Lambda.Unknown"), Message: why.Message}
	case !json.Valid(answer): // what SAM gives if it has stopped a container because the function's time was up
		return nil, &function.Failure{Name: "Sandbox.Timedout", Message: fmt.Sprintf("the function gave no answer: %.200q", answer)}
	}
	return answer, nil
}

// logical is the name that the template has for a function.
func logical(name string) string { return strings.ToUpper(name[:1]) + name[1:] + "Function" }

// handler handles events by a function.
func handler[In, Out any](l invokeAPI, name string) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (out Out, err error) {
		event, err := json.Marshal(in)
		if err != nil {
			return out, err
		}
		answer, err := l.invoke(ctx, name, event)
		if err == nil {
			err = json.Unmarshal(answer, &out)
		}
		return out, err
	}
}
