//go:build unix

package killtest

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"
)

// stopped is longer than the time-out of every function at work in the middle
// of a move, and than batches wait until they are overdue and sent again.
const stopped = 65 * time.Second

// TestStopped stops the server's process for a minute, as a laptop's lid or a
// machine's migration does: when it goes on, time-outs have passed that it has
// not seen coming, and requests wait whose callers are gone.
func TestStopped(t *testing.T) {
	takesLong(t)
	t.Parallel()
	newRig(t, channel()).strike(t, 1, aim{phase: converting}, func(r *round) {
		r.hit = func(ctx context.Context, s *shot) error {
			if err := r.server.Signal(syscall.SIGSTOP); err != nil {
				return err
			}
			time.Sleep(time.Second)
			brief, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if _, err := r.eyes.Me(brief); err == nil {
				return errors.New("a process that is stopped has answered")
			}
			time.Sleep(stopped - 2*time.Second)
			if err := r.server.Signal(syscall.SIGCONT); err != nil {
				return err
			}
			if _, err := r.api.Me(ctx); err != nil {
				return fmt.Errorf("after it was stopped: %w", err)
			}
			return r.alive()
		}
	})
}
