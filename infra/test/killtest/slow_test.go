package killtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSlowDisk slows the disk down in the middle of a move: every sync takes
// 100 to 500 ms, and now and then a write does. The server answers late, but
// it answers.
func TestSlowDisk(t *testing.T) {
	takesLong(t)
	t.Parallel()
	newRig(t, channel()).strike(t, 1, aim{phase: converting}, func(r *round) {
		file := filepath.Join(t.TempDir(), "slow")
		r.env = append(r.env, slowDisk+"="+file)
		r.hit = func(ctx context.Context, s *shot) error {
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				return err
			}
			time.Sleep(time.Second) // until what was quick has been answered
			var took []time.Duration
			for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
				d, err := r.write(ctx, s)
				if err != nil {
					return fmt.Errorf("on a slow disk: %w", err)
				}
				if took = append(took, d); d < leastStall {
					return fmt.Errorf("the disk is not slow, or a message was acknowledged without it: after %s", d)
				}
			}
			t.Logf("answers took %s", span(took))
			return errors.Join(os.Remove(file), r.alive())
		}
	})
}
