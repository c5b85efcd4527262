// Package signin signs people in to the console of deskmove on one machine. Who
// may read the data folder may be anybody, so there are no passwords: the program
// prints a link with a code, which is good once and soon changed for a cookie,
// and the cookie for tokens of whoever its owner chooses to be.
//
// It is for loopback addresses, whose gateway refuses requests by names that are not
// given, and for connections by TLS. Cookies do not tell ports apart, so that other programs of this machine may be
// sent them: the pages of those are refused by their origin.
package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
)

// How long things are good for.
const (
	codeTTL    = 10 * time.Minute
	sessionTTL = 12 * time.Hour
	tokenTTL   = 15 * time.Minute
)

// Prefix is below which the paths of this package are.
const Prefix = "/local/"

// Config is what signing in needs.
type Config struct {
	Issuer *issuer.Issuer
	Setups Setups
	// Made is told of each token before its owner gets it: whose, to which address, and
	// until when it is good. If it fails there is no token.
	Made func(ctx context.Context, of desk.Caller, until time.Time) error
	// Secure reports whether a request's browser came by TLS; if nil, none did.
	Secure func(*http.Request) bool
	Clock  clock.Clock
	Log    *slog.Logger // nil discards logs
}

// Setups reads an account's configuration, and with what it says of a caller which
// tokens were withdrawn; desk.ErrNotFound if there is none yet.
type Setups interface {
	Setup(ctx context.Context, account string) (desk.Setup, error)
	Membership(ctx context.Context, c desk.Caller) (desk.Membership, error)
}

// SignIn answers the requests below Prefix:
//
//	POST   /local/code     with a proof that only the data folder's key makes (no token of the API is one): another code
//	POST   /local/session  with a code, or with the cookie: sets the cookie, and says who one can be
//	POST   /local/token    with the cookie: a token of an agent
//	DELETE /local/session  with the cookie: ends what it is good for
//
// What it remembers ends with the process: then people need another code. So they do
// after a withdrawal, which counts for codes and cookies as for tokens of their time.
type SignIn struct {
	Config
	routes *http.ServeMux
	origin *http.CrossOriginProtection

	mu       sync.Mutex
	codes    grants
	sessions grants
}

// New returns a SignIn that has given out nothing yet.
func New(c Config) *SignIn {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &SignIn{Config: c, routes: http.NewServeMux(), origin: http.NewCrossOriginProtection(), codes: grants{}, sessions: grants{}}
	s.routes.HandleFunc("POST /local/code", s.code)
	s.routes.HandleFunc("POST /local/session", s.begin)
	s.routes.HandleFunc("DELETE /local/session", s.end)
	s.routes.HandleFunc("POST /local/token", s.token)
	return s
}

// grants are accounts by the hash of the secret that is good for them, so that
// the time of a look-up says nothing of a secret.
type grants map[[sha256.Size]byte]grant

type grant struct {
	account string
	made    time.Time // by the issuer's clock; of a session, when its code was made
	expires time.Time
}

// caller is who an agent would be with a token that was issued when the grant was made.
func (g grant) caller(agent desk.Agent) desk.Caller {
	return desk.Caller{Account: g.account, Agent: agent.ID, Role: agent.Role, IssuedAt: g.made}
}

// add makes a secret, and drops the grants that have expired.
func (g grants) add(of grant, now time.Time, ttl time.Duration) (secret string) {
	for key, old := range g {
		if !now.Before(old.expires) {
			delete(g, key)
		}
	}
	secret, of.expires = rand.Text(), now.Add(ttl)
	g[sha256.Sum256([]byte(secret))] = of
	return secret
}

// of returns the grant of a secret, without an account if it is good for nothing.
func (g grants) of(secret string, now time.Time) grant {
	if found := g[sha256.Sum256([]byte(secret))]; now.Before(found.expires) {
		return found
	}
	return grant{}
}

func (g grants) drop(secret string) { delete(g, sha256.Sum256([]byte(secret))) }

// Link makes a code for an account and returns the path of the console with it, such
// as /app/#code=…, for a page such as /app/.
func (s *SignIn) Link(account, page string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return page + "#code=" + s.codes.add(grant{account: account, made: s.Issuer.Now()}, s.Clock.Now(), codeTTL)
}

// ServeHTTP answers a request.
func (s *SignIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err := s.origin.Check(r); err != nil {
		refuse(w, http.StatusForbidden, "cross-origin", "the request comes from a page of another site", "use the console itself")
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method == http.MethodPost && (err != nil || kind != "application/json") {
		refuse(w, http.StatusUnsupportedMediaType, "media-type", "the body is not JSON", "send it as application/json")
		return
	}
	s.routes.ServeHTTP(w, r)
}

// code answers with another code to whoever has the key of the data folder.
func (s *SignIn) code(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	account, err := s.Issuer.Proved(token)
	if err != nil {
		refuse(w, http.StatusUnauthorized, "unauthenticated", "the request does not show that it comes from who can read the data folder", "run deskmove open")
		return
	}
	answer(w, http.StatusOK, map[string]any{"path": s.Link(account, "/app/")})
}

// begin changes a code for a cookie, or finds out what a cookie is good for.
func (s *SignIn) begin(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Code string `json:"code"`
	}
	if !read(w, r, &in) {
		return
	}
	session := s.session(r)
	if in.Code != "" {
		s.mu.Lock()
		session = s.codes.of(in.Code, s.Clock.Now())
		s.codes.drop(in.Code)
		secret := ""
		if session.account != "" {
			secret = s.sessions.add(session, s.Clock.Now(), sessionTTL)
		}
		s.mu.Unlock()
		if session.account == "" {
			refuse(w, http.StatusUnauthorized, "code", "the code has been used, or is older than 10 minutes", "run deskmove open for another")
			return
		}
		s.setCookie(w, r, secret, sessionTTL)
	}
	setup, _, ok := s.open(w, r, session)
	if !ok {
		return
	}
	people := make([]person, len(setup.Agents))
	for i, a := range setup.Agents {
		people[i] = person{a.ID, a.Name, string(a.Role), a.HelpDesk}
	}
	answer(w, http.StatusOK, map[string]any{
		"account": map[string]string{"id": session.account, "name": setup.Account.Name}, "agents": people,
	})
}

