package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
)

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Config{
			Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
			Public:  func(*http.Request) bool { return true },
		}
		w := httptest.NewRecorder()
		c.handler(false).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if got := w.Body.String(); w.Code != http.StatusServiceUnavailable || w.Header().Get("Content-Type") != "application/json" || got != `{"message":"Service Unavailable"}` {
			t.Errorf("answer = %d %s %s", w.Code, w.Header(), got)
		}
	})
}
