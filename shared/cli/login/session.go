package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// Session is how somebody is signed in to an API.
type Session struct {
	Page    Page      `json:"page"`
	Access  string    `json:"access"`
	Refresh string    `json:"refresh,omitempty"`
	Expires time.Time `json:"expires"` // of the access token
}

// with is the session with other tokens.
func (s Session) with(t *oauth2.Token) Session {
	s.Access, s.Expires = t.AccessToken, t.Expiry
	if t.RefreshToken != "" {
		s.Refresh = t.RefreshToken
	}
	return s
}

// Sessions is a file of sessions by the API's endpoint, which nobody else may read.
type Sessions struct{ Path string }

// Ours is the file below the user's directory of configurations. The error is that
// there is no such directory.
func Ours() (Sessions, error) {
	dir, err := os.UserConfigDir()
	return Sessions{filepath.Join(dir, "deskmove", "sessions.json")}, err
}

// ErrNone is that nobody is signed in to an API.
var ErrNone = errors.New("nobody is signed in")

// ErrEnded is part of the error when a session cannot be gone on with.
var ErrEnded = errors.New("the session has ended")

// read reads the file. It refuses one that others can read.
func (f Sessions) read() (map[string]Session, error) {
	info, err := os.Stat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]Session{}, nil
	}
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): delete it, and sign in again", f.Path, mode)
	}
	raw, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, err
	}
	sessions := map[string]Session{}
	if json.Unmarshal(raw, &sessions) != nil { // whose error may have a token in it
		return nil, fmt.Errorf("%s is damaged: delete it, and sign in again", f.Path)
	}
	return sessions, nil
}

// write replaces the file, at once or not at all.
func (f Sessions) write(sessions map[string]Session) error {
	raw, err := json.Marshal(sessions)
	if err != nil {
		return err
	}
	dir := filepath.Dir(f.Path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".sessions-*") // is made 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(raw)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), f.Path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// name is the name of an API in the file.
func name(endpoint string) string { return strings.TrimRight(endpoint, "/") }

// Load returns the session at an API. The error is ErrNone if there is none.
func (f Sessions) Load(endpoint string) (Session, error) {
	sessions, err := f.read()
	if err != nil {
		return Session{}, err
	}
	s, ok := sessions[name(endpoint)]
	if !ok {
		return Session{}, ErrNone
	}
	return s, nil
}

// Save keeps the session at an API, in place of another one there.
func (f Sessions) Save(endpoint string, s Session) error {
	sessions, err := f.read()
	if err != nil {
		return err
	}
	sessions[name(endpoint)] = s
	return f.write(sessions)
}

// End forgets the session at an API, and has the issuer withdraw its tokens. It is
// forgotten also if the issuer does not answer. The error is ErrNone if there is none.
func (f Sessions) End(ctx context.Context, endpoint string) error {
	sessions, err := f.read()
	if err != nil {
		return err
	}
	s, ok := sessions[name(endpoint)]
	if !ok {
		return ErrNone
	}
	delete(sessions, name(endpoint))
	if err := f.write(sessions); err != nil {
		return err
	}
	if err := s.revoke(ctx); err != nil {
		return fmt.Errorf("signed out here, but the issuer has not withdrawn the tokens, which end by themselves: %w", err)
	}
	return nil
}

// revoke withdraws the refresh token and what was made of it (RFC 7009). The address
// beside the one for tokens is Cognito's.
func (s Session) revoke(ctx context.Context) error {
	beside, ok := strings.CutSuffix(s.Page.Token, "/token")
	if !ok || s.Refresh == "" {
		return nil
	}
	form := url.Values{"token": {s.Refresh}, "client_id": {s.Page.ClientID}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, beside+"/revoke", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := plain.Do(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", res.Status)
	}
	return nil
}

// Tokens returns what gives the session's access token at each time, and gets and keeps
// another one when it is about to expire. Its errors wrap ErrEnded if only signing in
// again helps. It is safe for concurrent use.
func (f Sessions) Tokens(endpoint string, s Session) func(context.Context) (string, error) {
	var mu sync.Mutex
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Until(s.Expires) > time.Minute {
			return s.Access, nil
		}
		if s.Refresh == "" {
			return "", ErrEnded
		}
		source := s.Page.config("").TokenSource(context.WithValue(ctx, oauth2.HTTPClient, plain), &oauth2.Token{RefreshToken: s.Refresh})
		token, err := source.Token()
		if err != nil {
			var refused *oauth2.RetrieveError
			if errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" {
				return "", fmt.Errorf("%w: %w", ErrEnded, withoutBody(err))
			}
			return "", withoutBody(err)
		}
		s = s.with(token)
		return s.Access, f.Save(endpoint, s)
	}
}
