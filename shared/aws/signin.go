package aws

import (
	"deskmove/shared/auth"
	"deskmove/shared/console"
)

// Console says how a reader of the console signs in: at the user pool's page, if
// it has one.
func (s SignIn) Console() console.SignIn {
	if s.SignInURL == "" || s.SignInClient == "" {
		return console.SignIn{Kind: console.None}
	}
	at := string(s.SignInURL)
	return console.SignIn{
		Kind: console.OIDC, Authorize: at + "/oauth2/authorize", Token: at + "/oauth2/token", Logout: at + "/logout",
		ClientID: s.SignInClient, Scope: "openid " + auth.Scope,
	}
}
