package cli_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"deskmove/shared/cli"
	"deskmove/shared/cli/login"
)

// pool is an API with a user pool, and the browser of whoever signs in.
type pool struct {
	*httptest.Server
	t *testing.T

	kind   string // of its sign-in; oidc if empty
	life   int    // of access tokens, in seconds
	denies bool   // the reader does not want to
	silent bool   // the reader does nothing
	forged bool   // somebody else answers first, with another state
	ended  bool   // no refresh token is good any more
	foul   bool   // its token address answers with what it was sent

	mu        sync.Mutex
	challenge string // of the one code that is out
	callback  string
	issued    int
	secrets   []string // that nobody may see
	asked     []string // for what, of /v1/
	revoked   []string
	answers   []string // of the callback
}

const theCode, theRefresh = "code-4711", "refresh-4711"

// newPool starts one, with nobody's sessions and any free port to be called back at.
func newPool(t *testing.T) *pool {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("DESKMOVE_TOKEN", "")
	ports := login.Ports
	login.Ports = []int{0}
	t.Cleanup(func() { login.Ports = ports })
	p := &pool{t: t, life: 3600, secrets: []string{theCode, theRefresh}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /app/config.json", func(w http.ResponseWriter, _ *http.Request) {
		page := login.Page{Kind: login.KindOIDC, Authorize: p.URL + "/oauth2/authorize", Token: p.URL + "/oauth2/token", ClientID: "client", Scope: "openid deskmove/api"}
		if p.kind != "" {
			page = login.Page{Kind: p.kind}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"signIn": page, "version": "1"})
	})
	mux.HandleFunc("POST /oauth2/token", p.token)
	mux.HandleFunc("POST /oauth2/revoke", func(_ http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.revoked = append(p.revoked, r.PostFormValue("token")+" of "+r.PostFormValue("client_id"))
	})
	mux.HandleFunc("GET /v1/", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked = append(p.asked, r.URL.Path+" "+r.Header.Get("Authorization"))
		_, _ = io.WriteString(w, `{"account": "acme", "id": "ann", "role": "super-admin", "items": []}`)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// token changes a code, or a refresh token, for an access token.
func (p *pool) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	fits := map[string]bool{
		"authorization_code": r.PostFormValue("code") == theCode && r.PostFormValue("redirect_uri") == p.callback &&
			p.challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) == p.challenge,
		"refresh_token": r.PostFormValue("refresh_token") == theRefresh && !p.ended,
	}[r.PostFormValue("grant_type")]
	p.secrets = append(p.secrets, r.PostFormValue("code_verifier"))
	if p.foul {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `%s %s`, r.PostFormValue("code"), r.PostFormValue("code_verifier"))
		return
	}
	if !fits || r.PostFormValue("client_id") != "client" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error": "invalid_grant"}`)
		return
	}
	p.challenge = "" // good once
	p.issued++
	access := fmt.Sprintf("access-%d", p.issued)
	p.secrets = append(p.secrets, access)
	answer := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": p.life}
	if r.PostFormValue("grant_type") == "authorization_code" {
		answer["refresh_token"] = theRefresh
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// browse is what the reader does at the page.
func (p *pool) browse(link string) {
	u, err := url.Parse(link)
	if err != nil || u.Path != "/oauth2/authorize" {
		p.t.Errorf("link %q: %v", link, err)
		return
	}
	q := u.Query()
	if q.Get("response_type") != "code" || q.Get("client_id") != "client" || q.Get("scope") != "openid deskmove/api" ||
		q.Get("code_challenge_method") != "S256" || len(q.Get("state")) < 20 {
		p.t.Errorf("the page is asked for %v", q)
	}
	p.mu.Lock()
	p.challenge, p.callback = q.Get("code_challenge"), q.Get("redirect_uri")
	p.mu.Unlock()
	if p.silent {
		return
	}
	if p.forged {
		for _, state := range []string{"", "of-another"} {
			p.back(url.Values{"code": {"of-another"}, "state": {state}})
		}
	}
	answer := url.Values{"code": {theCode}, "state": {q.Get("state")}}
	if p.denies {
		answer = url.Values{"error": {"access_denied"}, "error_description": {"not \x1b[2J today"}, "state": {q.Get("state")}}
	}
	p.back(answer)
}

// back goes where the page sends the browser.
func (p *pool) back(answer url.Values) {
	res, err := http.Get(p.callback + "?" + answer.Encode())
	if err != nil {
		p.t.Error(err)
		return
	}
	text, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, fmt.Sprintf("%d %s", res.StatusCode, text))
}

