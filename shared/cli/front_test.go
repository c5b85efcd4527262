package cli_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deskmove/shared/cli"
)

// dataDir is a folder that nobody else can read.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil { // #nosec G302 -- a folder
		t.Fatal(err)
	}
	return dir
}

// certificate makes one for a name, and a client that trusts it and finds the name at a
// server's address.
func certificate(t *testing.T, name string) (cert, key string, client func(address string) *http.Client) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(made)
	cert = file(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	key = file(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return cert, key, func(address string) *http.Client {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		var d net.Dialer
		if address != "" {
			transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return d.DialContext(ctx, network, address)
			}
		}
		return &http.Client{Transport: transport}
	}
}

// session signs in by a link as a browser does, by whatever host it names, and returns
// the answer.
func session(t *testing.T, by *http.Client, link string) *http.Response {
	t.Helper()
	page, code, ok := strings.Cut(strings.TrimSpace(link), "/app/#code=")
	if !ok {
		t.Fatalf("%q is no link to the console", link)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page+"/local/session", strings.NewReader(`{"code":"`+code+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", page)
	res, err := by.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res
}

// TestServeByNameAndTLS: links lead to the name that people use, sign in there, and
// open finds the server by its own certificate and no other.
func TestServeByNameAndTLS(t *testing.T) {
	t.Parallel()
	cert, key, trusting := certificate(t, "desk.example")
	for name, test := range map[string]struct {
		flags  []string
		scheme string
		secure bool
	}{
		"TLS":            {[]string{"--host", "desk.example", "--tls-cert", cert, "--tls-key", key}, "https", true},
		"TLS and remote": {[]string{"--remote", "--addr", "0.0.0.0:0", "--host", "desk.example", "--tls-cert", cert, "--tls-key", key}, "https", true},
		"name":           {[]string{"--host", "desk.example"}, "http", false},
	} {
		s := serve(t, append([]string{"--addr", "127.0.0.1:0"}, test.flags...)...)
		_, address, _ := strings.Cut(s.url, "://")
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		url := test.scheme + "://desk.example:" + port
		browser := trusting("127.0.0.1:" + port)
		link := run(t, "open", "--data", s.dir, "--print").ok(t, nil).stdout
		if !strings.HasPrefix(link, url+"/app/#code=") {
			t.Errorf("%s: link = %s", name, link)
		}
		res := session(t, browser, link)
		if res.StatusCode != http.StatusOK || len(res.Cookies()) != 1 || res.Cookies()[0].Secure != test.secure {
			t.Errorf("%s: %s, cookies %v", name, res.Status, res.Cookies())
		}
		said := s.stop()
		for _, want := range []string{"listening on " + s.url, "Console: " + url + "/app/#code=", "DESKMOVE_ENDPOINT=" + url} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is not in:\n%s", name, want, said)
			}
		}
	}
	// Another program may have the address of a server that died.
	s := serve(t, "--addr", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	other, _, _ := certificate(t, "desk.example")
	text, err := os.ReadFile(other)
	if err == nil {
		err = os.WriteFile(cert+".other", text, 0o600)
	}
	at := filepath.Join(s.dir, "serve.json")
	said, readErr := os.ReadFile(at)
	if err != nil || readErr != nil || !bytes.Contains(said, []byte(cert)) {
		t.Fatal(err, readErr, string(said))
	}
	if err := os.WriteFile(at, bytes.ReplaceAll(said, []byte(cert), []byte(cert+".other")), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "open", "--data", s.dir, "--print").fails(t, 1, "another certificate")
	s.stop()
}

// TestServeBehindAProxy: a proxy on the same machine keeps the host's name and has TLS,
// as Caddy does unless told otherwise.
func TestServeBehindAProxy(t *testing.T) {
	t.Parallel()
	s := serve(t, "--addr", "127.0.0.1:0", "--host", "desk.example", "--trusted-proxy", "127.0.0.1/32")
	link := run(t, "open", "--data", s.dir, "--print").ok(t, nil).stdout
	if !strings.HasPrefix(link, "https://desk.example/app/#code=") {
		t.Errorf("link = %s", link)
	}
	_, address, _ := strings.Cut(s.url, "://")
	_, _, plain := certificate(t, "unused.example")
	res := session(t, plain(address), strings.Replace(link, "https://", "http://", 1))
	if res.StatusCode != http.StatusOK || len(res.Cookies()) != 1 || !res.Cookies()[0].Secure {
		t.Errorf("%s, cookies %v", res.Status, res.Cookies())
	}
	e := engine{url: "http://" + address}
	token := strings.TrimSpace(run(t, "token", "--data", s.dir, "--account", "demo", "--role", "super-admin").ok(t, nil).stdout)
	e.as(t, token, "apply", accountFile).ok(t, nil)
	s.stop()
}

// TestServeRefusesFlags: each says what to give instead.
func TestServeRefusesFlags(t *testing.T) {
	t.Parallel()
	cert, key, _ := certificate(t, "desk.example")
	open := t.TempDir()
	if err := os.Chmod(open, 0o755); err != nil { // #nosec G302 -- it must be refused
		t.Fatal(err)
	}
	for _, test := range []struct {
		flags []string
		says  []string
	}{
		{[]string{"--host", "https://desk.example"}, []string{"--host", "without scheme"}},
		{[]string{"--host", "desk.example:8420"}, []string{"--host", "port"}},
		{[]string{"--trusted-proxy", "127.0.0.1"}, []string{"--trusted-proxy", "127.0.0.1/32"}},
		{[]string{"--tls-cert", cert}, []string{"--tls-key", "both"}},
		{[]string{"--tls-cert", key, "--tls-key", cert}, []string{"--tls-cert", key, "PEM"}},
		{[]string{"--tls-cert", "/nowhere.pem", "--tls-key", key}, []string{"--tls-cert", "/nowhere.pem"}},
		{[]string{"--data", open}, []string{open, "0755", "chmod 700"}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // of a server that starts all the same
		var out, errs bytes.Buffer
		code := cli.Main(ctx, append([]string{"serve", "--addr", "127.0.0.1:0", "--data", dataDir(t)}, test.flags...), &out, &errs)
		cancel()
		result{code, out.String(), errs.String()}.fails(t, 1, test.says...)
	}
}

// TestTokenFile: a token need not be among the arguments, which everybody can see.
func TestTokenFile(t *testing.T) {
	t.Parallel()
	e := ready(t)
	token := file(t, "token", e.token+"\n")
	run(t, "status", "--endpoint", e.url, "--token-file", token).ok(t, nil)
	run(t, "status", "--endpoint", e.url, "--token-file", file(t, "empty", "\n")).fails(t, 1, "--token-file", "does not hold one token")
	run(t, "status", "--endpoint", e.url, "--token-file", token+".not").fails(t, 1, "--token-file")
	if err := os.Chmod(token, 0o640); err != nil { // #nosec G302 -- it must be refused
		t.Fatal(err)
	}
	r := run(t, "status", "--endpoint", e.url, "--token-file", token)
	r.fails(t, 1, "can be read by others", "chmod 600")
	if strings.Contains(r.stderr, e.token) {
		t.Error("the token is in the message")
	}
}

// TestWarnsOfPlainHTTP: whoever is on the way can use a token that is sent in the clear.
func TestWarnsOfPlainHTTP(t *testing.T) {
	t.Parallel()
	const warning = "unencrypted"
	e := ready(t)
	if r := e.run(t, "status"); r.code != 0 || strings.Contains(r.stderr, warning) {
		t.Errorf("to this machine: %d %s", r.code, r.stderr)
	}
	for endpoint, warns := range map[string]bool{"http://desk.invalid": true, "http://desk.invalid:8420": true, "https://desk.invalid": false, "http://localhost:1": false} {
		r := run(t, "status", "--endpoint", endpoint, "--token", "secret")
		if strings.Contains(r.stderr, warning) != warns || strings.Contains(r.stderr, "secret") {
			t.Errorf("%s: %s", endpoint, r.stderr)
		}
	}
	if r := run(t, "--json", "status", "--endpoint", "http://desk.invalid", "--token", "secret"); !strings.HasPrefix(r.stderr, `{"warning":"`) {
		t.Errorf("--json: %s", r.stderr)
	}
}
