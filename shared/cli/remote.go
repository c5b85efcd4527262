package cli

import (
	"cmp"
	"errors"

	"deskmove/shared/client"
)

// remote holds the flags of commands that call the API.
type remote struct {
	Endpoint string `env:"DESKMOVE_ENDPOINT" placeholder:"URL" group:"API" help:"URL of the API, such as http://127.0.0.1:8420."`
	Token    string `env:"DESKMOVE_TOKEN" placeholder:"TOKEN" group:"API" help:"Access token, as printed by \"deskmove token\". Without one, the session of \"deskmove login\" is used."`
}

// client returns a client of the API. The error says which flag is missing and
// where to get its value.
func (r remote) client() (*client.Client, error) {
	if r.Endpoint == "" {
		return nil, errors.New("no endpoint: give --endpoint or set DESKMOVE_ENDPOINT to the address that " +
			"\"" + program() + " serve\" prints, such as http://127.0.0.1:8420")
	}
	c, err := client.New(r.Endpoint, r.Token)
	if err != nil || r.Token != "" {
		return c, err
	}
	if c.Tokens, err = sessionAt(r.Endpoint); c.Tokens == nil {
		return nil, cmp.Or(err, errors.New("no token: sign in with \""+program()+" login\", or give --token or set DESKMOVE_TOKEN; "+
			"\""+program()+" token --data DIR --account A --role super-admin\" makes one on one machine"))
	}
	return c, nil
}
