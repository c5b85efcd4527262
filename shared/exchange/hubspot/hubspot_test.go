package hubspot

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"deskmove/shared/api"
	"deskmove/shared/exchange"
)

var update = flag.Bool("update", false, "rewrite golden files")

// acme is the fixture as a folder that a test may change.
func acme(t *testing.T) fstest.MapFS {
	t.Helper()
	in := make(fstest.MapFS)
	root := os.DirFS("testdata/acme")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, name)
		in[name] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// edit changes a text in a file of a folder.
func edit(t *testing.T, in fstest.MapFS, name, old, new string) {
	t.Helper()
	was := string(in[name].Data)
	if !strings.Contains(was, old) {
		t.Fatalf("%s has no %s", name, old)
	}
	in[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(was, old, new))}
}

// convert converts a folder to a file.
func convert(t *testing.T, in fs.FS, o Options) ([]byte, Result, error) {
	t.Helper()
	s, err := exchange.NewSorter(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	r, err := Convert(in, s, o)
	if err != nil {
		return nil, r, err
	}
	var out bytes.Buffer
	w, err := exchange.NewWriter(&out, "acme")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(w); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), r, nil
}

// lines reads a file, in which nothing may be wrong.
func lines(t *testing.T, file []byte) (all []exchange.Line) {
	t.Helper()
	r, err := exchange.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for {
		l, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is other than it was (%v): go test ./shared/exchange/hubspot -update, and read the difference", name, err)
	}
}

