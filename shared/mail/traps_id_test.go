package mail_test

import "testing"

func TestIDTraps(t *testing.T) { testTraps(t, idTraps()) }

func idTraps() []trap {
	const date = "Date: Wed, 31 Jul 1996 23:59:59 +0000\n"
	return []trap{
		{
			names: "is-reply header-folding",
			in:    "Message-ID: <b@x>\nIn-Reply-To: <a@x>\nReferences: <r@x>\n\t<a@x>\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"id": "b@x", "answers": "a@x", "refs": "r@x a@x", "notes": ""},
		},
		{
			names: "mid-missing malformed-header-line defect-MissingHeaderBodySeparatorDefect",
			in:    "From: q@x\n" + date + "Subject: a subject that\nlost its indent\n\nhi",
			want:  map[string]string{"id": "", "subject": "a subject that lost its indent", "text": "hi", "notes": "header-line-joined id-missing"},
		},
		{
			names: "mid-malformed no-domain",
			in:    "Message-Id: <af81891cefaae347>\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"id": "af81891cefaae347", "notes": ""},
		},
		{
			names: "mid-malformed two-ats",
			in:    "Message-Id: <a@b@x>\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"id": "a@b@x", "notes": ""},
		},
		{
			names: "mid-malformed bracket-over",
			in:    "Message-Id: <b@x>>\nReferences: <a@x>>\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"id": "b@x", "refs": "a@x", "notes": ""},
		},
		{
			names: "mid-two-headers",
			in:    "Message-Id: <a@x>\nMessage-Id: <b@x>\nReferences: <b@x> <r@x>\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"id": "a@x", "other": "b@x", "refs": "r@x", "notes": "id-several"},
		},
		{
			names: "mid-on-folded-line",
			in:    "Message-Id:\n <a@x>\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"id": "a@x", "notes": ""},
		},
		{
			names: "id-broken-by-folding",
			in:    "Message-Id: <b@x>\nIn-Reply-To: <e6d8d74b\n 560fc390@x>\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"answers": "e6d8d74b560fc390@x", "notes": ""},
		},
		{
			names: "irt-with-free-text",
			in:    "Message-Id: <b@x>\nIn-Reply-To: <a@x>; from c@x on Tue, Apr 03, 2001\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"answers": "a@x", "notes": ""},
		},
		{
			names: "irt-with-free-text address-in-brackets",
			in:    "Message-Id: <b@x>\nIn-Reply-To: Message from Carl <C@x> of Tuesday <q@x>\nFrom: q@x\nTo: c@x\n" + date + "\nhi",
			want:  map[string]string{"answers": "", "notes": ""}, // of sender and recipient: neither is a mail
		},
		{
			names: "irt-without-id",
			in:    "Message-Id: <b@x>\nIn-Reply-To: Your message of Tuesday to c@x\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"answers": "", "notes": ""},
		},
		{
			names: "refers-to-itself",
			in:    "Message-Id: <b@x>\nIn-Reply-To: <b@x>\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"answers": "", "notes": ""},
		},
		{
			names: "header-twice-in-reply-to header-twice-references",
			in:    "Message-Id: <c@x>\nIn-Reply-To: <a@x>\nReferences: <a@x>\nIn-Reply-To: <b@x>\nReferences: <b@x> <a@x>\nFrom: q@x\n" + date + "\nhi",
			want:  map[string]string{"answers": "a@x b@x", "refs": "a@x b@x", "notes": ""},
		},
	}
}
