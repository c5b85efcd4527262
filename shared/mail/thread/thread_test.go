package thread_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/mail"
	"deskmove/shared/mail/thread"
)

func now() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

// own are the addresses of the account in all tests.
func own(address string) bool { return strings.HasSuffix(address, "@desk.example") }

// mbox makes a file of mails. A mail is "id < answered, answered @ mailbox's thread | date | from > to | subject |
// text"; what is empty is left out.
func mbox(mails ...string) string {
	var out strings.Builder
	for _, m := range mails {
		f := strings.Split(m+"|||||", "|")
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		ids, own, _ := strings.Cut(f[0], "@")
		id, refs, _ := strings.Cut(ids, "<")
		from, to, _ := strings.Cut(f[2], ">")
		if from == "" {
			from = "ann@x.example"
		}
		if to == "" {
			to = "support@desk.example"
		}
		out.WriteString("From s@x.example Fri Jan  1 00:00:00 2100\n") // no plausible arrival
		write := func(name, value string) {
			if value = strings.TrimSpace(value); value != "" {
				fmt.Fprintf(&out, "%s: %s\n", name, value)
			}
		}
		if id = strings.TrimSpace(id); id != "" {
			write("Message-ID", "<"+id+">")
		}
		for i, ref := range strings.Fields(strings.ReplaceAll(refs, ",", " ")) {
			write([]string{"In-Reply-To", "References"}[min(i, 1)], "<"+ref+">")
		}
		write("X-GM-THRID", own)
		if f[1] != "" {
			write("Date", "1 "+f[1]+" 12:00:00 +0000")
		}
		write("From", from)
		write("To", to)
		write("Subject", f[3])
		fmt.Fprintf(&out, "\n%s\n\n", f[4])
	}
	return out.String()
}

// tester is what the checks need of *testing.T and *rapid.T.
type tester interface{ Errorf(string, ...any) }

func headers(t tester, file string) []mail.Header {
	var all []mail.Header
	for m, err := range mail.Read("test.mbox", strings.NewReader(file), now()) {
		if err != nil {
			t.Errorf("reading: %v", err)
			continue
		}
		all = append(all, m.Header)
	}
	return all
}

// show lists threads as "root: item item(parent)", items by external ID.
func show(threads []thread.Thread) []string {
	var all []string
	for _, th := range threads {
		s := short(th.Root) + ":"
		for _, item := range th.Items {
			s += " " + short(item.ExternalID)
			if item.Parent != "" {
				s += "(" + short(item.Parent) + ")"
			}
		}
		all = append(all, s)
	}
	return all
}

// short makes hashes readable.
func short(id string) string {
	if strings.HasPrefix(id, "sha256:") {
		return "-"
	}
	id, twin, found := strings.Cut(id, "#")
	if found && len(twin) == 16 {
		id += "#"
	}
	return id
}

