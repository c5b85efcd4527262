package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/local/gateway"
	"deskmove/shared/store"
)

type serveCmd struct {
	Data      string     `default:".data" placeholder:"DIR" help:"Directory of all data, created if missing (${default})."`
	Addr      string     `default:"127.0.0.1:8420" placeholder:"HOST:PORT" help:"Address to listen on; port 0 takes a free one (${default})."`
	Remote    bool       `help:"Allow an address that other computers can reach. Without --tls-cert, traffic is not encrypted."`
	Host      []string   `placeholder:"NAME" help:"Answer by this host name too, such as that of a proxy in front. May be repeated; the first is in the links that are printed."`
	Proxy     []string   `name:"trusted-proxy" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For or Forwarded says where a request came from, such as 127.0.0.1/32. May be repeated."`
	TLSCert   string     `name:"tls-cert" placeholder:"FILE" help:"Serve with TLS: certificate and chain, in PEM. It is read again when it has changed."`
	TLSKey    string     `name:"tls-key" placeholder:"FILE" help:"Key of the certificate, in PEM."`
	Account   string     `default:"demo" placeholder:"A" help:"Your account: the printed link signs in to it, and its super administrators may send dead letters back and see what is measured, which are those of all accounts (${default})."`
	LogLevel  slog.Level `default:"warn" placeholder:"LEVEL" help:"debug, info, warn or error; logs are JSON on the standard error. At warn they have what was refused, at info every request and who made it (${default})."`
	Memory    int64      `default:"88" placeholder:"MB" help:"Megabytes of requests, answers and files that are in memory at once, at least 64; what does not fit is refused with 503 or waits (${default})."`
	ReadyFile string     `placeholder:"FILE" help:"Write the URL to this file once requests are answered."`
	MaxBytes  int64      `hidden:"" placeholder:"N" help:"Maximum size of the database file in bytes."`
}

func (serveCmd) Help() string {
	return `Serves the API and carries out moves. When it is started again, also after a crash, running moves continue. Only one
program at a time may use a data directory.

Scripts wait for the line "listening on http://…" on the standard output, or for --ready-file.
On Ctrl-C or SIGTERM it finishes the requests and functions that have begun, within seconds, and exits.`
}

func (s serveCmd) Run(ctx context.Context, c *call) error {
	if err := desk.CheckID("--account", s.Account); err != nil {
		return err
	}
	front, err := s.front()
	if err != nil {
		return err
	}
	if s.Memory < gateway.LeastMemory>>20 {
		return fmt.Errorf("--memory: %d MB are too little: give at least %d", s.Memory, gateway.LeastMemory>>20)
	}
	lanes := gateway.LanesOf(s.Memory << 20)
	front.Lanes = &lanes
	keepPrivate()
	if err := local.Private(s.Data); err != nil {
		return openError(s.Data, err)
	}
	log := slog.New(slog.NewJSONHandler(c.stderr, &slog.HandlerOptions{Level: s.LogLevel}))
	front.Dir, front.Address, front.Remote, front.Log, front.MaxBytes, front.Clock = s.Data, s.Addr, s.Remote, log, s.MaxBytes, c.clock
	front.Operator = s.Account
	if s.TLSCert != "" {
		if front.Certificate, err = gateway.ReadCertificate(s.TLSCert, s.TLSKey, log); err != nil {
			return fmt.Errorf("--tls-cert, --tls-key: %w: give a certificate and its own key, in PEM", err)
		}
	}
	if c.serves != nil {
		c.serves()
	}
	st, err := local.Open(ctx, front)
	if err != nil {
		return openError(s.Data, err)
	}
	return errors.Join(s.serve(ctx, c, st), st.Close())
}

// exists reports whether deskmove keeps data in dir.
func exists(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "deskmove.db")); err != nil {
		return fmt.Errorf("--data: there is no deskmove data in %s: name the directory that \"serve\" keeps its data in", dir)
	}
	return nil
}

func (s serveCmd) serve(ctx context.Context, c *call, st *local.Stack) error {
	// The address is bound: whoever connects from now on will be answered.
	served := s.address(st.Gateway.URL())
	link := ""
	if st.SignIn != nil {
		link = served.URL + st.SignIn.Link(s.Account, "/app/")
	}
	if err := s.announce(c, served, link); err != nil {
		return errors.Join(err, st.Gateway.Close())
	}
	defer func() { _ = os.Remove(addressFile(s.Data)) }() // stale otherwise, but harmless
	if s.ReadyFile != "" {
		defer func() { _ = os.Remove(s.ReadyFile) }() // stale otherwise, but harmless
	}
	err := st.Run(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// announce says where the server is. Link is one to the console that signs in; ""
// if nobody can.
func (s serveCmd) announce(c *call, at served, link string) error {
	if err := at.write(s.Data); err != nil {
		return err
	}
	if c.json {
		said := map[string]string{"listening": at.Listening, "url": at.URL, "data": s.Data, "console": link}
		if err := json.NewEncoder(c.stdout).Encode(said); err != nil {
			return err
		}
	} else if _, err := io.WriteString(c.stdout, welcome(s.Data, s.Account, at, link)); err != nil {
		return err
	}
	if s.ReadyFile == "" {
		return nil
	}
	if err := writeLine(s.ReadyFile, at.Listening); err != nil {
		return fmt.Errorf("--ready-file: %w", err)
	}
	return nil
}

// writeLine writes a file of one line. It is renamed into place, so that nobody
// reads half of it.
func writeLine(file, line string) error {
	part := file + ".part"
	if err := os.WriteFile(part, []byte(line+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(part, file)
}

func welcome(dir, account string, at served, link string) string {
	p := program()
	console := "The console signs nobody in here, because other computers can reach it without TLS."
	if link != "" {
		console = fmt.Sprintf("Console: %s\n(good once, within 10 minutes; \"%s open --data %s\" makes another)", link, p, dir)
	}
	return fmt.Sprintf(`listening on %s

%s

For commands, in another terminal:

  export DESKMOVE_ENDPOINT=%s
  export DESKMOVE_TOKEN=$(%s token --data %s --account %s --role super-admin)

To begin, set up the account:

  %s apply infra/deskmove/account.yaml

Ctrl-C stops the program; the data in %s is kept.
`, at.Listening, console, at.URL, p, dir, account, p, dir)
}

// openError says what to do about data that cannot be opened.
func openError(dir string, err error) error {
	abs, absErr := filepath.Abs(dir)
	if absErr != nil {
		abs = dir
	}
	switch {
	case errors.Is(err, store.ErrFull), errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the disk of %s is full: free some space, or choose a directory on another disk with --data: %w", abs, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return fmt.Errorf("cannot write to %s: choose another directory with --data, or give yourself write permission there: %w", abs, err)
	case errors.Is(err, gateway.ErrRemote):
		return fmt.Errorf("%w with --remote", err) // which is how
	}
	return err
}
