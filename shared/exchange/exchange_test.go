package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/api"
)

// at returns a time in the sample.
func at(hour int) time.Time { return time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC) }

const (
	invoice = "the bytes of an invoice"
	mailOf  = "From: jane@customer.example\n\nWhere is my order?"
)

func hashed(text string) File {
	sum := sha256.Sum256([]byte(text))
	return File{hex.EncodeToString(sum[:]), int64(len(text))}
}

// sample is an account that has something of everything.
func sample() []Line {
	pdf, source := hashed(invoice), hashed(mailOf)
	lines := []Line{
		{Agent: &api.AgentFacts{Agent: api.Agent{ID: "ann", Name: "Ann", Email: "ann@acme.example", Role: "super-admin", HelpDesk: true}}},
		{Agent: &api.AgentFacts{Agent: api.Agent{ID: "cem", Role: "agent"}, Left: true}},
		{Team: &api.Team{ID: "first", Agents: []string{"ann"}}},
		{Pipeline: &api.PipelineFacts{Order: 1, Pipeline: api.Pipeline{ID: "support", Statuses: []api.Status{{ID: "new"}, {ID: "solved", Closed: true}}}}},
		{Channel: &api.ChannelFacts{ChannelSetup: api.ChannelSetup{ID: "contact", Type: "form", Connected: "support"}, Home: "inbox"}},
		{Channel: &api.ChannelFacts{
			ChannelSetup: api.ChannelSetup{ID: "support", Type: "email", Address: "support@acme.example", Settings: json.RawMessage(`{"signature":null,"b":[1]}`)},
			Home:         "helpdesk",
			Move: &api.MoveFacts{
				ID: "m1", History: "all", StatusMap: &api.StatusMap{Open: "new", Closed: "solved"}, SLA: "from-move", Notifications: "quiet",
				By: "ann", StartedAt: at(10), FenceAt: at(11), EndedAt: at(12), Phases: []api.Phase{{Phase: "redirect", StartedAt: at(10), EndedAt: at(11)}},
				Expected: 1, Access: []string{"ann"},
				Report: api.ReportFacts{Found: 1, Created: 1, OwnersLost: 1, OwnersLostBy: map[string]int64{"cem": 1, "ann": 0}, ByStatus: map[string]int64{"solved": 1, "new": 0},
					InboxSum: "9f86d081884c7d65", DeskSum: "9f86d081884c7d65"},
			},
		}},
		{Policy: &api.PolicyFacts{Order: 1, Policy: api.Policy{ID: "gold", Channels: []string{"support"}, Statuses: []string{"new"}, FirstReply: "4h"}}},
		{Tag: &Tag{ID: "invoice"}},
		{File: &pdf}, {File: &source},
		{Conversation: &api.ConversationFacts{ID: "c1", ChannelID: "contact", Subject: "Where is my order?", Customer: "jane@customer.example", Status: "open", Home: "inbox", MessageCount: 1}},
		{Conversation: &api.ConversationFacts{
			ID: "c2", ChannelID: "support", OriginID: "contact", Status: "closed", Owner: "cem", Home: "helpdesk", Tags: []string{"invoice"}, MessageCount: 2,
			StartedAt: at(1), TakenInAt: at(2), JoinedAt: at(3), ChangedAt: at(4), Version: 5, CustomerAt: at(2), CustomerVersion: 1, FirstReplyAt: at(3), ClosedAt: at(4),
			Edits: []api.Edit{{At: at(4), By: "cem", Status: new("closed")}},
			Ticket: &api.TicketFacts{
				Status: "new", Owner: "ann", CreatedAt: at(1), Provenance: "history", ImportedAt: at(12), MoveID: "m1", LostOwner: "cem", OpenedAt: at(13),
				Clocks: api.Clocks{PolicyID: "gold", CloseAt: at(20)}, Landed: &api.Landed{Status: "solved"},
				Edited: &api.Edited{At: at(13), By: "ann", Status: "new", Owner: "ann", Revision: 5},
			},
		}},
		{Message: &api.MessageFacts{ConversationID: "c1", ID: "01", MessageContent: api.MessageContent{
			ExternalID: "form-1", Kind: "form", Author: "customer", At: at(1), Fields: []api.FormField{{Name: "Order", Value: "4711"}}}}},
		{Message: &api.MessageFacts{ConversationID: "c2", ID: "01", ChannelID: "support", TakenInAt: at(2), References: []string{"0@customer.example"}, MessageContent: api.MessageContent{
			ExternalID: "1@customer.example", Kind: "email", Author: "customer", Visibility: "public", From: &api.Address{Name: "Jane", Address: "jane@customer.example"},
			To: []api.Address{{Address: "support@acme.example"}}, At: at(1), Subject: "Order <4711> & more", Text: "Hei på deg 😀\u2028", HTML: "<p>Hei</p>",
			Attachments: []api.Attachment{{Name: "invoice.pdf", Type: "application/pdf", Size: pdf.Size, SHA256: pdf.SHA256}}, Source: source.SHA256}}},
		{Message: &api.MessageFacts{ConversationID: "c2", ID: "02", MessageContent: api.MessageContent{
			ExternalID: "n1", Kind: "note", Author: "agent", Agent: "cem", Visibility: "internal", At: at(2), Text: "Look at this."}}},
	}
	slices.SortStableFunc(lines, Compare) // the files by their hashes
	return lines
}