// TestConvert converts the fixture, whose lines and report are read by people.
func TestConvert(t *testing.T) {
	file, r, err := convert(t, acme(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	lines(t, file)
	golden(t, "testdata/acme.ndjson", file)
	report, err := json.MarshalIndent(r.Report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/acme.report.json", append(report, '\n'))
	var text bytes.Buffer
	r.Report.Write(&text)
	golden(t, "testdata/acme.report.txt", text.Bytes())
	again, _, err := convert(t, acme(t), Options{})
	if err != nil || !bytes.Equal(file, again) {
		t.Errorf("converted again, it is other lines, %v", err)
	}
}

// byID are the conversations and their messages' texts.
func byID(all []exchange.Line) (cs map[string]*api.ConversationFacts, ms map[string][]*api.MessageFacts) {
	cs, ms = make(map[string]*api.ConversationFacts), make(map[string][]*api.MessageFacts)
	for _, l := range all {
		if c := l.Conversation; c != nil {
			cs[c.ID] = c
		}
		if m := l.Message; m != nil {
			ms[m.ConversationID] = append(ms[m.ConversationID], m)
		}
	}
	return cs, ms
}

// TestR13ByOrigin has a chat that went on by mail stay with the chat.
func TestR13ByOrigin(t *testing.T) {
	file, _, err := convert(t, acme(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	cs, ms := byID(lines(t, file))
	for thread, channel := range map[string]string{"1001": "hs-501", "1002": "hs-501", "1003": "hs-502", "1004": "hs-503", "1013": "hs-504"} {
		if c := cs["hs-"+thread]; c == nil || c.ChannelID != channel || c.OriginID != "" {
			t.Errorf("thread %s began on %s, and is %+v", thread, channel, c)
		}
	}
	last := ms["hs-1003"][len(ms["hs-1003"])-1]
	if last.Kind != "email" || last.ChannelID != "hs-501" {
		t.Errorf("the mail of the chat is %+v", last)
	}
}

// TestR15ByTicket has the ticket of a thread be its conversation's, and of no other.
func TestR15ByTicket(t *testing.T) {
	file, r, err := convert(t, acme(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	cs, ms := byID(lines(t, file))
	had := cs["hs-1002"].Ticket
	if had == nil || had.Provenance != "native" || had.Status != "hs-4" || had.Owner != "A-12" || had.CreatedAt.Format("15:04") != "10:02" {
		t.Errorf("thread 1002 has ticket 7001 and is %+v", had)
	}
	texts := func(of string) (all []string) {
		for _, m := range ms[of] {
			all = append(all, m.Text)
		}
		return all
	}
	if !strings.Contains(strings.Join(texts("hs-1002"), "\n"), "Ticket 7001 of HubSpot") {
		t.Errorf("what is known of ticket 7001 is not in %q", texts("hs-1002"))
	}
	if cs["hs-1009"] == nil || cs["hs-1009"].Ticket != nil {
		t.Errorf("the younger thread of the same ticket is %+v", cs["hs-1009"])
	}
	if cs["hs-1010"] != nil {
		t.Error("a thread whose ticket is not saved was written without it: a move would make it another one")
	}
	for id, c := range cs {
		if c.Ticket != nil && id != "hs-1002" && id != "hs-1014" {
			t.Errorf("%s has a ticket", id)
		}
	}
	if r.Report.Tickets != 2 {
		t.Errorf("the report has %d tickets", r.Report.Tickets)
	}
}

// TestAuthors looks at who wrote what, and how it counts.
func TestAuthors(t *testing.T) {
	file, _, err := convert(t, acme(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	cs, ms := byID(lines(t, file))
	for of, want := range map[string][]string{
		"hs-1001": {"email customer public", "email agent A-11 public", "email customer public"},
		"hs-1002": {"email customer public", "event system internal", "event system internal", "note agent A-12 internal", "event agent A-11 internal", "email agent A-12 public", "event agent A-12 internal", "event agent A-12 internal"},
		"hs-1003": {"chat bot public", "chat customer public", "chat bot public", "chat customer public", "email customer public"},
		"hs-1004": {"form customer public", "form bot public"},
		"hs-1008": {"email customer public", "email customer public", "email agent A-12 internal", "email agent public"},
		"hs-1014": {"email customer public", "event system internal", "email agent A-99 public"},
	} {
		var got []string
		for _, m := range ms[of] {
			got = append(got, strings.Join(strings.Fields(m.Kind+" "+m.Author+" "+m.Agent+" "+m.Visibility), " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", of, got, want)
		}
	}
	c := cs["hs-1001"]
	if c.Customer != "jane@customer.example" || c.Owner != "A-11" || c.FirstReplyAt.Day() != 2 || c.WaitingSince.Day() != 3 {
		t.Errorf("the conversation is %+v", c)
	}
	if c := cs["hs-1003"]; !c.FirstReplyAt.IsZero() || c.WaitingSince.IsZero() || c.Customer != "Kari Nordmann" && c.Customer != "kari@customer.example" {
		t.Errorf("no person has answered the chat, and it is %+v", c)
	}
	if c := cs["hs-1008"]; !c.WaitingSince.IsZero() || c.FirstReplyAt.Hour() != 13 || c.Status != "closed" || c.ClosedAt.Hour() != 18 {
		t.Errorf("what never arrived is no answer, and it is %+v", c)
	}
	m := ms["hs-1001"][0]
	if m.From.Address != "jane@customer.example" || m.From.Name != "Jane Doe" || len(m.To) != 1 || len(m.Cc) != 1 || len(m.Bcc) != 1 || m.Bcc[0].Address != "archive@customer.example" {
		t.Errorf("the people of the first mail are %+v", m)
	}
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "Invoice 4711.pdf" || m.Attachments[0].Type != "application/pdf" || !slices.Equal(m.Repairs, []string{"file-missing"}) {
		t.Errorf("the files of the first mail are %+v, %v", m.Attachments, m.Repairs)
	}
	if re := ms["hs-1001"][2].References; len(re) != 1 || re[0] != ms["hs-1001"][1].ExternalID {
		t.Errorf("the last mail answers %v", re)
	}
	if m := ms["hs-1008"][0]; !strings.HasSuffix(m.Text, "all that follows.") || len(m.Repairs) > 0 {
		t.Errorf("the letter whose original is saved is %+v", m)
	}
	if m := ms["hs-1008"][1]; !slices.Equal(m.Repairs, []string{"cut-off"}) {
		t.Errorf("the one whose original is not is %+v", m)
	}
}

// TestFilesAreThose sees to it that lines name the bytes that the folder has.
func TestFilesAreThose(t *testing.T) {
	file, r, err := convert(t, acme(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	named := make(map[string]bool)
	for _, l := range lines(t, file) {
		if l.File != nil {
			named[l.File.SHA256] = true
		}
	}
	if len(named) != 2 || !maps.EqualFunc(named, r.Files, func(_ bool, name string) bool { return name != "" }) {
		t.Errorf("lines name %v, and the folder has %v", named, r.Files)
	}
}

// TestNothingUnsaid adds fields that nobody knows to everything that is read, and
// finds each in the report.
func TestNothingUnsaid(t *testing.T) {
	const mark = `"novelty":{"deep":[{"er":1}],"none":null,"empty":""}`
	for name, place := range map[string]struct{ file, old, want string }{
		"a thread":          {"threads.json", `"id": "1001"`, "thread.novelty.deep[].er"},
		"an association":    {"threads.json", `"associatedTicketId": "7001"`, "thread.threadAssociations.novelty.deep[].er"},
		"a message":         {"messages/1001.json", `"id": "00000001-5bf1-4d9c-b029-a1d133c25d8c"`, "message.novelty.deep[].er"},
		"an event":          {"messages/1002.json", `"assignedFrom": "A-12"`, "message.novelty.deep[].er"},
		"a note":            {"messages/1002.json", `"text": "He is right. Refund?"`, "message.novelty.deep[].er"},
		"a sender":          {"messages/1001.json", `"name": "Ann Olsen"`, "message.senders[].novelty.deep[].er"},
		"an address":        {"messages/1001.json", `"value": "bookkeeping@customer.example"`, "message.recipients[].deliveryIdentifier.novelty.deep[].er"},
		"a file":            {"messages/1001.json", `"fileId": "9001"`, "message.attachments[].novelty.deep[].er"},
		"a client":          {"messages/1001.json", `"clientType": "HUBSPOT"`, "message.client.novelty.deep[].er"},
		"a status":          {"messages/1001.json", `"statusType": "SENT"`, "message.status.novelty.deep[].er"},
		"an original":       {"originals/00000016-5bf1-4d9c-b029-a1d133c25d8c.json", `"text": "The first lines of a long letter, and all that follows."`, "original.novelty.deep[].er"},
		"an actor":          {"actors.json", `"id": "V-201"`, "actor.novelty.deep[].er"},
		"a channel":         {"channels.json", `"id": "1010"`, "channel.novelty.deep[].er"},
		"a channel account": {"channel-accounts.json", `"id": "501"`, "channelAccount.novelty.deep[].er"},
		"an inbox":          {"inboxes.json", `"id": "301"`, "inbox.novelty.deep[].er"},
		"a ticket":          {"tickets.json", `"id": "7001"`, "ticket.novelty.deep[].er"},
		"a property":        {"tickets.json", `"hs_ticket_priority": "HIGH"`, "ticket.properties.novelty.deep[].er"},
		"a pipeline":        {"pipelines.json", `"label": "Support pipeline"`, "pipeline.novelty.deep[].er"},
		"a stage":           {"pipelines.json", `"label": "New"`, "pipeline.stages[].novelty.deep[].er"},
		"an owner":          {"owners.json", `"userId": 12`, "owner.novelty.deep[].er"},
	} {
		t.Run(name, func(t *testing.T) {
			in := acme(t)
			edit(t, in, place.file, place.old, place.old+", "+mark)
			_, r, err := convert(t, in, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(r.Report.Unused, func(u Unused) bool { return u.Field == place.want && u.Count > 0 }) {
				t.Errorf("the report does not name %s", place.want)
			}
			for _, u := range r.Report.Unused {
				if strings.HasSuffix(u.Field, ".none") || strings.HasSuffix(u.Field, ".empty") {
					t.Errorf("%s has no value, and is named", u.Field)
				}
			}
		})
	}
}

// TestKnownFieldsToo gives fields that are read values that nothing here can hold, and finds
// each in the report.
func TestKnownFieldsToo(t *testing.T) {
	counts := func(in fs.FS) map[string]int64 {
		t.Helper()
		_, r, err := convert(t, in, Options{})
		if err != nil {
			t.Fatal(err)
		}
		all := make(map[string]int64)
		for _, u := range r.Report.Unused {
			all[u.Field] = u.Count
		}
		return all
	}
	was := counts(acme(t))
	for _, field := range []string{"thread.inboxId", "inbox.archived", "message.client.clientType", "message.attachments[].fileUsageType", "message.senders[].deliveryIdentifier.value"} {
		if was[field] == 0 {
			t.Errorf("the report does not name %s", field)
		}
	}
	for name, c := range map[string]struct{ file, old, new, want string }{
		"a thread closed before":   {"threads.json", `"latestMessageSentTimestamp": "2026-03-02T11:00:00.000Z"`, `"closedAt": "2026-03-02T11:00:00.000Z"`, "thread.closedAt"},
		"another direction":        {"messages/1001.json", `"INCOMING"`, `"SIDEWAYS"`, "message.direction"},
		"an agent's that came in":  {"messages/1001.json", `"OUTGOING"`, `"INCOMING"`, "message.direction"},
		"for another":              {"messages/1001.json", `"createdBy": "A-11"`, `"createdBy": "A-12"`, "message.createdBy"},
		"read":                     {"messages/1001.json", `"SENT"`, `"READ"`, "message.status.statusType"},
		"a recipient of no field":  {"messages/1001.json", `"BCC"`, `"REPLY_TO"`, "message.recipients[].recipientField"},
		"a recipient of no name":   {"messages/1001.json", `"BCC"`, `"BCC"}, {"actorId": "V-0", "recipientField": "CC"`, "message.recipients[].actorId"},
		"an owner's other name":    {"owners.json", `"Bo"`, `"Bob"`, "owner.firstName"},
		"an owner's other address": {"owners.json", `bo@acme.example`, `bob@acme.example`, "owner.email"},
		"an archived stage": {"pipelines.json", `"displayOrder": 3,
     "archived": false`, `"archived": true`, "pipeline.stages[].archived"},
		"a channel of another kind": {"messages/1001.json", `"channelId": "1002",
   "channelAccountId": "501"`, `"channelId": "1010", "channelAccountId": "505"`, "message.channelAccountId"},
	} {
		t.Run(name, func(t *testing.T) {
			in := acme(t)
			edit(t, in, c.file, c.old, c.new)
			if is := counts(in); is[c.want] <= was[c.want] {
				t.Errorf("the report does not name %s: it had a value %d times, and now %d times", c.want, was[c.want], is[c.want])
			}
		})
	}
}

// TestOwnersWhoLeft have no user any more, and are not one and the same.
func TestOwnersWhoLeft(t *testing.T) {
	in := acme(t)
	edit(t, in, "owners.json", `"userId": 12,`, ``)
	edit(t, in, "owners.json", `"userId": 13,`, `"userId": null,`)
	edit(t, in, "tickets.json", `"hubspot_owner_id": "62"`, `"hubspot_owner_id": "63"`)
	file, _, err := convert(t, in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	agents := make(map[string]*api.AgentFacts)
	owners := make(map[string]bool)
	for _, l := range lines(t, file) {
		if l.Agent != nil {
			agents[l.Agent.ID] = l.Agent
		}
		if l.Conversation != nil && l.Conversation.Ticket != nil {
			owners[l.Conversation.Ticket.Owner] = true
		}
	}
	if !owners["owner-61"] || !owners["owner-63"] {
		t.Errorf("the tickets are owned by %v", owners)
	}
	if a := agents["owner-63"]; a == nil || a.Name != "Siri Ek" || a.Email != "siri@acme.example" || !a.Left {
		t.Errorf("one is %+v", a)
	}
}

// TestStagesInOrder have the order that they say.
func TestStagesInOrder(t *testing.T) {
	in := acme(t)
	edit(t, in, "pipelines.json", `"displayOrder": 3`, `"displayOrder": -1`)
	file, _, err := convert(t, in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines(t, file) {
		if p := l.Pipeline; p != nil && p.Statuses[0].ID != "hs-4" {
			t.Errorf("they are %+v", p.Statuses)
		}
	}
}

// TestTicketOfAThreadThatIsThere goes to another thread if the oldest one is left out.
func TestTicketOfAThreadThatIsThere(t *testing.T) {
	in := acme(t)
	delete(in, "messages/1002.json")
	file, _, err := convert(t, in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if cs, _ := byID(lines(t, file)); cs["hs-1009"] == nil || cs["hs-1009"].Ticket == nil {
		t.Errorf("it is %+v", cs["hs-1009"])
	}
}

// TestAskedFor brings in what is left out by default.
func TestAskedFor(t *testing.T) {
	file, r, err := convert(t, acme(t), Options{Archived: true, Spam: true})
	if err != nil {
		t.Fatal(err)
	}
	for of, id := range map[string]string{"threads that are spam": "1005", "threads that are archived": "1006", "messages that are archived": "00000007-5bf1-4d9c-b029-a1d133c25d8c"} {
		if !slices.ContainsFunc(r.Report.Notes, func(f Finding) bool { return strings.HasPrefix(f.What, of) && slices.Contains(f.IDs, id) }) {
			t.Errorf("nothing says that %s were %s", id, of)
		}
	}
	cs, ms := byID(lines(t, file))
	if cs["hs-1005"] == nil || cs["hs-1006"] == nil || len(ms["hs-1002"]) != 9 {
		t.Errorf("the spam is %v, the archived thread %v, and there are %d messages in 1002", cs["hs-1005"], cs["hs-1006"], len(ms["hs-1002"]))
	}
}

// TestBadFolders breaks the folder.
func TestBadFolders(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(in fstest.MapFS)
		want string
	}{
		"no threads":         {func(in fstest.MapFS) { delete(in, "threads.json"); delete(in, "threads-2.json") }, "threads.json: the folder has no pages of threads"},
		"nothing":            {func(in fstest.MapFS) { clear(in) }, "threads.json: the folder has no pages of threads"},
		"the last page gone": {func(in fstest.MapFS) { delete(in, "threads-2.json") }, "threads.json, paging.next: more pages come after it"},
		"a page without":     {func(in fstest.MapFS) { in["threads-2.json"] = &fstest.MapFile{Data: []byte(`{"paging":{}}`)} }, "threads-2.json, results: it has none"},
		"an error for a page": {func(in fstest.MapFS) {
			in["threads-2.json"] = &fstest.MapFile{Data: []byte(`{"status":"error","message":"expired","correlationId":"x","category":"EXPIRED","id":"y"}`)}
		}, "threads-2.json, results: it has none"},
		"a page cut off":      {func(in fstest.MapFS) { in["messages/1001.json"].Data = in["messages/1001.json"].Data[:500] }, "messages/1001.json: the body is not JSON"},
		"results of no kind":  {func(in fstest.MapFS) { edit(t, in, "actors.json", `"results": [`, `"results": [7,`) }, "actors.json, results[0]: it is not an object"},
		"a list that is none": {func(in fstest.MapFS) { in["tickets.json"] = &fstest.MapFile{Data: []byte(`{"results":{}}`)} }, "tickets.json, results: it is not a list"},
		"a list for a page":   {func(in fstest.MapFS) { in["tickets.json"] = &fstest.MapFile{Data: []byte(`[]`)} }, "tickets.json: it is not a JSON object"},
		"a thread of no ID":   {func(in fstest.MapFS) { edit(t, in, "threads.json", `"id": "1001"`, `"no": "1001"`) }, "threads.json, results: one has no id"},
		"a message of none":   {func(in fstest.MapFS) { edit(t, in, "messages/1001.json", `"conversationsThreadId"`, `"threadId"`) }, "messages/1001.json, results: one has no conversationsThreadId"},
		"two names":           {func(in fstest.MapFS) { edit(t, in, "inboxes.json", `"id": "301"`, `"id": "301", "id": "303"`) }, "inboxes.json: a name comes twice"},
		"text that is none":   {func(in fstest.MapFS) { edit(t, in, "inboxes.json", `Help desk`, "Help\xffdesk") }, "inboxes.json: a text is not Unicode"},
		"a stage of no ID":    {func(in fstest.MapFS) { edit(t, in, "pipelines.json", `"id": "1"`, `"id": "#"`) }, "pipelines.json, results: a stage has an ID that is none here"},
		"a pipeline of no ID": {func(in fstest.MapFS) { edit(t, in, "pipelines.json", `"id": "0"`, `"id": "/"`) }, "pipelines.json, results: one has an ID that is none here"},
		"an error for an original": {func(in fstest.MapFS) {
			in["originals/00000016-5bf1-4d9c-b029-a1d133c25d8c.json"].Data = []byte(`{"status":"error","message":"expired"}`)
		}, "originals/00000016-5bf1-4d9c-b029-a1d133c25d8c.json, text: it has neither text nor richText"},
		"an original cut off": {func(in fstest.MapFS) {
			in["originals/00000016-5bf1-4d9c-b029-a1d133c25d8c.json"].Data = []byte(`{"text":`)
		}, "originals/00000016-5bf1-4d9c-b029-a1d133c25d8c.json: the body is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			in := acme(t)
			c.do(in)
			_, _, err := convert(t, in, Options{})
			if page := (*PageError)(nil); !errors.As(err, &page) || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v\nwant %s…", err, c.want)
			}
		})
	}
}

// TestLeftOut breaks single threads, which stops no other.
func TestLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		do       func(in fstest.MapFS)
		what, id string
	}{
		"pages missing":        {func(in fstest.MapFS) { delete(in, "messages/1008-2.json") }, "threads of whose messages the last page is not saved", "1008"},
		"no date":              {func(in fstest.MapFS) { edit(t, in, "threads.json", "2026-03-02T09:00:14.052Z", "soon") }, "threads whose createdAt is no date", "1001"},
		"no status":            {func(in fstest.MapFS) { edit(t, in, "threads-2.json", `"status": "CLOSED"`, `"status": "AJAR"`) }, "threads with a status that is neither OPEN nor CLOSED", "1008"},
		"an ID that is none":   {func(in fstest.MapFS) { edit(t, in, "threads.json", `"id": "1001"`, `"id": "1#1"`) }, "threads whose ID is none here", "1#1"},
		"a file of no message": {func(in fstest.MapFS) { in["files/9999.txt"] = &fstest.MapFile{Data: []byte("x")} }, "files that no message names", "9999"},
		"a file of no ID":      {func(in fstest.MapFS) { in["files/.hidden"] = &fstest.MapFile{Data: []byte("x")} }, "it is no page of HubSpot's API", "files/.hidden"},
		"a whole original": {func(in fstest.MapFS) {
			in["originals/7.json"] = &fstest.MapFile{Data: []byte(`{"text":"x"}`)}
		}, "originals of no message that is cut off", "originals/7.json"},
		"no pipelines": {func(in fstest.MapFS) { delete(in, "pipelines.json") }, "threads whose ticket is not saved, or cannot be read", "1002"},
		"a message's date": {func(in fstest.MapFS) {
			edit(t, in, "messages/1001.json", `"createdAt": "2026-03-03T08:00:00.000Z"`, `"createdAt": 1e9`)
		}, "messages whose createdAt is no date", "00000003-5bf1-4d9c-b029-a1d133c25d8c"},
		"too much": {func(in fstest.MapFS) { edit(t, in, "messages/1001.json", "Still nothing.", strings.Repeat("x", 9<<20)) }, "messages that cannot be kept: text: it has 9437184 bytes", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := acme(t)
			c.do(in)
			file, r, err := convert(t, in, Options{})
			if err != nil {
				t.Fatal(err)
			}
			lines(t, file)
			found := slices.ContainsFunc(r.Report.LeftOut, func(f Finding) bool {
				return strings.HasPrefix(f.What, c.what) && (c.id == "" || slices.Contains(f.IDs, c.id))
			})
			if !found {
				t.Errorf("it is not named: %+v", r.Report.LeftOut)
			}
		})
	}
}
