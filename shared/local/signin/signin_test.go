package signin_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
	"deskmove/shared/local/signin"
)

// rig is signing in to an account of Ann, a super administrator, and Bob.
type rig struct {
	*signin.SignIn
	t       *testing.T
	issuer  *issuer.Issuer
	now     time.Time
	made    []desk.Caller // of tokens
	notMade error         // why tokens cannot be
	gone    desk.Withdrawals
}

// setups are those of a rig.
type setups struct{ *rig }

func (s setups) Setup(_ context.Context, account string) (desk.Setup, error) {
	if account != "acme" {
		return desk.Setup{}, desk.ErrNotFound
	}
	return desk.Setup{Account: desk.Account{ID: "acme", Name: "Acme"}, Agents: []desk.Agent{
		{ID: "ann", Name: "Ann", Role: desk.SuperAdmin, HelpDesk: true}, {ID: "bob", Name: "Bob", Role: desk.AgentRole},
	}}, nil
}

func (s setups) Membership(context.Context, desk.Caller) (desk.Membership, error) {
	return desk.Membership{Withdrawals: s.gone}, nil
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, now: time.Now()}
	clk := clock.Clock{Time: func() time.Time { return r.now }}
	var err error
	if r.issuer, err = issuer.Open(t.TempDir(), clk); err != nil {
		t.Fatal(err)
	}
	made := func(_ context.Context, of desk.Caller, until time.Time) error {
		if of.Account = ""; !until.Equal(r.now.Add(15 * time.Minute)) {
			t.Errorf("a token until %v", until)
		}
		r.made = append(r.made, of)
		return r.notMade
	}
	r.SignIn = signin.New(signin.Config{Issuer: r.issuer, Clock: clk, Made: made, Setups: setups{r}})
	return r
}

// reply is an answer's status, body and cookie.
type reply struct {
	status int
	body   struct {
		Code, Path, Token string
		ExpiresAt         time.Time
		Account           struct{ ID, Name string }
		Agents            []struct {
			ID, Name, Role string
			HelpDesk       bool
		}
	}
	cookie *http.Cookie
}

// ask sends a request as a page of the console does, but for what change does.
func (r *rig) ask(request, body string, cookie *http.Cookie, change ...func(*http.Request)) (got reply) {
	r.t.Helper()
	method, path, _ := strings.Cut(request, " ")
	in := httptest.NewRequest(method, "http://127.0.0.1:8420"+path, strings.NewReader(body))
	in.Header.Set("Content-Type", "application/json")
	in.Header.Set("Origin", "http://127.0.0.1:8420")
	in.Header.Set("Sec-Fetch-Site", "same-origin")
	if cookie != nil {
		in.AddCookie(cookie)
	}
	for _, f := range change {
		f(in)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, in)
	got.status = w.Code
	if w.Body.Len() > 0 && strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), &got.body); err != nil {
			r.t.Fatalf("%s: %v in %s", request, err, w.Body)
		}
	}
	for _, c := range w.Result().Cookies() {
		got.cookie = c
	}
	return got
}

// code makes a code as the program does.
func (r *rig) code(account string) string {
	r.t.Helper()
	page, code, ok := strings.Cut(r.Link(account, "/app/"), "#code=")
	if page != "/app/" || !ok || len(code) < 26 {
		r.t.Fatalf("a link to %s with the code %q", page, code)
	}
	return `{"code":"` + code + `"}`
}

