package main

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// TestMain is the parts of a case, too, which are processes of their own.
func TestMain(m *testing.M) {
	ran, err := runPart(context.Background())
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case !ran:
		os.Exit(m.Run())
	}
}

// TestLists: every list answers, before, during and after a move.
func TestLists(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short leaves out what takes minutes")
	}
	r, err := Case{Conversations: 2000, Dir: t.TempDir()}.Lists(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]ListPhase{"rest": r.Rest, "during": r.During, "after": r.After} {
		if p.Pages == 0 || p.Failed > 0 || len(p.Lists) == 0 || p.P99Ms < p.P50Ms || p.P50Ms <= 0 || p.Read.P50 <= 0 || p.Write.P50 <= 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// TestCase measures a small channel, not for its speed: a conversation may cost
// one write and its share of those of a batch.
func TestCase(t *testing.T) {
	r, err := Case{Conversations: 3000, Dir: t.TempDir()}.Run(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if r.RawPerS <= 0 || r.EndToEndPerS <= 0 || r.Ratio <= 0 || r.PeakRSSMiB <= 0 || r.Redirects == 0 || r.RedirectP99Ms < r.RedirectP50Ms {
		t.Errorf("result = %+v", r)
	}
	// Live conversations are many for so small a channel, and cost more than one
	// write: message, claim, header and notification.
	backfill := r.WritesPerConversation - float64(6*r.Redirects)/float64(r.Conversations)
	if backfill > 1.15 {
		t.Errorf("%.3f writes a conversation, %d live ones aside; want at most 1.15: %+v", backfill, r.Redirects, r)
	}
}
