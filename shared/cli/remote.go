package cli

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"

	"deskmove/shared/client"
	"deskmove/shared/local/gateway"
)

// remote holds the flags of commands that call the API.
type remote struct {
	Endpoint string `env:"DESKMOVE_ENDPOINT" placeholder:"URL" group:"API" help:"URL of the API, such as http://127.0.0.1:8420."`
	Token    string `env:"DESKMOVE_TOKEN" placeholder:"TOKEN" group:"API" help:"Access token, as printed by \"deskmove token\". Without one, the session of \"deskmove login\" is used."`

	TokenFile string `env:"DESKMOVE_TOKEN_FILE" placeholder:"FILE" group:"API" help:"File that holds the token, instead of --token, which other users of the machine can see."`
}

// client returns a client of the API. The error says which flag is missing and
// where to get its value.
func (r remote) client(c *call) (*client.Client, error) {
	if r.TokenFile != "" {
		var err error
		if r.Token, err = readToken(r.TokenFile); err != nil {
			return nil, err
		}
	}
	if c.transport != nil {
		return client.With(cmp.Or(r.Endpoint, "http://localhost"), r.Token, c.transport), nil
	}
	if r.Endpoint == "" {
		return nil, errors.New("no endpoint: give --endpoint or set DESKMOVE_ENDPOINT to the address that " +
			"\"" + program() + " serve\" prints, such as http://127.0.0.1:8420")
	}
	server, err := client.New(r.Endpoint, r.Token)
	if err != nil {
		return nil, err
	}
	if u, err := url.Parse(r.Endpoint); err == nil && u.Scheme == "http" && !gateway.IsLoopback(u.Hostname()) {
		c.warn("the token goes to " + u.Hostname() + " unencrypted, and whoever sees it may use it: use an https:// endpoint")
	}
	if r.Token != "" {
		return server, nil
	}
	if server.Tokens, err = sessionAt(r.Endpoint); server.Tokens == nil {
		return nil, cmp.Or(err, errors.New("no token: sign in with \""+program()+" login\", or give --token or set DESKMOVE_TOKEN; "+
			"\""+program()+" token --data DIR --account A --role super-admin\" makes one on one machine"))
	}
	return server, nil
}

// readToken reads a token from a file, which nobody else may read.
func readToken(file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "", fmt.Errorf("--token-file: %s can be read by others (mode %04o): chmod 600 it, and make a new token", file, mode)
	}
	text, err := os.ReadFile(file) // #nosec G304 -- the user named it
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \r\n\t") {
		return "", fmt.Errorf("--token-file: %s does not hold one token: write it with \"%s token … > %s\"", file, program(), file)
	}
	return token, nil
}
