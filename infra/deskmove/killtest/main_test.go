// Package killtest runs the real server in processes of its own and kills
// them, or feeds them real mail.
package killtest

import (
	"context"
	"os"
	"os/signal"
	"testing"

	"deskmove/infra/deskmove/command"
)

// asServer makes this test program deskmove itself.
const asServer = "DESKMOVE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		os.Exit(command.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}
