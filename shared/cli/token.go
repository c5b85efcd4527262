package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
)

type tokenCmd struct {
	Data    string        `default:".data" placeholder:"DIR" help:"The data directory of \"serve\" (${default})."`
	Account string        `required:"" placeholder:"A" help:"Account of the token. It need not exist yet: \"apply\" creates it."`
	Role    string        `required:"" placeholder:"R" help:"super-admin, agent, or connector (which may only deliver messages)."`
	Agent   string        `placeholder:"ID" help:"Agent of the token. The default is \"admin\" for a super-admin and \"connector\" for a connector."`
	TTL     time.Duration `name:"ttl" default:"12h" placeholder:"TIME" help:"How long the token is valid, at most 24h (${default})."`
}

func (tokenCmd) Help() string {
	return `Prints a token. "serve" may be running on the same data:

  export DESKMOVE_TOKEN=$(deskmove token --account demo --role super-admin)

The role must match the agent's role in the account's setup, which is checked when a move is started.`
}

func (t tokenCmd) Run(c *call) error {
	role, err := desk.ParseRole("--role", t.Role)
	if err == nil {
		err = desk.CheckID("--account", t.Account)
	}
	if err != nil {
		return err
	}
	agent := t.Agent
	if agent == "" {
		agent = map[desk.Role]string{desk.SuperAdmin: "admin", desk.Connector: "connector"}[role]
	}
	if agent == "" {
		return errors.New("--agent is required with --role agent: give the agent's ID")
	}
	if err := desk.CheckID("--agent", agent); err != nil {
		return err
	}
	token, err := mint(t.Data, t.Account, agent, role, t.TTL)
	if err != nil {
		return err
	}
	return c.print(map[string]any{"token": token, "account": t.Account, "agent": agent, "role": role},
		func(w io.Writer) { writeln(w, token) })
}

// mint creates a token with the key that serve created in dir.
func mint(dir, account, agent string, role desk.Role, ttl time.Duration) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, "issuer.pem")); errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("--data: no deskmove has run in %s, so no server would accept the token; start \"%s serve --data %s\" first",
			cmp.Or(dir, `""`), program(), dir)
	}
	i, err := issuer.Open(dir, clock.Clock{})
	if err != nil {
		return "", err
	}
	return i.Mint(account, agent, role, ttl)
}

// writeln writes to a buffer, which cannot fail.
func writeln(w io.Writer, line string) { _, _ = io.WriteString(w, line+"\n") }
