package bench_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"deskmove/shared/cli/bench"
)

// TestMain is the parts of a case, too, which are processes of their own.
func TestMain(m *testing.M) {
	ran, err := bench.Main(context.Background())
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case !ran:
		os.Exit(m.Run())
	}
}

// TestCase measures a small channel, not for its speed: a conversation may
// cost two writes and its share of a batch's four.
func TestCase(t *testing.T) {
	r, err := bench.Case{Conversations: 3000, Dir: t.TempDir()}.Run(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if r.RawPerS <= 0 || r.EndToEndPerS <= 0 || r.Ratio <= 0 || r.PeakRSSMiB <= 0 || r.Redirects == 0 || r.RedirectP99Ms < r.RedirectP50Ms {
		t.Errorf("result = %+v", r)
	}
	// Live conversations are many for so small a channel, and cost more than
	// two writes: message, claim and notification.
	backfill := r.WritesPerConversation - float64(6*r.Redirects)/float64(r.Conversations)
	if backfill > 2.1 {
		t.Errorf("%.3f writes a conversation, %d live ones aside; want at most 2.1: %+v", backfill, r.Redirects, r)
	}
}
