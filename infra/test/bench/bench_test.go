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

// TestFloods: who asks for too much is refused, and messages come in; a trial, not for
// its speed.
func TestFloods(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short leaves out what takes minutes")
	}
	r, err := Case{Conversations: 500, Dir: t.TempDir()}.Floods(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]FloodPhase{"agent": r.Loops, "program": r.AdminLoops, "burst": r.Burst, "one burst": r.OneBurst} {
		if p.Answers[200] == 0 || p.Answers[500] != 0 || p.Answered.P50 <= 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if r.Loops.Answers[429] == 0 || r.OneBurst.Answers[429] == 0 || r.Loops.Taken == 0 || r.AdminLoops.Taken == 0 || r.PeakRSSMiB <= 0 {
		t.Errorf("result = %+v", r)
	}
	if in := r.OneBurst.Server.TooMany; in.P50 <= 0 || in.P99 < in.P50 || r.Loops.Server.TooMany.P50 <= 0 {
		t.Errorf("the server does not say how long it takes to refuse: %+v, %+v", r.Loops.Server, r.OneBurst.Server)
	}
	if r.Half.HeldBy == "" || r.Half.Changes == 0 || r.Half.Redirect.P50 <= 0 || r.Half.Redirect.P99 < r.Half.Redirect.P50 {
		t.Errorf("half a core: %+v", r.Half)
	}
}

// TestImport: both kinds of mailbox come in; a trial, not for its speed.
func TestImport(t *testing.T) {
	for what, n := range map[string]int{smallMail: 40, largeMail: 2} {
		r, err := Case{Conversations: n, Dir: t.TempDir()}.Import(t.Context(), what, t.Output())
		if err != nil || r.Messages != int64(n) || r.PerS <= 0 || r.ImporterMiB <= 0 || r.ServerMiB <= 0 {
			t.Errorf("%s: %+v, %v", what, r, err)
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
