package support_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// latest is the message that was written last.
func latest(r *apptest.Rig, conversation string) desk.Message {
	r.Helper()
	ms, _, err := r.Messages.Page(r.Context(), "acme", conversation, "", 1)
	if err != nil || len(ms) != 1 {
		r.Fatalf("%d messages, %v", len(ms), err)
	}
	return ms[0].Message
}

// TestStrangersAreMarked: whoever knows a Message-ID can refer to it, and join a thread
// in which nobody knows them.
func TestStrangersAreMarked(t *testing.T) {
	bill := desk.Address{Address: "Bill@customer.example"}
	for name, test := range map[string]struct {
		before         func(*desk.Message) // the second of the thread
		from           string
		change         func(*desk.Message)
		appended, want bool
	}{
		"the customer":            {from: "JANE@customer.example"},
		"an unknown one":          {from: "mallory@else.example", want: true},
		"who got a copy":          {before: func(m *desk.Message) { m.Cc = []desk.Address{bill} }, from: "bill@customer.example"},
		"who wrote before":        {before: func(m *desk.Message) { m.From = bill }, from: "bill@customer.example"},
		"a stranger before":       {before: func(m *desk.Message) { m.From, m.Author, m.Agent, m.Stranger = bill, desk.ByCustomer, "", true }, from: "bill@customer.example", want: true},
		"named by a forger":       {before: func(m *desk.Message) { m.Cc, m.Forged = []desk.Address{bill}, true }, from: "bill@customer.example", want: true},
		"to whom answers go":      {before: func(m *desk.Message) { m.ReplyTo = []desk.Address{bill} }, from: "bill@customer.example"},
		"an agent":                {from: "ann@acme.example", change: func(m *desk.Message) { m.Author, m.Agent = desk.ByAgent, "ann" }},
		"an unknown one, told by": {from: "mallory@else.example", appended: true},
		"an unknown one, of old":  {from: "mallory@else.example", appended: true, change: func(m *desk.Message) { m.History = true }, want: true},
	} {
		r := apptest.New(t)
		id := r.TakeIn("mail", "a").ID
		if test.before != nil {
			m := r.Message("mail", "b")
			m.Author, m.Agent = desk.ByAgent, "ann"
			test.before(&m)
			if _, err := r.Intake.Append(t.Context(), m, id); err != nil {
				t.Fatal(err)
			}
		}
		m := r.Message("mail", "c")
		m.At, m.From.Address = r.Time, test.from
		if test.change != nil {
			test.change(&m)
		}
		var err error
		if test.appended {
			_, err = r.Intake.Append(t.Context(), m, id)
		} else {
			_, err = r.Intake.TakeIn(t.Context(), m, []string{"a"})
		}
		if got := latest(r, id); err != nil || got.External != "c" || got.Stranger != test.want {
			t.Errorf("%s: %v, stranger: %v", name, err, got.Stranger)
		}
		if r.Conversation(id).Customer != "jane@customer.example" {
			t.Errorf("%s: another customer", name)
		}
	}
	// Who begins a conversation is no stranger to it.
	r := apptest.New(t)
	if latest(r, r.TakeIn("mail", "a", "unknown").ID).Stranger {
		t.Error("who began is a stranger")
	}
}

// TestStrangersInLongThreads: whoever wrote among the last 50 messages is none.
func TestStrangersInLongThreads(t *testing.T) {
	for name, test := range map[string]struct {
		since int
		want  bool
	}{"lately": {3, false}, "a while ago": {20, false}, "long ago": {60, true}} {
		r := apptest.New(t)
		id := r.TakeIn("mail", "a").ID
		write := func(external, from string) {
			t.Helper()
			m := r.Message("mail", external)
			m.At, m.From.Address = r.Time, from
			if _, err := r.Intake.TakeIn(t.Context(), m, []string{"a"}); err != nil {
				t.Fatal(err)
			}
			r.Time = r.Time.Add(time.Second)
		}
		m := r.Message("mail", "b")
		m.At, m.From.Address = r.Time, "bill@customer.example"
		if _, err := r.Intake.Append(t.Context(), m, id); err != nil {
			t.Fatal(err)
		}
		for n := range test.since {
			r.Time = r.Time.Add(time.Second)
			write(fmt.Sprint("m", n), "jane@customer.example")
		}
		write("c", "bill@customer.example")
		if got := latest(r, id); got.External != "c" || got.Stranger != test.want {
			t.Errorf("who wrote %s, in %s, is a stranger: %v", name, got.External, got.Stranger)
		}
	}
}

