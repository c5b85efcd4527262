package cli_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"deskmove/shared/api"
)

// TestRevoke: whose tokens are withdrawn gets in with none of those, and with one made
// afterwards; everybody else with what they have.
func TestRevoke(t *testing.T) {
	t.Parallel()
	e := ready(t)
	token := func(role, agent string) string {
		t.Helper()
		return strings.TrimSpace(run(t, "token", "--data", e.dir, "--account", "demo", "--role", role, "--agent", agent).ok(t, nil).stdout)
	}
	roles := map[string]string{"admin": "super-admin", "ben": "agent", "cleo": "agent", "connector": "connector", "mail-gateway": "connector"}
	tokens := map[string]string{}
	for agent, role := range roles {
		tokens[agent] = token(role, agent)
	}
	for _, c := range []struct {
		args []string
		says string
		gone []string
	}{
		{[]string{"--revoke", "ben"}, "tokens of agent ben that were issued until", []string{"ben"}},
		{[]string{"--revoke-connector", "mail-gateway"}, "tokens of connector mail-gateway that were issued until", []string{"mail-gateway"}},
		{[]string{"--revoke-all"}, "tokens of everybody that were issued until", []string{"admin", "ben", "cleo", "connector", "mail-gateway"}},
	} {
		e.as(t, tokens["cleo"], append([]string{"token"}, c.args...)...).fails(t, 1, "no token was withdrawn")
		e.as(t, tokens["admin"], append([]string{"token"}, c.args...)...).fails(t, 0, c.says)
		for agent, role := range roles {
			want := http.StatusOK
			if slices.Contains(c.gone, agent) {
				want = http.StatusUnauthorized
			}
			if got, answer := e.ask(t, "GET /v1/me", tokens[agent], ""); got != want {
				t.Errorf("%q: %s gets %d, not %d: %s", c.args, agent, got, want, answer.body)
			}
			if want == http.StatusUnauthorized {
				tokens[agent] = token(role, agent)
				if got, answer := e.ask(t, "GET /v1/me", tokens[agent], ""); got != http.StatusOK {
					t.Errorf("%q: %s gets %d with another token: %s", c.args, agent, got, answer.body)
				}
			}
		}
	}
	e.as(t, tokens["admin"], "token", "--revoke", "ben", "--revoke-all").fails(t, 1, "revoke")
}

// TestApplySays: applying says what has changed, kind by kind, and nothing else.
func TestApplySays(t *testing.T) {
	t.Parallel()
	e := start(t, t.TempDir())
	text, err := os.ReadFile(accountFile)
	if err != nil {
		t.Fatal(err)
	}
	first := e.run(t, "apply", accountFile).ok(t, nil).stdout
	if strings.Count(first, "\n") != 1 || !strings.HasPrefix(first, "account demo has plan professional, 4 agents, 1 team, 2 connectors") {
		t.Errorf("a first setup: %q", first)
	}
	if again := e.run(t, "apply", accountFile).ok(t, nil).stdout; !strings.HasPrefix(again, "nothing changed\n") || strings.Count(again, "\n") != 2 {
		t.Errorf("again: %q", again)
	}
	other := string(text)
	for old, is := range map[string]string{
		"id: dora, name: Dora Diaz, email: agent03@desk.example, role: agent": "id: eva, name: Eva Diaz, email: agent03@desk.example, role: agent",
		"name: Cleo Conti, email: agent02@desk.example, role: agent":          "name: Cleo Conti, email: agent02@desk.example, role: super-admin",
		"name: First line": "name: Front line",
	} {
		if strings.Count(other, old) != 1 {
			t.Fatalf("%q is in the file %d times", old, strings.Count(other, old))
		}
		other = strings.Replace(other, old, is, 1)
	}
	changed := file(t, "other.yaml", other)
	var said struct {
		First   bool
		Changes []string
	}
	lines := strings.Split(e.run(t, "apply", changed).ok(t, nil).stdout, "\n")
	e.run(t, "apply", accountFile, "--json").ok(t, &said)
	for _, want := range []string{"agents: ~cleo, +eva, -dora", "teams: ~first-line", "role-given super-admin: cleo", "role-given agent: eva", "role-taken agent: cleo, dora"} {
		if !slices.Contains(lines, want) {
			t.Errorf("%q is not in %q", want, lines)
		}
	}
	if said.First || !slices.Contains(said.Changes, "agents: ~cleo, +dora, -eva") || len(said.Changes) != 5 {
		t.Errorf("back, as JSON: %+v", said)
	}
}

// TestApplyTogether: who applies a setup while somebody else does loses, changes
// nothing, and hears why.
func TestApplyTogether(t *testing.T) {
	t.Parallel()
	e := ready(t)
	text, err := os.ReadFile(accountFile)
	if err != nil {
		t.Fatal(err)
	}
	mine := file(t, "mine.yaml", strings.Replace(string(text), "First line", "Mine", 1))
	theirs := file(t, "theirs.yaml", strings.Replace(string(text), "First line", "Theirs", 1))
	to, err := url.Parse(e.url)
	if err != nil {
		t.Fatal(err)
	}
	// Their setup comes between what apply reads and what it writes.
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			e.run(t, "apply", theirs).fails(t, 0, "teams: ~first-line")
		}
		proxy.ServeHTTP(w, r)
	}))
	defer between.Close()
	run(t, "apply", mine, "--endpoint", between.URL, "--token", e.token).
		fails(t, 1, "mine.yaml was not applied: somebody else has changed the setup a moment ago", "apply again")
	setup, _, err := e.api(t).Setup(t.Context())
	if err != nil || !slices.ContainsFunc(setup.Teams, func(v api.Team) bool { return v.Name == "Theirs" }) {
		t.Errorf("the teams are %+v, %v", setup.Teams, err)
	}
	e.run(t, "apply", mine).fails(t, 0, "teams: ~first-line")
}
