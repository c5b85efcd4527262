package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/yaml"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// Groups of operations.
const (
	tagMoves         = "Moves"
	tagChannels      = "Channels"
	tagConversations = "Conversations"
	tagTickets       = "Tickets"
	tagConnectors    = "Connectors"
	tagAccount       = "Account"
	tagLog           = "Log and outbox"
)

const security = "token"

// description returns the API's description without its operations.
func description() *huma.OpenAPI {
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "deskmove", Version: "1", Description: "Moves channels of a shared inbox to a help desk, with their " +
			"history if wanted, while customers keep writing.\n\n" +
			"Bodies are JSON and are read strictly: a field that is unknown, misspelt or of the wrong type is refused by its name. " +
			"A body may have 64 KB, an account's setup 1 MB and a message 10 MB. Times are RFC 3339. Lists come in pages: send next " +
			"of one page as cursor of the following.\n\n" +
			"A text must be Unicode, no name may come twice in an object, and null is a value of no field. " +
			"Every error of the API is a problem (RFC 9457) with a stable code, and says what to do. On AWS, API Gateway answers some " +
			"requests itself, and its bodies cannot be changed: where application/json is among the contents of an error, it may be such a " +
			"GatewayMessage, of which the status tells all: 401 for a token that is missing, forged or expired, 403 for one without the scope, 413 for a body " +
			"above 10 MB, 429 for too many requests, 500 if the function failed, and 503 if it was busy or took more than 30 seconds. After 429 and 503 " +
			"try again. Of other accounts nothing is ever found. " +
			"With their parameters, codes can be said in any language: each code is among the values of its field, and x-params there " +
			"has its parameters' names.\n\n" +
			"Every answer to GET has an ETag; sent back as If-None-Match, it saves the same answer: the status is then 304. That of a " +
			"conversation or ticket is its version in quotes, such as \"7\". An edit that names it in If-Match is made of that " +
			"version or not at all. Bodies above 1 KB are coded with gzip for those who name it in Accept-Encoding; such an ETag ends " +
			"in -gzip, and works as well. Answers that change have Poll-After: the seconds after which to ask again."},
		Security: []map[string][]string{{security: {}}},
		Components: &huma.Components{
			Responses: map[string]*huma.Response{},
			Headers: map[string]*huma.Header{"ETag": {
				Description: "Stands for this answer; send it back as If-None-Match.", Schema: &huma.Schema{Type: huma.TypeString},
			}},
			Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
			SecuritySchemes: map[string]*huma.SecurityScheme{security: {
				Type: "http", Scheme: "bearer", BearerFormat: "JWT",
				Description: "An access token with the scope deskmove/api and the claims account, deskmove_role, which is super-admin, " +
					"agent or connector, and agent, which is an agent's ID or a connector's name; sub counts if there is no agent. " +
					"An ID token is refused.",
			}},
		},
		Tags: []*huma.Tag{
			{Name: tagMoves, Description: "Plan, start, follow and prove the move of a channel."},
			{Name: tagChannels, Description: "The ways by which customers reach the account, and where each lives."},
			{Name: tagConversations, Description: "Threads with customers. In the inbox they are edited here; once moved, on their tickets."},
			{Name: tagTickets, Description: "The help desk. Needs help desk access."},
			{Name: tagConnectors, Description: "How mails, forms, calls and chats come in."},
			{Name: tagAccount, Description: "Who is there, and how the account is set up."},
			{Name: tagLog, Description: "What happened, what agents are to be told, and whether all is well."},
		},
	}
}

// IDs of examples.
const (
	exampleMove         = "m1795000000000a1b2c3d4"
	exampleConversation = "c05jg3nrm7gk2v9x0q8s4t"
)

var (
	exampleChanged = changedError{"conversation " + exampleConversation,
		Conversation{ID: exampleConversation, Status: "closed", Owner: "bob", Home: "inbox", Version: 8}}
	exampleTicketChanged = changedError{"ticket t-" + exampleConversation,
		Ticket{ID: "t-" + exampleConversation, ConversationID: exampleConversation, Status: "solved", Owner: "bob", Home: "helpdesk", Revision: 8}}
	exampleMoved   = &desk.MovedError{Conversation: exampleConversation, Ticket: "t-" + exampleConversation}
	exampleWarning = desk.Finding{Code: desk.CodeAgentsNoAccess, Count: 37, Is: desk.Exact, Each: []desk.Share{{ID: "cem", N: 37}},
		Problem: "agents without help desk access own 37 conversations: cem 37",
		Remedy:  "give them help desk access, or accept that the tickets will have no owner"}
	exampleInvalid = &desk.InvalidError{Field: "status", Code: desk.CodeUnknownID, Params: desk.Params{"kind": "status", "value": "nwe"},
		Problem: `status "nwe" is unknown`, Remedy: "use a status of a pipeline of the account"}
)

