package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// ann are the claims of a good token; pairs of name and value change them.
func ann(change ...string) func(string) string {
	claims := map[string]string{
		"account": "acme", "deskmove_role": "super-admin", "agent": "ann", "sub": "6a1f0c9e-5d0e-4a51-9c0e-7d1b2f3a4c5d",
		"scope": "openid deskmove/api", "token_use": "access", "iat": "1795424400", "exp": "1795510800",
	}
	for i := 0; i < len(change); i += 2 {
		claims[change[i]] = change[i+1]
	}
	return func(name string) string { return claims[name] }
}

func TestFromClaims(t *testing.T) {
	want := desk.Caller{Account: "acme", Agent: "ann", Role: desk.SuperAdmin, IssuedAt: time.Unix(1795424400, 0).UTC()}
	for name, claims := range map[string]func(string) string{
		"of Cognito":            ann(),
		"sub is the agent":      ann("agent", "", "sub", "ann"),
		"issuer without uses":   ann("token_use", ""),
		"a list of scopes":      ann("scope", "", "scp", "[openid deskmove/api]"),
		"scope alone":           ann("scope", "deskmove/api"),
		"a sub that is no ID":   ann("sub", "auth0|5f7c8ec7"),
		"with custom attribute": ann("custom:role", "agent", "custom:account", "zoo"),
	} {
		if c, err := auth.FromClaims(claims); c != want || err != nil {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}

func TestRefusedClaims(t *testing.T) {
	for name, c := range map[string]struct {
		claims     func(string) string
		code, says string
	}{
		"ID token":          {ann("token_use", "id"), auth.CodeNotAccess, "access token"},
		"ID token of today": {ann("token_use", "id", "scope", ""), auth.CodeNotAccess, "access token"},
		"no scope":          {ann("scope", ""), auth.CodeNotAccess, "deskmove/api"},
		"other scope":       {ann("scope", "openid deskmove/api2 xdeskmove/api"), auth.CodeNotAccess, "deskmove/api"},
		"no account":        {ann("account", ""), auth.CodeClaims, "account"},
		"no role":           {ann("deskmove_role", ""), auth.CodeClaims, "deskmove_role"},
		"unknown role":      {ann("deskmove_role", "king"), auth.CodeClaims, "deskmove_role"},
		"role in capitals":  {ann("deskmove_role", "Super-Admin"), auth.CodeClaims, "deskmove_role"},
		"nobody":            {ann("agent", "", "sub", ""), auth.CodeClaims, "agent (or sub)"},
		"account as a key":  {ann("account", "acme#c"), auth.CodeClaims, "account"},
		"no time":           {ann("iat", ""), auth.CodeClaims, "iat, exp"},
		"no end":            {ann("exp", ""), auth.CodeClaims, "exp"},
		"no number":         {ann("iat", "today"), auth.CodeClaims, "iat"},
		"more than a day":   {ann("exp", "1795510801"), auth.CodeClaims, "exp"},
		"all of them":       {ann("account", "", "deskmove_role", "", "agent", "a b"), auth.CodeClaims, "account, deskmove_role, agent (or sub)"},
	} {
		caller, err := auth.FromClaims(c.claims)
		refused, ok := errors.AsType[*desk.RefusedError](err)
		if !ok || refused.Code != c.code || !strings.Contains(refused.Problem, c.says) || refused.Remedy == "" || caller != (desk.Caller{}) {
			t.Errorf("%s: %+v, %v", name, caller, err)
		}
	}
}

func TestContext(t *testing.T) {
	if _, ok := auth.CallerFrom(t.Context()); ok || auth.RefusalFrom(t.Context()) != nil {
		t.Error("an empty context has a caller")
	}
	ctx := auth.WithCaller(t.Context(), desk.Caller{Account: "acme"})
	if c, ok := auth.CallerFrom(ctx); !ok || c.Account != "acme" {
		t.Errorf("caller = %+v", c)
	}
	why := errors.New("why")
	ctx = auth.WithRefusal(t.Context(), why)
	if _, ok := auth.CallerFrom(ctx); ok || auth.RefusalFrom(ctx) != why {
		t.Error("the reason is lost")
	}
}
