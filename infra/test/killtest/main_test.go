// Package killtest runs the real server in processes of its own, under traffic
// and in the middle of a move, and does to them what happens to processes: it
// kills and stops them, fills their disk or slows it down, and sets their
// clock. Or it feeds them real mail.
package killtest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"testing"
	"time"

	"deskmove/shared/cli"
)

// Variables that make this test program another.
const (
	asServer = "DESKMOVE_TEST_PROGRAM" // deskmove itself
	slowDisk = "DESKMOVE_TEST_SLOW"    // while there is a file of that name, with a slow disk
	itsClock = "DESKMOVE_TEST_CLOCK"   // with a clock that is set by a file of that name
)

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		go follow(os.Getppid())
		p := cli.Program{Stdout: os.Stdout, Stderr: os.Stderr}
		if err := disturb(&p); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(p.Run(ctx, os.Args[1:]))
	}
	// The tests wait more than they work, so that more of them go at a time
	// than there are processors, unless somebody says how many.
	atOnce := max(4, runtime.GOMAXPROCS(0))
	if slow { // the race detector makes each of them work more
		atOnce = max(3, runtime.GOMAXPROCS(0))
	}
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// disturb does to the program what the environment asks for.
func disturb(p *cli.Program) (err error) {
	if name := os.Getenv(slowDisk); name != "" {
		err = slowDown(name)
	}
	if name := os.Getenv(itsClock); name != "" && err == nil {
		p.Clock, err = setClock(name)
	}
	return err
}

// follow ends this process when its parent is gone: a test that timed out
// leaves no servers behind.
func follow(parent int) {
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}
