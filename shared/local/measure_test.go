package local

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/desk"
	"deskmove/shared/metrics"
)

// TestRefusalsAreThrottles: a request for which there is no room counts as one that AWS
// throttles, and as an answer 5xx; one that is refused for the caller's sake as neither.
func TestRefusalsAreThrottles(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	m := &measurer{record: &metrics.Recorder{}, now: func() time.Time { return now }}
	refuse := m.refused(app.Refuse)
	for _, err := range []error{&desk.BusyError{What: "line"}, &desk.RateError{}, errors.New("no")} {
		refuse(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1/me", nil), err)
	}
	m.answered(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	for name, want := range map[metrics.Name]int64{
		metrics.Of("AWS/Lambda", "Throttles", "ApiFunction"): 1, metrics.Of("AWS/ApiGateway", "Count", "Api"): 4,
		metrics.Of("AWS/ApiGateway", "5xx", "Api"): 2, metrics.Of("AWS/ApiGateway", "4xx", "Api"): 2,
	} {
		if got := m.record.Last(name, now); len(got) != 1 || got[0].Sum != want {
			t.Errorf("%s = %+v, want %d", name, got, want)
		}
	}
}