// person is whom one can be.
type person struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Role     string `json:"role"`
	HelpDesk bool   `json:"helpDesk"`
}

// token changes the cookie for a token of an agent.
func (s *SignIn) token(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Agent string `json:"agent"`
	}
	if !read(w, r, &in) {
		return
	}
	session := s.session(r)
	setup, withdrawn, ok := s.open(w, r, session)
	if !ok {
		return
	}
	for _, a := range setup.Agents {
		if a.ID != in.Agent {
			continue
		}
		if withdrawn.Cover(session.caller(a)) {
			refuseSession(w)
			return
		}
		expires := s.Clock.Now().Add(tokenTTL)
		token, err := s.Issuer.Mint(session.account, a.ID, a.Role, tokenTTL)
		if err == nil {
			address, _, _ := net.SplitHostPort(r.RemoteAddr)
			err = s.Made(r.Context(), desk.Caller{Account: session.account, Agent: a.ID, Role: a.Role, Address: address}, expires)
		}
		if err != nil {
			s.failed(w, r, err)
			return
		}
		answer(w, http.StatusOK, map[string]any{"token": token, "expiresAt": expires.UTC().Truncate(time.Second)})
		return
	}
	refuse(w, http.StatusNotFound, "not-found", "the account has no such agent", "choose one of those that POST /local/session names")
}

// end makes the cookie good for nothing.
func (s *SignIn) end(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookieName(r)); err == nil {
		s.mu.Lock()
		s.sessions.drop(c.Value)
		s.mu.Unlock()
	}
	s.setCookie(w, r, "", -time.Second)
	w.WriteHeader(http.StatusNoContent)
}

// session is what the request's cookie is good for; without an account if nothing.
func (s *SignIn) session(r *http.Request) grant {
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return grant{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions.of(c.Value, s.Clock.Now())
}

// open reads a grant's account, and whose tokens were withdrawn there. It answers and
// returns false if the grant is good for nothing. An account has a super administrator
// even before it has been set up: the one of "deskmove token".
func (s *SignIn) open(w http.ResponseWriter, r *http.Request, g grant) (setup desk.Setup, withdrawn desk.Withdrawals, ok bool) {
	if g.account == "" {
		refuseSession(w)
		return setup, nil, false
	}
	setup, err := s.Setups.Setup(r.Context(), g.account)
	if errors.Is(err, desk.ErrNotFound) {
		return desk.Setup{Agents: []desk.Agent{{ID: "admin", Role: desk.SuperAdmin}}}, nil, true
	}
	var m desk.Membership
	if err == nil {
		m, err = s.Setups.Membership(r.Context(), g.caller(desk.Agent{}))
	}
	if err != nil {
		s.failed(w, r, err)
		return setup, nil, false
	}
	if m.Withdrawals.Cover(g.caller(desk.Agent{})) { // everybody's
		refuseSession(w)
		return setup, nil, false
	}
	return setup, m.Withdrawals, true
}

func (s *SignIn) failed(w http.ResponseWriter, r *http.Request, err error) {
	s.Log.ErrorContext(r.Context(), "sign-in failed", "err", err)
	refuse(w, http.StatusInternalServerError, "internal", "", "")
}

// cookieName differs by port, since cookies do not.
func cookieName(r *http.Request) string {
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		port = "80"
	}
	return "deskmove-" + port
}

func (s *SignIn) setCookie(w http.ResponseWriter, r *http.Request, secret string, ttl time.Duration) {
	http.SetCookie(w, &http.Cookie{ // #nosec G124 -- loopback has no TLS, and nobody else listens
		Secure: s.Secure != nil && s.Secure(r),
		Name:   cookieName(r), Value: secret, Path: Prefix, MaxAge: int(ttl / time.Second), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// read reads a small body of JSON, strictly. It answers and returns false if
// that is not possible.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "not-json", "the body is not as expected", "send what the console sends")
		return false
	}
	return true
}

func refuseSession(w http.ResponseWriter) {
	refuse(w, http.StatusUnauthorized, "no-session", "nobody is signed in", "run deskmove open in the folder where deskmove runs")
}

func refuse(w http.ResponseWriter, status int, code, detail, remedy string) {
	w.Header().Set("Content-Type", "application/problem+json")
	write(w, status, map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code, "detail": detail, "remedy": remedy,
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	write(w, status, v)
}

func write(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
