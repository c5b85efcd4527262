package browser_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	"deskmove/shared/console"
	"deskmove/shared/desk"
	"deskmove/shared/local/issuer"
)

// pool signs people in as a user pool of Cognito does at its own pages: authorization code
// with PKCE, refresh tokens, and a session of its own, which a cookie keeps. It is of another
// origin than the console.
//
//	GET  /oauth2/authorize  who are you? or, in a session, back with a code
//	POST /oauth2/token      a code, or a refresh token, for tokens
//	POST /oauth2/revoke     a refresh token is good no more
//	GET  /logout            the session ends, and back
type pool struct {
	*httptest.Server

	issuer  *issuer.Issuer
	console string // origin of the pages, once it is known

	mu        sync.Mutex
	codes     map[string]grant
	refreshes map[string]string // who by refresh token
	Counts    map[string]int    // of what was asked for
}

// grant is what a code stands for.
type grant struct{ who, challenge, redirect string }

const (
	clientID = "console"
	session  = "pool"
	// shortly is how long a token is good, in seconds: the console renews it five seconds
	// after it has got it.
	shortly = 65
)

func newPool(i *issuer.Issuer) *pool {
	p := &pool{issuer: i, codes: make(map[string]grant), refreshes: make(map[string]string), Counts: make(map[string]int)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth2/authorize", p.authorize)
	mux.HandleFunc("POST /oauth2/token", p.token)
	mux.HandleFunc("POST /oauth2/revoke", p.revoke)
	mux.HandleFunc("GET /logout", p.logout)
	p.Server = httptest.NewServer(mux)
	return p
}

func (p *pool) signIn() console.SignIn {
	return console.SignIn{Kind: console.OIDC, Authorize: p.URL + "/oauth2/authorize", Token: p.URL + "/oauth2/token", Logout: p.URL + "/logout", ClientID: clientID, Scope: "openid"}
}

func (p *pool) count(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Counts[what]++
}

// counts are how often what was asked for.
func (p *pool) counts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[string]int)
	for what, n := range p.Counts {
		all[what] = n
	}
	return all
}

func (p *pool) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	redirect := q.Get("redirect_uri")
	if q.Get("client_id") != clientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" ||
		redirect != p.console+"/app/callback" {
		http.Error(w, "the request is not as it must be: "+r.URL.RawQuery, http.StatusBadRequest)
		return
	}
	who := q.Get("as")
	if c, err := r.Cookie(session); err == nil && who == "" {
		who = c.Value
	}
	back := func(answer url.Values) {
		answer.Set("state", q.Get("state"))
		http.Redirect(w, r, redirect+"?"+answer.Encode(), http.StatusFound)
	}
	switch who {
	case "":
		p.count("asked")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, "<!doctype html><title>Pool</title><h1>The pool's own page</h1>")
		for _, name := range []string{"admin", "ben", "nobody"} {
			q.Set("as", name)
			_, _ = fmt.Fprintf(w, `<p><a href="?%s">I am %s</a>`, html.EscapeString(q.Encode()), name)
		}
	case "nobody":
		back(url.Values{"error": {"access_denied"}, "error_description": {"You are not of this account"}})
	default:
		code := rand.Text()
		p.mu.Lock()
		p.codes[code] = grant{who, q.Get("code_challenge"), redirect}
		p.mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: session, Value: who, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}) // #nosec G124 -- over plain HTTP to this computer
		back(url.Values{"code": {code}})
	}
}

func (p *pool) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	refresh := ""
	who := ""
	switch kind := r.PostFormValue("grant_type"); kind {
	case "authorization_code":
		p.mu.Lock()
		g, ok := p.codes[r.PostFormValue("code")]
		delete(p.codes, r.PostFormValue("code")) // it is good once
		p.mu.Unlock()
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if ok && g.challenge == base64.RawURLEncoding.EncodeToString(sum[:]) && g.redirect == r.PostFormValue("redirect_uri") {
			who, refresh = g.who, rand.Text()
		}
	case "refresh_token":
		p.mu.Lock()
		who = p.refreshes[r.PostFormValue("refresh_token")]
		p.mu.Unlock()
	}
	if r.PostFormValue("client_id") != clientID || who == "" {
		p.count("refused")
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	p.count(r.PostFormValue("grant_type"))
	role := desk.AgentRole
	if who == "admin" {
		role = desk.SuperAdmin
	}
	token, err := p.issuer.Mint(account, who, role, time.Hour)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": shortly}
	if refresh != "" {
		p.mu.Lock()
		p.refreshes[refresh] = who
		p.mu.Unlock()
		answer["refresh_token"] = refresh
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (p *pool) revoke(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	p.mu.Lock()
	defer p.mu.Unlock()
	if who := p.refreshes[r.PostFormValue("token")]; who != "" && r.PostFormValue("client_id") == clientID {
		delete(p.refreshes, r.PostFormValue("token"))
		p.Counts["revoked"]++
	}
}

func (p *pool) logout(w http.ResponseWriter, r *http.Request) {
	back := r.URL.Query().Get("logout_uri")
	if r.URL.Query().Get("client_id") != clientID || back != p.console+"/app/inbox" {
		http.Error(w, "the request is not as it must be", http.StatusBadRequest)
		return
	}
	p.count("logout")
	http.SetCookie(w, &http.Cookie{Name: session, Path: "/", MaxAge: -1}) // #nosec G124 -- it ends
	http.Redirect(w, r, back, http.StatusFound)
}
