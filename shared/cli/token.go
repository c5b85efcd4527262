package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
)

type tokenCmd struct {
	Data    string        `default:".data" placeholder:"DIR" help:"The data directory of \"serve\" (${default})."`
	Account string        `placeholder:"A" help:"Account of the token. It need not exist yet: \"apply\" creates it."`
	Role    string        `placeholder:"R" help:"super-admin, agent, or connector (which may only deliver messages of its channels)."`
	Agent   string        `placeholder:"ID" help:"Agent or connector of the token. The default is \"admin\" for a super-admin and \"connector\" for a connector."`
	TTL     time.Duration `name:"ttl" default:"12h" placeholder:"TIME" help:"How long the token is valid, at most 24h (${default})."`

	Revoke          string `placeholder:"AGENT" xor:"revoke" group:"Over the API" help:"Withdraw the agent's tokens instead."`
	RevokeConnector string `placeholder:"ID" xor:"revoke" group:"Over the API" help:"Withdraw the connector's tokens instead."`
	RevokeAll       bool   `xor:"revoke" group:"Over the API" help:"Withdraw all tokens of the account instead, your own too."`

	remote `embed:""`
}

func (tokenCmd) Help() string {
	return `Prints a token. "serve" may be running on the same data:

  export DESKMOVE_TOKEN=$(deskmove token --account demo --role super-admin)

The agent must be in the account's setup, with this role at least, and a connector among its connectors: both are looked
up whenever the token is used. The first super-admin of an account that has no setup yet need not. That the token was made
is in the audit log once "serve" runs.

With --revoke, --revoke-connector or --revoke-all it asks the API to withdraw tokens: those issued until now are refused
from now on, and one that is made afterwards is good.`
}

func (t tokenCmd) Run(ctx context.Context, c *call) error {
	switch {
	case t.Revoke != "" || t.RevokeConnector != "" || t.RevokeAll:
		return t.revoke(ctx, c)
	case t.Account == "":
		return errors.New("--account is required to make a token; see deskmove token --help")
	case t.Role == "":
		return errors.New("--role is required to make a token: super-admin, agent or connector; see deskmove token --help")
	}
	role, err := desk.ParseRole("--role", t.Role)
	if err == nil {
		err = desk.CheckID("--account", t.Account)
	}
	if err != nil {
		return err
	}
	agent := t.Agent
	if agent == "" {
		agent = map[desk.Role]string{desk.SuperAdmin: "admin", desk.ConnectorRole: "connector"}[role]
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

// revoke withdraws tokens.
func (t tokenCmd) revoke(ctx context.Context, c *call) error {
	server, err := t.client(c)
	if err != nil {
		return err
	}
	of := api.Withdrawal{Agent: t.Revoke, Connector: t.RevokeConnector, Everybody: t.RevokeAll}
	made, err := server.Withdraw(ctx, of)
	if err != nil {
		return fmt.Errorf("no token was withdrawn: %w", err)
	}
	return c.print(made, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "tokens of %s that were issued until %s are withdrawn\n",
			desk.Holder{Agent: of.Agent, Connector: of.Connector}, made.Until.Format(time.RFC3339))
	})
}

// mint creates a token with the key that serve created in dir, and a note of it for
// the audit log.
func mint(dir, account, agent string, role desk.Role, ttl time.Duration) (string, error) {
	i, err := openIssuer(dir)
	if err != nil {
		return "", err
	}
	return i.MintNoted(account, agent, role, ttl)
}

// openIssuer opens the key that serve created in dir.
func openIssuer(dir string) (*issuer.Issuer, error) {
	if _, err := os.Stat(filepath.Join(dir, "issuer.pem")); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("--data: no deskmove has run in %s, so no server would accept the token; start \"%s serve --data %s\" first",
			cmp.Or(dir, `""`), program(), dir)
	}
	return issuer.Open(dir, clock.Clock{})
}

// writeln writes to a buffer, which cannot fail.
func writeln(w io.Writer, line string) { _, _ = io.WriteString(w, line+"\n") }
