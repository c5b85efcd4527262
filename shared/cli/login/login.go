// Package login signs people in at an issuer's page for the command line, by
// authorization code and PKCE (RFC 7636) with a redirect to this machine (RFC 8252),
// and keeps their sessions.
package login

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Ports are where the sign-in page may send people back to on their own machine, the
// first that is free. Who runs a deskmove there has the first one taken.
var Ports = []int{8420, 8421}

// Callback is the address at which a port is called back. Cognito takes plain HTTP
// for localhost by name, and for no address.
func Callback(port int) string { return "http://localhost:" + strconv.Itoa(port) + "/callback" }

// KindOIDC is the Kind of a page that Flow can use.
const KindOIDC = "oidc"

// Page is how an API says that people sign in: a sign-in page if its Kind is KindOIDC.
type Page struct {
	Kind      string `json:"kind"`
	Authorize string `json:"authorize"` // URL at which a code is asked for
	Token     string `json:"token"`     // URL at which it is changed for tokens
	ClientID  string `json:"clientId"`
	Scope     string `json:"scope"` // separated by spaces
}

// Find asks the API at endpoint for its page. Neither the API nor its page is taken
// over plain HTTP from another machine, where somebody in between might name a page
// of their own.
func Find(ctx context.Context, endpoint string) (Page, error) {
	if err := secure(endpoint); err != nil {
		return Page{}, fmt.Errorf("endpoint %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(endpoint, "/")+"/app/config.json", http.NoBody)
	if err != nil {
		return Page{}, err
	}
	res, err := plain.Do(r)
	if err != nil {
		return Page{}, err
	}
	defer func() { _ = res.Body.Close() }()
	var config struct{ SignIn Page }
	if res.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&config) != nil {
		return Page{}, fmt.Errorf("%s does not say how to sign in (%s): is it the address of a deskmove?", endpoint, res.Status)
	}
	page := config.SignIn
	if page.Kind == KindOIDC {
		err = errors.Join(secure(page.Authorize), secure(page.Token))
	}
	return page, err
}

// secure refuses URLs that are read on their way.
func secure(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%q is not a URL", address)
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("%q: sign in over https only", address)
}

// plain follows no redirects, which would carry codes and tokens elsewhere.
var plain = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// config is the client at a page, as oauth2 wants it.
func (p Page) config(callback string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, RedirectURL: callback, Scopes: strings.Fields(p.Scope),
		Endpoint: oauth2.Endpoint{AuthURL: p.Authorize, TokenURL: p.Token, AuthStyle: oauth2.AuthStyleInParams},
	}
}

// Flow is one sign-in.
type Flow struct {
	Page Page
	// Show shows the page at a URL to the reader, who has to be there.
	Show func(ctx context.Context, url string)
}

// ErrRefused is part of the errors when the reader or the page has refused.
var ErrRefused = errors.New("nobody is signed in")

// Run lets the reader sign in, until ctx ends. It waits at the first of Ports that is
// free. An answer with another state than this sign-in's is refused, and waited past.
func (f Flow) Run(ctx context.Context) (Session, error) {
	back, port, err := listen(ctx)
	if err != nil {
		return Session{}, err
	}
	config := f.Page.config(Callback(port))
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	answers := make(chan url.Values, 1)
	server := &http.Server{Handler: callback(state, answers), ReadHeaderTimeout: 10 * time.Second}
	for _, l := range back {
		go func() { _ = server.Serve(l) }() // ends with Close
	}
	defer func() { _ = server.Close() }()

	f.Show(ctx, config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)))
	var answer url.Values
	select {
	case answer = <-answers:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return Session{}, fmt.Errorf("%w: the sign-in page sent nobody back in time", ErrRefused)
		}
		return Session{}, ctx.Err()
	}
	// Whoever is told so may close the page.
	shut, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = server.Shutdown(shut)
	if answer.Has("error") {
		return Session{}, fmt.Errorf("%w: the sign-in page answers %.100q %.200q", ErrRefused, answer.Get("error"), answer.Get("error_description"))
	}
	token, err := config.Exchange(context.WithValue(ctx, oauth2.HTTPClient, plain), answer.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return Session{}, fmt.Errorf("%w: %w", ErrRefused, withoutBody(err))
	}
	return Session{Page: f.Page}.with(token), nil
}

// listen listens on the first port that is free, at both addresses of localhost.
func listen(ctx context.Context) ([]net.Listener, int, error) {
	var config net.ListenConfig
	var errs []error
	for _, port := range Ports {
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all := []net.Listener{l}
		if l, err := config.Listen(ctx, "tcp", net.JoinHostPort("::1", strconv.Itoa(port))); err == nil { // if there is IPv6
			all = append(all, l)
		}
		return all, l.Addr().(*net.TCPAddr).Port, nil
	}
	return nil, 0, fmt.Errorf("the sign-in page could send nobody back: %w; end what listens there", errors.Join(errs...))
}

// callback answers who comes back from the sign-in page, and passes the first answer on
// that has the state.
func callback(state string, answers chan<- url.Values) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		answer := r.URL.Query()
		if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(state)) != 1 {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "This is no answer to the sign-in that deskmove waits for. Begin again from the link that it printed.\n")
			return
		}
		select {
		case answers <- answer:
			_, _ = io.WriteString(w, "deskmove has the answer. You can close this page; go on where you started it.\n")
		default:
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, "deskmove has an answer already.\n")
		}
	})
	return mux
}

// withoutBody keeps of an issuer's error what it says by its code, as its text may
// repeat what was sent.
func withoutBody(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return err
	}
	if refused.ErrorCode == "" {
		return fmt.Errorf("the issuer answers %s", refused.Response.Status)
	}
	return fmt.Errorf("the issuer answers %.100q", refused.ErrorCode)
}