// TestR15_NotesStartNoClocks: a ticket of the inbox moves as it is, and stays so until
// somebody asks or answers something.
func TestR15_NotesStartNoClocks(t *testing.T) {
	r := apptest.New(t)
	id := r.TakeIn("mail", "a").ID
	r.NewTicket(id, "waiting")
	r.StartMove(apptest.History("mail"))
	r.Run()
	was := r.Ticket(id)
	for name, change := range map[string]func(*desk.Message){
		"note":       func(m *desk.Message) { m.Author, m.Agent, m.Kind = desk.ByAgent, "bob", desk.Note },
		"bot":        func(m *desk.Message) { m.Author = desk.ByBot },
		"auto-reply": func(m *desk.Message) { m.Automatic = desk.AutoReplied },
		"forged":     func(m *desk.Message) { m.Author, m.Forged = desk.ByAgent, true },
	} {
		m := r.Message("mail", name)
		change(&m)
		if _, err := r.Intake.Append(t.Context(), m, id); err != nil {
			t.Fatal(err)
		}
		if is := r.Ticket(id); is != was || is.Clocks != (desk.Clocks{}) {
			t.Errorf("%s: the ticket is\n%+v, was\n%+v", name, is, was)
		}
	}
	r.Append(id, "mail", "question")
	if is := r.Ticket(id); is.Clocks == was.Clocks {
		t.Errorf("after a question: %+v", is)
	}
}

// TestAThreadInACircle is one conversation.
func TestAThreadInACircle(t *testing.T) {
	r := apptest.New(t)
	var ids []string
	for _, of := range [][]string{{"a", "c", "a"}, {"b", "a", "b"}, {"c", "b", "c", "a"}} {
		m := r.Message("mail", of[0])
		m.History = true
		taken, err := r.Intake.TakeIn(t.Context(), m, of[1:])
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, taken.Conversation.ID)
	}
	if ids[1] != ids[0] || ids[2] != ids[0] || r.Conversation(ids[0]).Messages != 3 {
		t.Errorf("%v: %d messages", ids, r.Conversation(ids[0]).Messages)
	}
}

// uploaded takes a file in.
func uploaded(r *apptest.Rig, content string) desk.Attachment {
	r.Helper()
	sum := sha256.Sum256([]byte(content))
	a := desk.Attachment{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}
	if _, err := r.Files.Announce(r.Context(), "acme", []support.NewFile{{SHA256: a.SHA256, Size: a.Size, Data: []byte(content)}}); err != nil {
		r.Fatal(err)
	}
	return a
}

