package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"deskmove/shared/api"
	"deskmove/shared/cli/text"
	"deskmove/shared/cli/verify"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local"
)

type verifyCmd struct {
	remote `embed:""`

	Data     string `placeholder:"DIR" help:"Read this data directory instead of the API. No deskmove may be running on it."`
	Account  string `placeholder:"A" help:"With --data: the account to verify."`
	NoFiles  bool   `help:"Do not read files: that takes a request for each conversation, and all their bytes."`
	Settings string `placeholder:"FILE" help:"The account file that was applied: also check that the channels' settings still match it."`
}

func (verifyCmd) Help() string {
	return `Reads all conversations, tickets and moves of an account and checks every guarantee against them: each conversation has
one ticket with the right date, status and owner; no agent's edit is lost; the counts of every move add up; and whatever
did not move is unchanged. Every file that a message names is read, and has its hash. Customers and agents may keep writing meanwhile.

Needs a token of a super administrator with help desk access. Exit code: 1 if anything is wrong, else 0.`
}

func (v verifyCmd) Run(ctx context.Context, c *call) (err error) {
	if v.Data == "" && v.Account != "" {
		return errors.New("--account needs --data: over the API the account is that of the token")
	}
	options := verify.Options{NoFiles: v.NoFiles}
	if v.Settings != "" {
		if options.Settings, err = settingsOf(v.Settings); err != nil {
			return err
		}
	}
	server := (*client.Client)(nil)
	if v.Data == "" {
		server, err = v.client(c)
	} else {
		var done func() error
		server, done, err = v.offline(ctx, c)
		options.Grace = -1 // nothing is on its way
		defer func() { err = errors.Join(err, done()) }()
	}
	if err != nil {
		return err
	}
	return verifyWith(ctx, c, server, options)
}

// verifyWith verifies and prints the result. Its exit code is 1 if an invariant
// is violated.
func verifyWith(ctx context.Context, c *call, server *client.Client, options verify.Options) error {
	bar := c.bar("reading", "conversations and tickets")
	options.Seen = func(n int64) { bar.set(n, -1) }
	r, err := verify.Run(ctx, server, options)
	bar.done()
	if err != nil {
		return err
	}
	if err := c.print(r, func(w io.Writer) { text.Verified(w, r) }); err != nil {
		return err
	}
	if !r.OK {
		return &exitError{code: codeError}
	}
	return nil
}

// settingsOf reads the channels' settings from an account's file.
func settingsOf(name string) (map[string][]byte, error) {
	text, err := readFile(name)
	if err != nil {
		return nil, err
	}
	raw, err := readSetup(name, text)
	if err != nil {
		return nil, err
	}
	var setup api.Setup
	if err := json.Unmarshal(raw, &setup); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	settings := make(map[string][]byte)
	for _, c := range setup.Channels {
		settings[c.ID] = c.Settings
	}
	return settings, nil
}

// offline opens the data directory and returns a client that calls the API in
// this process, as a super administrator of the account.
func (v verifyCmd) offline(ctx context.Context, c *call) (*client.Client, func() error, error) {
	nothing := func() error { return nil }
	if v.Account == "" {
		return nil, nothing, errors.New("--data needs --account: the ID of the account to verify")
	}
	if err := exists(v.Data); err != nil {
		return nil, nothing, err
	}
	log := slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	st, err := local.Open(ctx, local.Config{Dir: v.Data, Log: log})
	if err != nil {
		return nil, nothing, openError(v.Data, err)
	}
	setup, err := st.App.Setups.Setup(ctx, v.Account)
	if err != nil {
		return nil, st.Close, err
	}
	caller := desk.Caller{Account: v.Account, Role: desk.SuperAdmin, Address: "local"}
	for _, a := range setup.Agents {
		if a.Role == desk.SuperAdmin && a.HelpDesk {
			caller.Agent = a.ID
		}
	}
	if caller.Agent == "" {
		return nil, st.Close, fmt.Errorf("account %s has no super administrator with help desk access: give one access, then verify", v.Account)
	}
	return client.With("http://localhost", "", &client.InProcess{API: st.Site, Caller: caller}), st.Close, nil
}
