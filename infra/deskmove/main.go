// Deskmove moves the channels of a shared inbox to a help desk.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"deskmove/shared/cli"
	"deskmove/shared/cli/bench"
)

func main() {
	// A move makes garbage faster than it keeps anything: collecting half as
	// often costs little memory, of which the limit keeps it from taking more. The
	// database's caches come on top.
	debug.SetGCPercent(300)
	debug.SetMemoryLimit(72 << 20)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)            // a second signal ends the program at once
	if part, err := bench.Main(ctx); part { // a process that the benchmark started
		if err != nil {
			fmt.Fprintln(os.Stderr, "deskmove: "+err.Error())
			os.Exit(1)
		}
		return
	}
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
