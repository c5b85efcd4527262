package cli_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/api"
	"deskmove/shared/cli/importer"
	"deskmove/shared/cli/transfer"
	"deskmove/shared/cli/verify"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
	"deskmove/shared/exchange/hubspot"
	"deskmove/shared/mail/mailtest"
)

// twin makes another account, which has the administrator and nothing else, and returns
// its token.
func (e *engine) twin(t *testing.T, account string, agents ...string) string {
	t.Helper()
	token, err := e.stack.Issuer.Mint(account, "admin", desk.SuperAdmin, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if len(agents) == 0 || !strings.Contains(agents[0], `"id":"admin"`) {
		agents = append([]string{`{"id":"admin","name":"Ada Admin","email":"ada@desk.example","role":"super-admin","helpDesk":true}`}, agents...)
	}
	setup := fmt.Sprintf(`{"account":{"id":%q,"plan":"professional"},"agents":[%s]}`, account, strings.Join(agents, ","))
	e.as(t, token, "apply", file(t, "account.json", setup)).ok(t, nil)
	return token
}

// exports exports an account, and returns what its files have, by their names.
func (e *engine) exports(t *testing.T, token string, args ...string) (folder string, files map[string]string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "export")
	e.as(t, token, append([]string{"export", folder}, args...)...).ok(t, nil)
	files = make(map[string]string)
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(folder, name))
		files[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder, files
}

var firstAccount = regexp.MustCompile(`^(\{"format":"deskmove","version":1,"account":)"[^"]*"`)

// sameExport fails the test unless two exports are the same bytes but for the account's name.
func sameExport(t *testing.T, a, b map[string]string) {
	t.Helper()
	if len(a) != len(b) {
		t.Errorf("one has %d files, and the other %d", len(a), len(b))
	}
	for name, x := range a {
		y, ok := b[name]
		if name == exchange.LinesName {
			x, y = firstAccount.ReplaceAllString(x, "$1\"\""), firstAccount.ReplaceAllString(y, "$1\"\"")
		}
		if !ok || x != y {
			left, right := strings.Split(x, "\n"), strings.Split(y, "\n")
			for i := range left {
				if i >= len(right) || left[i] != right[i] {
					t.Fatalf("%s differs in line %d:\n%s\n%s", name, i+1, left[i], strings.Join(right[min(i, len(right)):min(i+1, len(right))], ""))
				}
			}
			t.Fatalf("%s differs in what comes last", name)
		}
	}
}

// goesRound exports an account, imports that into another one, which is verified, and
// exports that.
func (e *engine) goesRound(t *testing.T, token, into string) (was, is map[string]string) {
	t.Helper()
	folder, was := e.exports(t, token)
	twin := e.twin(t, into, regexp.MustCompile(`\{"agent":(\{"id":"admin".*\})\}\n`).FindStringSubmatch(was[exchange.LinesName])[1])
	var s transfer.Imported
	e.as(t, twin, "import", folder, "--setup", "--json").ok(t, &s)
	if len(s.LeftOut)+len(s.Diverged) > 0 || s.Known+s.Updated > 0 {
		t.Errorf("imported: %+v", s)
	}
	e.as(t, twin, "verify").ok(t, nil)
	_, is = e.exports(t, twin)
	sameExport(t, was, is)
	var again transfer.Imported
	e.as(t, twin, "import", folder, "--setup", "--json").ok(t, &again)
	if again.Added+again.Updated > 0 || again.Known != s.Added || len(again.Setup) > 0 {
		t.Errorf("imported again: %+v", again)
	}
	return was, is
}

const moveAll = "move --history all --open-status new --closed-status solved --ack agents-without-access,connected-left-behind,no-sla-policy,routing-without-access --watch --channel"

// TestGoesRound has an account go into another one and out again, before and after a move.
func TestGoesRound(t *testing.T) {
	t.Parallel()
	e := ready(t)
	api := e.api(t)
	e.imports(t, "../mail/testdata/sample.mbox")
	e.imports(t, file(t, "a.eml", "From: Ola Nordmann <a@customer.example>\r\nTo: support@desk.example\r\nMessage-ID: <file@x>\r\nSubject: =?UTF-8?Q?Bl=C3=A5b=C3=A6r?=\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Se vedlegg"+strings.Repeat(" og mer", 100_000)+"</p>\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF "+strings.Repeat("bytes\r\n", 100_000)+"\r\n--b--\r\n"))
	for n := range 5 {
		if _, err := api.TakeMessage(t.Context(), []string{"support", "contact", "sales"}[n%3], newMessage(fmt.Sprint("m", n), "Hello")); err != nil {
			t.Fatal(err)
		}
	}
	all := conversations(t, e)
	if len(all) < 5 {
		t.Fatalf("there are %d conversations", len(all))
	}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := api.NewTicket(ctx, all[0].ID, "waiting")
	must(err)
	must(api.EditTicket(ctx, "t-"+all[0].ID, desk.TicketEdit{Owner: new("cleo")}))
	must(api.EditConversation(ctx, all[1].ID, desk.Edit{Owner: new("dora"), Tags: &[]string{"invoice", "blåbær"}}))
	_, err = api.AddMessage(ctx, all[1].ID, message("note", "agent", "For colleagues."))
	must(err)
	_, files := e.goesRound(t, e.token, "twin-1")
	if len(files) < 3 {
		t.Errorf("it has %d files", len(files))
	}

	e.run(t, append(strings.Fields(moveAll), "support")...).ok(t, nil)
	taken, err := api.TakeMessage(ctx, "support", newMessage("live", "Live"))
	must(err)
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // redirected within seconds
		c, err := api.Conversation(ctx, taken.ConversationID)
		must(err)
		if c.Home == "helpdesk" {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it does not get to the help desk")
		}
	}
	must(api.EditTicket(ctx, "t-"+all[2].ID, desk.TicketEdit{Status: new(desk.Status("solved")), Owner: new("ben")}))
	e.goesRound(t, e.token, "twin-2")
}

