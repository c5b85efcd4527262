// Package cli is deskmove's command line.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"deskmove/shared/client"
	"deskmove/shared/local/clock"
)

// Exit codes; description has them for people.
const (
	codeDone        = 0
	codeError       = 1
	codeAttention   = 2   // a move ended, but conversations failed; or a plan has blockers
	codeInterrupted = 130 // as shells say it of a program that Ctrl-C ended
)

// cli is the grammar of the command line.
type cli struct {
	JSON bool `name:"json" help:"Print JSON for programs, errors too."`

	Serve   serveCmd   `cmd:"" group:"On this machine" help:"Run deskmove on this machine."`
	Open    openCmd    `cmd:"" group:"On this machine" help:"Open the console of \"serve\" in a browser."`
	Token   tokenCmd   `cmd:"" group:"On this machine" help:"Create an access token."`
	Demo    demoCmd    `cmd:"" group:"On this machine" help:"Move a channel of sample mail while traffic arrives, and verify it."`
	Openapi openapiCmd `cmd:"" group:"On this machine" help:"Print the API's description, or write it to its file."`
	Version versionCmd `cmd:"" group:"On this machine" help:"Print the version."`

	Login   loginCmd   `cmd:"" group:"Over the API" help:"Sign in at the API's sign-in page."`
	Logout  logoutCmd  `cmd:"" group:"Over the API" help:"End the session of \"login\"."`
	Apply   applyCmd   `cmd:"" group:"Over the API" help:"Configure an account from a file."`
	Import  importCmd  `cmd:"" group:"Over the API" help:"Import files of mail into a channel, an export, or what HubSpot's API has answered."`
	Export  exportCmd  `cmd:"" group:"Over the API" help:"Write an account's conversations with their tickets and files into a folder."`
	Plan    planCmd    `cmd:"" group:"Over the API" help:"Show what a move of a channel would run into."`
	Move    moveCmd    `cmd:"" group:"Over the API" help:"Move a channel to the help desk, permanently."`
	Status  statusCmd  `cmd:"" group:"Over the API" help:"Show channels and moves, or one move."`
	Retry   retryCmd   `cmd:"" group:"Over the API" help:"Retry the conversations that a move could not convert."`
	Repair  repairCmd  `cmd:"" group:"Over the API" help:"Compare a moved channel again, and land what is missing."`
	Audit   auditCmd   `cmd:"" group:"Over the API" help:"Show who did what, or check that the log is whole."`
	Redrive redriveCmd `cmd:"" group:"Over the API" help:"Send dead letters back, to be tried anew."`
	Verify  verifyCmd  `cmd:"" group:"Over the API" help:"Check every guarantee against the data."`
}

const description = `Moves the channels of a shared inbox to a help desk, optionally with their history, while customers keep writing.

Commands under "Over the API" take --endpoint and --token, or read them from DESKMOVE_ENDPOINT and DESKMOVE_TOKEN.
"serve" prints both when it starts. Instead of a token they use the session of "login", where there is a sign-in page. "demo" shows everything at once.
"help COMMAND" tells more of a command.

Exit codes: 0 done; 1 an error, or a check that failed; 2 conversations that could not be moved, or a plan with blockers;
130 interrupted by Ctrl-C. With --json, errors are JSON on the standard error.`

// call is one run of the program.
type call struct {
	stdout io.Writer
	stderr io.Writer
	json   bool
	clock  clock.Clock
	serves func()
	// transport carries requests to the API; that of the network if nil.
	transport http.RoundTripper
}

// Main runs the program with its arguments and returns its exit code.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return Program{Stdout: stdout, Stderr: stderr}.Run(ctx, args)
}

// Program is deskmove with its outputs and its clock.
type Program struct {
	Stdout io.Writer
	Stderr io.Writer
	Clock  clock.Clock // used by serve; the system clock if zero
	// Serves, if not nil, is called before serve opens its data. What it sets of the
	// process, such as limits, is for servers alone.
	Serves func()
	// Transport carries requests to the API, such as to one in this process; that of the
	// network if nil.
	Transport http.RoundTripper
}