var aLink = regexp.MustCompile(`http://\S+/oauth2/authorize\S+`)

// screen is what the program prints. The reader opens the first link there.
type screen struct {
	bytes.Buffer
	p    *pool
	open sync.Once
	done chan struct{}
}

func (s *screen) Write(b []byte) (int, error) {
	n, err := s.Buffer.Write(b)
	if link := aLink.FindString(s.String()); link != "" {
		s.open.Do(func() {
			go func() {
				defer close(s.done)
				s.p.browse(link)
			}()
		})
	}
	return n, err
}

// run runs the program at the pool, and sees that it shows no secret.
func (p *pool) run(args ...string) result {
	p.t.Helper()
	var out bytes.Buffer
	show := &screen{p: p, done: make(chan struct{})}
	code := cli.Main(p.t.Context(), append(args, "--endpoint", p.URL), &out, show)
	show.open.Do(func() { close(show.done) })
	<-show.done
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, secret := range p.secrets {
		if secret != "" && strings.Contains(out.String()+show.String(), secret) {
			p.t.Errorf("%v shows %q:\n%s%s", args, secret, out.String(), show.String())
		}
	}
	return result{code, out.String(), show.String()}
}

// kept is the file of sessions; "" if there is none.
func kept(t *testing.T) string {
	t.Helper()
	dir, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "deskmove", "sessions.json")
}

// TestLogin: a code with the right verifier becomes a session that other commands use,
// and that nobody else can read.
func TestLogin(t *testing.T) {
	p := newPool(t)
	p.forged = true
	if got := p.run("login", "--print"); got.code != 0 || got.stdout != "Signed in to account acme as ann (super-admin).\n" {
		t.Fatal(got)
	}
	if len(p.answers) != 3 || !strings.HasPrefix(p.answers[0], "400 ") || !strings.HasPrefix(p.answers[1], "400 ") || !strings.HasPrefix(p.answers[2], "200 ") {
		t.Errorf("who comes back is told %q", p.answers)
	}
	for path, want := range map[string]fs.FileMode{kept(t): 0o600, filepath.Dir(kept(t)): fs.ModeDir | 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if got := p.run("status"); got.code != 0 || p.asked[len(p.asked)-1] == "" || !strings.HasSuffix(p.asked[len(p.asked)-1], " Bearer access-1") {
		t.Errorf("%+v, and was asked %q", got, p.asked)
	}
	if got := p.run("status", "--token", "mine"); got.code != 0 || !strings.HasSuffix(p.asked[len(p.asked)-1], " Bearer mine") {
		t.Errorf("with a token of its own: %+v, and was asked %q", got, p.asked)
	}
	if got := p.run("logout"); got.code != 0 || len(p.revoked) != 1 || p.revoked[0] != theRefresh+" of client" {
		t.Errorf("%+v, revoked %q", got, p.revoked)
	}
	if got := p.run("status"); got.code != 1 || !strings.Contains(got.stderr, "no token: sign in with") {
		t.Errorf("signed out: %+v", got)
	}
	if text, err := os.ReadFile(kept(t)); err != nil || strings.Contains(string(text), theRefresh) {
		t.Errorf("a session is kept after its end: %v", err)
	}
}

// TestLoginRenews: an access token that is about to expire is changed for another one,
// until the session ends.
func TestLoginRenews(t *testing.T) {
	p := newPool(t)
	p.life = 30
	p.run("login", "--print").ok(t, nil)
	p.run("status").ok(t, nil)
	if last := p.asked[len(p.asked)-1]; p.issued < 2 || !strings.HasSuffix(last, fmt.Sprintf(" Bearer access-%d", p.issued)) {
		t.Errorf("%d tokens, and was asked %q", p.issued, last)
	}
	p.life = 3600
	p.run("status").ok(t, nil)
	issued := p.issued
	p.run("status").ok(t, nil)
	if p.issued != issued {
		t.Errorf("a token that was got is not kept: %d were issued", p.issued)
	}
	if info, err := os.Stat(kept(t)); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}

	p.life, p.ended = 30, false
	p.run("login", "--print").ok(t, nil)
	p.ended = true
	if got := p.run("status"); got.code != 1 || !strings.Contains(got.stderr, "the session has ended") || !strings.Contains(got.stderr, ` login --endpoint `+p.URL+`"`) {
		t.Errorf("an ended session: %+v", got)
	}
}

