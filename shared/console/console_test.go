package console_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/api" // generate makes types of it, too: a change there runs TestFresh again
	"deskmove/shared/console"
)

// generated are the sources that a build makes of other files.
var generated = []string{"api.gen.ts", "dashboard.gen.ts", "dashboard.text.gen.ts"}

// TestFresh keeps in the repository what a build makes of the pages, of the API's
// types and of the template's dashboard, byte for byte.
func TestFresh(t *testing.T) {
	files(t, "ui") // read by the build, in another process: a change there runs this test again
	read(t, "../../template.yaml")
	tmp := t.TempDir()
	dist := filepath.Join(tmp, "dist")
	cmd := exec.CommandContext(t.Context(), "go", "run", "./generate", "-ui", tmp, "-dist", dist) // #nosec G204 -- of this test
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := files(t, dist)
	got := files(t, "dist")
	for _, name := range generated {
		want["../ui/"+name], got["../ui/"+name] = read(t, filepath.Join(tmp, name)), read(t, filepath.Join("ui", name))
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is not what the build makes: run make console", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("the build makes no %s: run make console", name)
	}
}

// TestThird keeps what comes from others as it came, each with its licence.
func TestThird(t *testing.T) {
	got := files(t, "third")
	listed := bufio.NewScanner(strings.NewReader(got["SHA256SUMS"]))
	for listed.Scan() {
		sum, name, _ := strings.Cut(listed.Text(), "  ")
		text, ok := got[name]
		if is := sha256.Sum256([]byte(text)); !ok || hex.EncodeToString(is[:]) != sum {
			t.Errorf("third/%s is missing or not what SHA256SUMS says", name)
		}
		folder, _, _ := strings.Cut(name, "/")
		if got[folder+"/LICENSE"] == "" && !strings.HasSuffix(name, "/LICENSE") {
			t.Errorf("third/%s has no licence", folder)
		}
		if !strings.Contains(got["README.md"], "`"+folder+"`") {
			t.Errorf("third/README.md says nothing of %s", folder)
		}
		if !strings.HasSuffix(name, "/LICENSE") {
			delete(got, name)
		}
	}
	for name := range got {
		if filepath.Base(name) != "LICENSE" && name != "README.md" && name != "SHA256SUMS" {
			t.Errorf("SHA256SUMS does not list third/%s", name)
		}
	}
}

// files returns the files below a folder by their path in it.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			all[path] = read(t, filepath.Join(dir, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file) // #nosec G304 -- of this test
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// site is the pages before a handler that answers 418.
func site(s console.SignIn) http.Handler {
	return console.New(s, "", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) }))
}

