package api_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// described is the description, as far as tests read it.
type described struct {
	Paths map[string]map[string]struct {
		Responses map[string]response
		Security  []map[string][]string
		Body      any `yaml:"requestBody"`
	}
	Components struct {
		Responses map[string]response
		Schemas   map[string]any
	}
}

type response struct {
	Ref     string `yaml:"$ref"`
	Content map[string]any
}

var description = sync.OnceValues(func() (d described, err error) {
	text, err := api.OpenAPI()
	if err != nil {
		return d, err
	}
	return d, yaml.Unmarshal(text, &d)
})

// answers returns what the description says of an operation by status; nil if it has
// no such operation.
func (d described) answers(method, path string) map[string]response {
	path, _, _ = strings.Cut(path, "?")
	for template, operations := range d.Paths {
		want, got := strings.Split(template, "/"), strings.Split(path, "/")
		if !slices.EqualFunc(want, got, func(want, got string) bool { return want == got || strings.HasPrefix(want, "{") && got != "" }) {
			continue
		}
		if method == http.MethodHead {
			method = http.MethodGet
		}
		return operations[strings.ToLower(method)].Responses
	}
	return nil
}

// wantDescribed fails the test if the description does not list the answer's status, or
// its type there.
func (a answer) wantDescribed() {
	a.t.Helper()
	d, err := description()
	if err != nil {
		a.t.Fatal(err)
	}
	method, path, _ := strings.Cut(a.request, " ")
	all := d.answers(method, path)
	if all == nil { // there is no such operation, which 404 and 405 say
		return
	}
	said, ok := all[strconv.Itoa(a.Code)]
	if name, isRef := strings.CutPrefix(said.Ref, "#/components/responses/"); isRef {
		said, ok = d.Components.Responses[name], ok && d.Components.Responses[name].Ref == ""
	}
	kind, _, _ := strings.Cut(a.Header().Get("Content-Type"), ";")
	if !ok || kind != "" && said.Content[kind] == nil {
		a.t.Errorf("%s answered %d of type %q, which the description does not list", a.request, a.Code, kind)
	}
}

// provoked is a way to make any operation fail.
type provoked struct {
	status int
	as     desk.Caller
	to     func(method, path string) (string, string) // the request's path and body
	stored error                                      // of the store
	header []string
	bodies bool // only of operations that take a body
	writes bool // only of those that write
}

// TestEveryStatusIsDescribed makes every operation of the description fail in every way
// that all have in common. The rig sees to it that each answer, of this test and of
// all others, is in the description.
func TestEveryStatusIsDescribed(t *testing.T) {
	plain := func(_, path string) (string, string) { return path, "{}" }
	body := func(text string) func(string, string) (string, string) {
		return func(_, path string) (string, string) { return path, text }
	}
	query := func(text string) func(string, string) (string, string) {
		return func(_, path string) (string, string) { return path + "?" + text, "{}" }
	}
	nobodyHere := desk.Caller{Account: "acme", Agent: "x", Role: "visitor"}
	d, err := description()
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	seen := map[int]int{}
	for path, operations := range d.Paths {
		for method, operation := range operations {
			isPublic := operation.Security != nil && len(operation.Security) == 0
			method = strings.ToUpper(method)
			for name, c := range map[string]provoked{
				"no token":        {status: 401, as: nobody, to: plain},
				"no such role":    {status: 403, as: nobodyHere, to: plain},
				"no parameter":    {status: 422, to: query("colour=red")},
				"no value":        {status: 422, to: query("limit=")},
				"twice":           {status: 422, to: query("cursor=a&cursor=b")},
				"unreadable":      {status: 422, to: query("a=%zz")},
				"no body":         {status: 400, to: body(""), bodies: true},
				"not JSON":        {status: 400, to: body("{"), bodies: true},
				"not Unicode":     {status: 400, to: body("{\"a\":\"\xff\"}"), bodies: true},
				"a name twice":    {status: 400, to: body(`{"a":1,"a":1}`), bodies: true},
				"a huge number":   {status: 400, to: body(`{"a":1e999}`), bodies: true},
				"too large":       {status: 413, to: body(strings.Repeat(" ", 11<<20+1)), bodies: true},
				"another type":    {status: 415, to: plain, header: []string{"Content-Type", "text/plain"}, bodies: true},
				"store throttled": {status: 503, stored: store.ErrThrottled},
				"store full":      {status: 507, stored: store.ErrFull, writes: true},
				"store broken":    {status: 500, stored: errors.New("broken")},
				"another layout":  {status: 409, stored: &store.LayoutError{Found: store.Layout - 1}},
			} {
				takesBody := operation.Body != nil
				if isPublic && c.status != 422 || c.bodies && !takesBody || c.writes && method == http.MethodGet {
					continue
				}
				sample := exampleRequest(method, path)
				if c.stored != nil {
					if !sample.asks {
						continue // it asks no store
					}
					c.to = func(string, string) (string, string) { return sample.path, sample.body }
				}
				if c.as == nobody && c.status != 401 {
					c.as = sample.as
				}
				to, text := c.to(method, strings.Split(sample.path, "?")[0])
				if !takesBody {
					text = ""
				}
				r.EngineErr = c.stored
				a := r.do(c.as, method, to, text, c.header...)
				r.EngineErr = nil
				seen[a.Code]++
				if a.Code != c.status {
					t.Errorf("%s: %s answered %d %.300s, want %d", name, a.request, a.Code, a.Body, c.status)
				}
			}
		}
	}
	want := []int{400, 401, 403, 409, 413, 415, 422, 500, 503, 507}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("statuses = %v, want %v", got, want)
	}
}

// example is a request that an operation would take.
type example struct {
	as         desk.Caller
	path, body string
	asks       bool // the store
}

func exampleRequest(method, path string) example {
	e := example{as: ann, path: path, asks: path != "/healthz" && path != "/v1/me"}
	for name, id := range map[string]string{"{id}": "mail", "{message}": "m", "{part}": "text", "{file}": "1"} {
		e.path = strings.ReplaceAll(e.path, name, id)
	}
	message := `{"externalId":"x","author":"customer"}`
	if strings.HasPrefix(path, "/v1/tickets/") {
		e.path = "/v1/tickets/t-mail"
	}
	switch fmt.Sprint(method, " ", path) {
	case "GET /v1/channels/{id}/plan":
		e.path += "?history=none"
	case "PUT /v1/account":
		e.body = acme
	case "POST /v1/files":
		e.body = `{"files":[{"sha256":"` + strings.Repeat("0", 64) + `","size":1}]}`
	case "POST /v1/moves":
		e.body = `{"channelId":"mail","history":"none"}`
	case "PATCH /v1/conversations/{id}":
		e.body = `{"status":"closed"}`
	case "PATCH /v1/tickets/{id}", "POST /v1/conversations/{id}/tickets":
		e.body = `{"status":"new"}`
	case "POST /v1/channels/{id}/conversations", "POST /v1/conversations/{id}/messages":
		e.body = message
	}
	return e
}
