package cli

import (
	"errors"

	"deskmove/shared/client"
)

// remote holds the flags of commands that call the API.
type remote struct {
	Endpoint string `env:"DESKMOVE_ENDPOINT" placeholder:"URL" group:"API" help:"URL of the API, such as http://127.0.0.1:8420."`
	Token    string `env:"DESKMOVE_TOKEN" placeholder:"TOKEN" group:"API" help:"Access token, as printed by \"deskmove token\"."`
}

// client returns a client of the API. The error says which flag is missing and
// where to get its value.
func (r remote) client() (*client.Client, error) {
	if r.Endpoint == "" {
		return nil, errors.New("no endpoint: give --endpoint or set DESKMOVE_ENDPOINT to the address that " +
			"\"" + program() + " serve\" prints, such as http://127.0.0.1:8420")
	}
	if r.Token == "" {
		return nil, errors.New("no token: give --token or set DESKMOVE_TOKEN; " +
			"\"" + program() + " token --data DIR --account A --role super-admin\" makes one")
	}
	return client.New(r.Endpoint, r.Token)
}