func get(h http.Handler, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) []byte {
	t.Helper()
	raw, err := io.ReadAll(res.Body)
	if err == nil {
		switch res.Header.Get("Content-Encoding") {
		case "gzip":
			z, e := gzip.NewReader(bytes.NewReader(raw))
			if e != nil {
				t.Fatal(e)
			}
			raw, err = io.ReadAll(z)
		case "br":
			raw, err = io.ReadAll(brotli.NewReader(bytes.NewReader(raw)))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-src blob:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// TestServes serves each file as it is, in each coding, for ever; and the shell
// for each page's address, asked for each time.
func TestServes(t *testing.T) {
	h := site(console.SignIn{Kind: console.Local})
	types := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".woff2": "font/woff2"}
	want := map[string]string{"/app/": "index.html", "/app/inbox": "index.html", "/app/desk/a.b@c": "index.html", "/app/callback?code=1": "index.html"}
	for name := range files(t, "dist") {
		if name != "index.html" {
			want["/app/"+name] = name
		}
	}
	for address, name := range want {
		kind, cache := types[filepath.Ext(name)], "public, max-age=31536000, immutable"
		if name == "index.html" {
			kind, cache = "text/html; charset=utf-8", "no-cache"
		}
		for accept, coding := range map[string]string{"": "", "gzip, deflate, br;q=0": "gzip", "gzip, deflate, br": "br", "GZIP;q=0.5": "gzip", "brr, x": ""} {
			if kind == "font/woff2" {
				coding = "" // it is packed already
			}
			res := get(h, "GET", address, "Accept-Encoding", accept)
			if res.StatusCode != 200 || res.Header.Get("Content-Encoding") != coding || withoutConfig(body(t, res)) != read(t, "dist/"+name) {
				t.Errorf("GET %s with %q: %d in coding %q, or other bytes", address, accept, res.StatusCode, res.Header.Get("Content-Encoding"))
			}
			for name, value := range map[string]string{
				"Content-Type": kind, "Cache-Control": cache, "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			} {
				if got := res.Header.Get(name); got != value {
					t.Errorf("GET %s: %s is %q, not %q", address, name, got, value)
				}
			}
			if again := get(h, "GET", address, "Accept-Encoding", accept, "If-None-Match", `"x", W/`+res.Header.Get("ETag")); again.StatusCode != 304 {
				t.Errorf("GET %s again with %q: %d", address, accept, again.StatusCode)
			}
			head := get(h, "HEAD", address, "Accept-Encoding", accept)
			if text := body(t, &http.Response{Body: head.Body}); head.StatusCode != 200 || len(text) > 0 || head.Header.Get("ETag") != res.Header.Get("ETag") {
				t.Errorf("HEAD %s: %d, %d bytes", address, head.StatusCode, len(text))
			}
		}
	}
}

// TestNamesItsContent keeps each name of a file that is kept for ever one of its
// content: a hash that esbuild makes.
func TestNamesItsContent(t *testing.T) {
	hashed := regexp.MustCompile(`^[a-z.-]+-[A-Z0-9]{8}\.(js|css|woff2)$`)
	for name := range files(t, "dist") {
		if name != "index.html" && !hashed.MatchString(name) {
			t.Errorf("dist/%s is not named for its content", name)
		}
	}
}

func TestRoutes(t *testing.T) {
	h := site(console.SignIn{Kind: console.Local})
	for request, want := range map[string]string{
		"GET /":                    "302 /app/inbox",
		"HEAD /":                   "302 /app/inbox",
		"GET /app":                 "302 /app/inbox",
		"GET /app/config.json":     `200 {"signIn":{"kind":"local"}`,
		"GET /app/app-00000000.js": "418",
		"GET /app/favicon.ico":     "418",
		"GET /app/index.html":      "418",
		"POST /app/inbox":          "418",
		"POST /":                   "418",
		"GET /application":         "418",
		"GET /v1/me":               "418",
		"GET /healthz":             "418",
	} {
		method, path, _ := strings.Cut(request, " ")
		res := get(h, method, path)
		got := fmt.Sprint(res.StatusCode, " ", res.Header.Get("Location"), string(body(t, res)))
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, not %s", request, got, want)
		}
	}
}

var configured = regexp.MustCompile(` data-config="([^"]*)"`)

// withoutConfig is a file as it was built: the shell says how to sign in.
func withoutConfig(body []byte) string { return configured.ReplaceAllString(string(body), "") }

// TestShellIsConfigured has the shell say what the configuration's own address says,
// whatever is in it.
func TestShellIsConfigured(t *testing.T) {
	h := site(console.SignIn{Kind: console.OIDC, Scope: `a "b" <script>&amp;`})
	in := configured.FindSubmatch(body(t, get(h, "GET", "/app/inbox")))
	want := body(t, get(h, "GET", "/app/config.json"))
	if in == nil || html.UnescapeString(string(in[1])) != string(want) {
		t.Errorf("the shell says %q, want %s", in, want)
	}
}

// TestOIDC lets pages call the issuer of tokens, and nobody else.
func TestOIDC(t *testing.T) {
	h := site(console.SignIn{Kind: console.OIDC, Token: "https://acme.auth.example/oauth2/token", ClientID: "c"})
	if got := get(h, "GET", "/app/").Header.Get("Content-Security-Policy"); !strings.Contains(got, "; connect-src 'self' https://acme.auth.example; ") {
		t.Errorf("the policy is %s", got)
	}
	if got := string(body(t, get(h, "GET", "/app/config.json"))); !strings.Contains(got, `"token":"https://acme.auth.example/oauth2/token","clientId":"c"`) {
		t.Errorf("the configuration is %s", got)
	}
}

// TestFilesOfAnotherOrigin lets pages fetch them there, and nowhere else.
func TestFilesOfAnotherOrigin(t *testing.T) {
	h := console.New(console.SignIn{Kind: console.None}, "https://files.example", http.NotFoundHandler())
	if got := get(h, "GET", "/app/").Header.Get("Content-Security-Policy"); got != strings.Replace(policy, "connect-src 'self'", "connect-src 'self' https://files.example", 1) {
		t.Errorf("the policy is %s", got)
	}
}

// TestLambda serves the same through an event: what is not text goes as base64.
func TestLambda(t *testing.T) {
	l := api.Lambda{API: site(console.SignIn{Kind: console.None}), Log: slog.New(slog.DiscardHandler)}
	ask := func(method, path, accept string) events.APIGatewayV2HTTPResponse {
		e := events.APIGatewayV2HTTPRequest{RawPath: path, Headers: map[string]string{"accept-encoding": accept}}
		e.RequestContext.HTTP.Method = method
		res, err := l.Handle(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	for name, want := range files(t, "dist") {
		path := "/app/" + name
		if name == "index.html" {
			path = "/app/inbox"
		}
		for _, accept := range []string{"", "gzip", "br"} {
			res := ask("GET", path, accept)
			raw := []byte(res.Body)
			if res.IsBase64Encoded {
				raw, _ = base64.StdEncoding.DecodeString(res.Body)
			}
			if isText := accept == "" && !strings.HasSuffix(name, ".woff2"); res.IsBase64Encoded == isText {
				t.Errorf("GET %s with %q: base64 is %v", path, accept, res.IsBase64Encoded)
			}
			got := body(t, &http.Response{Header: http.Header{"Content-Encoding": {res.Headers["Content-Encoding"]}}, Body: io.NopCloser(bytes.NewReader(raw))})
			if res.StatusCode != 200 || withoutConfig(got) != want {
				t.Errorf("GET %s with %q: %d, or other bytes", path, accept, res.StatusCode)
			}
		}
		if res := ask("HEAD", path, "br"); res.StatusCode != 200 || res.Body != "" || res.Headers["Content-Type"] == "" {
			t.Errorf("HEAD %s: %d, %q", path, res.StatusCode, res.Body)
		}
	}
	if res := ask("GET", "/", ""); res.StatusCode != 302 || res.Headers["Location"] != console.Home {
		t.Errorf("GET /: %+v", res)
	}
}

// TestFirstView counts the bytes of a first visit: the shell, what it names, and
// what that asks for at once. Fonts of other letters come when there are some.
func TestFirstView(t *testing.T) {
	const most = 100_000
	h := site(console.SignIn{Kind: console.Local})
	shell := read(t, "dist/index.html")
	total, requests := 0, 0
	count := func(address string) {
		res := get(h, "GET", address, "Accept-Encoding", "gzip") // some readers know no better
		raw, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("GET %s: %d, %v", address, res.StatusCode, err)
		}
		t.Logf("%6d %s", len(raw), address)
		total, requests = total+len(raw), requests+1
	}
	count("/app/inbox")
	for name := range files(t, "dist") {
		if strings.Contains(shell, "/app/"+name) || strings.HasPrefix(name, "mono-") {
			count("/app/" + name)
		}
	}
	if total > most || requests < 6 {
		t.Errorf("the first view takes %d bytes in %d requests, not at most %d", total, requests, most)
	}
	t.Logf("%6d in %d requests", total, requests)
}
