// Deskmove moves the channels of a shared inbox to a help desk.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"deskmove/shared/cli"
	"deskmove/shared/local"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(cli.Program{Stdout: os.Stdout, Stderr: os.Stderr, Serves: local.LimitMemory}.Run(ctx, os.Args[1:]))
}