// TestWalk signs in with a code, is each agent in turn, and signs out.
func TestWalk(t *testing.T) {
	r := newRig(t)
	in := r.ask("POST /local/session", r.code("acme"), nil)
	if in.status != 200 || in.body.Account.Name != "Acme" || len(in.body.Agents) != 2 || in.body.Agents[0].ID != "ann" || !in.body.Agents[0].HelpDesk || in.body.Agents[1].Role != "agent" {
		t.Fatalf("with a code: %+v", in)
	}
	c := in.cookie
	if c == nil || c.Name != "deskmove-8420" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/local/" || c.Domain != "" || c.MaxAge != 12*60*60 {
		t.Fatalf("the cookie is %+v", c)
	}
	if again := r.ask("POST /local/session", "{}", c); again.status != 200 || len(again.body.Agents) != 2 || again.cookie != nil {
		t.Errorf("with the cookie: %+v", again)
	}
	for id, role := range map[string]desk.Role{"ann": desk.SuperAdmin, "bob": desk.AgentRole} {
		got := r.ask("POST /local/token", `{"agent":"`+id+`"}`, c)
		caller, err := r.issuer.Verify(got.body.Token)
		if err != nil || caller.Account != "acme" || caller.Agent != id || caller.Role != role || got.body.ExpiresAt.Sub(r.now) > 15*time.Minute {
			t.Errorf("as %s: %d, %+v until %v, %v", id, got.status, caller, got.body.ExpiresAt, err)
		}
		if want := (desk.Caller{Agent: id, Role: role, Address: "192.0.2.1"}); len(r.made) == 0 || r.made[len(r.made)-1] != want {
			t.Errorf("tokens made: %+v, not %+v at last", r.made, want)
		}
		r.now = r.now.Add(16 * time.Minute)
		if _, err := r.issuer.Verify(got.body.Token); err == nil {
			t.Error("a token is valid for long")
		}
	}
	r.notMade = errors.New("the log is full")
	if got := r.ask("POST /local/token", `{"agent":"ann"}`, c); got.status != 500 || got.body.Token != "" {
		t.Errorf("a token that no log has: %+v", got)
	}
	if out := r.ask("DELETE /local/session", "", c); out.status != 204 || out.cookie == nil || out.cookie.Value != "" || out.cookie.MaxAge >= 0 {
		t.Errorf("signing out: %+v", out)
	}
	if got := r.ask("POST /local/token", `{"agent":"ann"}`, c); got.status != 401 || got.body.Code != "no-session" {
		t.Errorf("after signing out: %+v", got)
	}
}

// TestWithdrawal: codes and cookies of before give out no token of those whose tokens
// were withdrawn, and those of afterwards do, although the withdrawal has the time of a
// clock that is an hour ahead.
func TestWithdrawal(t *testing.T) {
	r := newRig(t)
	cookie, unused := r.ask("POST /local/session", r.code("acme"), nil).cookie, []string{r.code("acme"), r.code("acme")}
	token := func(agent string, cookie *http.Cookie, want int) {
		t.Helper()
		got := r.ask("POST /local/token", `{"agent":"`+agent+`"}`, cookie)
		if got.status != want || (got.body.Token == "") == (want == 200) || want == 401 && got.body.Code != "no-session" {
			t.Errorf("a token of %s: %+v, want %d", agent, got, want)
		}
		if want != 200 || got.body.Token == "" {
			return
		}
		if as, err := r.issuer.Verify(got.body.Token); err != nil || r.gone.Cover(as) {
			t.Errorf("the token of %s is withdrawn already: %+v, %v", agent, as, err)
		}
	}
	withdraw := func(of desk.Holder) {
		t.Helper()
		at := r.now.Add(time.Hour)
		r.now = r.now.Add(time.Millisecond)
		r.gone = desk.Withdrawals{of.String(): at}
		if err := r.issuer.IssueAfter(at); err != nil {
			t.Fatal(err)
		}
	}
	withdraw(desk.Holder{Connector: "bob"})
	token("bob", cookie, 200)
	withdraw(desk.Holder{Agent: "bob"})
	token("bob", cookie, 401)
	token("ann", cookie, 200)
	late := r.ask("POST /local/session", unused[0], nil)
	if late.status != 200 {
		t.Fatalf("with a code of before: %+v", late)
	}
	token("bob", late.cookie, 401)
	token("ann", late.cookie, 200)
	fresh := r.ask("POST /local/session", r.code("acme"), nil).cookie
	token("bob", fresh, 200)

	withdraw(desk.Holder{})
	for name, got := range map[string]reply{
		"the cookie": r.ask("POST /local/session", `{}`, cookie), "a code of before": r.ask("POST /local/session", unused[1], nil),
	} {
		if got.status != 401 || got.body.Agents != nil {
			t.Errorf("%s tells who there is: %+v", name, got)
		}
	}
	token("ann", cookie, 401)
	token("ann", fresh, 401)
	token("ann", r.ask("POST /local/session", r.code("acme"), nil).cookie, 200)
}

// TestBeforeSetup lets somebody in who can set the account up.
func TestBeforeSetup(t *testing.T) {
	r := newRig(t)
	in := r.ask("POST /local/session", r.code("new"), nil)
	if in.status != 200 || len(in.body.Agents) != 1 || in.body.Agents[0].ID != "admin" || in.body.Agents[0].Role != "super-admin" {
		t.Fatalf("an account that is not set up: %+v", in)
	}
	if got := r.ask("POST /local/token", `{"agent":"admin"}`, in.cookie); got.status != 200 {
		t.Errorf("its administrator: %+v", got)
	}
}

