package cli_test

import (
	"testing"

	"deskmove/shared/api"
	"deskmove/shared/cli/importer"
	"deskmove/shared/cli/verify"
	"deskmove/shared/mail/mailtest"
)

// TestRealMail imports real mail, with every message accounted for, moves it
// and verifies the move.
func TestRealMail(t *testing.T) {
	for name, messages := range map[string]int64{"traps.mbox.gz": 81, "dev-2012-2013.mbox.gz": 6434} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := mailtest.File(t, name)
			if raceDetector && messages > 1000 {
				t.Skip("SKIPPED: with the race detector it takes minutes; make test runs it without, next")
			}
			e := ready(t)
			var s importer.Summary
			e.run(t, "import", "--channel", "support", "--concurrency", "16", path, "--json").ok(t, &s)
			if s.Read != messages || s.Read != s.Added+s.Duplicates+int64(len(s.Skipped)) || s.Known != 0 || len(s.Lessened) != 0 {
				t.Errorf("%d of %d messages read, %d added, %d duplicates, skipped: %v, lessened: %v",
					s.Read, messages, s.Added, s.Duplicates, s.Skipped, s.Lessened)
			}
			t.Logf("%d messages in %.1f s", s.Read, s.Seconds)
			before := conversations(t, e)
			var kept int64
			for _, c := range before {
				kept += c.MessageCount
			}
			if kept != s.Added || int64(len(before)) != s.Conversations {
				t.Errorf("%d messages in %d conversations are there, but %d in %d were added", kept, len(before), s.Added, s.Conversations)
			}
			if messages < 1000 {
				twice(t, e, path, messages)
			}
			var moved struct{ Report api.Report }
			e.run(t, "move", "--channel", "support", "--history", "all", "--open-status", "new", "--closed-status", "solved",
				"--ack", "agents-without-access,connected-left-behind", "--watch", "--json").ok(t, &moved)
			if r := moved.Report; r.Created != int64(len(before)) || r.Failed != 0 || !r.Checksum.Equal {
				t.Errorf("report: %+v, want %d tickets", r, len(before))
			}
			var v verify.Result
			e.run(t, "verify", "--settings", accountFile, "--json").ok(t, &v)
			t.Logf("verified in %.1f s", v.Seconds)
		})
	}
}

// twice imports a file that is there, which must change nothing.
func twice(t *testing.T, e *engine, path string, messages int64) {
	t.Helper()
	var s importer.Summary
	e.run(t, "import", "--channel", "support", path, "--json").ok(t, &s)
	if s.Added != 0 || s.Conversations != 0 || s.Closed != 0 || s.Owned != 0 || s.Known+s.Duplicates != messages {
		t.Errorf("second import: %+v", s)
	}
}