func message(external, author, text string) api.AddedMessage {
	m := api.AddedMessage{MessageContent: api.MessageContent{ExternalID: external, Author: author, Text: text}}
	if author == "agent" {
		m.Kind, m.Agent = "note", "ben"
	}
	return m
}

func newMessage(external, text string) api.NewMessage {
	return api.NewMessage{MessageContent: api.MessageContent{ExternalID: external, Author: "customer", From: &api.Address{Address: "jane@customer.example"}, Text: text}}
}

// TestRealMailGoesRound does it with real mail.
func TestRealMailGoesRound(t *testing.T) {
	for name, large := range map[string]bool{"traps.mbox.gz": false, "dev-2012-2013.mbox.gz": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := mailtest.File(t, name)
			if raceDetector && large {
				t.Skip("SKIPPED: with the race detector it takes minutes; make test runs it without, next")
			}
			e := ready(t)
			var s importer.Summary
			e.run(t, "import", "--channel", "support", "--concurrency", "16", path, "--json").ok(t, &s)
			e.goesRound(t, e.token, "twin")
		})
	}
}

// TestDemoGoesRound does it with the demo's account, after its move.
func TestDemoGoesRound(t *testing.T) {
	t.Parallel()
	e := start(t, t.TempDir())
	run(t, "demo", "--conversations", "120", "--rate", "20", "--seed", "7", "--endpoint", e.url, "--data", e.dir).ok(t, nil)
	_, files := e.goesRound(t, e.token, "twin")
	if n := strings.Count(files[exchange.LinesName], `"provenance":"history"`); n == 0 {
		t.Error("nothing of it has moved")
	}
}

const hubspotFolder = "../exchange/hubspot/testdata/acme"

// imported is what an import prints.
type imported struct {
	transfer.Imported
	HubSpot *hubspot.Report
}

// TestHubSpot imports what HubSpot has, moves a channel of it, and has it go round.
func TestHubSpot(t *testing.T) {
	t.Parallel()
	e := start(t, t.TempDir())
	token := e.twin(t, "bikes")
	var s imported
	e.as(t, token, "import", hubspotFolder, "--from", "hubspot", "--setup", "--json").ok(t, &s)
	if s.Added != 8 || s.HubSpot == nil || s.HubSpot.Conversations != 8 || s.Files != 2 || len(s.LeftOut) > 0 {
		t.Errorf("imported: %+v", s)
	}
	// R13 and R15 hold by their IDs.
	api, err := client.New(e.url, token)
	if err != nil {
		t.Fatal(err)
	}
	c, err := api.Conversation(t.Context(), "hs-1003")
	if err != nil || c.ChannelID != "hs-502" {
		t.Errorf("the chat that went on by mail is %+v, %v", c, err)
	}
	was, err := api.Ticket(t.Context(), "t-hs-1002")
	if err != nil || was.Provenance != "native" || was.Status != "hs-4" || was.Owner != "A-12" || was.Home != "inbox" {
		t.Errorf("the ticket of thread 1002 is %+v, %v", was, err)
	}
	e.goesRound(t, token, "twin-1")

	// Access is no part of what HubSpot says.
	e.as(t, token, "move", "--channel", "hs-501", "--history", "all", "--open-status", "hs-1", "--closed-status", "hs-4", "--watch",
		"--ack", "agents-without-access,no-sla-policy").ok(t, nil)
	e.as(t, token, "verify").ok(t, nil)
	is, err := api.Ticket(t.Context(), "t-hs-1002")
	if err != nil || is.Home != "helpdesk" || is.Status != was.Status || is.Owner != was.Owner || !is.CreatedAt.Equal(was.CreatedAt) || is.Provenance != "native" {
		t.Errorf("R15: it was %+v and is %+v, %v", was, is, err)
	}
	if c, err := api.Conversation(t.Context(), "hs-1003"); err != nil || c.Home != "inbox" {
		t.Errorf("R13: the chat is %+v, %v", c, err)
	}
	e.goesRound(t, token, "twin-2")
	e.as(t, token, "import", hubspotFolder, "--from", "hubspot", "--setup").fails(t, 0, "5 conversations left out: the channel has moved to the help desk here", "3 existed already")
}

// copyOf is the fixture in a folder that a test may change.
func copyOf(t *testing.T, folder string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	return to
}

