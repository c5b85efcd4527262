package killtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"deskmove/shared/cli/demo"
	"deskmove/shared/cli/importer"
	"deskmove/shared/desk"
	"deskmove/shared/mail/mailtest"
)

// mailAccount is that of the real mail: its support address
// and the 25 agents, of whom three have no help desk access.
func mailAccount() []byte {
	var b strings.Builder
	b.WriteString(`
account: { plan: enterprise, zone: UTC }
pipelines: [{ id: support, statuses: [{ id: new }, { id: waiting }, { id: solved, closed: true }] }]
policies: [{ id: office, schedule: { weekly: [{ day: monday, from: "09:00", to: "17:00" }] }, firstReply: 4h, close: 20h }]
channels:
  - { id: support-mail, type: email, address: support@desk.example, settings: { routing: { agents: [agent01, agent02] } } }
  - { id: contact-form, type: form, connected: support-mail }
  - { id: web-chat, type: chat }
agents:
  - { id: admin, role: super-admin, helpDesk: true }
`)
	for i := range 25 {
		fmt.Fprintf(&b, "  - { id: agent%02d, email: agent%02d@desk.example, role: agent, helpDesk: %t }\n", i+1, i+1, i%10 != 7)
	}
	return []byte(b.String())
}

// program runs a command of deskmove's against a server, and reads its JSON.
func program(ctx context.Context, into any, endpoint, token string, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"--json"}, args...)...)
	cmd.Env = append(os.Environ(), asServer+"=1", "DESKMOVE_ENDPOINT="+endpoint, "DESKMOVE_TOKEN="+token)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("deskmove %s: %w\n%s%s", strings.Join(args, " "), err, out, exit.Stderr)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(out, into)
}

// TestMail imports real mail, and moves it with its history while traffic
// arrives.
func TestMail(t *testing.T) {
	for _, name := range []string{"dev-2012-2013.mbox.gz", "traps.mbox.gz"} {
		t.Run(name, func(t *testing.T) {
			testMail(t, mailtest.File(t, name))
		})
	}
}

func testMail(t *testing.T, file string) {
	random := rand.New(rand.NewPCG(3, 4))
	p, err := newPlace(t.TempDir(), random)
	if err != nil {
		t.Fatal(err)
	}
	raw, setup, err := demo.ReadAccount(mailAccount(), account)
	if err != nil {
		t.Fatal(err)
	}
	r := &round{place: p, random: random, setup: setup, rate: 60, history: desk.AllHistory}
	if r.server, err = r.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.server.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if err := r.connect(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.api.ReplaceSetup(t.Context(), raw, ""); err != nil {
		t.Fatal(err)
	}
	token, err := r.server.Token(account, "admin", desk.SuperAdmin)
	if err != nil {
		t.Fatal(err)
	}
	r.importMail(t, file, token)

	tr, stop, err := r.traffic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop() }()
	n := 0
	for c, err := range r.api.Conversations(t.Context(), demo.Moved) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%5 == 0 {
			tr.AddConversations(desk.Conversation{ID: c.ID, Channel: c.ChannelID, Home: desk.Inbox})
		}
	}
	time.Sleep(time.Second)
	began := time.Now()
	m, err := r.struck(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = r.await(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	whole := m.EndedAt.Sub(began)
	time.Sleep(time.Second)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	report, err := r.api.Report(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	stats := tr.Stats()
	t.Logf("%d conversations moved in %s, %d redirected live, %d changes meanwhile", report.Created+report.AsIs, whole, report.Redirected, stats.Changes())
	var s shot
	if err := r.check(t.Context(), tr, m, &s); err != nil {
		t.Error(err)
	}
	if err := program(t.Context(), &s.verified, r.server.URL(), token, "verify"); err != nil {
		t.Error(err)
	}
}

// importMail imports a file twice: every message must be accounted for, and
// the second time nothing may be added.
func (r *round) importMail(t *testing.T, file, token string) {
	t.Helper()
	var first, second importer.Summary
	for _, s := range []*importer.Summary{&first, &second} {
		if err := program(t.Context(), s, r.server.URL(), token, "import", "--channel", demo.Moved, file); err != nil {
			t.Fatal(err)
		}
		if s.Read == 0 || s.Added+s.Known+s.Duplicates+int64(len(s.Skipped)) != s.Read {
			t.Errorf("not every message is accounted for: %+v", s)
		}
	}
	if second.Added != 0 || second.Known != first.Added {
		t.Errorf("imported twice: %d added, then %d added and %d known", first.Added, second.Added, second.Known)
	}
	t.Logf("%d messages read, %d added in %d conversations, %d copies, %d skipped (%.1f s)",
		first.Read, first.Added, first.Conversations, first.Duplicates, len(first.Skipped), first.Seconds)
}