// responses describes the problems that an operation may return: its own, and
// those that follow from its input. Common ones are described once, in shared.
func (op operation) responses(takesBody bool, shared map[string]*huma.Response) map[string]*huma.Response {
	ctx := context.Background()
	all := []*problem{internal(), known(ctx, store.ErrThrottled), known(ctx, &store.TablesError{Variables: []string{"CONVERSATIONS_TABLE", "CONTROL_TABLE"}}), unknownHost(), tooOften(&desk.RateError{Who: "ann", PerSecond: 50}), invalid([]*desk.InvalidError{exampleInvalid})}
	own := map[int]bool{http.StatusForbidden: true} // they name the roles
	for _, err := range op.problems {
		p := known(ctx, err)
		all, own[p.Status] = append(all, p), true
	}
	if op.roles != nil {
		all = append(all, unauthenticated(), known(ctx, &store.LayoutError{Found: store.Layout - 1}))
		for _, claim := range []string{auth.ClaimScope, auth.ClaimAccount} {
			all = append(all, known(ctx, tokenWithout(claim)))
		}
	}
	for _, role := range everyone {
		if op.roles != nil && !slices.Contains(op.roles, role) {
			all = append(all, known(ctx, wrongRole(role, op.roles)))
		}
	}
	if slices.Equal(op.roles, admins) {
		all = append(all, known(ctx, notSuperAdmin()))
	}
	if op.roles != nil {
		all = append(all, known(ctx, notAdmitted(desk.Caller{Account: "acme", Agent: "cem", Role: desk.AgentRole}, desk.Membership{})))
		all = append(all, known(ctx, notAdmitted(desk.Caller{}, desk.Membership{Withdrawals: desk.Withdrawals{desk.Holder{}.String(): {}}})))
	}
	if slices.Contains(op.roles, desk.ConnectorRole) {
		all = append(all, known(ctx, notAdmitted(desk.Caller{Account: "acme", Agent: "mailer", Role: desk.ConnectorRole}, desk.Membership{})))
	}
	if op.roles != nil && !op.fresh {
		all = append(all, known(ctx, noSetup("acme")))
	}
	if op.roles != nil { // without a setup there is no account
		all = append(all, known(ctx, fmt.Errorf("no such thing: %w", desk.ErrNotFound)))
	}
	if takesBody {
		all = append(all, tooLarge(op.bodyLimit()), tooManyValues(), noBody(), checkJSON([]byte(`{"text":`)), checkJSON([]byte("{\"text\":\"\xff\"}")), checkJSON([]byte(`{"text":"","text":""}`)), unreadable(), wrongType("text/plain"))
	}
	if op.method != http.MethodGet {
		all = append(all, known(ctx, store.ErrFull))
	} else if op.roles != nil {
		all = append(all, answerTooLarge())
	}
	byStatus := make(map[int][]*problem)
	for _, p := range all {
		byStatus[p.Status] = append(byStatus[p.Status], p)
	}
	responses := make(map[string]*huma.Response)
	for status, ps := range byStatus {
		r := describe(ps)
		name := strings.Join(slices.Sorted(maps.Keys(r.Content[problemType].Examples)), "_")
		if status == http.StatusRequestEntityTooLarge && takesBody {
			name = fmt.Sprintf("%s-%dKB", name, op.bodyLimit()>>10)
		}
		if !own[status] {
			shared[name] = r
			r = &huma.Response{Ref: "#/components/responses/" + name}
		}
		responses[code(status)] = r
	}
	return responses
}

func notAdmitted(c desk.Caller, m desk.Membership) error {
	_, err := c.Admit(m)
	return err
}

// tokenWithout returns the error for a token that lacks a claim.
func tokenWithout(claim string) error {
	_, err := auth.FromClaims(func(name string) string {
		claims := auth.Claims(desk.Caller{Agent: "ann", Role: desk.AgentRole})
		claims[claim] = ""
		return claims[name]
	})
	return err
}

