package gateway_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deskmove/shared/auth"
	"deskmove/shared/local/gateway"
)

// TestHosts: a name that is given is answered, another never on loopback, and where
// other computers come only if none is given.
func TestHosts(t *testing.T) {
	for _, test := range []struct {
		remote bool
		hosts  []string
		host   string
		want   bool
	}{
		{false, nil, "127.0.0.1:1", true},
		{false, nil, "localhost", true},
		{false, nil, "[::1]:80", true},
		{false, nil, "desk.example", false},
		{false, []string{"desk.example"}, "desk.example", true},
		{false, []string{"a.example", "desk.example"}, "DESK.example.:443", true},
		{false, []string{"desk.example"}, "evil.desk.example", false},
		{false, []string{"desk.example"}, "desk.example.evil", false},
		{false, []string{"desk.example"}, "127.0.0.1", true},
		{true, nil, "anything.example", true},
		{true, []string{"desk.example"}, "desk.example", true},
		{true, []string{"desk.example"}, "anything.example", false},
	} {
		c := config(who)
		c.Hosts = test.hosts
		if test.remote {
			c.Address, c.Remote = "0.0.0.0:0", true
		}
		url, _ := serve(t, c)
		answer := get(t, strings.Replace(url, "[::]", "127.0.0.1", 1), func(r *http.Request) { r.Host = test.host })
		if got := strings.HasPrefix(answer, "200"); got != test.want {
			t.Errorf("%+v: %s", test, answer)
		}
		if !test.want && !strings.Contains(answer, "403") {
			t.Errorf("%+v: %s", test, answer)
		}
	}
}

// TestTrustedProxy: whose address a request has that came by proxies.
func TestTrustedProxy(t *testing.T) {
	const xff, fwd = "X-Forwarded-For", "Forwarded"
	trusted := []string{"127.0.0.0/8", "10.0.0.0/8", "2001:db8:1::/48"}
	for _, test := range []struct {
		trusted []string
		header  http.Header
		want    string
	}{
		{nil, http.Header{xff: {"192.0.2.1"}}, "127.0.0.1"},
		{[]string{"10.0.0.0/8"}, http.Header{xff: {"192.0.2.1"}}, "127.0.0.1"},
		{trusted, nil, "127.0.0.1"},
		{trusted, http.Header{xff: {"192.0.2.1"}}, "192.0.2.1"},
		{trusted, http.Header{xff: {"192.0.2.1:4711"}}, "192.0.2.1"},
		{trusted, http.Header{xff: {"6.6.6.6, 192.0.2.1"}}, "192.0.2.1"},
		{trusted, http.Header{xff: {"6.6.6.6", "192.0.2.1, 10.0.0.7"}}, "192.0.2.1"},
		{trusted, http.Header{xff: {"10.0.0.8, 10.0.0.7"}}, "10.0.0.8"},
		{trusted, http.Header{xff: {"192.0.2.1, unknown, 10.0.0.7"}}, "10.0.0.7"},
		{trusted, http.Header{xff: {"192.0.2.1, "}}, "127.0.0.1"},
		{trusted, http.Header{xff: {"::ffff:192.0.2.1"}}, "192.0.2.1"},
		{trusted, http.Header{xff: {"2001:db8::1, 2001:db8:1::9"}}, "2001:db8::1"},
		{trusted, http.Header{fwd: {`for=6.6.6.6, for="[2001:db8::1]:4711";proto=https;by=10.0.0.1`}}, "2001:db8::1"},
		{trusted, http.Header{fwd: {"For=192.0.2.1", "proto=https;for=10.1.1.1"}}, "192.0.2.1"},
		{trusted, http.Header{fwd: {"for=192.0.2.1, for=_hidden"}}, "127.0.0.1"},
		{trusted, http.Header{fwd: {"for=192.0.2.1, proto=https"}}, "127.0.0.1"},
		{trusted, http.Header{fwd: {"for=6.6.6.6"}, xff: {"192.0.2.1"}}, "192.0.2.1"},
	} {
		c := config(func(w http.ResponseWriter, r *http.Request) {
			caller, _ := auth.CallerFrom(r.Context())
			_, _ = io.WriteString(w, caller.Address)
		})
		for _, p := range test.trusted {
			c.Proxies = append(c.Proxies, netip.MustParsePrefix(p))
		}
		url, _ := serve(t, c)
		answer := get(t, url, func(r *http.Request) {
			for name, lines := range test.header {
				r.Header[name] = lines
			}
		})
		if !strings.HasSuffix(answer, " "+test.want) {
			t.Errorf("%v: %q, want %s", test.header, answer, test.want)
		}
	}
}