// TestLoginFails: who is not signed in is told why, and no session is kept.
func TestLoginFails(t *testing.T) {
	for name, of := range map[string]struct {
		pool func(*pool)
		args []string
		says string
	}{
		"the reader refuses":    {pool: func(p *pool) { p.denies = true }, says: `the sign-in page answers "access_denied" "not \x1b[2J today"`},
		"the reader is away":    {pool: func(p *pool) { p.silent = true }, args: []string{"--wait", "50ms"}, says: "sent nobody back in time"},
		"the code is no good":   {pool: func(p *pool) { p.secrets = nil; p.Config.Handler = wrongVerifier(p.Config.Handler) }, says: `the issuer answers "invalid_grant"`},
		"a foul issuer":         {pool: func(p *pool) { p.foul = true }, says: "the issuer answers 400 Bad Request"},
		"one machine":           {pool: func(p *pool) { p.kind = "local" }, says: ` open" signs you in to the console, and "`},
		"no sign-in page":       {pool: func(p *pool) { p.kind = "none" }, says: "needs the parameter UserPoolDomainPrefix"},
		"no deskmove":           {pool: func(p *pool) { p.Config.Handler = http.NotFoundHandler() }, says: "is it the address of a deskmove?"},
		"a page of plain HTTP":  {pool: func(p *pool) { p.Config.Handler = elsewhere("http://login.example") }, says: "sign in over https only"},
		"a token of plain HTTP": {pool: func(p *pool) { p.Config.Handler = elsewhere("https://login.example") }, says: `"http://token.example": sign in over https only`},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPool(t)
			of.pool(p)
			if got := p.run(append([]string{"login", "--print", "--wait", "10s"}, of.args...)...); got.code != 1 || !strings.Contains(got.stderr, of.says) {
				t.Errorf("%+v, want %q", got, of.says)
			}
			if _, err := os.Stat(kept(t)); err == nil {
				t.Error("a session is kept")
			}
		})
	}
	if got := run(t, "login", "--endpoint", "http://desk.example"); got.code != 1 || !strings.Contains(got.stderr, "sign in over https only") {
		t.Errorf("an endpoint of plain HTTP: %+v", got)
	}
}

// wrongVerifier is an API whose issuer hears of another verifier than that of the code.
func wrongVerifier(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth2/token" {
			_ = r.ParseForm()
			r.PostForm.Set("code_verifier", "of-another")
			r.Form.Set("code_verifier", "of-another")
		}
		next.ServeHTTP(w, r)
	})
}

// elsewhere is an API whose sign-in page is at authorize.
func elsewhere(authorize string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"signIn": login.Page{Kind: login.KindOIDC, Authorize: authorize, Token: "http://token.example"}})
	})
}

// TestSessionsGuarded: a file of sessions that others can read is not used, nor is one
// that is damaged, and neither is shown.
func TestSessionsGuarded(t *testing.T) {
	p := newPool(t)
	p.run("login", "--print").ok(t, nil)
	if err := os.Chmod(kept(t), 0o644); err != nil { // #nosec G302 -- what is refused
		t.Fatal(err)
	}
	for _, command := range [][]string{{"status"}, {"login", "--print"}, {"logout"}} {
		if got := p.run(command...); got.code != 1 || !strings.Contains(got.stderr, "can be read by others (mode 0644)") {
			t.Errorf("%v: %+v", command, got)
		}
	}
	if err := os.Chmod(kept(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept(t), []byte(`{"`+p.URL+`": {"access": `+theRefresh), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := p.run("status"); got.code != 1 || !strings.Contains(got.stderr, "is damaged: delete it") {
		t.Errorf("%+v", got)
	}
}

// TestLoginStops: who interrupts the program is not waited for.
func TestLoginStops(t *testing.T) {
	p := newPool(t)
	p.silent = true
	ctx, cancel := context.WithCancel(t.Context())
	page, err := login.Find(ctx, p.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, err = login.Flow{Page: page, Show: func(context.Context, string) { cancel() }}.Run(ctx)
	if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("%v", err)
	}
}