// written is the sample as a file.
func written(t *testing.T, lines []Line) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, "acme")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if err := w.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAll reads a file to its end, or to what cannot be passed.
func readAll(in io.Reader) (lines []Line, errs []*Error, err error) {
	r, err := NewReader(in)
	if err != nil {
		return nil, nil, err
	}
	for {
		l, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return lines, errs, nil
		}
		if err != nil {
			found := errorsOf(err)
			if errs = append(errs, found...); len(found) == 0 || r.broken != nil {
				return lines, errs, r.broken
			}
			continue
		}
		lines = append(lines, l)
	}
}

func errorsOf(err error) (all []*Error) {
	switch e := err.(type) {
	case *Error:
		return []*Error{e}
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, errorsOf(one)...)
		}
	}
	return all
}

// TestRoundTrip writes an account, reads it and writes it again.
func TestRoundTrip(t *testing.T) {
	file := written(t, sample())
	golden := filepath.Join("testdata", "account.ndjson")
	if *update {
		if err := os.WriteFile(golden, file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(file, want) {
		t.Errorf("%s is not what is written (%v): a file that was written once must stay readable", golden, err)
	}
	lines, errs, err := readAll(bytes.NewReader(file))
	if err != nil || len(errs) > 0 {
		t.Fatal(err, errs)
	}
	last := lines[len(lines)-1]
	if last.End == nil || last.End.Lines != int64(len(sample())) {
		t.Errorf("the last line is %+v", last)
	}
	lines = lines[:len(lines)-1]
	if diff := cmp.Diff(sample(), lines); diff != "" {
		t.Error(diff)
	}
	if again := written(t, lines); !bytes.Equal(file, again) {
		t.Error("written again, it is other bytes")
	}
}

// TestEveryKind sees to it that the sample has every kind, in order.
func TestEveryKind(t *testing.T) {
	var had []string
	for _, l := range append(sample(), Line{End: &End{}}) {
		had = append(had, l.key().kind())
	}
	if had = slices.Compact(had); !slices.Equal(had, Kinds()) {
		t.Errorf("the sample has %v, and there are %v", had, Kinds())
	}
}

// TestLinesFitTheSchema has a validator that is not ours look at what is written.
func TestLinesFitTheSchema(t *testing.T) {
	s := others(t)
	for i, line := range bytes.Split(bytes.TrimSpace(written(t, sample())), []byte("\n")) {
		if !fits(t, s, line) {
			t.Errorf("line %d does not fit: %s", i+1, line)
		}
	}
}

// TestBadInput breaks the sample in every way that is named, and looks for the line and
// the field.
func TestBadInput(t *testing.T) {
	file := string(written(t, sample()))
	pdf := hashed(invoice).SHA256
	for name, c := range map[string]struct {
		old, new string // of the first place
		want     string // how the first error begins
		schema   bool   // the schema refuses it, too
	}{
		"a version from the future": {`"version":1`, `"version":2`, "line 1, version: it is of version 2, and this program reads version 1", true},
		"a version of none":         {`"version":1`, `"version":0`, "line 1, version: ", true},
		"a version without an end":  {`"version":1`, `"version":99999999999999999999999`, "line 1, version: it is of version 99999999999999999999999, and", true},
		"a version in between":      {`"version":1`, `"version":1.5`, "line 1, version: it is not a whole number", true},
		"a version as a text":       {`"version":1`, `"version":"1"`, "line 1, version: it is not a whole number", true},
		"a version as a fraction":   {`"version":1`, `"version":1.0`, "line 1, version: it is not written as a whole number", false},
		"a version as a power":      {`"version":1`, `"version":1e0`, "line 1, version: it is not written as a whole number", false},
		"no account":                {`,"account":"acme"`, ``, "line 1, account: it is missing", true},
		"a field of the first line": {`"account":"acme"`, `"account":"acme","of":1`, "line 1, of: there is no such field", true},
		"not JSON":                  {`{"agent":{"id":"cem"`, `{"agent":{"id":cem`, "line 3: it is not JSON", false},
		"not Unicode":               {`"name":"Ann"`, "\"name\":\"\xff\"", "line 2: a text is not Unicode", false},
		"a name twice":              {`"name":"Ann"`, `"name":"Ann","name":"Anna"`, "line 2: a name comes twice", false},
		"null":                      {`"name":"Ann"`, `"name":null`, "line 2, agent.name: it is null", true},
		"an unknown kind":           {`{"team":`, `{"tame":`, `line 4: there are no lines of the kind "tame"`, true},
		"two kinds":                 {`{"tag":{"id":"invoice"}}`, `{"tag":{"id":"invoice"},"end":{"lines":1}}`, "line 9: it has more than one name", true},
		"no kind":                   {`{"tag":{"id":"invoice"}}`, `{}`, "line 9", true},
		"an empty line":             {`{"tag":{"id":"invoice"}}`, ``, "line 9: it is not JSON", false},
		"an unknown field":          {`"name":"Jane"`, `"name":"Jane","nick":"J"`, "line 15, message.from.nick: there is no such field", true},
		"a field in other letters":  {`"subject":"Order`, `"Subject":"Order`, "line 15, message.Subject: there is no such field", true},
		"an unknown value":          {`"author":"customer"`, `"author":"client"`, "line 14, message.author: the value is unknown; use one of", true},
		"a wrong type":              {`"messageCount":1`, `"messageCount":"1"`, "line 12, conversation.messageCount: it is not a whole number", true},
		"a wrong date":              {`"startedAt":"2026-03-01T01:00:00Z"`, `"startedAt":"yesterday"`, "line 13, conversation.startedAt: it is not a date", true},
		"a field that is missing":   {`"author":"customer",`, ``, "line 14, message.author: it is missing", true},
		"a number that is huge":     {`"messageCount":1`, `"messageCount":1e999`, "line 12: a number is out of range", false},
		"an ID that is none":        {`"id":"first"`, `"id":"#"`, "line 4, team.id: ", false},

		"a doubled line":            {`{"tag":{"id":"invoice"}}`, "{\"tag\":{\"id\":\"invoice\"}}\n{\"tag\":{\"id\":\"invoice\"}}", "line 10, tag.id: the line before is of the same one", false},
		"a doubled one further on":  {`{"agent":{"id":"cem"`, "{\"agent\":{\"id\":\"aaa\",\"role\":\"agent\"}}\n{\"agent\":{\"id\":\"cem\"", "line 3, agent.id: it is doubled, or out of order", false},
		"kinds out of order":        {`{"team":`, "{\"tag\":{\"id\":\"a\"}}\n{\"team\":", "line 5, team: lines of this kind come before those of tag", false},
		"a lost line":               {`{"tag":{"id":"invoice"}}` + "\n", "", "line 12, conversation.tags[0]: there is no line of the tag", false},
		"a lost message":            {`{"message":{"conversationId":"c2","id":"02"`, `{"message":{"conversationId":"c1","id":"02"`, "line 16, message.id: it is doubled, or out of order", false},
		"fewer messages":            {`"messageCount":1`, `"messageCount":2`, "line 12, conversation.messageCount: it says 2, but the conversation has 1 messages here", false},
		"an end that counts others": {`"lines":15`, `"lines":16`, "line 17, end.lines: it says 16, but 15 have come", false},
		"more after the end":        {`{"end":{"lines":15}}`, "{\"end\":{\"lines\":15}}\n{\"tag\":{\"id\":\"z\"}}", "line 18: it comes after the end", false},

		"a team of nobody":              {`"agents":["ann"]`, `"agents":["bob"]`, `line 4, team.agents[0]: there is no line of the agent "bob"`, false},
		"a form answered by nothing":    {`"connected":"support"`, `"connected":"sales"`, `line 6, channel.connected: there is no line of the channel "sales"`, false},
		"a move by nobody":              {`"by":"ann","startedAt"`, `"by":"bob","startedAt"`, "line 7, channel.move.by: there is no line of the agent", false},
		"access of nobody":              {`"access":["ann"]`, `"access":["bob"]`, "line 7, channel.move.access[0]: ", false},
		"a move without a channel's":    {`"home":"helpdesk","move"`, `"home":"inbox","move"`, "line 7, channel.move: a channel has a move if, and only if", false},
		"a policy of no channel":        {`"channels":["support"]`, `"channels":["sales"]`, "line 8, policy.channels[0]: ", false},
		"a policy of no status":         {`"statuses":["new"]`, `"statuses":["old"]`, "line 8, policy.statuses[0]: ", false},
		"a conversation of no channel":  {`"id":"c1","channelId":"contact"`, `"id":"c1","channelId":"chat"`, `line 12, conversation.channelId: there is no line of the channel "chat"`, false},
		"one that began nowhere":        {`"originId":"contact"`, `"originId":"chat"`, "line 13, conversation.originId: ", false},
		"one that has not moved":        {`"status":"closed","owner":"cem","home":"helpdesk"`, `"status":"closed","owner":"cem","home":"inbox"`, "line 13, conversation.ticket.provenance: only a native ticket", false},
		"one that moved alone":          {`"status":"open","home":"inbox"`, `"status":"open","home":"helpdesk"`, "line 12, conversation.home: it is in the help desk, but its channel", false},
		"a ticket of no status":         {`"ticket":{"status":"new"`, `"ticket":{"status":"old"`, `line 13, conversation.ticket.status: there is no line of the status "old"`, false},
		"a ticket of another move":      {`"moveId":"m1"`, `"moveId":"m2"`, "line 13, conversation.ticket.moveId: ", false},
		"an owner who is nobody":        {`"owner":"ann","createdAt"`, `"owner":"bob","createdAt"`, "line 13, conversation.ticket.owner: ", false},
		"an edit by nobody":             {`"by":"cem"`, `"by":"bob"`, "line 13, conversation.edits[0].by: ", false},
		"a customer of the future":      {`"customerVersion":1`, `"customerVersion":9`, "line 13, conversation.customerVersion: it is above the version", false},
		"an edit of the future":         {`"revision":5`, `"revision":6`, "line 13, conversation.ticket.edited.revision: it is above the version", false},
		"open and closed":               {`"home":"inbox","messageCount":1`, `"home":"inbox","messageCount":1,"closedAt":"2026-03-01T04:00:00Z"`, "line 12, conversation.closedAt: it is open", false},
		"a long subject":                {`"subject":"Where is my order?"`, `"subject":"` + strings.Repeat("x", 201) + `"`, "line 12, conversation.subject: it has more than 200 bytes", false},
		"a message of no conversation":  {`"conversationId":"c1"`, `"conversationId":"c0"`, `line 14, message.conversationId: there is no line of the conversation "c0"`, false},
		"a message by no agent":         {`"agent":"cem"`, `"agent":"bob"`, "line 16, message.agent: ", false},
		"a message by no channel":       {`"id":"01","channelId":"support"`, `"id":"01","channelId":"chat"`, "line 15, message.channelId: ", false},
		"a message without a date":      {`,"at":"2026-03-01T01:00:00Z"`, ``, "line 14, message.at: it is missing", false},
		"a file that is not there":      {`"sha256":"` + pdf + `","`, `"sha256":"` + strings.Repeat("0", 64) + `","`, "line 10", false},
		"an attachment that is nothing": {`"size":23,"sha256":"` + pdf, `"size":23,"sha256":"` + strings.Repeat("0", 64), "line 15, message.attachments[0].sha256: there is no line of the file", false},
		"another size":                  {`"application/pdf","size":23`, `"application/pdf","size":24`, "line 15, message.attachments[0].size: the file has 23 bytes", false},
		"a source that is nothing":      {`"source":"` + hashed(mailOf).SHA256, `"source":"` + strings.Repeat("0", 64), "line 15, message.source: there is no line of the file", false},
		"a customer's note":             {`"kind":"note","author":"agent","agent":"cem"`, `"kind":"note","author":"customer"`, "line 16, message.kind: a customer writes no notes", false},
		"tags of a message":             {`"author":"agent"`, `"author":"agent","tags":["invoice"]`, "line 16, message.tags: ", false},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(file, c.old) {
				t.Fatalf("the sample has no %s", c.old)
			}
			broken := strings.Replace(file, c.old, c.new, 1)
			if name == "a file that is not there" {
				broken = file[:strings.Index(file, `{"file":`)] + file[strings.LastIndex(file, `{"file":`):]
			}
			_, errs, err := readAll(strings.NewReader(broken))
			if err != nil {
				errs = append(errs, errorsOf(err)...)
			}
			if len(errs) == 0 {
				t.Fatal("nothing is wrong with it")
			}
			if got := errs[0].Error(); !strings.HasPrefix(got, c.want) && name != "a file that is not there" {
				t.Errorf("%s\nwant %s…", got, c.want)
			} else if strings.Contains(got, "Jane") || strings.Contains(got, "4711") {
				t.Errorf("a customer's words are in it: %s", got)
			}
			if c.schema {
				line := strings.Split(broken, "\n")[errs[0].Line-1]
				if fits(t, others(t), []byte(line)) {
					t.Error("the schema takes it, by a validator that is not ours")
				}
			}
		})
	}
}

