package mail_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/mail"
	"deskmove/shared/mail/mailtest"
	"deskmove/shared/mail/note"
)

// now is when the tests import; later than every mail.
func now() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

// trap is one mail with the faults that real ones have.
type trap struct {
	names string // as data/traps.tsv calls them
	from  string // the mbox "From " line's date; Thu Aug  1 00:50:24 1996 if ""
	in    string // the mail, all of it after the From line
	want  map[string]string
}

// testTraps reads each mail as an mbox of its own and checks the fields in want.
func testTraps(t *testing.T, traps []trap) {
	t.Helper()
	for _, c := range traps {
		t.Run(c.names, func(t *testing.T) {
			from := c.from
			if from == "" {
				from = "Thu Aug  1 00:50:24 1996"
			}
			all := readAll(t, "trap.mbox", "From s@x.example "+from+"\n"+c.in+"\n\n")
			if len(all) != 1 {
				t.Fatalf("%d messages", len(all))
			}
			got := show(all[0])
			for key := range got {
				if _, asked := c.want[key]; !asked {
					delete(got, key)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("message differs (-want +got):\n%s", diff)
			}
		})
	}
}

// readAll reads a file in which nothing is wrong.
func readAll(t *testing.T, name, in string) []mail.Message {
	t.Helper()
	var all []mail.Message
	for m, err := range mail.Read(name, strings.NewReader(in), now()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// show gives the fields of a message in a form that reads well in a table.
func show(m mail.Message) map[string]string {
	people := func(list ...mail.Address) string {
		var all []string
		for _, a := range list {
			all = append(all, strings.TrimSpace(a.Name+" <"+a.Address+">"))
		}
		if len(list) == 1 && list[0] == (mail.Address{}) {
			return ""
		}
		return strings.Join(all, ", ")
	}
	var files, parts []string
	for _, a := range m.Attachments {
		files = append(files, fmt.Sprintf("%s %s %d", a.Name, a.Type, len(a.Data)))
		if a.ContentID != "" || a.Inline {
			parts = append(parts, strings.TrimSpace(a.Name+" "+a.ContentID)+map[bool]string{true: " inline"}[a.Inline])
		}
	}
	return map[string]string{
		"id": m.ID, "other": strings.Join(m.OtherIDs, " "), "answers": strings.Join(m.InReplyTo, " "),
		"refs": strings.Join(m.References, " "), "from": people(m.From), "to": people(m.To...), "cc": people(m.Cc...),
		"subject": m.Subject, "date": m.Date.Format(time.RFC3339), "text": m.Text, "html": m.HTML,
		"files": strings.Join(files, ", "), "notes": strings.Join(said(m.Notes), " "), "parts": strings.Join(parts, ", "),
		"sender": people(m.Sender), "reply": people(m.ReplyTo...), "bcc": people(m.Bcc...), "path": m.ReturnPath,
		"automatic": string(m.Automatic), "forged": strconv.FormatBool(m.Forged), "box": strings.TrimSpace(string(m.Box) + " " + m.BoxSign),
		"labels": strings.Join(m.Labels, "|"), "thread": m.ThreadID,
	}
}

func said(notes []note.Code) []string {
	all := make([]string, len(notes))
	for i, c := range notes {
		all[i] = string(c)
	}
	return all
}

// Every trap of the list is in one of the tables.
func TestEveryTrapHasACase(t *testing.T) {
	list, err := os.ReadFile(mailtest.File(t, "traps.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Fields("synthetic mid-duplicate parent-absent direct-parent-absent reply-arrives-before-parent " +
		"reply-dated-before-parent long-thread") // these are of threads: see package thread
	for _, c := range slices.Concat(dateTraps(), idTraps(), peopleTraps(), subjectTraps(), textTraps(), partTraps()) {
		have = append(have, strings.Fields(c.names)...)
	}
	for line := range strings.Lines(string(list)) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(columns) < 7 || columns[0] == "no" {
			continue
		}
		for _, name := range strings.Fields(columns[6]) {
			if !slices.Contains(have, name) {
				t.Errorf("no case for trap %s (mail %s)", name, columns[0])
				have = append(have, name)
			}
		}
	}
}
