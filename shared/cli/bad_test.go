package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deskmove/shared/cli"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
)

// TestUsage: a command line that cannot be understood names the flag.
func TestUsage(t *testing.T) {
	for line, says := range map[string]string{
		"bogus":                          "bogus",
		"token":                          "--account",
		"move --channel c":               "--history",
		"move --channel c --history x":   "all",
		"import --channel c":             "<file>",
		"serve --log-level loud":         "--log-level",
		"plan --channel c --hisotry all": "--hisotry",
	} {
		t.Run(line, func(t *testing.T) {
			run(t, strings.Fields(line)...).fails(t, 1, says, "--help")
			run(t, append(strings.Fields(line), "--json")...).fails(t, 1, `{"error":`)
		})
	}
	if r := run(t); r.code != 0 || !strings.Contains(r.stdout, "Usage: deskmove") {
		t.Errorf("without arguments: %+v", r)
	}
	for _, name := range []string{"serve", "token", "demo", "openapi", "version", "apply", "import", "plan", "move", "status", "retry", "repair", "redrive", "verify"} {
		if r := run(t, name, "--help"); r.code != 0 || !strings.Contains(r.stdout, "Usage: deskmove "+name) {
			t.Errorf("%s --help: %+v", name, r)
		}
	}
}

// TestWithoutEndpoint: what is missing is named, and where to get it.
func TestWithoutEndpoint(t *testing.T) {
	t.Setenv("DESKMOVE_ENDPOINT", "")
	t.Setenv("DESKMOVE_TOKEN", "")
	run(t, "status").fails(t, 1, "--endpoint", "DESKMOVE_ENDPOINT", "serve")
	t.Setenv("DESKMOVE_ENDPOINT", "127.0.0.1:8420")
	run(t, "status").fails(t, 1, "127.0.0.1:8420", "http://")
	t.Setenv("DESKMOVE_ENDPOINT", "http://127.0.0.1:8420")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir()) // nobody has signed in
	run(t, "status").fails(t, 1, "--token", "DESKMOVE_TOKEN", "token --data")
}

