package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// admit refuses callers who may not use the operation, and only then looks at the
// request. Schemas are those of bodies.
func (a *api) admit(op operation, takesBody bool, schemas huma.Registry) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		c, known := auth.CallerFrom(r.Context())
		switch {
		case op.roles != nil && !known && auth.RefusalFrom(r.Context()) != nil:
			a.problem(r.Context(), op.id, auth.RefusalFrom(r.Context())).write(w)
		case op.roles != nil && !known:
			unauthenticated().write(w)
		case op.roles != nil && !slices.Contains(op.roles, c.Role):
			a.problem(r.Context(), op.id, wrongRole(c.Role, op.roles)).write(w)
		default:
			if p := checkQuery(r.URL.RawQuery); p != nil {
				p.write(w)
				return
			}
			if takesBody {
				b, p := readBody(r, op.bodyLimit())
				if p != nil {
					w.Header().Set("Connection", "close") // the rest of the body is not read
				} else {
					p = checkBody(r, b, ctx.Operation().RequestBody, schemas)
				}
				if p != nil {
					p.write(w)
					return
				}
			}
			next(ctx)
		}
	}
}

// readBody reads a body of at most limit bytes into memory. It reads nothing if
// the request's header announces more.
func readBody(r *http.Request, limit int64) ([]byte, *problem) {
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if int64(len(b)) > limit {
		return nil, tooLarge(limit)
	}
	if err != nil {
		return nil, unreadable()
	}
	r.Body = readCloser{bytes.NewReader(b)}
	return b, nil
}

// checkBody returns what is wrong with a body before its fields are looked at.
func checkBody(r *http.Request, b []byte, body *huma.RequestBody, schemas huma.Registry) *problem {
	kind := r.Header.Get("Content-Type")
	if len(b) == 0 {
		return noBody()
	}
	if !isJSON(kind) {
		return wrongType(kind)
	}
	if valuesExceed(bytes.NewReader(b), maxValues) {
		return tooManyValues()
	}
	r.Header.Set("Content-Type", "application/json") // the one spelling that huma knows
	if p := checkJSON(b); p != nil {
		return p
	}
	return checkNulls(b, body, schemas)
}

func wrongRole(role desk.Role, allowed []desk.Role) error {
	return &desk.RefusedError{Code: codeRole, Params: desk.Params{"role": string(role), "roles": joined(allowed)},
		Problem: fmt.Sprintf("a token with the role %s cannot do this", role),
		Remedy:  fmt.Sprintf("use a token with one of the roles %v", allowed)}
}

// agent returns the calling agent as the store has it now: a token may be
// older than a change of role or access.
func (a *api) agent(ctx context.Context, c desk.Caller) (desk.Agent, error) {
	agent, err := a.Setups.Agent(ctx, c.Account, c.Agent)
	if errors.Is(err, desk.ErrNotFound) {
		return agent, notAgent(c.Agent, c.Account)
	}
	return agent, err
}

func notAgent(id, account string) error {
	return &desk.RefusedError{Code: codeNotAgent, Params: desk.Params{"agent": id, "account": account},
		Problem: fmt.Sprintf("%s is not an agent of account %s", id, account),
		Remedy:  "ask a super administrator to add the agent to the account's setup"}
}

// superAdmin returns a refusal if the caller is not a super administrator now (R1).
func (a *api) superAdmin(ctx context.Context, c desk.Caller) error {
	agent, err := a.agent(ctx, c)
	if err != nil {
		return err
	}
	if agent.Role != desk.SuperAdmin {
		return notSuperAdmin()
	}
	return nil
}

func notSuperAdmin() error {
	return &desk.RefusedError{Code: desk.CodeNotSuperAdmin, Problem: "only a super administrator of the account may do this",
		Remedy: "ask a super administrator"}
}

// helpDesk returns a refusal if the caller has no help desk access now (R21).
func (a *api) helpDesk(ctx context.Context, c desk.Caller) error {
	agent, err := a.agent(ctx, c)
	if err != nil || agent.HelpDesk {
		return err
	}
	return noAccess()
}

func noAccess() error {
	return &desk.RefusedError{Code: codeNoAccess, Problem: "agents without help desk access do not see what is in the help desk",
		Remedy: "ask a super administrator for help desk access"}
}