// certificate writes a new one for a name into its files.
func certificate(t *testing.T, dir, name string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(made)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, pool
}

// overTLS asks a server for its answer by a name, whose certificate must be of the
// pool.
func overTLS(t *testing.T, url, name string, pool *x509.CertPool, most uint16) (*http.Response, error) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS10, MaxVersion: most}} // #nosec G402 -- old versions must be refused
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = name
	res, err := (&http.Client{Transport: transport}).Do(r)
	if err == nil {
		_ = res.Body.Close()
	}
	return res, err
}

// TestTLS: connections are of TLS 1.2 and later, browsers are told to stay with it, and
// a renewed certificate is shown without a restart; one that is broken changes nothing.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key, old := certificate(t, dir, "desk.example")
	c := config(who)
	c.Hosts = []string{"desk.example"}
	var err error
	if c.Certificate, err = gateway.ReadCertificate(cert, key, c.Log); err != nil {
		t.Fatal(err)
	}
	url, _ := serve(t, c)
	if !strings.HasPrefix(url, "https://127.0.0.1:") {
		t.Errorf("URL = %s", url)
	}
	res, err := overTLS(t, url, "desk.example", old, 0)
	if err != nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Strict-Transport-Security"), "max-age=31536000") {
		t.Fatalf("%v, %v", res, err)
	}
	if _, err := overTLS(t, url, "desk.example", old, tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if res, err := http.Get(strings.Replace(url, "https", "http", 1) + "/healthz"); err == nil {
		_ = res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS: %s", res.Status)
		}
	}
	for _, broken := range []string{"", "no certificate"} {
		if err := os.WriteFile(cert, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := overTLS(t, url, "desk.example", old, 0); err != nil {
			t.Errorf("with %q as the certificate: %v", broken, err)
		}
	}
	_, _, renewed := certificate(t, dir, "desk.example")
	if _, err := overTLS(t, url, "desk.example", renewed, 0); err != nil {
		t.Errorf("renewed: %v", err)
	}
	var unknown x509.UnknownAuthorityError
	if _, err := overTLS(t, url, "desk.example", old, 0); !errors.As(err, &unknown) {
		t.Errorf("the old certificate is still shown: %v", err)
	}
}

// TestOwnNamesMayBePlain: other programs of this computer answer to its own names.
func TestOwnNamesMayBePlain(t *testing.T) {
	cert, key, pool := certificate(t, t.TempDir(), "localhost")
	c := config(who)
	var err error
	if c.Certificate, err = gateway.ReadCertificate(cert, key, nil); err != nil {
		t.Fatal(err)
	}
	url, _ := serve(t, c)
	res, err := overTLS(t, url, "localhost", pool, 0)
	if err != nil || res.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("%v, %v", res, err)
	}
}

// TestBadCertificates: each file that cannot be used is named.
func TestBadCertificates(t *testing.T) {
	cert, key, _ := certificate(t, t.TempDir(), "a.example")
	other, _, _ := certificate(t, t.TempDir(), "b.example")
	for name, files := range map[string][2]string{
		"no file": {cert + ".not", key}, "another's key": {other, key}, "the wrong way round": {key, cert},
	} {
		if _, err := gateway.ReadCertificate(files[0], files[1], nil); err == nil || !strings.Contains(err.Error(), files[0]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