// Run runs the program with its arguments and returns its exit code.
func (p Program) Run(ctx context.Context, args []string) int {
	stdout, stderr := p.Stdout, p.Stderr
	var c cli
	code := -1
	parser, err := kong.New(&c,
		kong.Name("deskmove"), kong.Description(description), kong.Writers(stdout, stderr), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
		kong.ShortUsageOnError(),
		kong.Exit(func(n int) { code = n }),
	)
	if err != nil {
		return fail(stderr, false, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(asCommand(args))
	if code >= 0 { // help was asked for, and printed
		return code
	}
	if err != nil {
		wrong := &usageError{err: err, help: "deskmove --help"}
		var parse *kong.ParseError
		if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
			wrong.help = "deskmove " + parse.Context.Selected().Name + " --help"
		}
		return fail(stderr, slices.Contains(args, "--json"), wrong)
	}
	run := &call{stdout: stdout, stderr: stderr, json: c.JSON, clock: p.Clock, serves: p.Serves, transport: p.Transport}
	k.BindTo(ctx, (*context.Context)(nil))
	err = k.Run(run)
	if err != nil && ctx.Err() != nil {
		err = interrupted(err)
	}
	if err != nil {
		return fail(stderr, c.JSON, err)
	}
	return codeDone
}

// asCommand understands what people type first: help, help COMMAND and --version.
func asCommand(args []string) []string {
	switch args[0] {
	case "help":
		return append(slices.Clone(args[1:]), "--help")
	case "--version":
		return append([]string{"version"}, args[1:]...)
	}
	return args
}

// interrupted gives the error of a command that Ctrl-C ended its exit code. What says
// nothing else than that is replaced.
func interrupted(err error) error {
	var unreachable *client.Unreachable
	if err == context.Canceled || errors.As(err, &unreachable) {
		err = errors.New("interrupted")
	}
	return &exitError{code: codeInterrupted, err: err}
}

// usageError reports a command line that cannot be parsed.
type usageError struct {
	err  error
	help string // the command that shows help
}

func (e *usageError) Error() string { return e.err.Error() + "; see " + e.help }
func (e *usageError) Unwrap() error { return e.err }

// exitError ends the program with an exit code. If it has no error, the message
// has been printed already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// fail prints an error and returns the exit code.
func fail(stderr io.Writer, asJSON bool, err error) int {
	code := codeError
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
		if exit.err == nil {
			return code
		}
	}
	if !asJSON {
		_, _ = fmt.Fprintln(stderr, "deskmove: "+err.Error()) // nobody is left to tell
		return code
	}
	var problem *client.Problem
	out := map[string]any{"error": err.Error()}
	if errors.As(err, &problem) {
		out["problem"] = problem
	}
	_ = json.NewEncoder(stderr).Encode(out) // the same
	return code
}

// print writes v as one line of JSON with --json, else calls text.
func (c *call) print(v any, text func(w io.Writer)) error {
	if c.json {
		return json.NewEncoder(c.stdout).Encode(v)
	}
	var b strings.Builder
	text(&b)
	_, err := io.WriteString(c.stdout, b.String())
	return err
}

// warn prints a warning.
func (c *call) warn(text string) {
	if c.json {
		_ = json.NewEncoder(c.stderr).Encode(map[string]string{"warning": text}) // nobody is left to tell
		return
	}
	_, _ = fmt.Fprintln(c.stderr, "deskmove: warning: "+text) // the same
}

// interactive reports whether the standard error is a terminal.
func (c *call) interactive() bool {
	f, ok := c.stderr.(*os.File)
	return ok && !c.json && term.IsTerminal(int(f.Fd()))
}

// program returns the command with which the user ran this program.
func program() string {
	name := os.Args[0]
	if strings.Contains(name, "go-build") { // made by go run
		return "go run ./infra/deskmove"
	}
	if base := filepath.Base(name); base == name || strings.HasSuffix(base, ".test") {
		return "deskmove"
	}
	return name
}