// TestCutOff cuts the sample off after every byte.
func TestCutOff(t *testing.T) {
	file := written(t, sample())
	for n := range len(file) {
		_, errs, err := readAll(bytes.NewReader(file[:n]))
		if err == nil {
			t.Fatalf("of %d bytes, %d are taken for all, %v", len(file), n, errs)
		}
	}
	_, errs, err := readAll(bytes.NewReader(file[:len(file)-1]))
	if e := (*Error)(nil); !errors.As(err, &e) || !strings.Contains(err.Error(), "cut off") || len(errs) != 1 {
		t.Error(err, errs)
	}
}

// TestOtherFormats gives the reader what is no exchange file.
func TestOtherFormats(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "mail": "From jane@customer.example Sun Mar  1 00:00:00 2026\n", "JSON Lines of mail": `{"messageId":"<1@x>","format":"flowed"}` + "\n",
		"HubSpot": `{"results":[]}` + "\n", "another format": `{"format":"other","version":1}` + "\n", "a long line": strings.Repeat("x", MaxLine+100),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewReader(strings.NewReader(text))
			if not := (*NotExchangeError)(nil); !errors.As(err, &not) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestLongLine refuses a line that is too long for memory.
func TestLongLine(t *testing.T) {
	file := string(written(t, sample()))
	long := strings.Replace(file, "Look at this.", strings.Repeat("x", MaxLine), 1)
	_, _, err := readAll(strings.NewReader(long))
	if err == nil || !strings.HasPrefix(err.Error(), "line 16: it has more than 32 MB") {
		t.Error(err)
	}
}

// TestGoesOn reads what is right after what is wrong, so that all that is wrong shows.
func TestGoesOn(t *testing.T) {
	file := string(written(t, sample()))
	file = strings.Replace(file, `"name":"Ann"`, `"name":7`, 1)
	file = strings.Replace(file, `"kind":"note"`, `"kind":"not"`, 1)
	lines, errs, err := readAll(strings.NewReader(file))
	var at []int64
	for _, e := range errs {
		at = append(at, e.Line)
	}
	if err != nil || !slices.Equal(at, []int64{2, 16}) || lines[len(lines)-1].End == nil {
		t.Error(err, errs)
	}
}

// TestWriterRefuses sees to it that nothing is written that cannot be read.
func TestWriterRefuses(t *testing.T) {
	w, err := NewWriter(io.Discard, "acme")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(Line{Tag: &Tag{ID: "b"}}); err != nil {
		t.Fatal(err)
	}
	for _, l := range []Line{{Tag: &Tag{ID: "a"}}, {Tag: &Tag{ID: "b"}}, {Conversation: &api.ConversationFacts{ID: "c", ChannelID: "nowhere"}}} {
		if err := w.Write(l); len(errorsOf(err)) == 0 {
			t.Errorf("%+v was written: %v", l, err)
		}
	}
}

func TestFolder(t *testing.T) {
	f := Folder(t.TempDir())
	file := hashed(invoice)
	if err := f.Check(file); err == nil || !strings.Contains(err.Error(), "not in the folder") || f.Size(file.SHA256) != -1 {
		t.Errorf("there is nothing, and the error is %v", err)
	}
	for _, other := range []string{"", "other bytes", invoice + "!"} {
		if err := f.Put(file.SHA256, strings.NewReader(other)); err == nil || f.Size(file.SHA256) != -1 {
			t.Errorf("%q was kept: %v", other, err)
		}
	}
	if err := f.Put(file.SHA256, strings.NewReader(invoice)); err != nil || f.Size(file.SHA256) != file.Size {
		t.Fatal(err)
	}
	if err := f.Check(file); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(string(f), "files", "*", "*.part"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if err := f.Check(File{file.SHA256, 7}); err == nil || !strings.Contains(err.Error(), "its line says 7") {
		t.Error(err)
	}
	if err := os.WriteFile(f.Path(file.SHA256), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if not := (*FileError)(nil); !errors.As(f.Check(file), &not) || !strings.Contains(not.Error(), hashed("damaged").SHA256) {
		t.Errorf("the error is %v", f.Check(file))
	}
}

// FuzzRead sees to it that whatever is read without an error is written as it was.
func FuzzRead(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "account.ndjson"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte("{\"format\":\"deskmove\",\"version\":1,\"account\":\"a\"}\n{\"end\":{\"lines\":0}}\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		lines, errs, err := readAll(bytes.NewReader(file))
		if err != nil || len(errs) > 0 || len(lines) == 0 {
			return
		}
		first := written(t, lines[:len(lines)-1])
		again, errs, err := readAll(bytes.NewReader(first))
		if err != nil || len(errs) > 0 {
			t.Fatalf("what was written cannot be read: %v %v", err, errs)
		}
		if second := written(t, again[:len(again)-1]); !bytes.Equal(first, second) {
			t.Error("written again, it is other bytes")
		}
	})
}

// BenchmarkRead reads conversations of three messages each.
func BenchmarkRead(b *testing.B) {
	var file bytes.Buffer
	w, _ := NewWriter(&file, "acme")
	_ = w.Write(Line{Channel: &api.ChannelFacts{ChannelSetup: api.ChannelSetup{ID: "support", Type: "email"}, Home: "inbox"}})
	for i := range b.N {
		_ = w.Write(Line{Conversation: &api.ConversationFacts{ID: fmt.Sprintf("c%08d", i), ChannelID: "support", Status: "open", Home: "inbox", MessageCount: 3}})
	}
	text := strings.Repeat("I ordered on Monday, and nothing has come. ", 40)
	for i := range 3 * b.N {
		_ = w.Write(Line{Message: &api.MessageFacts{ConversationID: fmt.Sprintf("c%08d", i/3), ID: fmt.Sprintf("m%d", i%3), MessageContent: api.MessageContent{
			ExternalID: fmt.Sprintf("%d@customer.example", i), Author: "customer", At: at(1), Text: text, From: &api.Address{Address: "jane@customer.example"}}}})
	}
	_ = w.Close()
	b.SetBytes(int64(file.Len() / b.N))
	b.ResetTimer()
	if _, errs, err := readAll(&file); err != nil || len(errs) > 0 {
		b.Fatal(err, errs)
	}
}

// TestSorter adds the sample in another order, and has it written as it stands.
func TestSorter(t *testing.T) {
	s, err := NewSorter(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lines := sample()
	add := func(of func(Line) bool) {
		for _, l := range lines {
			if of(l) {
				if err := s.Add(l); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	conversation := func(id string) func(Line) bool {
		return func(l Line) bool { return l.Conversation != nil && l.Conversation.ID == id }
	}
	messages := func(id string) func(Line) bool {
		return func(l Line) bool { return l.Message != nil && l.Message.ConversationID == id }
	}
	before := *lines[slices.IndexFunc(lines, conversation("c2"))].Conversation
	before.ChannelID, before.MessageCount = "form", 7
	for _, l := range []Line{{Conversation: &before}, {Message: &api.MessageFacts{ConversationID: "c2", ID: "00"}}} { // which it is no more
		if err := s.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	add(conversation("c2"))
	add(messages("c2"))
	add(messages("c1"))
	add(conversation("c1"))
	slices.Reverse(lines)
	for range 2 {
		add(func(l Line) bool { return l.Conversation == nil && l.Message == nil })
	}
	var b bytes.Buffer
	w, err := NewWriter(&b, "acme")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(w); err != nil {
		t.Fatal(err)
	}
	if want := written(t, sample()); !bytes.Equal(b.Bytes(), want) {
		t.Errorf("it is\n%s\nnot\n%s", b.Bytes(), want)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestSorterWantsMessagesBesideTheirConversation, or it would have to keep where each is.
func TestSorterWantsMessagesBesideTheirConversation(t *testing.T) {
	s, err := NewSorter(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	message := Line{Message: &api.MessageFacts{ConversationID: "c1", ID: "01"}}
	for _, l := range []Line{{Conversation: &api.ConversationFacts{ID: "c1"}}, message, {Conversation: &api.ConversationFacts{ID: "c2"}}, message} {
		if err := s.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	w, err := NewWriter(io.Discard, "acme")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(w); err == nil || !strings.Contains(err.Error(), "messages of conversation c1 are not beside it") {
		t.Errorf("messages that are far from their conversation: %v", err)
	}
}
