// Bench measures the whole move on this machine, against what the database
// below it can do with the same writes in the same run: the ratio says what
// deskmove costs, whatever the machine is worth.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"deskmove/shared/local"
)

// flags are the command line's.
type flags struct {
	Conversations []int  `default:"100000" placeholder:"N" help:"Sizes of the channels to move, one run each (${default})."`
	Lists         int    `default:"100000" placeholder:"N" help:"Size of the account whose lists are measured at rest, during and after a move; 0 leaves it out (${default})."`
	Floods        int    `default:"20000" placeholder:"N" help:"Size of the channel that moves on half a core after floods of requests; 0 leaves both out (${default})."`
	Messages      int    `default:"20000" placeholder:"N" help:"Size of a mailbox of small mails that is imported, and with it real mail if DESKMOVE_MAIL says where that is; 0 leaves both out (${default})."`
	Attached      int    `default:"1024" placeholder:"MIB" help:"How much of attachments is imported; 0 leaves it out (${default})."`
	Dir           string `placeholder:"DIR" help:"Directory for temporary data, on the disk to be measured. The default is the system's temporary directory."`
}

const description = `Measures how fast the database alone can do the writes of a move, then the move itself, in the same run, and prints
one line of JSON for each size: their rates and ratio, memory, writes and reads for each conversation,
and how long a new conversation takes to reach the help desk while its channel moves. A line is of lists: how long
20 readers wait for them, and what an idle server needs. Another is of floods: what one caller and many get who ask for
more than the machine can do, what it keeps free for messages, and a move on half a core while customers write. Last, mailboxes are imported:
mails a second, and the memory of both sides.`

func main() {
	local.LimitMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var f flags
	k := kong.Parse(&f, kong.Name("bench"), kong.Description(description), kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 120}))
	ran, err := runPart(ctx)
	if !ran {
		err = run(ctx, f, os.Stdout, os.Stderr)
	}
	k.FatalIfErrorf(err)
}
