package mail_test

import (
	"strings"
	"testing"
)

func TestPeopleTraps(t *testing.T)  { testTraps(t, peopleTraps()) }
func TestSubjectTraps(t *testing.T) { testTraps(t, subjectTraps()) }

func peopleTraps() []trap {
	const id = "Message-ID: <m@x>\nDate: Wed, 31 Jul 1996 23:59:59 +0000\n"
	return []trap{
		{
			names: "from-comment-form",
			in:    id + "From: ann@x.example (Ann B)\n\nhi",
			want:  map[string]string{"from": "Ann B <ann@x.example>", "notes": ""},
		},
		{
			names: "from-malformed",
			in:    id + "From: Ann <ann@x.example> (by way of Ann <ann@x.example>)\n\nhi",
			want:  map[string]string{"from": "Ann <ann@x.example>", "notes": ""},
		},
		{
			names: "from-no-at",
			in:    id + "From:\tann\n\nhi",
			want:  map[string]string{"from": "<ann>", "notes": "from-incomplete"},
		},
		{
			names: "from-missing",
			in:    id + "To: b@x.example\n\nhi",
			want:  map[string]string{"from": "<s@x.example>", "notes": "from-missing"},
		},
		{
			names: "from-missing sender-there",
			in:    id + "Sender: b@x.example\n\nhi",
			want:  map[string]string{"from": "<b@x.example>", "notes": ""},
		},
		{
			names: "encoded-from encoded-name-B encoded-name-in-quotes charset-big5",
			in:    id + "From:\t\"=?BIG5?B?p0Gmbg==?=\" <ann@x.example>\n\nhi",
			want:  map[string]string{"from": "你好 <ann@x.example>", "notes": ""},
		},
		{
			names: "8bit-raw-address-header",
			in:    id + "From: a@x\nCc: Ren\xc3\xa9 <r@x>, Zo\xeb <z@x>\n\nhi",
			want:  map[string]string{"cc": "René <r@x>, Zoë <z@x>", "notes": "charset-guessed"},
		},
		{
			names: "comments-in-address",
			in:    id + "From: Ann(a \\) b) <ann(home)@x.example(work)>\nTo: bob(his)@x.example\n\nhi",
			want:  map[string]string{"from": "Ann <ann@x.example>", "to": "his <bob@x.example>", "notes": ""},
		},
		{
			names: "8bit-raw-address-header body-is-Latin",
			in:    id + "From: a@x\nCc: Ren\xc3\xa9 <r@x>, Zo\xeb <z@x>\nContent-Type: text/plain; charset=iso-8859-1\n\nhi",
			want:  map[string]string{"cc": "René <r@x>, Zoë <z@x>", "notes": ""},
		},
		{
			names: "unbalanced-quote",
			in:    id + "From: a@x\nCc: b@x, \"\"Ren\n =?UTF-8?Q?=C3=A9?=\" <r@x>, \"Zoe\" <z@x>\n\nhi",
			want:  map[string]string{"cc": "<b@x>, Ren é <r@x>, Zoe <z@x>", "notes": ""},
		},
		{
			names: "to-group",
			in:    id + "From: a@x\nTo: undisclosed-recipients:;\n\nhi",
			want:  map[string]string{"to": "", "notes": ""},
		},
		{
			names: "to-semicolons",
			in:    id + "From: a@x\nTo: b@x; Carl <c@x>\n\nhi",
			want:  map[string]string{"to": "<b@x>, Carl <c@x>", "notes": ""},
		},
		{
			names: "to-missing cc-empty",
			in:    id + "From: a@x\nCc: \n\nhi",
			want:  map[string]string{"to": "", "cc": "", "notes": ""},
		},
		{
			names: "header-twice-to header-twice-cc",
			in:    id + "From: a@x\nTo: b@x\nCc: c@x\nTo: B@X\nCc: d@x\n\nhi",
			want:  map[string]string{"to": "<b@x>", "cc": "<c@x>, <d@x>", "notes": ""},
		},
		{
			names: "huge-cc",
			in:    id + "From: a@x\nCc: " + strings.Repeat("\"long name, too\" \n <aaaaaaaaaaaaaaaaaaaaaaa@x>,\n ", 80) + "b@x\n\nhi",
			want:  map[string]string{"cc": "long name, too <aaaaaaaaaaaaaaaaaaaaaaa@x>, <b@x>", "notes": ""},
		},
	}
}

