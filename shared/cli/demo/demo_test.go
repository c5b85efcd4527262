package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"deskmove/shared/cli"
	"deskmove/shared/cli/demo"
	"deskmove/shared/desk"
)

// asProgram makes this test program deskmove itself.
const asProgram = "DESKMOVE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		os.Exit(cli.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// options run the demo in a directory of the test's own.
func options(t *testing.T, out io.Writer) (o demo.Options, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv(asProgram, "1")
	return demo.Options{Program: self, Call: "deskmove", Out: out, Conversations: 150, Rate: 30, Seed: 1}, dir
}

func left(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "deskmove-demo-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestDemo(t *testing.T) {
	var out bytes.Buffer
	o, dir := options(t, &out)
	o.Keep = true
	outcome, err := demo.Run(t.Context(), o)
	if err != nil || !outcome.OK {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, says := range []string{"warning agents-without-access", "A rehearsal", "redirected live", "no owner, because Lars Berg",
		"Every guarantee was kept", "deskmove serve --data " + dir, outcome.Move.ID} {
		if !strings.Contains(out.String(), says) {
			t.Errorf("%q is not in the output", says)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("there are escapes in what is no terminal")
	}
	if len(left(t, dir)) != 1 || outcome.Data == "" {
		t.Errorf("kept %v, says %q", left(t, dir), outcome.Data)
	}
	if outcome.Story.Ticket.LostOwner != "lars" || outcome.Story.After.MessageCount != outcome.Story.Before.MessageCount+1 {
		t.Errorf("story: %+v", outcome.Story)
	}
	if outcome.Report.Redirected == 0 || outcome.Rehearsal.Found == 0 || outcome.Traffic.Changes() < 50 {
		t.Errorf("report %+v, rehearsal %+v, traffic %+v", outcome.Report, outcome.Rehearsal, outcome.Traffic)
	}
	if _, err := json.Marshal(outcome); err != nil {
		t.Error(err)
	}
	t.Logf("%.1f s\n%s", outcome.Seconds, &out)
}

// TestInterrupted ends the demo as Ctrl-C does, at different times.
func TestInterrupted(t *testing.T) {
	o, dir := options(t, io.Discard)
	for _, after := range []time.Duration{10 * time.Millisecond, 700 * time.Millisecond, 3 * time.Second} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		_, err := demo.Run(ctx, o)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %s: %v", after, err)
		}
		if found := left(t, dir); len(found) > 0 {
			t.Errorf("after %s there is left %v", after, found)
		}
	}
}

func TestSample(t *testing.T) {
	_, setup, err := demo.Account("demo")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	threads, err := demo.Sample(400, 1, setup, now)
	if err != nil {
		t.Fatal(err)
	}
	var weekend, closed, owned, tickets, long, joined int
	types := make(map[desk.ChannelType]int)
	externals := make(map[string]bool)
	for _, th := range threads {
		first := th.Messages[0]
		c, ok := setup.Channel(first.Channel)
		if !ok {
			t.Fatalf("channel %s is none of the account", first.Channel)
		}
		types[c.Type]++
		if first.At.Before(now.AddDate(-1, 0, -1)) || first.At.After(now) {
			t.Errorf("it began at %s", first.At)
		}
		if d := first.At.Weekday(); d == time.Saturday || d == time.Sunday {
			weekend++
		}
		if th.Closed {
			closed++
		}
		if th.Owner != "" {
			owned++
		}
		if th.Ticket != "" {
			tickets++
		}
		if last := th.Messages[len(th.Messages)-1]; last.Channel != first.Channel {
			joined++
		}
		for _, m := range th.Messages {
			if externals[m.External] {
				t.Errorf("%s is there twice", m.External)
			}
			externals[m.External] = true
			if len(m.Text) > 5000 {
				long++
			}
			if strings.ContainsAny(m.Text+m.Subject, "{}") {
				t.Errorf("not filled in: %s: %s", m.Subject, m.Text)
			}
		}
	}
	for _, movable := range []desk.ChannelType{desk.Email, desk.Form, desk.Chat, desk.Calling} {
		if types[movable] < 30 {
			t.Errorf("%d conversations of type %s", types[movable], movable)
		}
	}
	for what, n := range map[string]int{"of a weekend": weekend, "closed": closed, "owned": owned, "with a ticket": tickets, "long": long, "joined": joined} {
		if n < 3 || n > 390 {
			t.Errorf("%d of 400 are %s", n, what)
		}
	}
	again, err := demo.Sample(400, 1, setup, now)
	if err != nil || !reflect.DeepEqual(again[7].Messages[0], threads[7].Messages[0]) {
		t.Errorf("the same seed makes another sample: %v", err)
	}
}
