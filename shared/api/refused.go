package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// audited are the routes of which every refusal is in the audit log (R29), with what
// they do. Their use cases log what they refuse.
var audited = map[string]string{
	http.MethodPost + " /v1/moves":                desk.ActionStart,
	http.MethodPost + " /v1/moves/{id}/retry":     desk.ActionRetry,
	http.MethodPost + " /v1/channels/{id}/repair": desk.ActionRepair,
}

// attempt is a request for one of the audited routes. It is its own key in a context.
type attempt struct{ audited bool }

// attemptOf returns the attempt of a context, or one of no consequence.
func attemptOf(ctx context.Context) *attempt {
	if t, ok := ctx.Value(attempt{}).(*attempt); ok {
		return t
	}
	return &attempt{}
}

// refused records in the audit log that a caller may not do something: for want of a
// role or access, or because their token has been withdrawn. It returns err, and with
// it what kept it from being recorded.
func (a *api) refused(ctx context.Context, operation string, err error) error {
	refusal, ok := errors.AsType[*desk.RefusedError](err)
	caller, known := auth.CallerFrom(ctx)
	if !ok || !known {
		return err
	}
	if ctx.Value(attempt{}) != nil { // its use case has recorded it
		attemptOf(ctx).audited = true
		return err
	}
	status := refusedStatus(refusal.Code)
	if status != http.StatusForbidden && status != http.StatusUnauthorized || refusal.Code == desk.CodePlan || refusal.Code == codeNoSetup {
		return err
	}
	return errors.Join(err, a.Audit.Audit(ctx, caller.Refusal(operation+": "+refusal.Error(), a.Now())))
}

// codesOf returns the codes in the body of a problem. Names of fields may be anything
// that somebody sent, and are left out.
func codesOf(body []byte) string {
	var p problem
	_ = json.Unmarshal(body, &p) // we wrote it
	codes := []string{p.Code}
	for _, f := range p.Errors {
		codes = append(codes, f.Code)
	}
	return strings.Join(slices.Compact(codes), ", ")
}
