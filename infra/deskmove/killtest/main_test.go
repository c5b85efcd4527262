// Package killtest runs the real server in processes of its own and kills
// them, or feeds them real mail.
package killtest

import (
	"context"
	"os"
	"os/signal"
	"testing"
	"time"

	"deskmove/infra/deskmove/command"
)

// asServer makes this test program deskmove itself.
const asServer = "DESKMOVE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		go follow(os.Getppid())
		os.Exit(command.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// follow ends this process when its parent is gone: a test that timed out
// leaves no servers behind.
func follow(parent int) {
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}
