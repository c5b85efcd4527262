package aws

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// TestNamesOfTheTemplate are of no tables: SAM local leaves them in their place.
func TestNamesOfTheTemplate(t *testing.T) {
	for name, c := range map[string]struct {
		tables Tables
		want   []string
	}{
		"a stack's":      {Tables{"deskmove-ConversationsTable-1A2B3C", "deskmove-ControlTable-1A2B3C"}, nil},
		"SAM local's":    {Tables{"ConversationsTable", "ControlTable"}, []string{"CONVERSATIONS_TABLE", "CONTROL_TABLE"}},
		"one forgotten":  {Tables{"deskmove-conversations", "ControlTable"}, []string{"CONTROL_TABLE"}},
		"the other, too": {Tables{"ConversationsTable", "deskmove-control"}, []string{"CONVERSATIONS_TABLE"}},
	} {
		err := c.tables.Missing()
		var is []string
		if e, ok := errors.AsType[*store.TablesError](err); ok {
			is = e.Variables
		}
		if !slices.Equal(is, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil {
			continue
		}
		var log bytes.Buffer
		site := (&Cloud{Log: slog.New(slog.NewJSONHandler(&log, nil))}).Refuse(err)
		for _, path := range []string{"/healthz", "/v1/me", "/app/inbox"} {
			log.Reset()
			w := httptest.NewRecorder()
			site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			var p struct{ Code, Detail, Remedy string }
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusServiceUnavailable || p.Code != "no-tables" || !strings.Contains(p.Remedy, "make sam-local") {
				t.Errorf("%s: %s answers %d %s", name, path, w.Code, w.Body)
			}
			for _, variable := range c.want {
				if !strings.Contains(p.Detail, variable) || !strings.Contains(log.String(), variable) {
					t.Errorf("%s: %q is neither in %s nor in the log %s", name, variable, p.Detail, &log)
				}
			}
		}
	}
}

// TestNoTablesAreAsked: whatever a function wants of tables that are none, it learns why
// not, and no request is sent.
func TestNoTablesAreAsked(t *testing.T) {
	m := &asked{Engine: &storetest.Memory{}}
	for i, err := range everything(t, &checked{Engine: m, missing: Tables{"ConversationsTable", "ControlTable"}.Missing()}) {
		if _, ok := errors.AsType[*store.TablesError](err); !ok || m.gets > 0 {
			t.Errorf("request %d: %v after %d", i, err, m.gets)
		}
	}
}
