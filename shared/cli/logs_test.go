package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"deskmove/shared/api"
	"deskmove/shared/cli/demo"
	"deskmove/shared/cli/traffic"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local"
)

// phrase is how many words in a row of a customer's text are no accident in a log.
const phrase = 4

// said are the words of texts, in rows of up to phrase.
type said map[string]bool

func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("@.-_+", r)
	})
}

func (s said) add(text string) {
	words := wordsOf(text)
	for i := range words {
		for n := 1; n <= phrase && i+n <= len(words); n++ {
			s[strings.Join(words[i:i+n], " ")] = true
		}
	}
}

// addJSON adds the strings of a value, unescaped.
func (s said) addJSON(v any) {
	switch v := v.(type) {
	case string:
		s.add(v)
	case []any:
		for _, e := range v {
			s.addJSON(e)
		}
	case map[string]any:
		for k, e := range v {
			s.add(k)
			s.addJSON(e)
		}
	}
}

// addLines adds lines of JSON, and returns how many there are.
func (s said) addLines(t *testing.T, lines []byte) (n int) {
	t.Helper()
	for line := range bytes.Lines(lines) {
		var v any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		s.addJSON(v)
		n++
	}
	return n
}

// tells returns the first words of a text that were said; a shorter text is told as a
// whole only.
func (s said) tells(text string) string {
	words := wordsOf(text)
	n := min(phrase, len(words))
	for i := range len(words) - n + 1 {
		if row := strings.Join(words[i:i+n], " "); n > 0 && s[row] {
			return row
		}
	}
	return ""
}

// customers hears all that customers say to the API.
type customers struct {
	traffic.API

	mu             sync.Mutex
	texts, persons []string
}

func (c *customers) hear(m desk.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts = append(c.texts, m.Subject, m.Text)
	if m.Author == desk.ByCustomer {
		c.texts = append(c.texts, m.From.String())
		for _, word := range wordsOf(m.From.String()) {
			if strings.ContainsFunc(word, unicode.IsLetter) {
				c.persons = append(c.persons, word)
			}
		}
	}
}

// Post implements traffic.API.
func (c *customers) Post(ctx context.Context, m desk.Message, references []string) (traffic.Posted, error) {
	c.hear(m)
	return c.API.Post(ctx, m, references)
}

// lines is a log that many may write to.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) read() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