func TestBuild(t *testing.T) {
	for name, c := range map[string]struct {
		mails []string
		want  []string
	}{
		"reply":                       {[]string{"a|Jan 2020", "b<a|Feb 2020"}, []string{"a: a b(a)"}},
		"strangers":                   {[]string{"b|Feb 2020", "a|Jan 2020"}, []string{"a: a", "b: b"}},
		"reply stored before":         {[]string{"b<a|Feb 2020", "a|Jan 2020"}, []string{"a: a b(a)"}},
		"reply dated before":          {[]string{"b<a|Jan 2020", "a|Feb 2020"}, []string{"a: a b(a)"}},
		"reply's reply dated before":  {[]string{"c<b|Jan 2020", "b<a|Mar 2020", "a|Feb 2020", "d<a|Apr 2020"}, []string{"a: a b(a) c(b) d(a)"}},
		"parent absent":               {[]string{"b<a|Feb 2020"}, []string{"a: b"}},
		"two of one absent parent":    {[]string{"b<a|Feb 2020", "c<a|Mar 2020"}, []string{"a: b c"}},
		"direct parent absent":        {[]string{"c<b,a,b|Mar 2020", "a|Jan 2020"}, []string{"a: a c(a)"}},
		"nearest reference":           {[]string{"c<x,a,b|Mar 2020", "b|Feb 2020", "a|Jan 2020"}, []string{"a: a b c(b)"}},
		"known by references only":    {[]string{"c<x,a,b|Mar 2020", "d<y,b|Apr 2020"}, []string{"a: c d"}},
		"twice the same":              {[]string{"a|Jan 2020|||hi", "a|Jan 2020|||hi"}, []string{"a: a"}},
		"resent later":                {[]string{"a|Feb 2020|||hi", "a|Jan 2020|||hi"}, []string{"a: a"}},
		"copy with other references":  {[]string{"a<r|Jan 2020|||hi", "a<s|Feb 2020|||hi", "b<s|Mar 2020"}, []string{"r: a b"}},
		"one id, two contents":        {[]string{"a|Feb 2020|||hi", "a|Jan 2020|||you"}, []string{"a: a a#"}},
		"reply to a twin":             {[]string{"a|Feb 2020|||hi", "a|Jan 2020|||you", "b<a|Mar 2020"}, []string{"a: a a# b(a)"}},
		"circle":                      {[]string{"a<b|Jan 2020", "b<a|Feb 2020"}, []string{"b: a b(a)"}},
		"circle with a tail":          {[]string{"a<c|Jan 2020", "b<a|Feb 2020", "c<b|Mar 2020", "d<c|Apr 2020"}, []string{"c: a b(a) c(b) d(c)"}},
		"same time":                   {[]string{"b|Jan 2020", "c<r|Jan 2020", "d<r|Jan 2020"}, []string{"b: b", "r: c d"}},
		"no id":                       {[]string{"|Jan 2020|||hi", "|Jan 2020|||you", "|Jan 2020|||hi"}, []string{"-: -", "-: -"}},
		"no date":                     {[]string{"b<a", "a|Jan 2020", "c|||"}, []string{"c: c", "a: a b(a)"}},
		"subject":                     {[]string{"a|Jan 2020|ann@x|printer smokes", "b|Feb 2020|ann@x|Re: Printer  smokes"}, []string{"a: a b(a)"}},
		"subject, answered":           {[]string{"a|Jan 2020|ann@x|printer smokes", "b|Feb 2020|bob@desk.example > ann@x|AW: [list] printer smokes"}, []string{"a: a b(a)"}},
		"subject, no reply":           {[]string{"a|Jan 2020|ann@x|printer smokes", "b|Feb 2020|ann@x|printer smokes"}, []string{"a: a", "b: b"}},
		"subject, forwarded":          {[]string{"a|Jan 2020|ann@x|printer smokes", "b|Feb 2020|ann@x|Fwd: printer smokes"}, []string{"a: a", "b: b"}},
		"subject, another customer":   {[]string{"a|Jan 2020|ann@x|printer smokes", "b|Feb 2020|bob@x|Re: printer smokes"}, []string{"a: a", "b: b"}},
		"subject, only agents shared": {[]string{"a|Jan 2020|bob@desk.example > ann@x|your order", "b|Feb 2020|bob@desk.example > cem@x|Re: your order"}, []string{"a: a", "b: b"}},
		"subject, only recipients":    {[]string{"a|Jan 2020|ann@x > all@x|printer smokes", "b|Feb 2020|bob@x > all@x|Re: printer smokes"}, []string{"a: a", "b: b"}},
		"subject, too old":            {[]string{"a|Jan 2020|ann@x|printer smokes", "b|May 2020|ann@x|Re: printer smokes"}, []string{"a: a", "b: b"}},
		"subject, too short":          {[]string{"a|Jan 2020|ann@x|hi!", "b|Feb 2020|ann@x|Re: hi!"}, []string{"a: a", "b: b"}},
		"subject, tickets":            {[]string{"a|Jan 2020|ann@x|[#12] problem", "b|Feb 2020|ann@x|Re: [#13] problem"}, []string{"a: a", "b: b"}},
		"subject, nearest":            {[]string{"a|Jan 2020|ann@x|printer smokes", "c|Mar 2020|ann@x|printer smokes", "b|Feb 2020|ann@x|Re: printer smokes"}, []string{"a: a b(a)", "c: c"}},
		"subject, nearest of two":     {[]string{"a|Jan 2020|ann@x|printer smokes", "c|Feb 2020|bob@x|printer smokes", "b|Mar 2020|me@desk.example > ann@x, bob@x|Re: printer smokes"}, []string{"a: a", "c: c b(c)"}},
		"subject, only later":         {[]string{"c|Mar 2020|ann@x|printer smokes", "b|Feb 2020|ann@x|Re: printer smokes"}, []string{"b: b c"}},
		"subject, but ids":            {[]string{"a|Jan 2020|ann@x|printer smokes", "b<z|Feb 2020|ann@x|Re: printer smokes"}, []string{"a: a", "z: b"}},
		"subject, with its replies":   {[]string{"a|Jan 2020|ann@x|printer smokes", "b|Feb 2020|ann@x|Re: printer smokes", "c<b|Mar 2020|bob@desk.example > ann@x|x"}, []string{"a: a b(a) c(b)"}},
		"subject, two replies":        {[]string{"b|Jan 2020|ann@x|Re: printer smokes", "c|Feb 2020|ann@x|Re: printer smokes"}, []string{"b: b c(b)"}},
		"mailbox's thread":            {[]string{"a@7|Jan 2020", "b@7|Feb 2020", "c@8|Mar 2020", "d|Apr 2020"}, []string{"a: a b", "c: c", "d: d"}},
		"mailbox's thread, no id":     {[]string{"@7|Jan 2020|||hi", "@7|Feb 2020|||you"}, []string{"-: - -"}},
		"mailbox's thread of a copy":  {[]string{"a@7|Jan 2020|||hi", "a@8|Jan 2020|||hi", "b@7|Feb 2020", "c@8|Mar 2020"}, []string{"a: a b c"}},
		"mailbox's thread and ids":    {[]string{"a@7|Jan 2020", "b<a@8|Feb 2020", "c@8|Mar 2020"}, []string{"a: a b(a) c"}},
		"mailbox's thread, subject":   {[]string{"a@7|Jan 2020|ann@x|printer smokes", "b@8|Feb 2020|ann@x|Re: printer smokes"}, []string{"a: a", "b: b"}},
		"subject, own reply first":    {[]string{"a|Jan 2020|ann@x|printer smokes", "b|Feb 2020|ann@x|Re: printer smokes", "c<b|Mar 2020|ann@x|Re: printer smokes"}, []string{"a: a b(a) c(b)"}},
	} {
		t.Run(name, func(t *testing.T) {
			all := headers(t, mbox(c.mails...))
			threads, duplicates := thread.Build(all, own)
			if diff := cmp.Diff(c.want, show(threads)); diff != "" {
				t.Errorf("threads differ (-want +got):\n%s", diff)
			}
			items := 0
			for _, th := range threads {
				items += len(th.Items)
			}
			if items+len(duplicates) != len(c.mails) {
				t.Errorf("%d messages: %d in threads, %d duplicates", len(c.mails), items, len(duplicates))
			}
		})
	}
}