// TestBadTokens: a token that is none, forged, expired or of the wrong role is
// refused, and nothing is changed.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	e := ready(t)
	mint := func(i *issuer.Issuer, agent string, role desk.Role, ttl time.Duration) string {
		token, err := i.Mint("demo", agent, role, ttl)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	forger, err := issuer.Open(t.TempDir(), clock.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	long, err := issuer.Open(e.dir, clock.Clock{Time: func() time.Time { return time.Now().Add(-2 * time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"no token":         "nonsense",
		"forged":           mint(forger, "admin", desk.SuperAdmin, time.Hour),
		"expired":          mint(long, "admin", desk.SuperAdmin, time.Hour),
		"changed":          e.token[:len(e.token)-4] + "AAAA",
		"somebody unknown": mint(e.stack.Issuer, "nobody", desk.SuperAdmin, time.Hour),
	} {
		e.as(t, token, "import", "--channel", "support", smallMbox).fails(t, 1)
		if name != "somebody unknown" {
			e.as(t, token, "status").fails(t, 1, "forged or expired", "DESKMOVE_TOKEN")
		}
	}
	e.as(t, mint(e.stack.Issuer, "ben", desk.AgentRole, time.Hour), "apply", accountFile).fails(t, 1, "role")
	e.as(t, mint(e.stack.Issuer, "ben", desk.SuperAdmin, time.Hour), "apply", accountFile).fails(t, 1, "super administrator")
	e.as(t, mint(e.stack.Issuer, "connector", desk.ConnectorRole, time.Hour), "verify").fails(t, 1, "cannot see everything")
	if cs := conversations(t, e); len(cs) != 0 {
		t.Errorf("refused requests left %v", cs)
	}
}

// TestTokenCommand works while the engine runs, and says when nobody would
// take the token.
func TestTokenCommand(t *testing.T) {
	t.Parallel()
	e := ready(t)
	token := strings.TrimSpace(run(t, "token", "--data", e.dir, "--account", "demo", "--role", "super-admin").ok(t, nil).stdout)
	e.as(t, token, "status").ok(t, nil)
	fails := func(says string, flags ...string) {
		t.Helper()
		run(t, append([]string{"token", "--data", e.dir}, flags...)...).fails(t, 1, says)
	}
	fails("use one of", "--account", "demo", "--role", "boss")
	fails("--account", "--account", "a b", "--role", "connector")
	fails("--agent", "--account", "demo", "--role", "agent")
	fails("at most 24h", "--account", "demo", "--role", "connector", "--ttl", "48h")
	run(t, "token", "--data", t.TempDir(), "--account", "demo", "--role", "connector").fails(t, 1, "serve --data")
}

// TestServesAlone: what is for servers is left alone by other commands. An import
// holds more than a server may.
func TestServesAlone(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	nothing := httptest.NewServer(http.NotFoundHandler())
	defer nothing.Close()
	program := cli.Program{Stdout: &out, Stderr: &out, Serves: func() { t.Error("it serves") }}
	for _, args := range [][]string{{"version"}, {"import", "--endpoint", nothing.URL, "--token", "x", "--channel", "c", "f.eml"}, {"help", "serve"}} {
		program.Run(t.Context(), args)
	}
}

// TestServe: serving says where it is, ends when told to, and explains why it
// cannot start.
func TestServe(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	ready := filepath.Join(t.TempDir(), "ready")
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs bytes.Buffer
	ended := make(chan int, 1)
	var told atomic.Int64
	go func() {
		program := cli.Program{Stdout: &out, Stderr: &errs, Serves: func() { told.Add(1) }}
		ended <- program.Run(ctx, []string{"serve", "--data", dir, "--addr", "127.0.0.1:0", "--ready-file", ready})
	}()
	var url string
	for range 12_000 { // two minutes: the machine may be busy
		if text, err := os.ReadFile(ready); err == nil {
			url = strings.TrimSpace(string(text))
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	res, err := http.Get(url + "/healthz")
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	if res.StatusCode != http.StatusOK {
		t.Errorf("healthz answers %s", res.Status)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	busy := strings.TrimPrefix(url, "http://")
	run(t, "serve", "--data", dataDir(t), "--addr", busy).fails(t, 1, "address "+busy+" is in use", "another address")
	run(t, "serve", "--data", dir, "--addr", "127.0.0.1:0").fails(t, 1, dir, "is in use by another deskmove")
	run(t, "token", "--data", dir, "--account", "demo", "--role", "super-admin").ok(t, nil)
	cancel()
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("it ended with %d: %s", code, errs.String())
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("it did not end")
	}
	for _, says := range []string{"listening on " + url + "\n", "DESKMOVE_ENDPOINT=" + url, "token --data " + dir} {
		if !strings.Contains(out.String(), says) {
			t.Errorf("%q is not in:\n%s", says, out.String())
		}
	}
	if _, err := os.Stat(ready); err == nil {
		t.Error("the ready file is still there")
	}
	if told.Load() != 1 {
		t.Errorf("serve told its process %d times", told.Load())
	}
}

// TestServeCannot: each reason why serving cannot start says what to do.
func TestServeCannot(t *testing.T) {
	t.Parallel()
	serve := func(flags ...string) result {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var out, errs bytes.Buffer
		code := cli.Main(ctx, append([]string{"serve"}, flags...), &out, &errs)
		return result{code, out.String(), errs.String()}
	}
	serve("--data", dataDir(t), "--addr", "0.0.0.0:0").fails(t, 1, "other computers can reach it", "127.0.0.1")
	serve("--data", dataDir(t), "--addr", "nonsense").fails(t, 1, "nonsense", "host:port")
	serve("--data", filepath.Join(file(t, "plain", "x"), "below"), "--addr", "127.0.0.1:0").fails(t, 1, "cannot write to", "--data")
	serve("--data", dataDir(t), "--addr", "127.0.0.1:0", "--memory", "63").fails(t, 1, "--memory", "at least 64")
	serve("--data", dataDir(t), "--addr", "127.0.0.1:0", "--ready-file", "/nowhere/at/all").fails(t, 1, "--ready-file")
	if os.Getuid() != 0 { // root may write everywhere
		locked := dataDir(t)
		if err := os.Chmod(locked, 0o500); err != nil {
			t.Fatal(err)
		}
		serve("--data", locked, "--addr", "127.0.0.1:0").fails(t, 1, "cannot write to", "--data")
	}
	foreign := dataDir(t)
	if err := os.WriteFile(filepath.Join(foreign, "deskmove.db"), []byte("SQLite format 3? no, a letter to my aunt"), 0o600); err != nil {
		t.Fatal(err)
	}
	serve("--data", foreign, "--addr", "127.0.0.1:0").fails(t, 1, "deskmove.db")
	if listener, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		serve("--data", dataDir(t), "--addr", listener.Addr().String()).fails(t, 1, "is in use", "another address")
		_ = listener.Close()
	}
}

// TestFullDisk: an import that fills the disk says so and how far it came;
// what was taken in stays, and the import goes on when there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	var mails, lines strings.Builder
	for i := range 60 {
		mails.WriteString("From c@customer.example Mon Mar  2 08:00:00 2026\nFrom: c@customer.example\nDate: Mon, 2 Mar 2026 09:00:00 +0100\n")
		mails.WriteString("Subject: letter " + strings.Repeat("i", i+1) + "\n\n" + strings.Repeat("word after word\n", 2000) + "\n")
		fmt.Fprintf(&lines, `{"messageId":"<%d@x>","from":"c@customer.example","date":"2026-03-02T09:00:00Z","subject":"letter %d","text":"%s"}`+"\n", i, i, strings.Repeat("word after word ", 2000))
	}
	t.Run("of files", func(t *testing.T) {
		t.Parallel()
		fillsTheDisk(t, file(t, "large.mbox", mails.String()), true, "no conversation was imported; import the same again to go on", "no storage is left")
	})
	t.Run("of messages", func(t *testing.T) {
		t.Parallel()
		fillsTheDisk(t, file(t, "large.jsonl", lines.String()), false, "import stopped after", "no storage is left", "import the same again")
	})
}

func fillsTheDisk(t *testing.T, large string, nothingYet bool, says ...string) {
	t.Helper()
	dir := t.TempDir()
	e := start(t, dir, func(c *local.Config) { c.MaxBytes = 600 << 10 })
	e.run(t, "apply", accountFile).ok(t, nil)
	e.run(t, "import", "--channel", "support", large).fails(t, 1, says...)
	taken := len(conversations(t, e))
	if (taken == 0) != nothingYet || taken == 60 {
		t.Errorf("%d of 60 were taken in", taken)
	}
	e.stop()

	e = start(t, dir)
	var s struct{ Added, Known int64 }
	e.run(t, "import", "--channel", "support", large, "--json").ok(t, &s)
	if s.Added+s.Known != 60 || s.Known < int64(taken) {
		t.Errorf("with room: %+v, before %d", s, taken)
	}
	if n := len(conversations(t, e)); n != 60 {
		t.Errorf("there are %d conversations, want 60", n)
	}
}

// TestBadFiles: a file that cannot be read imports nothing, unless it is said
// that a part will do.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	e := ready(t)
	small, err := os.ReadFile(smallMbox)
	if err != nil {
		t.Fatal(err)
	}
	cut := file(t, "cut.mbox", string(small[:len(small)-60]))
	fails := func(says []string, flags ...string) {
		t.Helper()
		e.run(t, append([]string{"import", "--channel"}, flags...)...).fails(t, 1, says...)
	}
	fails([]string{"no channel \"nowhere\"", "support"}, "nowhere", smallMbox)
	fails([]string{"missing.mbox"}, "support", "missing.mbox")
	fails([]string{"is a folder without deskmove.ndjson"}, "support", t.TempDir())
	fails([]string{"nothing was imported", "a.txt", "mbox"}, "support", smallMbox, file(t, "a.txt", "Hello.\n"))
	fails([]string{"nothing was imported", "empty"}, "support", file(t, "empty.mbox", ""))
	fails([]string{"nothing was imported", "gzip", "--partial"}, "support", file(t, "b.mbox.gz", "\x1f\x8b\x08\x00\x00\x00\x00\x00nonsense"))
	fails([]string{"nothing was imported", "cut.mbox", "truncated", "--partial"}, "support", cut)
	if cs := conversations(t, e); len(cs) != 0 {
		t.Errorf("files that cannot be read left %v", cs)
	}
	var s struct {
		Read, Added int64
		Files       []struct{ Error string }
	}
	e.run(t, "import", "--channel", "support", "--partial", cut, "--json").ok(t, &s)
	if s.Read != 10 || s.Added != 9 || !strings.Contains(s.Files[0].Error, "truncated") {
		t.Errorf("--partial: %+v", s)
	}
}

// TestBadAccounts: the field is named, and nothing is changed.
func TestBadAccounts(t *testing.T) {
	t.Parallel()
	e := ready(t)
	const account = "account: {id: demo, plan: free}\n"
	for name, test := range map[string]struct{ text, says string }{
		"not yaml":         {"a: [", "neither YAML nor JSON"},
		"empty":            {"", "is empty"},
		"a word":           {"hello", "account"},
		"unknown field":    {account + "agnets: []\n", "agnets"},
		"wrong type":       {account + "agents: 5\n", "agents"},
		"twice":            {account + "teams: []\nteams: []\n", "teams"},
		"unknown plan":     {"account: {id: demo, plan: golden}\n", "account.plan"},
		"another account":  {"account: {id: other, plan: free}\n", "other"},
		"unknown agent":    {account + "agents: [{id: a, role: super-admin}]\nteams: [{id: t, agents: [b]}]\n", "teams[0].agents[0]"},
		"no closed status": {account + "pipelines: [{id: p, statuses: [{id: s}]}]\n", "pipelines[0].statuses"},
		"infinity":         {account + "teams: .inf\n", "cannot be written as JSON"},
		"endless":          {"a: &a [*a]\n", "nested more than 100 deep"},
		"aliases":          {"a: &a [" + strings.Repeat("1,", 2000) + "1]\nb: [" + strings.Repeat("*a,", 1000) + "*a]\n", "larger than the API takes"},
	} {
		t.Run(name, func(t *testing.T) {
			e.run(t, "apply", file(t, "account.yaml", test.text)).fails(t, 1, test.says)
		})
	}
	if p := channel(t, e, "support"); p.Home != "inbox" {
		t.Errorf("refused files left %+v", p)
	}
	// Without an ID the account is the token's, and JSON goes as it is.
	e.run(t, "apply", file(t, "account.json", `{"account":{"plan":"free"},"agents":[{"id":"admin","role":"super-admin"}]}`)).ok(t, nil)
}

// TestBadMoves: a move that is refused says why and what to do.
func TestBadMoves(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.run(t, "import", "--channel", "support", smallMbox).ok(t, nil)
	fails := func(says []string, flags ...string) {
		t.Helper()
		e.run(t, append([]string{"move", "--channel"}, flags...)...).fails(t, 1, says...)
	}
	fails([]string{"fallback"}, "fallback", "--history", "none")
	fails([]string{"nowhere"}, "nowhere", "--history", "none")
	fails([]string{"--open-status:", "--closed-status:"}, "support", "--history", "all")
	fails([]string{"--open-status:", "nwe"}, "support", "--history", "all", "--open-status", "nwe", "--closed-status", "solved")
	fails([]string{"--open-status:", "open"}, "support", "--history", "all", "--open-status", "solved", "--closed-status", "solved")
	fails([]string{"--ack:", "whatever"}, "support", "--history", "none", "--ack", "whatever")
	fails([]string{"--idempotency-key:"}, "support", "--history", "none", "--idempotency-key", "a b")
	e.run(t, "status", "m0").fails(t, 1, "m0", "not found")
	e.run(t, "retry", "m0").fails(t, 1, "m0", "not found")
	e.run(t, "repair", "nowhere").fails(t, 1, "nowhere", "not found")
	e.run(t, "status", "--watch").fails(t, 1, "needs a move ID")

	// A key starts one move, and another move must wait for it.
	start := []string{"move", "--channel", "hotline", "--history", "none", "--ack", "no-sla-policy", "--idempotency-key", "once", "--json"}
	var first, again struct{ ID string }
	e.run(t, start...).ok(t, &first)
	e.run(t, start...).ok(t, &again)
	if first.ID == "" || first != again {
		t.Errorf("one key started %v and %v", first, again)
	}
	fails([]string{first.ID, "is running"}, "website", "--history", "none", "--ack", "no-sla-policy")
	e.run(t, "status", first.ID, "--watch").ok(t, nil)
}
