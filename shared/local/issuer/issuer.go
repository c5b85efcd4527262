// Package issuer makes and verifies the tokens of deskmove on one machine. They
// have the shape of Cognito's access tokens, so that the API always checks a
// token and cannot tell where it came from.
//
// The claims are those of package auth and, besides iss, exp, iat, jti and kid:
//
//	client_id  Audience; as with API Gateway, aud counts instead if there is one
//	token_use  "access"
//
// Tokens are signed with RS256, the algorithm API Gateway takes.
package issuer

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
)

// The issuer and the audience of every token.
const (
	Name     = "https://deskmove.local"
	Audience = "deskmove-local"
)

const (
	keyFile   = "issuer.pem"
	afterFile = "issued-after" // beside the key
	keyBits   = 2048
	maxToken  = 8 << 10
)

// Issuer signs tokens and verifies them.
type Issuer struct {
	dir    string // of the key
	key    *rsa.PrivateKey
	id     string // of the key
	clock  clock.Clock
	parser *jwt.Parser

	mu       sync.Mutex
	after    time.Time // no token says that it was issued then, or before
	verified map[[sha256.Size]byte]verified
}

// verified is what is known of a token, by its hash, whose signature is right: to find that
// out takes longer than most of what a request asks for.
type verified struct {
	caller  desk.Caller
	expires time.Time
}

// mostVerified is how many tokens are known; many more than people who are at work.
const mostVerified = 1000

// Open reads the key from dir, or creates it there the first time.
func Open(dir string, c clock.Clock) (*Issuer, error) {
	path := filepath.Join(dir, keyFile)
	key, err := load(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = create(dir, path); err == nil {
			key, err = load(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("issuer's key: %w", err)
	}
	after, err := readAfter(filepath.Join(dir, afterFile))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	return &Issuer{
		verified: make(map[[sha256.Size]byte]verified),
		after:    after,
		dir:      dir,
		key:      key,
		id:       base64.RawURLEncoding.EncodeToString(sum[:12]),
		clock:    c,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}),
			jwt.WithIssuer(Name),
			jwt.WithExpirationRequired(),
			jwt.WithTimeFunc(c.Now),
		),
	}, nil
}

func load(path string) (*rsa.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): chmod 600 it, or delete it to get a new one", path, mode)
	}
	raw, err := os.ReadFile(path) // #nosec G304 -- a fixed name in our own directory
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("%s is damaged: delete it to get a new one", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: delete it to get a new one: %w", path, err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s does not hold an RSA key: delete it to get a new one", path)
	}
	return private, nil
}

// create makes a key, unless another process was faster: then its key stays.
func create(dir, path string) error {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, keyFile+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// readAfter reads after which moment tokens are issued; zero if nothing was withdrawn yet.
func readAfter(path string) (t time.Time, _ error) {
	text, err := os.ReadFile(path) // #nosec G304 -- a fixed name in our own directory
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		err = t.UnmarshalText(text)
	}
	if err != nil {
		return t, fmt.Errorf("%s is damaged: delete it: %w", path, err)
	}
	return t, nil
}

// IssueAfter has all tokens of this key that are made from now on say that they were
// issued after t. Withdrawals have the time of what is stored, which may be ahead of the
// computer's: without this, a token that is made after one could seem older.
func (i *Issuer) IssueAfter(t time.Time) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !t.After(i.after) {
		return nil
	}
	i.after = t.UTC()
	text, err := i.after.MarshalText()
	if err != nil {
		return err
	}
	return writeFile(i.dir, afterFile, text)
}

// Now is when a token that is made now says that it was issued, to the millisecond.
func (i *Issuer) Now() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	now, after := i.clock.Now().UTC(), i.after.Add(time.Millisecond)
	if now.Before(after) {
		now = after
	}
	return now.Truncate(time.Millisecond)
}

