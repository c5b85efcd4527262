// Package console serves the console: pages for a browser, over the public API
// and nothing else.
//
// The pages are in ui, what they have from others is in third, and dist is what is
// served: `make console` builds it, and a test keeps it fresh. All pages are one
// static document, the shell, which holds nobody's data; its script fetches the rest
// with the reader's token.
package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
)

//go:generate go run ./generate

//go:embed dist
var dist embed.FS

// Home is where a reader begins.
const Home = "/app/inbox"

// Ways to sign in.
const (
	Local = "local" // with a code that the program prints, on one machine
	OIDC  = "oidc"  // at a sign-in page, by authorization code and PKCE
	None  = "none"  // not at all: the pages say why
)

// SignIn says how a reader of the pages gets a token. It is public.
type SignIn struct {
	Kind string `json:"kind"` // Local, OIDC or None

	// With OIDC: where a code is asked for, where it is changed for tokens, where
	// a session ends, and for whom.
	Authorize string `json:"authorize,omitempty"`
	Token     string `json:"token,omitempty"`
	Logout    string `json:"logout,omitempty"`
	ClientID  string `json:"clientId,omitempty"`
	Scope     string `json:"scope,omitempty"`
}

// site serves the pages, and leaves all else to the next handler.
type site struct {
	files  map[string]*file // by name
	shell  *file
	config *file
	policy string
	next   http.Handler
}

// New returns a handler that serves the pages below /app and sends / to them.
// Whatever else is asked for, the next handler answers. The origin is that from which
// files are fetched, "" if it is the pages' own.
func New(s SignIn, origin string, next http.Handler) http.Handler {
	files, err := readFiles()
	if err != nil {
		panic(err) // of what is compiled in
	}
	shell := files[shellName]
	delete(files, shellName)
	config, err := json.Marshal(map[string]any{"signIn": s, "version": shell.version})
	if err != nil {
		panic(err) // strings alone
	}
	shell = newFile(shellName, withConfig(shell.plain, config))
	return &site{
		files: files, shell: shell, config: newFile("config.json", config), policy: policyFor(s, origin), next: next,
	}
}

// withConfig writes the configuration into the shell, which spares the pages a request.
func withConfig(shell, config []byte) []byte {
	const root = "<html"
	return bytes.Replace(shell, []byte(root), fmt.Appendf(nil, `%s data-config="%s"`, root, html.EscapeString(string(config))), 1)
}

// shellName is the file that each page's address answers with.
const shellName = "index.html"

func readFiles() (map[string]*file, error) {
	entries, err := fs.ReadDir(dist, "dist")
	if err != nil {
		return nil, err
	}
	files := make(map[string]*file, len(entries))
	for _, e := range entries {
		body, err := fs.ReadFile(dist, "dist/"+e.Name())
		if err != nil {
			return nil, err
		}
		files[e.Name()] = newFile(e.Name(), body)
	}
	return files, nil
}

// ServeHTTP answers a request.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, isPage := strings.CutPrefix(r.URL.Path, "/app/")
	isRoot := r.URL.Path == "/" || r.URL.Path == "/app"
	if !isPage && !isRoot || r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.next.ServeHTTP(w, r)
		return
	}
	s.protect(w.Header())
	asset := s.files[name]
	switch {
	case isRoot:
		w.Header().Set("Cache-Control", "no-cache")
		http.Redirect(w, r, Home, http.StatusFound)
	case asset != nil: // its name changes with its content
		asset.serve(w, r, "public, max-age=31536000, immutable")
	case name == "config.json":
		s.config.serve(w, r, "no-cache")
	case !strings.Contains(name, "/") && path.Ext(name) != "":
		s.next.ServeHTTP(w, r) // no page, and no file of this version
	default:
		s.shell.serve(w, r, "no-cache")
	}
}

// protect sets the header that keeps pages from doing what they never need to.
// No script but ours runs, and with no policy for trusted types none makes HTML
// of a string, so that a customer's words stay words. Frames show mail, from memory.
func (s *site) protect(h http.Header) {
	h.Set("Content-Security-Policy", s.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()")
}

// policyFor is the content security policy of pages that sign in this way, and fetch
// files there. Pictures of messages are shown from memory.
func policyFor(s SignIn, files string) string {
	connect := "'self'"
	if u, err := url.Parse(s.Token); err == nil && u.Host != "" {
		connect += " " + u.Scheme + "://" + u.Host
	}
	if files != "" {
		connect += " " + files
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; connect-src " + connect +
		"; frame-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

// versionOf names a content.
func versionOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:6])
}

// typeOf is the content type of a file. The system's own table may differ.
func typeOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".css", ".html":
		return "text/" + ext[1:] + "; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".json":
		return "application/json"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	panic(fmt.Sprintf("console: no content type for %s", name))
}