func TestThreadFacts(t *testing.T) {
	all := headers(t, mbox("c<b,r|Mar 2020||Re: first", "b<a|Jan 2020||Re: first", "a|Feb 2020||first", "d<c|||Re: first"))
	threads, _ := thread.Build(all, own)
	if len(threads) != 1 {
		t.Fatalf("%d threads", len(threads))
	}
	got := threads[0]
	want := thread.Thread{
		Root: "a", Subject: "first", Started: time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC),
		Items:   []thread.Item{{Index: 2, ExternalID: "a"}, {Index: 1, ExternalID: "b", Parent: "a"}, {Index: 0, ExternalID: "c", Parent: "b"}, {Index: 3, ExternalID: "d", Parent: "c"}},
		Aliases: []string{"a", "b", "c", "d", "r"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("thread differs (-want +got):\n%s", diff)
	}
}

func TestWithoutOwnNoSubjects(t *testing.T) {
	threads, _ := thread.Build(headers(t, mbox("a|Jan 2020|ann@x|printer smokes", "b|Feb 2020|ann@x|Re: printer smokes")), nil)
	if len(threads) != 2 {
		t.Errorf("threads %v", show(threads))
	}
}

func TestDuplicatesNameTheOriginal(t *testing.T) {
	all := headers(t, mbox("b|Jan 2020", "a|Feb 2020|||hi", "a|Jan 2020|||hi"))
	_, got := thread.Build(all, own)
	if want := []thread.Duplicate{{Index: 1, Of: 2}}; !slices.Equal(got, want) {
		t.Errorf("duplicates %v, want %v", got, want)
	}
}

// Ten thousand replies with one subject, and one chain as long, are no problem.
func TestMany(t *testing.T) {
	var same, chain []string
	for i := range 10_000 {
		same = append(same, fmt.Sprintf("%d|Jan 2020|c%d@x|Re: your order", i, i%3))
		chain = append(chain, fmt.Sprintf("%d<%d|Jan 2020", i, (i+1)%10_000)) // a circle
	}
	for want, mails := range map[int][]string{3: same, 1: chain} {
		all := headers(t, mbox(mails...))
		threads, _ := thread.Build(all, own)
		if len(threads) != want {
			t.Errorf("%d threads, want %d", len(threads), want)
		}
	}
}

func TestSubject(t *testing.T) {
	for in, want := range map[string]string{
		"Printer smokes": "printer smokes", "Re: Printer smokes": "printer smokes +", "RE: AW: Printer": "printer +",
		"Re[2]: Printer": "printer +", "Re^2: Printer": "printer +", "Re(3) : Printer": "printer +", "回复：打印机冒烟了": "打印机冒烟了 +",
		"Antw: SV: Vs: Printer": "printer +", "Fwd: Printer": "printer", "WG: Re: Printer": "printer +", "[list] Printer": "printer",
		"Re: [list] Re: Printer": "printer +", "[PATCH 1/2] x86": "[patch 1/2] x86", "[]": "", "Re:": " +", "Re: hi": " +",
		"Report: Printer": "report: printer", "re printer": "re printer", "": "", "[list]": "[list]", "Re: 12345": "12345 +",
	} {
		base, reply := thread.Subject(in)
		if reply {
			base += " +"
		}
		if base != want {
			t.Errorf("Subject(%q) = %q, want %q", in, base, want)
		}
	}
}