// Mint makes a token for an agent or connector of an account.
func (i *Issuer) Mint(account, subject string, role desk.Role, ttl time.Duration) (string, error) {
	if ttl <= 0 || ttl > desk.MaxTokenLife { // Cognito's longest
		return "", fmt.Errorf("token would be valid for %v: use at most %v", ttl, desk.MaxTokenLife)
	}
	now := i.clock.Now()
	claims := jwt.MapClaims{
		"iss":             Name,
		"client_id":       Audience,
		auth.ClaimUse:     "access",
		"jti":             uuid.NewString(),
		auth.ClaimIssued:  float64(i.Now().UnixMilli()) / 1000, // finer than seconds: a token made after a withdrawal is good at once
		auth.ClaimExpires: float64(now.Add(ttl).Unix()),
		auth.ClaimSubject: subject,
		auth.ClaimAccount: account,
		auth.ClaimRole:    string(role),
		auth.ClaimScope:   auth.Scope,
	}
	if _, err := callerOf(claims); err != nil {
		return "", err
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = i.id
	return t.SignedString(i.key)
}

// Verify returns the caller that a token was issued to. Its error does not repeat
// the token.
func (i *Issuer) Verify(token string) (desk.Caller, error) {
	sum := sha256.Sum256([]byte(token))
	i.mu.Lock()
	known, ok := i.verified[sum]
	i.mu.Unlock()
	if ok && i.clock.Now().Before(known.expires) {
		return known.caller, nil
	}
	claims, err := i.verify(token, Audience)
	if err != nil {
		return desk.Caller{}, err
	}
	if claims[auth.ClaimUse] != "access" { // our own always say so
		return desk.Caller{}, errors.New("token is not an access token")
	}
	caller, err := callerOf(claims)
	if err != nil {
		return desk.Caller{}, err
	}
	expires, err := claims.GetExpirationTime()
	if err != nil {
		return desk.Caller{}, fmt.Errorf("token: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.verified) >= mostVerified {
		clear(i.verified)
	}
	i.verified[sum] = verified{caller, expires.Time}
	return caller, nil
}

// proofs are for the sign-in alone: whoever has a token of the API has none of these.
const proofs = "deskmove-sign-in"

// Secret returns a secret of 32 bytes for a purpose, always the same. It is made of the
// key, so that it is kept as well as that is, and says nothing of it.
func (i *Issuer) Secret(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, x509.MarshalPKCS1PrivateKey(i.key), nil, purpose, sha256.Size)
}

// Prove makes a token with which a program that can read the key shows that it can. It
// names an account, and is good for a minute, and nowhere in the API.
func (i *Issuer) Prove(account string) (string, error) {
	now := i.clock.Now()
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": Name, "client_id": proofs, "jti": uuid.NewString(), auth.ClaimAccount: account,
		auth.ClaimIssued: jwt.NewNumericDate(now), auth.ClaimExpires: jwt.NewNumericDate(now.Add(time.Minute)),
	})
	t.Header["kid"] = i.id
	return t.SignedString(i.key)
}

// Proved returns the account of a token that Prove has made.
func (i *Issuer) Proved(token string) (account string, err error) {
	claims, err := i.verify(token, proofs)
	if err != nil {
		return "", err
	}
	account, _ = claims[auth.ClaimAccount].(string)
	return account, desk.CheckID(auth.ClaimAccount, account)
}

// verify returns the claims of a token for an audience.
func (i *Issuer) verify(token, audience string) (jwt.MapClaims, error) {
	if len(token) > maxToken {
		return nil, errors.New("token is too long")
	}
	claims := jwt.MapClaims{}
	if _, err := i.parser.ParseWithClaims(token, claims, i.keyOf); err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	named, err := claims.GetAudience()
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	_, limited := claims["aud"]
	if limited && !slices.Contains(named, audience) || !limited && claims["client_id"] != audience {
		return nil, errors.New("token is for another audience")
	}
	return claims, nil
}

func callerOf(claims jwt.MapClaims) (desk.Caller, error) {
	return auth.FromClaims(func(name string) string {
		if v, ok := claims[name].(float64); ok && (name == auth.ClaimIssued || name == auth.ClaimExpires) {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		s, _ := claims[name].(string)
		return s
	})
}

func (i *Issuer) keyOf(t *jwt.Token) (any, error) {
	if t.Header["kid"] != i.id {
		return nil, errors.New("signed with an unknown key")
	}
	return &i.key.PublicKey, nil
}
