package peers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskmove/infra/test/peers"
)

// seed decides about which functions are killed and what comes twice. What goes
// on at that moment is another matter in each run.
const seed = 1

// TestStackUnderFaults moves a channel as TestStack does, but messages,
// changes and steps come twice, out of order and late, and functions' processes
// are killed all the time. The move has to end, all has to come to rest, and
// nothing may be lost or doubled.
//
// What ministack makes of a killed process, and how that differs from AWS:
//   - It says Runtime.ExitError at once and starts another process for the next
//     event, as AWS does. If the process was just starting, it says
//     Runtime.Unknown and ends all processes of that function.
//   - A message whose function died is out of sight for the queue's visibility
//     timeout, as on AWS. A batch of changes is tried again after a second,
//     whole, and as often as need be: nothing is bisected or given up, so the
//     test itself puts stretches into the queue of what was given up.
//   - The state machine is told the error, as on AWS. It tries again after
//     Runtime.ExitError; after Runtime.Unknown the execution ends in Broken, and
//     the sweeper starts another one.
//   - The API answers 502, which clients take for a request to be made again.
func TestStackUnderFaults(t *testing.T) {
	if runtime.GOOS != "linux" {
		if os.Getenv("CI") != "" {
			t.Fatal("processes to kill are found in /proc: run CI on Linux")
		}
		t.Skip("SKIPPED: processes to kill are found in /proc, which only Linux has")
	}
	url := peers.Ministack(t)
	smallBatches(t)
	s := open(t, url, "deskmove-faults")
	s.conversations, s.patience = 250, 8*time.Minute
	s.flow(s.load())

	k := newKiller(s.deployment, url, peers.MinistackLog(t), seed, s.lap)
	d, err := newDuplicates(s.deployment, seed)
	s.must(err)
	// The template says six times what the functions may take. With less the test
	// waits less for what was killed, and more comes twice.
	s.must(d.batches.visibility(t.Context(), "20"))
	s.must(d.failed.visibility(t.Context(), "20"))
	s.must(d.deliver(t.Context(), "ConvertFunction", false))
	endKills := s.background(k.run)
	m := s.begin("move")
	s.must(d.hold(t.Context()))
	s.lap("%d batches seen", len(d.bodies))
	s.must(d.deliver(t.Context(), "ConvertFunction", true))
	endDuplicates := s.background(func(ctx context.Context) error { return d.run(ctx, m.ID) })
	report := s.end("move", m)
	// Batches that a lister which dies now has entered, but not sent, are sent
	// again after a minute, for which the test would wait.
	k.spare(slices.Collect(maps.Values(d.steps))...)
	time.Sleep(5 * time.Second) // the moved channel's life goes on
	s.must(enough(t.Context(), k, d))
	s.must(endKills())
	s.must(endDuplicates())
	d.enough(t)
	s.must(d.late(t.Context(), m.ID))
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	s.lap("%d changes meanwhile", s.traffic.Stats().Changes())
	s.rest(d, m.ID)
	if report.Created == 0 || report.Failed != 0 || !report.Checksum.Equal {
		t.Errorf("report %+v", report)
	}
	s.compare(m.ID)
	s.noDead()
	k.enough(t)
}

// smallBatches has the functions built with batches of 12 instead of 500, so
// that a small channel has several of them. All else is what is deployed.
func smallBatches(t *testing.T) {
	t.Helper()
	const as, small = "const BatchSize = 500", "const BatchSize = 12"
	file, err := filepath.Abs("../../../shared/aws/lambda.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), as) != 1 {
		t.Fatalf("%s does not say %q", file, as)
	}
	dir := t.TempDir()
	instead, overlay := filepath.Join(dir, "lambda.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{file: instead}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{instead: strings.Replace(string(source), as, small, 1), overlay: string(replace)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOFLAGS", strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
}

// background does something until the function that it returns is called,
// which waits for its end.
func (s *scene) background(do func(ctx context.Context) error) (end func() error) {
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- do(ctx) }()
	end = sync.OnceValue(func() error { cancel(); return <-ended })
	s.t.Cleanup(func() { _ = end() }) // also when the test fails before
	return end
}

// enough waits until killer and duplicates have done what they are for, or
// three minutes: a quick machine shows few processes at work, and on a slow one
// little comes twice in the time of a move.
func enough(ctx context.Context, k *killer, d *duplicates) error {
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); {
		_, killed, err := k.tally()
		if err != nil || killed && d.told.Load() {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return nil
}

// rest waits until no message is left and the ledger is empty.
func (s *scene) rest(d *duplicates, id string) {
	s.t.Helper()
	var last string
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		last = ""
		for _, q := range []*remote{d.batches, d.failed} {
			n, err := q.count(s.t.Context())
			s.must(err)
			if n > 0 {
				last += fmt.Sprintf(" %s has %d messages;", *q.q, n)
			}
		}
		m, err := s.admin.Move(s.t.Context(), id)
		s.must(err)
		if m.OpenBatches == nil || *m.OpenBatches > 0 {
			last += " batches are open in the ledger"
		}
		if last == "" {
			s.lap("at rest: %+v", *m.Progress)
			return
		}
	}
	s.t.Errorf("it does not come to rest:%s", last)
}
