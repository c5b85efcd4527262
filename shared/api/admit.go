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

	"deskmove/shared/admin"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// admit refuses callers who may not use the operation, and only then looks at the
// request. It is the one place where callers are looked up: a token may be older than
// what the account's setup says of its agent or connector now. Schemas are those of
// bodies.
func (a *api) admit(op operation, takesBody bool, schemas huma.Registry) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		if op.roles != nil {
			c, err := a.admitted(r.Context(), op)
			if err != nil {
				a.problem(r.Context(), op.id, err).write(w)
				return
			}
			ctx = huma.WithValue(ctx, admittedKey{}, c)
		}
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

type admittedKey struct{}

// admittedFrom returns the caller whom admit has admitted; nobody if the operation
// asks for none.
func admittedFrom(ctx context.Context) desk.Admitted {
	c, _ := ctx.Value(admittedKey{}).(desk.Admitted)
	return c
}

// admitted returns the caller as their account knows them now, if that lets them use
// the operation.
func (a *api) admitted(ctx context.Context, op operation) (desk.Admitted, error) {
	c, known := auth.CallerFrom(ctx)
	switch {
	case !known && auth.RefusalFrom(ctx) != nil:
		return desk.Admitted{}, auth.RefusalFrom(ctx)
	case !known:
		return desk.Admitted{}, unauthenticated()
	case !slices.Contains(op.roles, c.Role):
		return desk.Admitted{}, wrongRole(c.Role, op.roles)
	}
	m, err := a.Setups.Membership(ctx, c)
	if errors.Is(err, desk.ErrNotFound) {
		if op.fresh { // while the account has no setup, the token is all there is to go by
			return desk.Admitted{Caller: c}, nil
		}
		return desk.Admitted{}, noSetup(c.Account)
	}
	if err != nil {
		return desk.Admitted{}, err
	}
	as, err := c.Admit(m)
	if err == nil && !slices.Contains(op.roles, as.Role) {
		err = notSuperAdmin()
	}
	if err != nil && op.audits != "" {
		err = admin.Refused(ctx, a.Audit, a.Now(), c, op.audits, desk.Move{}, err)
	}
	return as, err
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

func notSuperAdmin() error {
	return &desk.RefusedError{Code: desk.CodeNotSuperAdmin, Problem: "only a super administrator of the account may do this",
		Remedy: "ask a super administrator"}
}

// helpDesk returns a refusal if the caller has no help desk access (R21).
func helpDesk(c desk.Admitted) error {
	if c.Person.HelpDesk {
		return nil
	}
	return noAccess()
}

// mayUse returns a refusal if the channel is not the caller's business.
func mayUse(c desk.Admitted, channel string) error {
	if c.MayUse(channel) {
		return nil
	}
	return notOfConnector(c.Agent, channel)
}

func notOfConnector(connector, channel string) error {
	return &desk.RefusedError{Code: codeOtherChannel, Params: desk.Params{"connector": connector, "channel": desk.Truncate(channel, 80)},
		Problem: fmt.Sprintf("connector %s has no channel %.80q", connector, channel),
		Remedy:  "ask a super administrator to add the channel to the connector in the account's setup"}
}

func noSetup(account string) *desk.RefusedError {
	return &desk.RefusedError{Code: codeNoSetup, Params: desk.Params{"account": account},
		Problem: fmt.Sprintf("account %s has not been set up yet", account),
		Remedy:  "a super administrator sets it up first, with deskmove apply or PUT /v1/account"}
}

func noAccess() error {
	return &desk.RefusedError{Code: codeNoAccess, Problem: "agents without help desk access do not see what is in the help desk",
		Remedy: "ask a super administrator for help desk access"}
}