// TestRefuses sees every way in refused that is none.
func TestRefuses(t *testing.T) {
	r := newRig(t)
	used, old := r.code("acme"), r.code("acme")
	cookie := r.ask("POST /local/session", used, nil).cookie
	if cookie == nil {
		t.Fatal("no cookie")
	}
	r.now = r.now.Add(10 * time.Minute)
	fresh := r.code("acme")
	set := func(name, value string) func(*http.Request) {
		return func(q *http.Request) { q.Header.Set(name, value) }
	}
	del := func(names ...string) func(*http.Request) {
		return func(q *http.Request) {
			for _, name := range names {
				q.Header.Del(name)
			}
		}
	}
	admin, err := r.issuer.Mint("acme", "ann", desk.SuperAdmin, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	other := *cookie
	other.Name = "deskmove-9000"
	for what, c := range map[string]struct {
		request, body string
		cookie        *http.Cookie
		change        func(*http.Request)
		status        int
		code          string
	}{
		"a used code":           {"POST /local/session", used, nil, nil, 401, "code"},
		"an old code":           {"POST /local/session", old, nil, nil, 401, "code"},
		"a wrong code":          {"POST /local/session", `{"code":"x"}`, cookie, nil, 401, "code"},
		"nothing":               {"POST /local/session", `{}`, nil, nil, 401, "no-session"},
		"a token for nothing":   {"POST /local/token", `{"agent":"ann"}`, nil, nil, 401, "no-session"},
		"another port's cookie": {"POST /local/token", `{"agent":"ann"}`, &other, nil, 401, "no-session"},
		"nobody":                {"POST /local/token", `{"agent":"eve"}`, cookie, nil, 404, "not-found"},
		"another field":         {"POST /local/token", `{"agent":"ann","role":"x"}`, cookie, nil, 400, "not-json"},
		"much":                  {"POST /local/token", `{"agent":"` + strings.Repeat("a", 2000) + `"}`, cookie, nil, 400, "not-json"},
		"a form":                {"POST /local/token", `{"agent":"ann"}`, cookie, set("Content-Type", "text/plain"), 415, "media-type"},
		"another site":          {"POST /local/token", `{"agent":"ann"}`, cookie, set("Sec-Fetch-Site", "cross-site"), 403, "cross-origin"},
		"another port":          {"POST /local/session", fresh, cookie, set("Sec-Fetch-Site", "same-site"), 403, "cross-origin"},
		"an old browser":        {"POST /local/token", `{"agent":"ann"}`, cookie, func(q *http.Request) { del("Sec-Fetch-Site")(q); set("Origin", "http://127.0.0.1:9000")(q) }, 403, "cross-origin"},
		"signing out from afar": {"DELETE /local/session", "", cookie, set("Sec-Fetch-Site", "cross-site"), 403, "cross-origin"},
		"a code for nobody":     {"POST /local/code", `{}`, cookie, del("Origin", "Sec-Fetch-Site"), 401, "unauthenticated"},
		"a code for a token":    {"POST /local/code", `{}`, cookie, set("Authorization", "Bearer "+admin), 401, "unauthenticated"},
		"a page that reads":     {"GET /local/session", "", cookie, nil, 405, ""},
		"what there is not":     {"GET /local/other", "", cookie, nil, 404, ""},
	} {
		got := r.ask(c.request, c.body, c.cookie, append([]func(*http.Request){}, func(q *http.Request) {
			if c.change != nil {
				c.change(q)
			}
		})...)
		if got.status != c.status || got.body.Code != c.code || got.body.Token != "" || got.cookie != nil {
			t.Errorf("%s: %+v, not %d %s", what, got, c.status, c.code)
		}
	}
	if got := r.ask("POST /local/session", fresh, nil); got.status != 200 {
		t.Errorf("the fresh code: %+v", got)
	}
	r.now = r.now.Add(12 * time.Hour)
	if got := r.ask("POST /local/token", `{"agent":"ann"}`, cookie); got.status != 401 {
		t.Errorf("the next day: %+v", got)
	}
}

// TestAnotherCode makes one for whoever has the key of the data folder.
func TestAnotherCode(t *testing.T) {
	r := newRig(t)
	token, err := r.issuer.Prove("acme")
	if err != nil {
		t.Fatal(err)
	}
	got := r.ask("POST /local/code", `{}`, nil, func(q *http.Request) {
		q.Header.Del("Origin")
		q.Header.Del("Sec-Fetch-Site")
		q.Header.Set("Authorization", "Bearer "+token)
	})
	_, code, ok := strings.Cut(got.body.Path, "/app/#code=")
	if got.status != 200 || !ok {
		t.Fatalf("asked for a code: %+v", got)
	}
	if in := r.ask("POST /local/session", `{"code":"`+code+`"}`, nil); in.status != 200 || in.body.Account.ID != "acme" {
		t.Errorf("with it: %+v", in)
	}
}