func edit(t *testing.T, name, old, new string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		t.Fatalf("%s has no %s", name, old)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(b), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestHubSpotAgain imports what has changed since, and leaves alone what people have changed.
func TestHubSpotAgain(t *testing.T) {
	t.Parallel()
	e := start(t, t.TempDir())
	token := e.twin(t, "bikes")
	folder := copyOf(t, hubspotFolder)
	again := func() (s imported) {
		t.Helper()
		e.as(t, token, "import", folder, "--from", "hubspot", "--setup", "--json").ok(t, &s)
		return s
	}
	again()
	api, err := client.New(e.url, token)
	if err != nil {
		t.Fatal(err)
	}
	if err := api.EditConversation(t.Context(), "hs-1001", desk.Edit{Owner: new("A-12")}); err != nil {
		t.Fatal(err)
	}
	if s := again(); s.Added+s.Updated > 0 || s.Known != 7 || !slices.Equal(s.Diverged, []string{"hs-1001"}) {
		t.Errorf("imported again: %+v", s)
	}
	edit(t, filepath.Join(folder, "threads-2.json"), `"id": "1009",
   "createdAt": "2026-03-05T09:00:00.000Z",
   "status": "OPEN"`, `"id": "1009",
   "createdAt": "2026-03-05T09:00:00.000Z",
   "status": "CLOSED"`)
	for name, thread := range map[string]string{"messages/1001-2.json": "1001", "messages/1007.json": "1007"} { // a reply, and a thread whose messages are saved by now
		text := fmt.Sprintf(`{"results":[{"type":"MESSAGE","id":"later-%s","conversationsThreadId":"%s","createdAt":"2026-03-20T10:00:00Z","createdBy":"V-201","client":{"clientType":"HUBSPOT"},
			"senders":[{"actorId":"V-201"}],"recipients":[],"archived":false,"text":"Hello?","attachments":[],"truncationStatus":"NOT_TRUNCATED","direction":"INCOMING","channelId":"1002","channelAccountId":"501"}]}`, thread, thread)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := again()
	if s.Added != 1 || s.Updated != 1 || s.Known != 6 || !slices.Equal(s.Diverged, []string{"hs-1001"}) {
		t.Errorf("imported with changes: %+v", s)
	}
	c, err := api.Conversation(t.Context(), "hs-1001")
	if err != nil || c.Owner != "A-12" || c.MessageCount != 4 {
		t.Errorf("what people had changed is %+v, %v", c, err)
	}
	if c, err := api.Conversation(t.Context(), "hs-1009"); err != nil || c.Status != "closed" {
		t.Errorf("what was closed there is %+v, %v", c, err)
	}
}

func addedMessage(external string) (m api.AddedMessage) {
	m.MessageContent = newMessage(external, "Hello?").MessageContent
	return m
}

// TestExportsOneAfterAnother imports versions of an export: what has changed comes in, also back
// again, but not over what people have changed.
func TestExportsOneAfterAnother(t *testing.T) {
	t.Parallel()
	e := ready(t)
	api := e.api(t)
	of := make(map[string]string)
	for _, id := range []string{"text", "more", "state", "people"} {
		taken, err := api.TakeMessage(t.Context(), "support", newMessage(id, "About "+id))
		if err != nil {
			t.Fatal(err)
		}
		of[id] = taken.ConversationID
	}
	older, _ := e.exports(t, e.token)
	for _, id := range []string{"more", "people"} {
		if _, err := api.AddMessage(t.Context(), of[id], addedMessage("again-"+id)); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"state", "people"} {
		if err := api.EditConversation(t.Context(), of[id], desk.Edit{Status: new(desk.Closed)}); err != nil {
			t.Fatal(err)
		}
	}
	newer, was := e.exports(t, e.token)
	says := regexp.MustCompile(`"externalId":"text".*"text":"[^"]*"`).FindString(was[exchange.LinesName])
	edit(t, exchange.Folder(newer).Lines(), says, says[:len(says)-1]+`, and more"`)

	twin := e.twin(t, "twin")
	there, err := client.New(e.url, twin)
	if err != nil {
		t.Fatal(err)
	}
	e.as(t, twin, "import", older, "--setup").fails(t, 0, "4 conversations added, 0 updated, with 4 messages", "0 existed already\n")
	if err := there.EditConversation(t.Context(), of["people"], desk.Edit{Owner: new("ben")}); err != nil {
		t.Fatal(err)
	}
	is := func() (says string) {
		for _, id := range []string{"text", "more", "state", "people"} {
			c, err := there.Conversation(t.Context(), of[id])
			if err != nil {
				t.Fatal(err)
			}
			says += fmt.Sprintf("%s %s %s %d, ", id, c.Status, c.Owner, c.MessageCount)
		}
		_, files := e.exports(t, twin)
		return says + fmt.Sprint(strings.Contains(files[exchange.LinesName], `, and more"`))
	}
	const asInFile = "1 existed already; their messages are as in the file, unless people have changed the conversation here"
	left := "1 were changed here by people since an earlier import: new messages are added, all else is left alone: " + of["people"]
	e.as(t, twin, "import", newer).fails(t, 0, "0 conversations added, 2 updated", asInFile, left)
	if got, want := is(), "text open  1, more open  2, state closed  1, people open ben 2, true"; got != want {
		t.Errorf("the newer one made it %q, want %q", got, want)
	}
	e.as(t, twin, "import", older).fails(t, 0, "0 conversations added, 2 updated", asInFile, left)
	if got, want := is(), "text open  1, more open  2, state open  1, people open ben 2, false"; got != want {
		t.Errorf("the older one made it %q, want %q", got, want)
	}
}

// TestDryRun says what would be done, and does nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	e := start(t, t.TempDir())
	token := e.twin(t, "bikes", `{"id":"ann","name":"Ann Olsen","role":"agent"}`, `{"id":"b2","name":"B","email":"BO@acme.example","role":"agent"}`)
	was := e.as(t, token, "audit", "--json").ok(t, nil).stdout
	e.as(t, token, "import", hubspotFolder, "--from", "hubspot", "--dry-run").fails(t, 1, // it would be refused
		"channel hs-501: 5 conversations with 19 messages and 2 tickets, as it was",
		"agent A-11 (Ann Olsen ann@acme.example) is unknown here: owns 2 conversations and wrote", "perhaps ann",
		"agent A-12 (Bo Berg bo@acme.example) is b2 here, by address",
		"the account lacks", "channel hs-501", "pipeline hs-0", "threads that are spam: 1005", "nothing was written")
	agents := file(t, "agents.yaml", "A-11: ann\nA-99: \"\"\n")
	e.as(t, token, "import", hubspotFolder, "--from", "hubspot", "--dry-run", "--setup", "--agents", agents).fails(t, 0,
		"agent A-11 (Ann Olsen ann@acme.example) is ann here, by mapping", "agent A-99 is nobody here", "added to the account's setup", "channel hs-503")
	if is := e.as(t, token, "audit", "--json").ok(t, nil).stdout; is != was {
		t.Errorf("a rehearsal is in the audit log:\n%s\n%s", was, is)
	}
	e.as(t, token, "import", hubspotFolder, "--from", "hubspot", "--setup", "--agents", file(t, "agents.yaml", "A-11: nobody-here\n")).fails(t, 1, `agent A-11 is to be "nobody-here", and the account has no such agent`)
	e.as(t, token, "import", hubspotFolder, "--from", "hubspot", "--setup", "--agents", file(t, "agents.yaml", "A-00: ann\n")).fails(t, 1, `there is no agent "A-00" in the file`)
	e.as(t, token, "import", file(t, "threads.json", "{}"), "--from", "hubspot").fails(t, 1, "threads.json is no folder", "give the folder")
	e.as(t, token, "import", hubspotFolder, "--from", "hubspot", "--setup", "--agents", file(t, "agents.yaml", "- A-11\n")).fails(t, 1, "--agents", "is not lines such as")
	e.as(t, token, "import", hubspotFolder, "--from", "hubspot").fails(t, 1, "agents are not known here", "A-11", "--setup")

	e.as(t, token, "import", hubspotFolder, "--from", "hubspot", "--setup", "--agents", agents).ok(t, nil)
	api, err := client.New(e.url, token)
	if err != nil {
		t.Fatal(err)
	}
	c, err := api.Conversation(t.Context(), "hs-1001")
	if err != nil || c.Owner != "ann" {
		t.Errorf("it is %+v, %v", c, err)
	}
	if c, err = api.Conversation(t.Context(), "hs-1002"); err != nil || c.Owner != "b2" {
		t.Errorf("it is %+v, %v", c, err)
	}
}

// TestR05ImportIntoOthers imports tickets into a channel that has conversations, and
// conversations without tickets.
func TestR05ImportIntoOthers(t *testing.T) {
	t.Parallel()
	e := ready(t)
	api := e.api(t)
	e.imports(t, "../mail/testdata/sample.mbox")
	folder, was := e.exports(t, e.token)
	n := int64(len(conversations(t, e)))

	other := start(t, t.TempDir())
	other.run(t, "apply", accountFile).ok(t, nil)
	if _, err := other.api(t).TakeMessage(t.Context(), "support", newMessage("before", "Before")); err != nil {
		t.Fatal(err)
	}
	var s transfer.Imported
	other.run(t, "import", folder, "--json").ok(t, &s)
	if s.Added != n || len(s.LeftOut) > 0 || int64(len(conversations(t, other))) != n+1 {
		t.Errorf("messages: %+v", s)
	}
	other.run(t, "import", folder, "--json").ok(t, &s)
	if s.Added+s.Updated > 0 || s.Known != n {
		t.Errorf("messages again: %+v", s)
	}

	if _, err := api.NewTicket(t.Context(), conversations(t, e)[0].ID, "new"); err != nil {
		t.Fatal(err)
	}
	folder, _ = e.exports(t, e.token)
	other.run(t, "import", folder).fails(t, 1, "channel support: ", "left out: the file has tickets", "nothing was imported: all conversations were left out")
	e.run(t, append(strings.Fields(moveAll), "support")...).ok(t, nil)
	folder, _ = e.exports(t, e.token)
	other.run(t, "import", folder).fails(t, 1, "left out: the file has tickets")

	// An agent may not do any of this.
	agent, err := e.stack.Issuer.Mint("demo", "ben", desk.AgentRole, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	e.as(t, agent, "export", filepath.Join(t.TempDir(), "x")).fails(t, 1, "role")
	e.as(t, agent, "import", folder).fails(t, 1, "role")
	_ = was
}

// TestPartsOfAnAccount exports a channel, the inbox and the help desk.
func TestPartsOfAnAccount(t *testing.T) {
	t.Parallel()
	e := ready(t)
	for _, channel := range []string{"support", "sales", "website"} {
		for n := range 3 {
			if _, err := e.api(t).TakeMessage(t.Context(), channel, newMessage(fmt.Sprint(channel, n), "Hello")); err != nil {
				t.Fatal(err)
			}
		}
	}
	e.run(t, append(strings.Fields(moveAll), "support")...).ok(t, nil)
	for name, c := range map[string]struct {
		args []string
		want int64
	}{
		"all": {nil, 9}, "a channel": {[]string{"--channel", "sales"}, 3}, "two": {[]string{"--channel", "sales,support"}, 6},
		"the inbox": {[]string{"--home", "inbox"}, 6}, "the help desk": {[]string{"--home", "helpdesk"}, 3}, "none": {[]string{"--home", "helpdesk", "--channel", "sales"}, 0},
	} {
		var s transfer.Exported
		folder := filepath.Join(t.TempDir(), name)
		e.run(t, append([]string{"export", folder, "--json"}, c.args...)...).ok(t, &s)
		if s.Conversations != c.want {
			t.Errorf("%s: %+v", name, s)
		}
	}
	e.run(t, "export", t.TempDir(), "--channel", "none").fails(t, 1, `the account has no channel "none": use one of`, "support")

	// The help desk's channel comes in whole or not at all, the inbox's one is whole.
	folder, _ := e.exports(t, e.token, "--home", "inbox")
	twin := e.twin(t, "twin")
	e.as(t, twin, "import", folder, "--setup").ok(t, nil)
	_, is := e.exports(t, twin)
	if n := strings.Count(is[exchange.LinesName], `{"conversation":`); n != 6 {
		t.Errorf("there are %d conversations", n)
	}
}

// exportsWhile exports an account, and does something when the first conversation has been
// read. The channel of a form is read first.
func (e *engine) exportsWhile(t *testing.T, do func()) (transfer.Exported, exchange.Folder, error) {
	t.Helper()
	folder := exchange.Folder(t.TempDir())
	s, err := transfer.Export(t.Context(), e.api(t), transfer.ExportOptions{
		Folder: folder, TempDir: t.TempDir(), Reading: func(int64, int64) {
			if do != nil {
				do()
			}
			do = nil
		},
	})
	return s, folder, err
}

// linesOf are the lines of an export.
func linesOf(t *testing.T, f exchange.Folder) (all []exchange.Line) {
	t.Helper()
	in, err := os.Open(f.Lines())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	r, err := exchange.NewReader(in)
	for err == nil {
		var l exchange.Line
		if l, _, err = r.Next(); err == nil {
			all = append(all, l)
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return all
}

// TestExportWhileAFormIsAnswered has a conversation go from a form to the channel that answers
// it while both are exported. It is there once, as it is then.
func TestExportWhileAFormIsAnswered(t *testing.T) {
	t.Parallel()
	e := ready(t)
	form, err := e.api(t).TakeMessage(t.Context(), "contact", newMessage("f1", "Hello"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.api(t).TakeMessage(t.Context(), "support", newMessage("s1", "Hello")); err != nil {
		t.Fatal(err)
	}
	s, folder, err := e.exportsWhile(t, func() {
		m := api.AddedMessage{ChannelID: "support", MessageContent: newMessage("f2", "By mail").MessageContent}
		if _, err := e.api(t).AddMessage(t.Context(), form.ConversationID, m); err != nil {
			t.Error(err)
		}
	})
	if err != nil || s.Conversations != 2 || s.Messages != 3 {
		t.Errorf("%+v, %v", s, err)
	}
	joined := 0
	for _, l := range linesOf(t, folder) {
		if c := l.Conversation; c != nil && c.OriginID == "contact" && c.ChannelID == "support" && c.MessageCount == 2 {
			joined++
		}
	}
	if joined != 1 {
		t.Errorf("the conversation is there %d times", joined)
	}
	twin := e.twin(t, "twin")
	e.as(t, twin, "import", string(folder), "--setup").ok(t, nil)
	e.as(t, twin, "verify").ok(t, nil)
}

// TestExportWhileTheSetupChanges names an agent who was not there when it began.
func TestExportWhileTheSetupChanges(t *testing.T) {
	t.Parallel()
	e := ready(t)
	api := e.api(t)
	if _, err := api.TakeMessage(t.Context(), "contact", newMessage("f1", "Hello")); err != nil {
		t.Fatal(err)
	}
	taken, err := api.TakeMessage(t.Context(), "support", newMessage("s1", "Hello"))
	if err != nil {
		t.Fatal(err)
	}
	_, folder, err := e.exportsWhile(t, func() {
		b, err := os.ReadFile(accountFile)
		if err != nil {
			t.Error(err)
		}
		e.run(t, "apply", file(t, "account.yaml", strings.Replace(string(b), "agents:\n", "agents:\n  - { id: eva, role: agent, helpDesk: true }\n", 1))).ok(t, nil)
		if err := api.EditConversation(t.Context(), taken.ConversationID, desk.Edit{Owner: new("eva")}); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range linesOf(t, folder) {
		if l.Agent != nil && l.Agent.ID == "eva" && l.Agent.Left {
			t.Error("an agent who has just come is one who has left")
		}
		if l.Conversation != nil && l.Conversation.ChannelID == "support" && l.Conversation.Owner != "eva" {
			t.Errorf("it is %+v", l.Conversation)
		}
	}
}

// TestExportWhileAChannelMoves says that it did.
func TestExportWhileAChannelMoves(t *testing.T) {
	t.Parallel()
	e := ready(t)
	for channel, external := range map[string]string{"contact": "f1", "support": "s1"} {
		if _, err := e.api(t).TakeMessage(t.Context(), channel, newMessage(external, "Hello")); err != nil {
			t.Fatal(err)
		}
	}
	_, folder, err := e.exportsWhile(t, func() { e.run(t, append(strings.Fields(moveAll), "support")...).ok(t, nil) })
	if err == nil || !strings.Contains(err.Error(), "channel support has moved meanwhile") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(folder.Lines()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is written: %v", err)
	}
}

// TestLongThreadsGoRound has many messages with many recipients, which the API does not take
// at once.
func TestLongThreadsGoRound(t *testing.T) {
	t.Parallel()
	e := ready(t)
	var to []api.Address
	for i := range 200 {
		to = append(to, api.Address{Name: "A", Address: fmt.Sprintf("r%d@customer.example", i)})
	}
	id := ""
	for i := range 250 {
		m := newMessage(fmt.Sprint("m", i), "Hello")
		m.To = to
		var taken api.Taken
		var err error
		if id == "" {
			taken, err = e.api(t).TakeMessage(t.Context(), "sales", m)
		} else {
			taken, err = e.api(t).AddMessage(t.Context(), id, api.AddedMessage{MessageContent: m.MessageContent})
		}
		if id = taken.ConversationID; err != nil {
			t.Fatal(err)
		}
	}
	e.goesRound(t, e.token, "twin")
}

// TestSetupOfOthers says so if an export makes somebody a super administrator.
func TestSetupOfOthers(t *testing.T) {
	t.Parallel()
	e := ready(t)
	folder, _ := e.exports(t, e.token)
	lines := exchange.Folder(folder).Lines()
	edit(t, lines, `{"agent":{"id":"ben","name":"Ben Berg","email":"agent01@desk.example","role":"agent"`, `{"agent":{"id":"ben","name":"Ben Berg","email":"agent01@desk.example","role":"super-admin"`)
	twin := e.twin(t, "twin")
	for _, args := range [][]string{{"--dry-run"}, nil} {
		e.as(t, twin, append([]string{"import", folder, "--setup"}, args...)...).fails(t, 0, "agent ben, as a super administrator\n", "agent cleo\n")
	}
}

// TestSetupNamesAgentsByTheirIDsHere adds channels whose routing and bot name agents who have
// other IDs here, or are nobody.
func TestSetupNamesAgentsByTheirIDsHere(t *testing.T) {
	t.Parallel()
	e := ready(t)
	folder, _ := e.exports(t, e.token)
	lines := exchange.Folder(folder).Lines()
	edit(t, lines, `"handsOverTo":[{"team":"first-line"}]`, `"handsOverTo":[{"agent":"dora"},{"agent":"ben"},{"team":"first-line"}]`)
	edit(t, lines, `{"routing":{"agents":["ben"]}}`, `{"agents":["ben"],"routing":{"agents":["dora","ben","cleo"],"more":1.50},"note":"ben"}`)
	twin := e.twin(t, "twin", `{"id":"benny","name":"B","email":"agent01@desk.example","role":"agent"}`)
	agents := file(t, "agents.yaml", "dora: \"\"\n")
	e.as(t, twin, "import", folder, "--setup", "--agents", agents, "--dry-run").ok(t, nil)
	e.as(t, twin, "import", folder, "--setup", "--agents", agents).ok(t, nil)
	api, err := client.New(e.url, twin)
	if err != nil {
		t.Fatal(err)
	}
	setup, _, err := api.Setup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range setup.Channels {
		got, want := "", ""
		switch c.ID {
		case "contact":
			got, want = string(c.Settings), `{"agents":["ben"],"routing":{"agents":["benny","cleo"],"more":1.50},"note":"ben"}`
		case "website":
			got, want = fmt.Sprint(c.Bot.HandsOverTo), "[{benny } { first-line}]"
		case "support":
			got, want = fmt.Sprint(setup.Teams[0].Agents), "[benny cleo]"
		}
		if got != want {
			t.Errorf("channel %s has %s, want %s", c.ID, got, want)
		}
	}
}

// TestNoSummaryOfNothing has an import fail before it knows what it would do.
func TestNoSummaryOfNothing(t *testing.T) {
	t.Parallel()
	e := ready(t)
	folder, _ := e.exports(t, e.token)
	for name, r := range map[string]result{
		"no such channel": e.run(t, "import", folder, "--channel", "none"),
		"no token":        e.as(t, "x.y.z", "import", folder),
	} {
		if r.fails(t, 1); r.stdout != "" {
			t.Errorf("%s: it says %s", name, r.stdout)
		}
	}
}

// TestSetupThatCannotBe has an account lack what cannot be added to it: a rehearsal says so, too.
func TestSetupThatCannotBe(t *testing.T) {
	t.Parallel()
	e := ready(t)
	folder, _ := e.exports(t, e.token)
	token, err := e.stack.Issuer.Mint("own", "admin", desk.SuperAdmin, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	own := file(t, "own.yaml", `
account: { id: own, plan: professional }
agents: [{ id: admin, role: super-admin }]
pipelines: [{ id: main, statuses: [{ id: new }, { id: done, closed: true }] }]
`)
	e.as(t, token, "apply", own).ok(t, nil)
	for _, args := range [][]string{{"--dry-run"}, nil} {
		r := e.as(t, token, append([]string{"import", folder, "--setup"}, args...)...)
		r.fails(t, 1, "nothing was imported, because the account cannot be set up with what the file has", "pipelines[1].statuses[0].id")
		if len(args) == 0 && strings.Contains(r.stdout, "added to the account's setup") {
			t.Errorf("it says that something was added:\n%s", r.stdout)
		}
	}
}

// TestExportGoesOn is given again after it was interrupted.
func TestExportGoesOn(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.imports(t, "../mail/testdata/sample.mbox")
	folder, was := e.exports(t, e.token)
	for name := range was {
		if strings.HasPrefix(name, "files/") { // as if it had been fetched: it is not fetched again
			if err := os.WriteFile(filepath.Join(folder, name), bytes.Repeat([]byte("x"), len(was[name])), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(folder, exchange.LinesName+".part"), []byte("what an export had written when it was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	e.run(t, "export", folder).ok(t, nil)
	if b, err := os.ReadFile(filepath.Join(folder, exchange.LinesName)); err != nil || string(b) != was[exchange.LinesName] {
		t.Errorf("it is other lines, %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, exchange.LinesName+".part")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a part is left: %v", err)
	}
}

// TestImportGoesOn interrupts an import again and again.
func TestImportGoesOn(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.imports(t, "../mail/testdata/sample.mbox")
	e.run(t, append(strings.Fields(moveAll), "support")...).ok(t, nil)
	folder, was := e.exports(t, e.token)
	twin := e.twin(t, "twin")
	api, err := client.New(e.url, twin)
	if err != nil {
		t.Fatal(err)
	}
	var added int64
	for n := 0; ; n++ {
		ctx, stop := context.WithCancel(t.Context())
		s, err := transfer.Import(ctx, api, transfer.ImportOptions{
			Source: transfer.InFolder(exchange.Folder(folder)), Setup: true, Concurrency: 1,
			Posting: func(done, _ int64) {
				if done > int64(n) {
					stop()
				}
			},
		})
		stop()
		added += s.Added
		if err == nil {
			break
		}
		if !strings.Contains(err.Error(), "import the same again to go on") || n > 1000 {
			t.Fatal(err)
		}
	}
	if want := int64(strings.Count(was[exchange.LinesName], `{"conversation":`)); added != want {
		t.Errorf("%d conversations were added, of %d", added, want)
	}
	_, is := e.exports(t, twin)
	sameExport(t, was, is)
	e.as(t, twin, "verify").ok(t, nil)
}

// restoring returns the channels that are being brought in.
func restoring(t *testing.T, api *client.Client) (ids []string) {
	t.Helper()
	for c, err := range api.Channels(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Restoring {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// TestLostImport interrupts an import whose file is gone then: it is ended, and the channel is
// free again, or has moved with what it has.
func TestLostImport(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.imports(t, "../mail/testdata/sample.mbox")
	inInbox, _ := e.exports(t, e.token)
	e.run(t, append(strings.Fields(moveAll), "support")...).ok(t, nil)
	moved, _ := e.exports(t, e.token)
	interrupt := func(token, folder string) *client.Client {
		api, err := client.New(e.url, token)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		_, err = transfer.Import(ctx, api, transfer.ImportOptions{
			Source: transfer.InFolder(exchange.Folder(folder)), Setup: true, Concurrency: 1, Posting: func(int64, int64) { stop() },
		})
		if err == nil || len(restoring(t, api)) != 6 {
			t.Fatalf("it was not interrupted: %v", err)
		}
		return api
	}

	twin := e.twin(t, "twin")
	api := interrupt(twin, inInbox)
	e.as(t, twin, append(strings.Fields(moveAll), "support")...).fails(t, 1, "being brought in, from demo", "deskmove import --end")
	e.as(t, twin, "export", t.TempDir()).fails(t, 1, "is being brought in: export when that has ended; deskmove import --end")
	e.as(t, twin, "import", "--end").fails(t, 1, "--channel")
	e.as(t, twin, "import", "--end", "--channel", "support", inInbox).fails(t, 1, "no file")
	e.as(t, twin, "import", "--end", "--channel", "none").fails(t, 1, "none")
	for _, args := range [][]string{{"--dry-run"}, nil} { // it is another import
		e.as(t, twin, append([]string{"import", moved}, args...)...).fails(t, len(args)^1, "channel support: ", "left out: an import from demo has begun, into the inbox", "--end --channel support")
	}
	for _, id := range restoring(t, api) {
		e.as(t, twin, "import", "--end", "--channel", id).fails(t, 0, "channel "+id+" is no longer being brought in from demo", "may be imported again")
	}
	e.as(t, twin, "import", "--end", "--channel", "support").fails(t, 1, "is not being brought in")
	var s transfer.Imported
	e.as(t, twin, "import", inInbox, "--json").ok(t, &s) // it is found again
	if s.Known == 0 || s.Added == 0 || len(restoring(t, api)) > 0 {
		t.Errorf("imported: %+v", s)
	}
	e.as(t, twin, append(strings.Fields(moveAll), "support")...).ok(t, nil)

	twin = e.twin(t, "twin2")
	interrupt(twin, moved)
	e.as(t, twin, "import", "--end", "--channel", "support").fails(t, 0, "it has moved", "verify")
	e.as(t, twin, "import", moved).fails(t, 0, "channel support: ", "all of which was brought in before")
	e.as(t, twin, "verify").fails(t, 1, "report-totals")
}

// TestImportThatCannotBegin imports a channel that cannot come to the help desk here: no other
// channel is kept waiting.
func TestImportThatCannotBegin(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.imports(t, "../mail/testdata/sample.mbox")
	e.run(t, append(strings.Fields(moveAll), "support")...).ok(t, nil)
	folder, _ := e.exports(t, e.token)
	for account, c := range map[string]struct{ plan, channel, says string }{
		"small":   {"starter", `{ id: support, type: email }`, "left out: it has moved, and the account's plan does not include the help desk"},
		"another": {"professional", `{ id: support, type: email, fallback: true }, { id: fallback, type: email }`, "the account's fallback e-mail address cannot move"},
	} {
		token, err := e.stack.Issuer.Mint(account, "admin", desk.SuperAdmin, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		e.as(t, token, "apply", file(t, "account.yaml", fmt.Sprintf(`
account: { plan: %s }
agents: [{ id: admin, role: super-admin, helpDesk: true }]
channels: [%s]
`, c.plan, c.channel))).ok(t, nil)
		e.as(t, token, "import", folder, "--setup").fails(t, 1, c.says)
		api, err := client.New(e.url, token)
		if err != nil {
			t.Fatal(err)
		}
		if ids := restoring(t, api); len(ids) > 0 {
			t.Errorf("account %s: %v are being brought in", account, ids)
		}
	}
}

// TestLiveMailBeforeItsTwin brings a channel with tickets in while mail of it arrives that the file
// has, too: the channel is whole, and each mail is there once.
func TestLiveMailBeforeItsTwin(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.imports(t, "../mail/testdata/sample.mbox")
	e.run(t, append(strings.Fields(moveAll), "support")...).ok(t, nil)
	folder, was := e.exports(t, e.token)
	token := e.twin(t, "twin")
	server, err := client.New(e.url, token)
	if err != nil {
		t.Fatal(err)
	}
	lines := func(files map[string]string) (conversations map[string]api.ConversationFacts, externals map[string][]string) {
		conversations, externals = make(map[string]api.ConversationFacts), make(map[string][]string)
		for line := range strings.Lines(files[exchange.LinesName]) {
			var l exchange.Line
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			if c := l.Conversation; c != nil {
				conversations[c.ID] = *c
			} else if m := l.Message; m != nil {
				externals[m.ExternalID] = append(externals[m.ExternalID], m.ConversationID)
			}
		}
		return conversations, externals
	}
	all, externals := lines(was)
	ctx, stop := context.WithCancel(t.Context())
	_, err = transfer.Import(ctx, server, transfer.ImportOptions{
		Source: transfer.InFolder(exchange.Folder(folder)), Setup: true, Concurrency: 1, Posting: func(int64, int64) { stop() },
	})
	if err == nil {
		t.Fatal("all was in before any mail came")
	}
	came := 0
	for external, in := range externals {
		c := all[in[0]]
		if _, err := server.Conversation(t.Context(), c.ID); err == nil || c.ChannelID != "support" {
			continue
		}
		if _, err := server.TakeMessage(t.Context(), "support", newMessage(external, "It came here first.")); err != nil {
			t.Fatal(err)
		}
		came++
	}
	var s transfer.Imported
	e.as(t, token, "import", folder, "--setup", "--json").ok(t, &s)
	if s.Elsewhere != int64(came) || came == 0 || len(s.Apart) == 0 || len(s.LeftOut) > 0 {
		t.Errorf("%d messages came; imported: %+v", came, s)
	}
	if c, err := server.Channel(t.Context(), "support"); err != nil || c.Restoring || c.Home != "helpdesk" {
		t.Errorf("the channel is %+v, %v", c, err)
	}
	_, is := e.exports(t, token)
	there, held := lines(is)
	for external := range externals {
		if len(held[external]) != 1 {
			t.Errorf("message %s is in %v", external, held[external])
		}
	}
	for id, c := range all {
		if got := there[id]; !cmp.Equal(got.Ticket, c.Ticket) || got.MessageCount != c.MessageCount {
			t.Errorf("conversation %s is %+v, want %+v", id, got, c)
		}
	}
	if len(there) != len(all)+came {
		t.Errorf("%d conversations are there, want %d of the file and %d that came", len(there), len(all), came)
	}
	e.as(t, token, "verify").ok(t, nil)
}

// TestBadExports gives an import what is no export, or not a whole one. Nothing is there
// afterwards.
func TestBadExports(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.imports(t, "../mail/testdata/sample.mbox")
	e.imports(t, file(t, "a.eml", "From: a@customer.example\r\nMessage-ID: <file@x>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\nHi\r\n"))
	good, was := e.exports(t, e.token)
	lines := strings.SplitAfter(was[exchange.LinesName], "\n")
	var aFile string
	for name := range was {
		if strings.HasPrefix(name, "files/") {
			aFile = name
		}
	}
	twin := e.twin(t, "twin")
	audit := e.as(t, twin, "audit", "--json").ok(t, nil).stdout
	rewrite := func(change func([]string) []string) func(folder string) {
		return func(folder string) {
			text := strings.Join(change(slices.Clone(lines)), "")
			if err := os.WriteFile(filepath.Join(folder, exchange.LinesName), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	first := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, `{"conversation":`) })
	for name, c := range map[string]struct {
		do   func(folder string)
		says []string
	}{
		"the future":       {rewrite(func(l []string) []string { l[0] = strings.Replace(l[0], `"version":1`, `"version":2`, 1); return l }), []string{"line 1, version", "version 2"}},
		"cut off":          {rewrite(func(l []string) []string { return l[:len(l)-3] }), []string{"cut off"}},
		"a line cut off":   {rewrite(func(l []string) []string { l[len(l)-2] = ""; l[len(l)-3] = l[len(l)-3][:20]; return l[:len(l)-2] }), []string{"cut off"}},
		"a doubled line":   {rewrite(func(l []string) []string { return slices.Insert(l, first, l[first]) }), []string{fmt.Sprintf("line %d, conversation.id", first+2), "the line before"}},
		"a lost line":      {rewrite(func(l []string) []string { return slices.Delete(l, first, first+1) }), []string{"message.conversationId: there is no line of the conversation"}},
		"an unknown kind":  {rewrite(func(l []string) []string { l[first] = `{"letter":{}}` + "\n"; return l }), []string{fmt.Sprintf("line %d: there are no lines of the kind", first+1)}},
		"an unknown field": {rewrite(func(l []string) []string { l[first] = strings.Replace(l[first], `"status"`, `"state"`, 1); return l }), []string{fmt.Sprintf("line %d, conversation.stat", first+1)}},
		"no lines":         {func(folder string) { _ = os.Remove(filepath.Join(folder, exchange.LinesName)) }, []string{"is a folder without deskmove.ndjson"}},
		"a file missing":   {func(folder string) { _ = os.Remove(filepath.Join(folder, aFile)) }, []string{"file.sha256: the bytes of file", "are not there"}},
		"other bytes":      {func(folder string) { _ = os.WriteFile(filepath.Join(folder, aFile), []byte("other"), 0o600) }, []string{"file.sha256: the bytes of file", "have the hash"}},
		"another size": {rewrite(func(l []string) []string {
			i := slices.IndexFunc(l, func(l string) bool { return strings.HasPrefix(l, `{"file":`) })
			l[i] = regexp.MustCompile(`"size":\d+`).ReplaceAllString(l[i], `"size":1`)
			return l
		}), []string{"file.size: file"}},
		"nothing in it":     {rewrite(func([]string) []string { return nil }), []string{"deskmove.ndjson: line 1: it is not", "that deskmove export has written"}},
		"of something else": {rewrite(func([]string) []string { return []string{"{}\n"} }), []string{"deskmove.ndjson: line 1: it is not"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := copyOf(t, good)
			c.do(folder)
			e.as(t, twin, "import", folder, "--setup").fails(t, 1, c.says...)
			if is := e.as(t, twin, "audit", "--json").ok(t, nil).stdout; is != audit {
				t.Errorf("something was done:\n%s", is)
			}
		})
	}
	zipped := file(t, "export.gz", gzipped(t, was[exchange.LinesName]))
	e.as(t, twin, "import", zipped).fails(t, 1, "export.gz is of an export, and gzipped: unpack it")
	e.as(t, twin, "import", "not-there").fails(t, 1, "not-there: no such file")
	for name, args := range map[string][]string{
		"two at once":              {good, good, "--setup"},
		"of mail":                  {good, "--live"},
		"include":                  {good, "--include", "spam"},
		"another channel":          {good, "--channel", "none"},
		"without what it names":    {good},
		"a folder of nothing":      {t.TempDir(), "--from", "hubspot"},
		"an export as HubSpot's":   {good, "--from", "hubspot"},
		"HubSpot's as an export":   {hubspotFolder},
		"mail without a channel":   {"../mail/testdata/sample.mbox"},
		"mail with a setup":        {"../mail/testdata/sample.mbox", "--channel", "support", "--setup"},
		"mail by nobody's agent":   {"../mail/testdata/sample.mbox", "--channel", "support", "--agents", file(t, "agents.yaml", "old@desk.example: nobody-here\n")},
		"mail by no address":       {"../mail/testdata/sample.mbox", "--channel", "support", "--agents", file(t, "agents.yaml", "ann: ann\n")},
		"mail with what is not it": {"../mail/testdata/sample.mbox", "--channel", "support", "--include", "archived"},
		"HubSpot's drafts":         {hubspotFolder, "--from", "hubspot", "--include", "draft"},
	} {
		t.Run(name, func(t *testing.T) {
			e.as(t, twin, append([]string{"import"}, args...)...).fails(t, 1)
		})
	}
	if is := e.as(t, twin, "audit", "--json").ok(t, nil).stdout; is != audit {
		t.Errorf("something was done:\n%s", is)
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestNothingOfAllIsAnError imports lines of which none is mail.
func TestNothingOfAllIsAnError(t *testing.T) {
	t.Parallel()
	e := ready(t)
	name := file(t, "threads.jsonl", `{"id":"1","createdAt":"2026-03-01T09:00:00Z","status":"OPEN"}`+"\n"+`{"id":"2","status":"CLOSED"}`+"\n")
	e.run(t, "import", "--channel", "support", name).fails(t, 1, "every message was skipped", "unknown field")
	name = file(t, "mail.jsonl", strings.Repeat(`{"from":"a@x.example","at":"2026-03-01T09:00:00Z"}`+"\n", 3))
	e.run(t, "import", "--channel", "support", name).fails(t, 1, `3 skipped: unknown field "at": message 1, 2, 3`)
}

// TestChannelsWithoutThem verifies that whatever an export is made of is in what it says.
func TestChannelsWithoutThem(t *testing.T) {
	t.Parallel()
	e := ready(t)
	var v verify.Result
	folder, _ := e.exports(t, e.token)
	twin := e.twin(t, "twin")
	e.as(t, twin, "import", folder, "--setup").ok(t, nil)
	e.as(t, twin, "verify", "--json").ok(t, &v)
	if b, err := json.Marshal(v); err != nil || !v.OK || v.Conversations != 0 {
		t.Errorf("%s", b)
	}
}