// TestLogsKeepQuiet moves the sample's channel under traffic, with what is refused and
// everybody's ways of signing in, all logged at debug level by the functions, the API
// and the gateway: no word of a customer is in the log or in the audit log, and nothing
// that signs anybody in.
func TestLogsKeepQuiet(t *testing.T) {
	t.Parallel()
	var log lines
	e := start(t, t.TempDir(), func(c *local.Config) {
		c.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	})
	secrets := map[string]string{"the super administrator's token": e.token}
	token := func(agent string, role desk.Role) string {
		made, err := e.stack.Issuer.Mint("demo", agent, role, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		secrets["a token of "+agent] = made
		return made
	}
	as := func(token string) *client.Client {
		c, err := client.New(e.url, token)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	admin := e.api(t)
	raw, setup, err := demo.Account("demo")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.ReplaceSetup(t.Context(), raw, ""); err != nil {
		t.Fatal(err)
	}
	connectorToken, agentToken := token("connector", desk.ConnectorRole), token("ben", desk.AgentRole)
	heard := &customers{API: traffic.HTTPAPI{Connector: as(connectorToken), Agent: as(agentToken)}}

	// The sample, and traffic while its channel moves.
	threads, err := demo.Sample(150, 1, setup, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := demo.Load(t.Context(), admin, threads, func() {})
	if err != nil {
		t.Fatal(err)
	}
	all, err := traffic.New(traffic.Config{Name: "quiet", Seed: 1, Rate: 30, Setup: setup, Busiest: demo.Moved}, heard)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range loaded {
		all.AddConversations(l.Conversation)
		for _, m := range l.Messages {
			heard.hear(m)
		}
	}
	running, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- all.Run(running) }()
	for _, rehearsal := range []string{"true", "false"} {
		var m api.ChannelMove
		e.run(t, "move", "--channel", demo.Moved, "--history", "all", "--open-status", "new", "--closed-status", "solved",
			"--rehearsal="+rehearsal, "--ack", acknowledged(t, admin), "--json").ok(t, &m)
		e.run(t, "status", m.ID, "--watch").ok(t, nil)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}

	// What is refused has words too, in the body, in the path and beside it.
	const words = "Wanda Quillfeather wants her zebra saddle back before Thursday evening"
	heard.hear(desk.Message{Author: desk.ByCustomer, From: desk.Address{Name: "Wanda Quillfeather", Address: "wanda@quillfeather.example"}, Text: words})
	content := `"externalId":"w1","from":"Wanda Quillfeather <wanda@quillfeather.example>","subject":"` + words + `","text":"` + words + `"`
	for _, body := range []string{
		`{` + content + `,"author":"` + words + `"}`, `{` + content + `,"author":"customer","at":"` + words + `"}`, `{` + content + `,"` + words + `":1}`,
		`{` + content, `{` + content + `,"author":"customer","text":"` + words + `"}`, words, `{` + content + `,"author":"customer","text":"\ud800"}`,
	} {
		if got, _ := e.ask(t, "POST /v1/channels/support-mail/messages", connectorToken, body); got < 400 || got >= 500 {
			t.Errorf("%d for %s", got, body)
		}
	}
	e.ask(t, "POST /v1/channels/Wanda%20Quillfeather%20wants%20her/messages", connectorToken, `{`+content+`,"author":"customer"}`)
	forged := agentToken[:len(agentToken)-8] + "AAAAAAAA"
	secrets["a forged token"] = forged
	for _, request := range []string{"GET /v1/moves", "POST /v1/moves", "GET /v1/audit", "PUT /v1/account"} {
		e.ask(t, request, forged, `{}`)
		e.ask(t, request, agentToken, `{}`)
		e.ask(t, request, connectorToken, `{}`)
	}

	// Everybody's ways of signing in.
	link := e.stack.SignIn.Link("demo", "")
	code := strings.TrimPrefix(link, "#code=")
	secrets["a code"] = code
	e.ask(t, "POST /local/session", "", `{"code":"`+code+`x"}`)
	status, signedIn := e.ask(t, "POST /local/session", "", `{"code":"`+code+`"}`)
	e.ask(t, "POST /local/session", "", `{"code":"`+code+`"}`)
	for _, c := range signedIn.cookies {
		secrets["a cookie"] = c.Value
	}
	got, answer := e.ask(t, "POST /local/token", "", `{"agent":"ben"}`, signedIn.cookies...)
	var made struct{ Token string }
	if err := json.Unmarshal(answer.body, &made); err != nil || status != 200 || got != 200 || made.Token == "" {
		t.Fatalf("signing in: %d, %d %s", status, got, answer.body)
	}
	secrets["the console's token"] = made.Token
	proof, err := e.stack.Issuer.Prove("demo")
	if err != nil {
		t.Fatal(err)
	}
	secrets["the proof of open"] = proof
	e.ask(t, "POST /local/code", proof, `{}`)
	e.run(t, "token", "--revoke", "ben").ok(t, nil)
	if got, _ := e.ask(t, "GET /v1/me", agentToken, ""); got != 401 {
		t.Errorf("with a withdrawn token: %d", got)
	}

	audit := []byte(e.run(t, "audit", "--limit", "0", "--json").ok(t, nil).stdout)
	e.stop()
	for what, text := range map[string][]byte{"log": log.read(), "audit log": audit} {
		s := said{}
		n := s.addLines(t, text)
		t.Logf("the %s has %d lines, %d bytes; customers said %d texts", what, n, len(text), len(heard.texts))
		if n < map[string]int{"log": 500, "audit log": 8}[what] {
			t.Errorf("the %s has %d lines only", what, n)
		}
		told := map[string]bool{}
		for _, text := range heard.texts {
			told[s.tells(text)] = true
		}
		for _, person := range heard.persons {
			told[s.tells(person)] = true
		}
		delete(told, "")
		for row := range told {
			t.Errorf("a customer's words are in the %s: %s", what, row)
		}
		for whose, secret := range secrets {
			for _, part := range append(strings.Split(secret, ".")[min(1, strings.Count(secret, ".")):], secret) {
				if len(part) < 20 || bytes.Contains(text, []byte(part)) {
					t.Errorf("%s is in the %s, or is too short to tell", whose, what)
				}
			}
		}
	}
}

// acknowledged are the codes of a plan's warnings.
func acknowledged(t *testing.T, admin *client.Client) string {
	t.Helper()
	plan, err := admin.Plan(t.Context(), demo.Moved, string(desk.AllHistory))
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, w := range plan.Warnings {
		codes = append(codes, w.Code)
	}
	return strings.Join(codes, ",")
}

// answered is what an answer brings.
type answered struct {
	body    []byte
	cookies []*http.Cookie
}

// ask sends a request such as "GET /v1/me"; with no token if that is "".
func (e *engine) ask(t *testing.T, request, token, body string, cookies ...*http.Cookie) (status int, a answered) {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, e.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if a.body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	a.cookies = res.Cookies()
	return res.StatusCode, a
}
