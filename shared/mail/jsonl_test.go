package mail_test

import "testing"

func TestJSONL(t *testing.T) {
	all := readAll(t, "x.jsonl", `{"messageId":"b","inReplyTo":"a","references":["r","<s@x> <a>"],"from":"ann@x","to":["b@x, c@x"],`+
		`"cc":["Dora <d@x>"],"subject":" a\u0000\nb","html":"<p>hi<p>you","date":"2101-01-01T00:00:00Z"}`)
	want := map[string]string{
		"id": "b", "other": "", "answers": "a", "refs": "r s@x a", "from": "<ann@x>", "to": "<b@x>, <c@x>", "cc": "Dora <d@x>",
		"subject": "a b", "date": "0001-01-01T00:00:00Z", "text": "hi\n\nyou", "html": "<p>hi<p>you", "files": "", "notes": "no plausible date",
	}
	got := show(all[0])
	for key, w := range want {
		if got[key] != w {
			t.Errorf("%s is %q, want %q", key, got[key], w)
		}
	}
}
