package process

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
)

// Link returns a link to a page of the console, such as /app/, that signs in to an
// account. It is good once, within 10 minutes.
func (s *Server) Link(ctx context.Context, account, page string) (string, error) {
	i, err := issuer.Open(s.config.Dir, clock.Clock{})
	if err != nil {
		return "", err
	}
	proof, err := i.Prove(account)
	if err != nil {
		return "", err
	}
	path, err := SignInPath(ctx, http.DefaultClient, s.url, proof)
	if err != nil {
		return "", err
	}
	_, code, _ := strings.Cut(path, "#")
	return s.url + page + "#" + code, nil
}

// SignInPath asks a server for a code, with an issuer's proof, and
// returns the console's path with it.
func SignInPath(ctx context.Context, by *http.Client, url, token string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/local/code", strings.NewReader("{}"))
	if err != nil {
		return "", err
	}
	r.Host = "localhost" // whatever names it answers by, it answers by this
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	res, err := by.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s", url, res.Status)
	}
	var made struct{ Path string }
	err = json.NewDecoder(io.LimitReader(res.Body, 1<<10)).Decode(&made)
	return made.Path, err
}