// describeTag describes what every answer to GET has.
func (r *routes) describeTag(responses map[string]*huma.Response) {
	const name = "not-modified"
	tag := &huma.Param{Ref: "#/components/headers/ETag"}
	r.huma.OpenAPI().Components.Responses[name] = &huma.Response{
		Description: "Not Modified: the answer whose ETag If-None-Match names", Headers: map[string]*huma.Param{"ETag": tag},
	}
	responses[code(http.StatusNotModified)] = &huma.Response{Ref: "#/components/responses/" + name}
	ok := responses[code(http.StatusOK)]
	if ok.Headers == nil {
		ok.Headers = make(map[string]*huma.Param)
	}
	if ok.Headers["ETag"] == nil {
		ok.Headers["ETag"] = tag
	}
}

// gatewayStatuses are the statuses that API Gateway answers itself, before or
// instead of the API. Its HTTP APIs have no setting for the bodies of those answers.
var gatewayStatuses = [...]int{
	http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests,
	http.StatusInternalServerError, http.StatusServiceUnavailable,
}

// GatewayMessage is an answer of API Gateway itself.
type GatewayMessage struct {
	Message string `json:"message" example:"Too Many Requests" doc:"The status in words."`
}

// describe returns the response of a status, with its problems as examples.
func describe(ps []*problem) *huma.Response {
	examples := make(map[string]*huma.Example)
	for _, p := range ps {
		examples[p.Code] = &huma.Example{Value: p}
	}
	r := &huma.Response{
		Description: ps[0].Title + ": " + strings.Join(slices.Sorted(maps.Keys(examples)), ", "),
		Content: map[string]*huma.MediaType{problemType: {
			Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}, Examples: examples,
		}},
	}
	if slices.Contains(gatewayStatuses[:], ps[0].Status) {
		r.Content["application/json"] = &huma.MediaType{Schema: &huma.Schema{Ref: "#/components/schemas/GatewayMessage"}}
	}
	if ps[0].after > 0 {
		r.Headers = map[string]*huma.Param{"Retry-After": {
			Description: "Seconds to wait before trying again.", Schema: &huma.Schema{Type: huma.TypeInteger},
		}}
	}
	return r
}

// describeProblems replaces huma's own error type by ours, and lists the codes.
func (r *routes) describeProblems() {
	schemas := r.huma.OpenAPI().Components.Schemas
	schemas.Schema(reflect.TypeFor[problem](), true, "")
	schemas.Schema(reflect.TypeFor[GatewayMessage](), true, "")
	delete(schemas.Map(), "ErrorModel")
	delete(schemas.Map(), "ErrorDetail")
	all := AllCodes()
	schemas.Map()["Problem"].Properties["current"].OneOf = []*huma.Schema{
		{Ref: "#/components/schemas/Conversation"}, {Ref: "#/components/schemas/Ticket"},
	}
	for name, codes := range map[string]desk.Codes{
		"Problem": all.Problems, "FieldProblem": all.Fields, "Finding": all.Findings, "Failure": all.Failures,
	} {
		code := schemas.Map()[name].Properties["code"]
		code.Enum = nil
		params := make(map[string][]string)
		for _, c := range slices.Sorted(maps.Keys(codes)) {
			code.Enum = append(code.Enum, c)
			if len(codes[c]) > 0 {
				params[c] = codes[c]
			}
		}
		if len(params) > 0 {
			code.Extensions = map[string]any{"x-params": params}
		}
	}
}

func code(status int) string { return strconv.Itoa(status) }

// yaml returns the whole description, in the order in which people read it.
func (r *routes) yaml() ([]byte, error) {
	whole, err := json.Marshal(r.huma.OpenAPI())
	if err != nil {
		return nil, err
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(whole, &parts); err != nil {
		return nil, err
	}
	text := []byte("{")
	for _, name := range [...]string{"openapi", "info", "security", "tags", "paths", "components"} {
		text = fmt.Appendf(text, "%q:%s,", name, parts[name])
	}
	text[len(text)-1] = '}'
	var b bytes.Buffer
	err = yaml.Convert(&b, bytes.NewReader(text))
	return b.Bytes(), err
}

// mustYAML returns the whole description. It depends on the program alone, so a
// test shows whether it can fail.
func (r *routes) mustYAML() []byte {
	b, err := r.yaml()
	if err != nil {
		panic(err)
	}
	return b
}
