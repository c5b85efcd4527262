package mail_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An archive as Google Takeout writes it, of an account in Norwegian.
func TestTakeout(t *testing.T) {
	in := sample(t, "takeout.mbox")
	all := readAll(t, "takeout.mbox", in)
	keys := strings.Fields("from reply cc path thread labels box automatic forged parts")
	var got []map[string]string
	for _, m := range all {
		if !strings.Contains(in, string(m.Source)) || !strings.HasPrefix(string(m.Source), "X-GM-THRID") || strings.HasSuffix(string(m.Source), "\n\n") {
			t.Errorf("the source of message %d is not what stands in the file", m.Number)
		}
		shown := make(map[string]string)
		for _, key := range keys {
			if value := show(m)[key]; value != "" && value != "false" {
				shown[key] = value
			}
		}
		got = append(got, shown)
	}
	want := []map[string]string{
		{"from": "Jane <jane@customer.example>", "cc": "Jo <jo@customer.example>", "path": "jane@customer.example", "thread": "1790000000000000001",
			"labels": "Faktura", "parts": "logo.png logo@customer.example inline"},
		{"from": "Support <support@desk.example>", "thread": "1790000000000000001", "box": "draft X-Gmail-Labels"},
		{"from": "Jo <jo@customer.example>", "path": "<>", "thread": "1790000000000000001", "automatic": "auto-replied"},
		{"from": "Win <win@spam.example>", "thread": "1790000000000000004", "box": "spam X-Gmail-Labels"},
		{"from": "Ann <ann@desk.example>", "thread": "1790000000000000005", "box": "chat X-Gmail-Labels"},
		{"from": "Mail Delivery Subsystem <mailer-daemon@mx.example>", "path": "<>", "thread": "1790000000000000006", "box": "deleted X-Gmail-Labels", "automatic": "bounce"},
		{"from": "Contact form <noreply@forms.example>", "reply": "Ola <ola@customer.example>", "path": "web@forms.example", "thread": "1790000000000000007", "labels": "Skjema"},
		{"from": "Support <support@desk.example>", "path": "x@evil.example", "thread": "1790000000000000008", "forged": "true"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages differ (-want +got):\n%s", diff)
	}
}
