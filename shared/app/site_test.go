package app_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/app"
	"deskmove/shared/console"

	"go.yaml.in/yaml/v3"
)

// TestPublicRoutes serves the public routes to nobody in particular, and no
// other: what the local gateway lets through is what API Gateway does.
// TestIntakeRoutes are operations of the API, and nothing else is taken for one.
func TestIntakeRoutes(t *testing.T) {
	text, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Paths map[string]map[string]any
	}
	if err := yaml.Unmarshal(text, &described); err != nil {
		t.Fatal(err)
	}
	is := func(method, path string) bool { return app.IsIntake(httptest.NewRequest(method, path, nil)) }
	for _, route := range app.IntakeRoutes() {
		method, path, _ := strings.Cut(route, " ")
		if described.Paths[path][strings.ToLower(method)] == nil || !is(method, strings.Replace(path, "{id}", "x@y.z", 1)) {
			t.Errorf("%s: described %v", route, described.Paths[path])
		}
		if is(http.MethodGet, path) || is(method, path+"/") || strings.Contains(path, "{id}") && is(method, strings.Replace(path, "{id}", "", 1)) || strings.Contains(path, "{id}") && is(method, strings.Replace(path, "{id}", "a/b", 1)) {
			t.Errorf("other requests are taken for %s", route)
		}
	}
}

func TestPublicRoutes(t *testing.T) {
	site := app.New(app.Platform{Now: time.Now}).Site(console.SignIn{Kind: console.Local})
	ask := func(method, path string) (int, bool) {
		r := httptest.NewRequest(method, path, nil)
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		return w.Code, app.IsPublic(r)
	}
	for _, route := range app.PublicRoutes() {
		method, path, _ := strings.Cut(strings.Replace(route, "{proxy+}", "channels/mail/move", 1), " ")
		if method == "ANY" {
			method = http.MethodGet
		}
		if code, isPublic := ask(method, path); code != http.StatusOK && code != http.StatusFound || !isPublic {
			t.Errorf("%s: answers %d, public %v", route, code, isPublic)
		}
	}
	for _, other := range []string{"/application", "/apps/x", "/v1/me", "/healthz/x", "/openapi.yaml/"} {
		if code, isPublic := ask(http.MethodGet, other); code < 400 || isPublic {
			t.Errorf("GET %s: answers %d, public %v", other, code, isPublic)
		}
	}
	text, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Paths map[string]map[string]struct{ Security []any }
	}
	if err := yaml.Unmarshal(text, &described); err != nil {
		t.Fatal(err)
	}
	for path, methods := range described.Paths {
		for method, operation := range methods {
			isPublic := operation.Security != nil && len(operation.Security) == 0
			if route := strings.ToUpper(method) + " " + path; slices.Contains(app.PublicRoutes(), route) != isPublic {
				t.Errorf("%s: public in its description %v, in the table %v", route, isPublic, !isPublic)
			}
		}
	}
}

// TestRouter names routes as those who answer do.
func TestRouter(t *testing.T) {
	route := app.Router()
	for request, want := range map[string]string{
		"GET /v1/tickets/t4711": "GET /v1/tickets/{id}", "GET /v1/conversations?home=inbox": "GET /v1/conversations", "GET /v1/nothing": "", "GET /app/inbox": "",
	} {
		method, url, _ := strings.Cut(request, " ")
		if got := route(httptest.NewRequest(method, url, nil)); got != want {
			t.Errorf("%s goes to %q, want %q", request, got, want)
		}
	}
}
