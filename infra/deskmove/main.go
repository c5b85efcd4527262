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
	local.LimitMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
