package dynamo

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(r *http.Request) (*http.Response, error) { return f(r) }

// TestPlainBodies looks for the method that plainBodies is there to hide. What
// it does harm to shows only on a busy machine, about once in a thousand
// requests.
func TestPlainBodies(t *testing.T) {
	for _, body := range []io.Reader{strings.NewReader("body"), http.NoBody, nil} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1", body)
		if err != nil {
			t.Fatal(err)
		}
		was := r.Body
		_, _ = plainBodies{doer(func(r *http.Request) (*http.Response, error) {
			if was == nil || was == http.NoBody {
				if r.Body != was {
					t.Errorf("no body became %v", r.Body)
				}
				return nil, nil
			}
			if _, ok := r.Body.(io.WriterTo); ok {
				t.Error("the body has WriteTo")
			}
			if b, err := io.ReadAll(r.Body); string(b) != "body" || err != nil {
				t.Errorf("the body is %q, %v", b, err)
			}
			return nil, nil
		})}.Do(r)
	}
}
