package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"deskmove/shared/cli/demo"
)

type demoCmd struct {
	Conversations int     `default:"400" placeholder:"N" help:"How many conversations the sample has (${default})."`
	Rate          float64 `default:"50" placeholder:"R" help:"Changes a second by customers and agents meanwhile (${default})."`
	Seed          uint64  `placeholder:"S" help:"Another sample and traffic."`
	Keep          bool    `help:"Keep the data."`
}

func (demoCmd) Help() string {
	return `Starts an engine of its own on a free port, with a sample account and conversations on all types of channels; keeps
customers and agents writing; moves the e-mail channel with its history; then checks that nothing was lost.
Exit code: 1 if anything was.`
}

func (d demoCmd) Run(ctx context.Context, c *call) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	out, live := c.stdout, false
	if f, ok := c.stdout.(*os.File); ok {
		live = term.IsTerminal(int(f.Fd()))
	}
	if c.json {
		out, live = io.Discard, false
	}
	outcome, err := demo.Run(ctx, demo.Options{
		Program: self, Call: program(), Out: out, Live: live, Keep: d.Keep,
		Conversations: d.Conversations, Rate: d.Rate, Seed: d.Seed,
	})
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := c.print(outcome, func(io.Writer) {}); err != nil {
		return err
	}
	if !outcome.OK {
		return &exitError{code: codeError}
	}
	return nil
}
