package cli_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"deskmove/shared/cli"
)

// TestWhatPeopleTypeFirst: help and the version are where other programs have them.
func TestWhatPeopleTypeFirst(t *testing.T) {
	for line, says := range map[string]string{
		"help": "Usage: deskmove <command>", "help move": "Usage: deskmove move", "--help": "130", "--version": "deskmove ", "version": "deskmove ",
	} {
		if r := run(t, strings.Fields(line)...); r.code != 0 || !strings.Contains(r.stdout, says) || r.stderr != "" {
			t.Errorf("%s: %+v, want %q", line, r, says)
		}
	}
	run(t, "help", "bogus").fails(t, 1, "bogus", "deskmove --help")
	run(t, "verify", "--account", "other", "--endpoint", "http://127.0.0.1:1", "--token", "x").fails(t, 1, "--account needs --data")
}

// TestExitCodes are those of the help, which is compared with README's.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.run(t, "plan", "--channel", "hotline").ok(t, nil)
	e.run(t, "plan", "--channel", "fallback").fails(t, 2, "blocker fallback-address")
	text, err := os.ReadFile(accountFile)
	if err != nil {
		t.Fatal(err)
	}
	blocked := strings.Replace(string(text), "handsOverTo: [{ team: first-line }]", "handsOverTo: [{ agent: dora }]", 1)
	if blocked == string(text) {
		t.Fatal("the account has no bot that hands over to first-line")
	}
	e.run(t, "apply", file(t, "account.yaml", blocked)).ok(t, nil)
	e.run(t, "plan", "--channel", "website").fails(t, 2, "blocker")
	e.run(t, "plan", "--channel", "website", "--json").fails(t, 2, `"blockers":[{`)

	help := run(t, "--help").stdout
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"0 done", "1 an error", "2 conversations", "130 interrupted"} {
		if !strings.Contains(string(readme), "\n| "+strings.Replace(code, " ", " | ", 1)) || !strings.Contains(strings.Join(strings.Fields(help), " "), code) {
			t.Errorf("%s is not in README's table, or not in the help:\n%s", code, help)
		}
	}
}

// TestInterruptedImport says what is in and how to go on.
func TestInterruptedImport(t *testing.T) {
	t.Parallel()
	e := ready(t)
	ctx, interrupt := context.WithCancel(t.Context())
	var posted atomic.Int32
	to, err := url.Parse(e.url)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	// The third message is on its way when Ctrl-C is pressed.
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path != "/v1/files" && posted.Add(1) == 3 {
			interrupt()
			panic(http.ErrAbortHandler) // nobody waits for it any more
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	var out, errs bytes.Buffer
	args := []string{"import", "--channel", "support", "--concurrency", "1", smallMbox, "--token", e.token, "--endpoint"}
	code := cli.Main(ctx, append(args, proxy.URL), &out, &errs)
	result{code, out.String(), errs.String()}.fails(t, 130, "interrupted: 1 of 5 conversations are in", "import the same again", "2 added")
	if strings.Contains(errs.String(), "context canceled") {
		t.Errorf("it says %s", errs.String())
	}
	var s struct{ Added, Known int }
	e.run(t, "import", "--channel", "support", smallMbox, "--json").ok(t, &s)
	if s.Added+s.Known != 9 || s.Known != 2 {
		t.Errorf("again: %+v", s)
	}

	// Before anything is known, nothing but that is said.
	errs.Reset()
	if code := cli.Main(ctx, append(args, e.url), &out, &errs); code != 130 || errs.String() != "deskmove: interrupted\n" {
		t.Errorf("at once: %d %q", code, errs.String())
	}
}

// TestInterruptedWatching: the move goes on, and the exit code says what ended.
func TestInterruptedWatching(t *testing.T) {
	t.Parallel()
	e := ready(t)
	var first struct{ ID string }
	e.run(t, "move", "--channel", "hotline", "--history", "none", "--ack", "no-sla-policy", "--json").ok(t, &first)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var out, errs bytes.Buffer
	code := cli.Main(ctx, []string{"status", first.ID, "--watch", "--token", e.token, "--endpoint", e.url}, &out, &errs)
	result{code, out.String(), errs.String()}.fails(t, 130, "move "+first.ID+" continues")
	e.run(t, "status", first.ID, "--watch").ok(t, nil)
}

// TestAccountsThatSayTwoThings: what is in a file twice, or is nothing, is named.
func TestAccountsThatSayTwoThings(t *testing.T) {
	t.Parallel()
	e := ready(t)
	for name, test := range map[string]struct{ file, text, says string }{
		"twice":         {"a.json", `{"account":{"plan":"free"},"agents":[{"id":"admin","role":"agent","role":"super-admin"}]}`, "/agents/0/role"},
		"account twice": {"a.json", `{"account":{"plan":"free"},"account":{"plan":"professional"},"agents":[]}`, "/account"},
		"not UTF-8":     {"a.json", "{\"account\":{\"plan\":\"free\",\"name\":\"\xff\"}}", "/account/name"},
		"half a pair":   {"a.json", `{"account":{"plan":"free","name":"\ud800"}}`, "/account/name"},
		"null":          {"a.json", `{"account":{"plan":"free","name":null}}`, "account.name: it is null"},
		"no value":      {"a.yaml", "account: {id: demo, plan: free}\nteams:\n", "teams: it is null"},
		"no value in":   {"a.yaml", "account: {id: demo, plan: free}\nagents:\n  - {id: admin, role: super-admin, name: ~}\n", "agents[0].name: it is null"},
	} {
		t.Run(name, func(t *testing.T) {
			e.run(t, "apply", file(t, test.file, test.text)).fails(t, 1, test.says)
		})
	}
}
