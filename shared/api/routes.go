package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// The most bytes of a request's body.
const (
	usualLimit   = 64 << 10
	accountLimit = 1 << 20
	messageLimit = 10 << 20
)

// Who may call an operation.
var (
	everyone   = []desk.Role{desk.SuperAdmin, desk.AgentRole, desk.ConnectorRole}
	agents     = []desk.Role{desk.SuperAdmin, desk.AgentRole}
	connectors = []desk.Role{desk.SuperAdmin, desk.ConnectorRole}
	admins     = []desk.Role{desk.SuperAdmin}
)

// operation is one line of the API.
type operation struct {
	id, method, path string
	tag              string
	summary          string
	description      string
	roles            []desk.Role // who may call it
	limit            int64       // of the body; usualLimit if 0
	status           int         // of its answer; 200 if 0
	also             int         // another status of the same answer, if any
	problems         []error     // of its own: what it may fail with, as examples
	fresh            bool        // may be called before the account has a setup
	audits           string      // as what refusals are in the audit log; "" if they are not
}

// routes are the operations and their description.
type routes struct {
	api  *api
	mux  *http.ServeMux
	huma huma.API
	all  []operation
}

// strictOnce sets what huma keeps for the whole program: names of JSON fields
// are compared exactly, so that no value hides behind a second spelling.
var strictOnce = sync.OnceFunc(func() { huma.ValidateStrictCasing = true })

// jsonFormat reads a body, which huma does twice, in a third of the time that encoding/json
// takes. What that would let pass has been refused by then, see checkJSON.
var jsonFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: func(b []byte, into any) error { return json.Unmarshal(b, into) }}

func newRoutes(a *api) *routes {
	strictOnce()
	mux := http.NewServeMux()
	r := &routes{api: a, mux: mux, huma: humago.New(mux, huma.Config{
		OpenAPI:                      description(),
		Formats:                      map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{translate},
	})}
	r.me()
	r.directory()
	r.channels()
	r.moves()
	r.notices()
	r.conversations()
	r.thread()
	r.intake()
	r.files()
	r.tickets()
	r.counts()
	r.account()
	r.journal()
	r.operations()
	r.health()
	r.describeProblems()
	return r
}

// add registers an operation. Run is called only for callers whom the account's setup
// admits now, in one of its roles, and may return any error.
func add[I, O any](r *routes, op operation, run func(ctx context.Context, c desk.Admitted, in *I) (*O, error)) {
	r.all = append(r.all, op)
	in := reflect.TypeFor[I]()
	_, takesBody := in.FieldByName("Body")
	h := huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{op.tag},
		Summary: op.summary, Description: op.description, DefaultStatus: op.status,
		Middlewares: huma.Middlewares{r.api.admit(op, takesBody, r.huma.OpenAPI().Components.Schemas)},
		Responses:   op.responses(takesBody, r.huma.OpenAPI().Components.Responses),
		// Admit has read the body.
		MaxBodyBytes: -1, BodyReadTimeout: -1,
	}
	if op.roles == nil {
		h.Security = []map[string][]string{}
	}
	huma.Register(r.huma, h, func(ctx context.Context, in *I) (*O, error) {
		attemptOf(ctx).audited = true // or will be, by the use case
		out, err := run(ctx, admittedFrom(ctx), in)
		if err != nil {
			return nil, r.api.problem(ctx, op.id, err)
		}
		return out, nil
	})
	if op.method == http.MethodGet {
		r.describeTag(h.Responses)
	}
	if op.also != 0 {
		same := *h.Responses[code(op.status)]
		same.Description = http.StatusText(op.also)
		h.Responses[code(op.also)] = &same
	}
}

func (op operation) bodyLimit() int64 {
	if op.limit != 0 {
		return op.limit
	}
	return usualLimit
}

// body is an answer.
type body[T any] struct{ Body T }

// item is one thing that has versions.
type item[T any] struct {
	ETag string `header:"ETag" example:"\"7\"" doc:"Its version in quotes, which an edit may name in If-Match."`
	Body T
}

// polled is an answer that changes while somebody looks at it.
type polled[T any] struct {
	PollAfter int `header:"Poll-After" example:"5" doc:"Seconds after which to ask again."`
	Body      T
}

// When to ask again, in seconds.
const (
	pollRunning = 1  // a move that runs
	pollNotice  = 5  // banners, while there is one: everybody in the account asks
	pollIdle    = 30 // what hardly changes
)

// list is one page of a list.
type list[T any] struct {
	Items     []T       `json:"items" nullable:"false"`
	Next      string    `json:"next,omitempty" doc:"The cursor of the next page. Absent on the last; a page may be short, even empty, before that."`
	ReachedAt time.Time `json:"reachedAt,omitzero" doc:"How far a list that is ordered by time came, if there is a next page."`
}

// writePage writes a page of a list that is ordered by time.
func writePage[T, W any](of string, p support.Page[T], write func(T) W) list[W] {
	l := list[W]{Items: make([]W, len(p.Items)), Next: writePosition(of, p.Last, p.More)}
	for i, item := range p.Items {
		l.Items[i] = write(item)
	}
	if p.More {
		l.ReachedAt = p.Last.Joined
	}
	return l
}

// schemaName names a schema after its Go type: ConversationList for
// list[conversation].
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if of, ok := strings.CutPrefix(name, "List"); ok && of != "" {
		return of + "List"
	}
	return name
}