// TestMessagesNameFiles that have been uploaded, and keep them.
func TestMessagesNameFiles(t *testing.T) {
	r := apptest.New(t)
	pdf, source := uploaded(r, "%PDF"), uploaded(r, "From: jane\n\nSee there.\n")
	m := r.Message("mail", "a")
	m.Attachments = []desk.Attachment{{Name: "a.pdf", Type: "application/pdf", SHA256: pdf.SHA256}, {Name: "b.pdf", SHA256: pdf.SHA256, Size: pdf.Size, ContentID: "b", Inline: true}}
	m.Source = desk.Attachment{SHA256: source.SHA256}
	taken, err := r.Intake.TakeIn(t.Context(), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := latest(r, taken.Conversation.ID)
	if len(got.Attachments) != 2 || got.Attachments[0].Size != 4 || !got.Attachments[1].Inline || got.Source.Size != source.Size || got.Attachments[1].ContentID != "b" {
		t.Errorf("%+v, source %+v", got.Attachments, got.Source)
	}
	left := uploaded(r, "named by nobody")
	r.Time = r.Time.Add(25 * time.Hour)
	if n, err := r.Files.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("%d files deleted, %v", n, err)
	}
	for _, f := range []desk.Attachment{pdf, source} {
		if is, err := r.Files.Known(t.Context(), "acme", f.SHA256); err != nil || !is.Used {
			t.Errorf("%+v, %v", is, err)
		}
	}
	// What is not there, or is another, is refused, and nothing is taken in.
	for name, test := range map[string]struct {
		change func(*desk.Message)
		want   string
	}{
		"never uploaded":   {func(m *desk.Message) { m.Attachments[1].SHA256 = strings.Repeat("0", 64) }, "attachments[1].sha256"},
		"deleted again":    {func(m *desk.Message) { m.Source = left }, "source"},
		"larger than said": {func(m *desk.Message) { m.Attachments[0].Size = 3 }, "attachments[0].size"},
	} {
		x := r.Message("mail", name)
		x.Attachments = []desk.Attachment{{SHA256: pdf.SHA256}, {SHA256: pdf.SHA256}}
		test.change(&x)
		_, err := r.Intake.TakeIn(t.Context(), x, []string{"a"})
		if invalid := desk.Invalid(err); len(invalid) != 1 || invalid[0].Field != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c := r.Conversation(taken.Conversation.ID); c.Messages != 1 {
		t.Errorf("%d messages", c.Messages)
	}
}

// TestAFileIsDeletedWhileItsMessageComes: either the message is refused, or the file is
// kept.
func TestAFileIsDeletedWhileItsMessageComes(t *testing.T) {
	r := apptest.New(t)
	f := uploaded(r, "late")
	r.Time = r.Time.Add(25 * time.Hour)
	m := r.Message("mail", "a")
	m.Attachments = []desk.Attachment{{Name: "a", SHA256: f.SHA256}}
	intake := r.Intake
	intake.Files = sweeping{r}
	_, err := intake.TakeIn(t.Context(), m, nil)
	if invalid := desk.Invalid(err); len(invalid) != 1 || invalid[0].Field != "attachments[0].sha256" {
		t.Errorf("%v", err)
	}
	if _, err := r.Files.Announce(t.Context(), "acme", []support.NewFile{{SHA256: f.SHA256, Size: f.Size, Data: []byte("late")}}); err != nil {
		t.Fatal(err)
	}
	if taken, err := r.Intake.TakeIn(t.Context(), m, nil); err != nil || !taken.Began {
		t.Errorf("sent again: %+v, %v", taken, err)
	}
}

// sweeping sweeps after files have been confirmed, before they are named.
type sweeping struct{ r *apptest.Rig }

func (s sweeping) Confirm(ctx context.Context, account string, named []support.NamedFile) (map[string]desk.File, error) {
	known, err := s.r.Files.Confirm(ctx, account, named)
	if _, sweepErr := s.r.Files.Sweep(ctx); sweepErr != nil {
		s.r.Fatal(sweepErr)
	}
	return known, err
}

// TestAFileIsAnnouncedOtherwiseWhileItsMessageComes: with another size, which its bytes do
// not have. A message that named it then would name what nobody can read, nor mend.
func TestAFileIsAnnouncedOtherwiseWhileItsMessageComes(t *testing.T) {
	r := apptest.New(t)
	f := uploaded(r, "small")
	r.Time = r.Time.Add(time.Minute)
	m := r.Message("mail", "a")
	m.Attachments = []desk.Attachment{{Name: "a", SHA256: f.SHA256}}
	intake := r.Intake
	intake.Files = announcing{r, support.NewFile{SHA256: f.SHA256, Size: f.Size + 1}}
	_, err := intake.TakeIn(t.Context(), m, nil)
	if invalid := desk.Invalid(err); len(invalid) != 1 || invalid[0].Field != "attachments[0].sha256" {
		t.Errorf("%v", err)
	}
	uploaded(r, "small")
	taken, err := r.Intake.TakeIn(t.Context(), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := latest(r, taken.Conversation.ID); got.Attachments[0].Size != f.Size {
		t.Errorf("%+v", got.Attachments)
	}
}

// announcing announces a file after others have been confirmed, before they are named.
type announcing struct {
	r    *apptest.Rig
	file support.NewFile
}

func (a announcing) Confirm(ctx context.Context, account string, named []support.NamedFile) (map[string]desk.File, error) {
	known, err := a.r.Files.Confirm(ctx, account, named)
	if _, announceErr := a.r.Files.Announce(ctx, account, []support.NewFile{a.file}); announceErr != nil {
		a.r.Fatal(announceErr)
	}
	return known, err
}
