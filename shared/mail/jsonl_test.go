package mail_test

import (
	"strconv"
	"strings"
	"testing"
)

func TestJSONL(t *testing.T) {
	all := readAll(t, "x.jsonl", `{"messageId":"b","inReplyTo":"a","references":["r","<s@x> <a>"],"from":"ann@x","to":["b@x, c@x"],`+
		`"cc":["Dora <d@x>"],"subject":" a\u0000\nb","html":"<p>hi<p>you","date":"2101-01-01T00:00:00Z"}`)
	want := map[string]string{
		"id": "b", "other": "", "answers": "a", "refs": "r s@x a", "from": "<ann@x>", "to": "<b@x>, <c@x>", "cc": "Dora <d@x>",
		"subject": "a b", "date": "0001-01-01T00:00:00Z", "text": "hi\n\nyou", "html": "<p>hi<p>you", "files": "", "notes": "date-missing",
	}
	got := show(all[0])
	for key, w := range want {
		if got[key] != w {
			t.Errorf("%s is %q, want %q", key, got[key], w)
		}
	}
}

// Whoever writes the file may say what the fields of a mail say.
func TestJSONLSignals(t *testing.T) {
	m := readAll(t, "x.jsonl", `{"from":"Form <noreply@x>","replyTo":["Jane <jane@x>","jo@x"],"bcc":["b@x"],"threadId":" t 1 ",`+
		`"labels":["VIP","a,  b","VIP","","Spam"],"automatic":"auto-replied","box":"deleted"}`)[0]
	want := map[string]string{
		"from": "Form <noreply@x>", "reply": "Jane <jane@x>, <jo@x>", "bcc": "<b@x>", "thread": "t1", "labels": "VIP|a, b|Spam",
		"automatic": "auto-replied", "box": "deleted box",
	}
	got := show(m)
	for key, w := range want {
		if got[key] != w {
			t.Errorf("%s is %q, want %q", key, got[key], w)
		}
	}
	for field, want := range map[string]string{
		`"automatic":"secret"`: "automatic must be one of bounce, receipt, auto-replied, auto-generated, bulk, no-return-path",
		`"box":"secret"`:       "box must be one of draft, spam, chat, deleted",
		`"threadId":"` + strings.Repeat("x", 201) + `"`:          "threadId exceeds 200 bytes",
		`"labels":["` + strings.Join(numbers(101), `","`) + `"]`: "labels are more than 100",
		`"labels":"a"`: "labels has a value of the wrong type: string",
	} {
		if got, want := outcome("x", strings.NewReader(`{"from":"a@x",`+field+"}\n")), "skipped 1@0 line 1: "+want; got != want {
			t.Errorf("%s gives %q, want %q", field, got, want)
		}
	}
}

// numbers returns n different words.
func numbers(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = strconv.Itoa(i)
	}
	return all
}
