package issuer_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
)

func open(t *testing.T, dir string) *issuer.Issuer {
	t.Helper()
	i, err := issuer.Open(dir, clock.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func mint(t *testing.T, i *issuer.Issuer) string {
	t.Helper()
	token, err := i.Mint("acme", "ada", "super-admin", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestMintAndVerify(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	i := open(t, dir)
	before := time.Now().Truncate(time.Millisecond)
	token := mint(t, i)
	for range 2 { // the key is kept
		c, err := open(t, dir).Verify(token)
		if c.IssuedAt.Before(before) || c.IssuedAt.After(time.Now()) {
			t.Errorf("issued at %v, not between %v and now, to the millisecond", c.IssuedAt, before)
		}
		c.IssuedAt = time.Time{}
		if want := (desk.Caller{Account: "acme", Agent: "ada", Role: "super-admin"}); c != want || err != nil {
			t.Errorf("Verify = %+v, %v", c, err)
		}
	}
	if _, err := open(t, t.TempDir()).Verify(token); err == nil {
		t.Error("another issuer's token is good")
	}
	if runtime.GOOS == "windows" {
		return
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("directory = %v, %v", files, err)
	}
	if info, err := files[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key's mode = %v, %v", info.Mode(), err)
	}
}

func TestMintRefuses(t *testing.T) {
	i := open(t, t.TempDir())
	for _, c := range []struct {
		account, agent string
		role           desk.Role
		ttl            time.Duration
	}{
		{"", "a", "agent", time.Hour}, {"a", "", "agent", time.Hour}, {"a", "a", "", time.Hour}, {"a", "a", "king", time.Hour},
		{"a#b", "a", "agent", time.Hour}, {"a", "a", "agent", 0}, {"a", "a", "agent", 25 * time.Hour},
	} {
		if _, err := i.Mint(c.account, c.agent, c.role, c.ttl); err == nil {
			t.Errorf("%+v was minted", c)
		}
	}
}

// key reads the issuer's key, as a thief would.
func key(t *testing.T, dir string) *rsa.PrivateKey {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "issuer.pem"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := jwt.ParseRSAPrivateKeyFromPEM(raw)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVerifyRefuses(t *testing.T) {
	dir := t.TempDir()
	i := open(t, dir)
	good := mint(t, i)
	private := key(t, dir)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	parsed, _, err := jwt.NewParser().ParseUnverified(good, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	// signed changes the good token and signs it again.
	signed := func(method jwt.SigningMethod, key any, change func(header, claims map[string]any)) string {
		claims := jwt.MapClaims{}
		for k, v := range parsed.Claims.(jwt.MapClaims) {
			claims[k] = v
		}
		token := jwt.NewWithClaims(method, claims)
		token.Header["kid"] = parsed.Header["kid"]
		change(token.Header, claims)
		s, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	set := func(name string, v any) string {
		return signed(jwt.SigningMethodRS256, private, func(_, c map[string]any) {
			if c[name] = v; v == nil {
				delete(c, name)
			}
		})
	}
	public := x509.MarshalPKCS1PublicKey(&private.PublicKey)
	nothing := func(_, _ map[string]any) {}
	now := time.Now()
	for name, token := range map[string]string{
		"empty":             "",
		"garbage":           "a.b.c",
		"too long":          good + strings.Repeat("a", 9000),
		"cut":               good[:len(good)-4],
		"alg none":          signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nothing),
		"alg HS256":         signed(jwt.SigningMethodHS256, public, nothing),
		"alg RS512":         signed(jwt.SigningMethodRS512, private, nothing),
		"alg PS256":         signed(jwt.SigningMethodPS256, private, nothing),
		"another key":       signed(jwt.SigningMethodRS256, other, nothing),
		"another kid":       signed(jwt.SigningMethodRS256, private, func(h, _ map[string]any) { h["kid"] = "x" }),
		"no kid":            signed(jwt.SigningMethodRS256, private, func(h, _ map[string]any) { delete(h, "kid") }),
		"expired":           set("exp", now.Add(-time.Second).Unix()),
		"no expiry":         set("exp", nil),
		"no time":           set("iat", nil),
		"life of 25 hours":  set("exp", now.Add(25*time.Hour).Unix()),
		"not yet":           set("nbf", now.Add(time.Minute).Unix()),
		"another issuer":    set("iss", "https://example.com"),
		"no issuer":         set("iss", nil),
		"another client":    set("client_id", "x"),
		"no client":         set("client_id", nil),
		"another audience":  set("aud", "x"),
		"ID token":          set("token_use", "id"),
		"no use":            set("token_use", nil),
		"no scope":          set("scope", nil),
		"scope's beginning": set("scope", "deskmove/api2 deskmove/ap"),
		"no account":        set(auth.ClaimAccount, nil),
		"no agent":          set("sub", nil),
		"unknown role":      set(auth.ClaimRole, "king"),
		"role of no text":   set(auth.ClaimRole, 1),
		"bad audience":      set("aud", 1),
		"no role":           set(auth.ClaimRole, nil),
	} {
		if c, err := i.Verify(token); err == nil {
			t.Errorf("%s: verified as %+v", name, c)
		} else if len(token) > 20 && strings.Contains(err.Error(), token[len(token)-20:]) {
			t.Errorf("%s: the error repeats the token", name)
		}
	}
	if _, err := i.Verify(good + strings.Repeat("a", 9000)); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a long token: %v", err)
	}
	for name, token := range map[string]string{
		"unchanged":       signed(jwt.SigningMethodRS256, private, nothing),
		"audience":        set("aud", issuer.Audience),
		"several scopes":  set("scope", "openid "+auth.Scope),
		"not-before past": set("nbf", now.Add(-time.Minute).Unix()),
	} {
		if _, err := i.Verify(token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExpiryOnItsClock(t *testing.T) {
	now := time.Now()
	i, err := issuer.Open(t.TempDir(), clock.Clock{Time: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	token := mint(t, i)
	now = now.Add(59 * time.Minute)
	if _, err := i.Verify(token); err != nil {
		t.Error(err)
	}
	now = now.Add(time.Minute + time.Second)
	if _, err := i.Verify(token); err == nil {
		t.Error("verified after its time")
	}
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	path := filepath.Join(dir, "issuer.pem")
	if runtime.GOOS != "windows" {
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := issuer.Open(dir, clock.Clock{}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("a key that others can read: %v", err)
		}
	}
	for _, content := range []string{"", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := issuer.Open(dir, clock.Clock{}); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("a damaged key: %v", err)
		}
	}
}

// TestFirstStartTwice: two processes that start at once end up with one key.
func TestFirstStartTwice(t *testing.T) {
	dir := t.TempDir()
	var all [4]*issuer.Issuer
	var wg sync.WaitGroup
	for n := range all {
		wg.Go(func() {
			var err error
			if all[n], err = issuer.Open(dir, clock.Clock{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	token := mint(t, all[0])
	for _, i := range all {
		if _, err := i.Verify(token); err != nil {
			t.Error(err)
		}
	}
}

// TestSecret: it is the same whenever the key is, for one purpose, and tells nothing of
// that for another.
func TestSecret(t *testing.T) {
	dir := t.TempDir()
	secret := func(dir, purpose string) string {
		t.Helper()
		s, err := open(t, dir).Secret(purpose)
		if err != nil || len(s) != 32 {
			t.Fatalf("%d bytes, %v", len(s), err)
		}
		return string(s)
	}
	first := secret(dir, "a")
	if secret(dir, "a") != first || secret(dir, "b") == first || secret(t.TempDir(), "a") == first {
		t.Error("secrets are not those of key and purpose")
	}
}

// TestIssueAfter: what is made after a moment says so, by whichever process, although
// the clock is behind; and nobody is told an earlier one again.
func TestIssueAfter(t *testing.T) {
	dir, now := t.TempDir(), time.UnixMilli(1_795_000_000_000)
	at := func() *issuer.Issuer {
		t.Helper()
		i, err := issuer.Open(dir, clock.Clock{Time: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	i := at()
	issued := func(i *issuer.Issuer) time.Time {
		t.Helper()
		c, err := i.Verify(mint(t, i))
		if err != nil {
			t.Fatal(err)
		}
		return c.IssuedAt
	}
	until := now.Add(time.Hour + 300*time.Microsecond)
	if got := issued(i); !got.Equal(now) {
		t.Errorf("issued at %v, not %v", got, now)
	}
	for _, after := range []time.Time{until, now} {
		if err := i.IssueAfter(after); err != nil {
			t.Fatal(err)
		}
		for _, i := range []*issuer.Issuer{i, at()} {
			if got, most := issued(i), until.Add(time.Millisecond); !got.After(until) || got.After(most) {
				t.Errorf("after %v: issued at %v, not from %v to %v", after, got, until, most)
			}
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "issued-after")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	token := mint(t, i)
	now = now.Add(time.Hour + time.Second) // it expires by the clock
	if _, err := i.Verify(token); err == nil {
		t.Error("verified after its time")
	}
	if got := issued(i); !got.Equal(now) {
		t.Errorf("once the clock has caught up, issued at %v, not %v", got, now)
	}
	if err := os.WriteFile(filepath.Join(dir, "issued-after"), []byte("soon"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := issuer.Open(dir, clock.Clock{}); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("a damaged file: %v", err)
	}
}
