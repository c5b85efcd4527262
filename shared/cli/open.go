package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"

	"deskmove/shared/cli/process"
	"deskmove/shared/desk"
)

type openCmd struct {
	Data    string `default:".data" placeholder:"DIR" help:"The data directory of \"serve\" (${default})."`
	Account string `default:"demo" placeholder:"A" help:"Account to sign in to (${default}). It need not exist yet."`
	Print   bool   `help:"Print the link only, and open no browser."`
}

func (openCmd) Help() string {
	return `Makes a link to the console of the "serve" that runs on the data directory, opens it in a browser if there is one, and
prints it. The link signs in once, within 10 minutes; then one chooses which agent of the account to be.`
}

func (o openCmd) Run(ctx context.Context, c *call) error {
	if err := desk.CheckID("--account", o.Account); err != nil {
		return err
	}
	at, err := servedAt(o.Data)
	if err != nil {
		return err
	}
	link, err := newLink(ctx, o.Data, at, o.Account)
	if err != nil {
		return err
	}
	opened := !o.Print && !c.json && browse(ctx, link) == nil
	return c.print(map[string]any{"link": link}, func(w io.Writer) {
		if opened {
			writeln(w, "Opened in your browser. If nothing is there, open this within 10 minutes; it is good once:\n")
		}
		writeln(w, link)
	})
}

// newLink asks a server for a code. That one may ask is shown by a token, which
// only those can make who can read the data directory.
func newLink(ctx context.Context, dir string, at served, account string) (string, error) {
	i, err := openIssuer(dir)
	if err != nil {
		return "", err
	}
	token, err := i.Prove(account)
	if err != nil {
		return "", err
	}
	server, err := at.client()
	if err != nil {
		return "", err
	}
	path, err := process.SignInPath(ctx, server, at.Listening, token)
	if err != nil {
		return "", fmt.Errorf("nobody can be signed in: %w; is it the server of %s, and not open to other computers without TLS (--remote)?", err, dir)
	}
	return at.URL + path, nil
}

// browse opens a link in the user's browser, if there seems to be one.
func browse(ctx context.Context, link string) error {
	var cmd *exec.Cmd
	switch {
	case runtime.GOOS == "darwin":
		cmd = exec.CommandContext(ctx, "open", link) // #nosec G204 -- our own link
	case runtime.GOOS == "windows":
		cmd = exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", link) // #nosec G204 -- our own link
	case os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "":
		return errors.New("no screen")
	default:
		cmd = exec.CommandContext(ctx, "xdg-open", link) // #nosec G204 -- our own link
	}
	return cmd.Run()
}
