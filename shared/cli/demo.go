package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"deskmove/shared/cli/demo"
)

type demoCmd struct {
	Conversations int     `default:"400" placeholder:"N" help:"Number of sample conversations (${default})."`
	Rate          float64 `default:"50" placeholder:"R" help:"Changes per second made by customers and agents during the move (${default})."`
	Seed          uint64  `placeholder:"S" help:"Seed of the sample and the traffic."`
	Keep          bool    `help:"Keep the data afterwards."`
	Endpoint      string  `placeholder:"URL" help:"Show it on a server that runs already, such as http://127.0.0.1:8420, which has no account \"demo\" yet."`
	Data          string  `placeholder:"DIR" help:"With --endpoint: that server's data directory, with whose key tokens are made."`
	Stay          *bool   `negatable:"" help:"Leave the server up at the end, and print a link to the report; the default on a terminal."`
}

func (demoCmd) Help() string {
	return `Starts a separate server on a free port, with a sample account and conversations on all types of channels. While
simulated customers and agents keep writing, it moves the e-mail channel with its history, then checks that nothing was
lost. Exit code: 1 if anything was lost.`
}

func (d demoCmd) Run(ctx context.Context, c *call) error {
	switch {
	case (d.Endpoint == "") != (d.Data == ""):
		return errors.New("demo: --endpoint and --data go together: give both, or neither for a server of the demo's own")
	case d.Endpoint != "" && d.Keep:
		return errors.New("demo: --keep is for a server of the demo's own: leave it out, since what is at --endpoint stays there")
	}
	keepPrivate()
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
	var stay func(context.Context)
	if !c.json && (d.Stay == nil && live || d.Stay != nil && *d.Stay) {
		stay = untilEnter
	}
	outcome, err := demo.Run(ctx, demo.Options{
		Program: self, Call: program(), Out: out, Live: live, Keep: d.Keep, Stay: stay,
		Endpoint: d.Endpoint, Data: d.Data, Conversations: d.Conversations, Rate: d.Rate, Seed: d.Seed,
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

// untilEnter waits for Ctrl-C or, on a terminal, for the Enter key.
func untilEnter(ctx context.Context) {
	enter := make(chan struct{})
	if term.IsTerminal(int(os.Stdin.Fd())) {
		go func() { // lives until the program ends, which is soon
			_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
			close(enter)
		}()
	}
	select {
	case <-enter:
	case <-ctx.Done():
	}
}