func subjectTraps() []trap {
	const id = "Message-ID: <m@x>\nFrom: a@x\nDate: Wed, 31 Jul 1996 23:59:59 +0000\n"
	return []trap{
		{
			names: "8bit-raw-subject",
			in:    id + "Subject: Gr\xfc\xdfe\n\nhi",
			want:  map[string]string{"subject": "Grüße", "notes": "charset-guessed"},
		},
		{
			names: "8bit-raw-subject body-names-charset",
			in:    id + "Cc: \xb1\xe8 <k@x>\nSubject: \xbe\xc8\xb3\xe7\nContent-Type: text/plain; charset=euc-kr\n\n\xbe\xc8\xb3\xe7",
			want:  map[string]string{"cc": "김 <k@x>", "subject": "안녕", "text": "안녕", "notes": ""},
		},
		{
			names: "8bit-raw-subject first-part-names-charset",
			in:    id + "Subject: \xa7A\xa6n\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=\"Big5\"\n\nhi\n--b--\n",
			want:  map[string]string{"subject": "你好", "notes": ""},
		},
		{
			names: "8bit-raw-subject body-is-like-it",
			in:    id + "Subject: \xbe\xc8\xb3\xe7\n\n\xc1\xf6\xb3\xad\xc1\xd6 \xc1\xd6\xb9\xae\xbf\xa1 \xb4\xeb\xc7\xcf\xbf\xa9",
			want:  map[string]string{"subject": "안녕", "text": "지난주 주문에 대하여", "notes": "charset-guessed"},
		},
		{
			names: "8bit-raw-subject body-says-ascii",
			in:    id + "Subject: Re: \xc1\xf6\xb3\xad\xc1\xd6 \xc1\xd6\xb9\xae\xbf\xa1 \xb4\xeb\xc7\xcf\xbf\xa9\nContent-Type: text/plain; charset=us-ascii\n\nhi",
			want:  map[string]string{"subject": "Re: 지난주 주문에 대하여", "notes": "charset-guessed"},
		},
		{
			names: "8bit-raw-subject body-is-Latin",
			in:    id + "Subject: \xbe\xc8\xb3\xe7\nContent-Type: text/plain; charset=iso-8859-1\n\nhi",
			want:  map[string]string{"subject": "¾È³ç", "notes": ""},
		},
		{
			names: "encoded-subject-B encoded-subject-folded charset-iso-2022-jp",
			in:    id + "Subject: =?ISO-2022-JP?B?GyRCJDMbKEI=?=\n =?ISO-2022-JP?B?GyRCJHMbKEI=?=\n\nhi",
			want:  map[string]string{"subject": "こん"},
		},
		{
			names: "encoded-subject-Q charset-windows-1255",
			in:    id + "Subject: Re: =?windows-1255?Q?=FA=E5=E3=E4=3A_A?=\n =?windows-1255?Q?u1500_Chip?=\n\nhi",
			want:  map[string]string{"subject": "Re: תודה: Au1500 Chip"},
		},
		{
			names: "subject-folded",
			in:    id + "Subject: the new second boot\n \tloader ?\n\nhi",
			want:  map[string]string{"subject": "the new second boot loader ?"},
		},
		{names: "subject-missing", in: id + "\nhi", want: map[string]string{"subject": "", "notes": ""}},
		{names: "subject-empty", in: id + "Subject: \n\nhi", want: map[string]string{"subject": "", "notes": ""}},
		{
			names: "header-twice-subject",
			in:    id + "Subject: \nSubject: Re: the one\n\nhi",
			want:  map[string]string{"subject": "Re: the one", "notes": ""},
		},
		{
			names: "subscribe-request",
			in:    id + "Subject: subscribe a@x\n\nsubscribe a@x",
			want:  map[string]string{"subject": "subscribe a@x", "text": "subscribe a@x", "notes": ""},
		},
		{
			names: "autoreply",
			in:    id + "Subject: Out of Office AutoReply: Message\n\nI am away",
			want:  map[string]string{"subject": "Out of Office AutoReply: Message", "text": "I am away", "automatic": "auto-replied", "notes": "automatic-guessed"},
		},
	}
}
