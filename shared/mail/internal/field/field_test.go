package field_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"deskmove/shared/mail/internal/field"
)

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		in, header, body string
		notes            int
		closed           bool
	}{
		"plain":             {"A: 1\nB:2\n\nbody\n", "a=1 b=2", "body\n", 0, true},
		"crlf":              {"A: 1\r\nB: 2\r\n\r\nbody\r\n", "a=1 b=2", "body\r\n", 0, true},
		"folded":            {"A: 1\n 2\n\t3\nB: 4\n\n", "a=1 2\t3 b=4", "", 0, true},
		"folded at once":    {"A:\n 1\n\n", "a=1", "", 0, true},
		"blank before :":    {"A : 1\n\n", "a=1", "", 0, true},
		"lost indent":       {"A: 1\nand more\n\nbody\n", "a=1 and more", "body\n", 1, true},
		"lost indent, more": {"A: 1\nand more\nB: 2\n\nbody\n", "a=1 and more b=2", "body\n", 1, true},
		"no empty line":     {"A: 1\nHello you,\nhow are you\n\nbody\n", "a=1", "Hello you,\nhow are you\n\nbody\n", 1, true},
		"no header":         {"Hello you,\n\nA: 1\n", "", "Hello you,\n\nA: 1\n", 1, true},
		"empty header":      {"\nbody\n", "", "body\n", 0, true},
		"never ends":        {"A: 1\nB: 2", "a=1 b=2", "", 0, false},
		"quoted From":       {">From x Thu\nA: 1\n\n", "a=1", "", 0, true},
		"NUL":               {"A: 1\x002\n\n", "a=12", "", 0, true},
		"empty":             {"", "", "", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			fields, body, notes, closed := field.Split([]byte(c.in))
			var header []string
			for _, f := range fields {
				header = append(header, f.Name+"="+f.Value)
			}
			if strings.Join(header, " ") != c.header || string(body) != c.body || len(notes) != c.notes || closed != c.closed {
				t.Errorf("Split(%q) = %q, %q, %q, %v", c.in, header, body, notes, closed)
			}
		})
	}
}

func TestID(t *testing.T) {
	for in, want := range map[string]string{
		"<a@x>": "a@x", "<a@x>>": "a@x", "<a>": "a", "<a@b@x>": "a@b@x", " <a@x> (added by y@x)": "a@x",
		"a@x": "a@x", "a b": "ab", "": "", "<>": "", "<a\n b@x>": "ab@x", "<A@x": "A@x", "<\x00a\xff@x>": "a?@x~5beb851dbd9a2798918586d5c57a9a4d",
	} {
		if got := field.ID(in); got != want {
			t.Errorf("ID(%q) = %q, want %q", in, got, want)
		}
	}
	if field.ID("<\xff@x>") == field.ID("<\xfe@x>") {
		t.Error("two IDs that are not UTF-8 are one")
	}
	long := strings.Repeat("a", 1000)
	if got, other := field.ID("<"+long+"@x>"), field.ID("<"+long+"@y>"); len(got) > 256 || got == other {
		t.Errorf("a long id is %d bytes, or the same as another", len(got))
	}
}

func TestIDs(t *testing.T) {
	for in, want := range map[string]string{
		"<a@x> <b@x>": "a@x b@x", "<a@x><b@x>": "a@x b@x", "<a@x>,<b@x>": "a@x b@x", "<a@x> <a@x>": "a@x",
		"<a@x>; from me@x on Tue, Apr 03":                 "a@x",
		"<a@x> (me@x's message of\t\"Sat, 17 Mar 2007\")": "a@x",
		"Your message of Mon, 3 Mar from me@x":            "", // words: me@x is no id
		"Message from Me <me@x> of Tue <a@x>":             "a@x",
		"a@x b@x":                                         "a@x b@x", "\"a@x\"": "a@x", "<a@x b@x>": "a@x b@x", "<a@x <b@x>": "a@x b@x",
		"<a\n b@x>": "ab@x", "<af81891cefaae347>": "af81891cefaae347", "<your message>": "", "<>": "", "": "", "<a@x": "a@x",
		"<self@x> <a@x>": "a@x",
	} {
		if got := strings.Join(field.IDs([]string{in}, "me@x", "self@x"), " "); got != want {
			t.Errorf("IDs(%q) = %q, want %q", in, got, want)
		}
	}
	if got := strings.Join(field.IDs([]string{"<a@x>", "<b@x> <a@x>"}), " "); got != "a@x b@x" {
		t.Errorf("IDs of two fields = %q", got)
	}
	var many []string
	for i := range 500 {
		many = append(many, fmt.Sprintf("<%d@x>", i))
	}
	if got := field.IDs(many); len(got) != 100 || got[0] != "0@x" || got[1] != "401@x" || got[99] != "499@x" {
		t.Errorf("of 500 ids %d are kept: %v", len(got), got)
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"a@x":                                    "|a@x",
		"A@X.Example":                            "|a@x.example",
		"Ann B <a@x>":                            "Ann B|a@x",
		"\"B, Ann\" <a@x>":                       "B, Ann|a@x",
		"a@x (Ann B)":                            "Ann B|a@x",
		"<a@x>":                                  "|a@x",
		"a@x, b@x; c@x":                          "|a@x |b@x |c@x",
		"a@x,,b@x,":                              "|a@x |b@x",
		"a@x, A@x":                               "|a@x",
		"mailto:a@x":                             "|a@x",
		"undisclosed-recipients:;":               "",
		"Team: a@x, Ann <b@x>;":                  "|a@x Ann|b@x",
		"(Recipient list suppressed)":            "",
		"":                                       "",
		"a":                                      "|a",
		"Ann B":                                  "Ann B|",
		"Ann <a@x> (by way of Ann <a@x>)":        "Ann|a@x",
		"Ann (in Bonn (Rhine)) <a@x>":            "Ann|a@x",
		"\"\"Ann\n =?UTF-8?Q?B_=C3=A9?=\" <a@x>": "Ann B é|a@x",
		"\"\"Ann\" <a@x>, \"Bob\" <b@x>":         "Ann|a@x Bob|b@x",
		"\"Ann <a@x>, Bob <b@x>":                 "Ann|a@x Bob|b@x",
		"\"=?BIG5?B?p0Gmbg==?=\" <a@x>":          "你好|a@x",
		"=?euc-kr?B?vsiz5w==?= <a@x>":            "안녕|a@x",
		"Ann \xc3\xa9 <a@x>":                     "Ann é|a@x",
		"Ann \xe9 <a@x>":                         "Ann é|a@x",
		"Ann <a@x":                               "Ann|a@x",
		"\"a\\\"b\" <a@x>":                       "a\"b|a@x",
		"\"a@x\" \n <a@x>":                       "a@x|a@x",
		"Ann (no end <a@x>, b@x":                 "Ann no end|a@x |b@x",
		"Ann(a \\) b) <ann(home)@x.y(work)>":     "Ann|ann@x.y",
		"Ann <ann@(at (the) office)x.y>":         "Ann|ann@x.y",
		"ann(home)@x.y":                          "home|ann@x.y",
		"ann@(at work)x.y (Ann B), b@x":          "at work|ann@x.y |b@x",
		"<\"a(b\"@x>, <c(d@x>":                   "|a(b\"@x |c(d@x",
	} {
		t.Run(in, func(t *testing.T) {
			var got []string
			for _, a := range field.Addresses([]string{in}) {
				got = append(got, a.Name+"|"+a.Address)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("Addresses(%q) = %q, want %q", in, got, want)
			}
		})
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain  text ":                          "plain text",
		"=?utf-8?Q?a=C3=A9_b?=":                 "aé b",
		"=?utf-8?q?a?= =?utf-8?q?b?=":           "ab",
		"=?utf-8?q?a?=\n\t=?iso-8859-1?q?=E9?=": "aé",
		"=?utf-8?q?a?= b":                       "a b",
		"Re: =?utf-8?b?w6k=?= x":                "Re: é x",
		"=?BIG5?B?p0E=?= =?BIG5?B?pm4=?=":       "你好",
		"=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=":       "é", // one letter in two words
		"=?ISO-2022-JP?B?GyRCJDMbKEI=?=\n =?ISO-2022-JP?B?GyRCJHMbKEI=?=": "こん",
		"=?us-ascii*en?q?a?=":    "a",
		"=?utf-8?q?a b?=":        "a b",
		"=?utf-8?x?a?=":          "=?utf-8?x?a?=",
		"=?utf-8?q?a":            "=?utf-8?q?a",
		"=?=?=?":                 "=?=?=?",
		"1 + 1 =?":               "1 + 1 =?",
		"caf\xe9":                "café",
		"a\x00b\x07c\x1b[31m":    "ab c [31m",
		"a\u00a0b\u2028c":        "a b c",
		"=?utf-8?q?a=0Ab=00c=?=": "a bc=",
	} {
		t.Run(in, func(t *testing.T) {
			if got := field.Text(in); got != want {
				t.Errorf("Text(%q) = %q, want %q", in, got, want)
			}
		})
	}
}

func TestParams(t *testing.T) {
	for in, want := range map[string]string{
		"text/plain":                                   "text/plain map[]",
		"TEXT/Plain; Charset=UTF-8":                    "text/plain map[charset:UTF-8]",
		"text/plain; charset=\"a;b\"; x=y":             "text/plain map[charset:a;b x:y]",
		"text/plain;charset=a;charset=b":               "text/plain map[charset:a]",
		"multipart/mixed; boundary=\"a =?  b\"":        "multipart/mixed map[boundary:a =?  b]",
		"a/b; boundary=mc0p4Jq0M:2Yt08===":             "a/b map[boundary:mc0p4Jq0M:2Yt08===]",
		"a/b; name=\"C:\\dir\\f.txt\"":                 "a/b map[name:C:\\dir\\f.txt]",
		"a/b; name=\"=?utf-8?q?=C3=A9?=\"":             "a/b map[name:é]",
		"a/b; name*=utf-8''%C3%A9%20x":                 "a/b map[name:é x]",
		"a/b; name*0=\"ab\"; name*1=\"cd\"":            "a/b map[name:abcd]",
		"a/b; name*1*=%A9; name*0*=utf-8''%C3; name=z": "a/b map[name:é]",
		"text":                             "text map[]",
		"":                                 " map[]",
		"; ; =x; y":                        " map[]",
		"a/b; x=\"open":                    "a/b map[x:open]",
		"text/html charset=utf-8":          "text/html map[charset:utf-8]",
		"text/html, charset=utf-8":         "text/html map[charset:utf-8]",
		"text/html,charset=utf-8":          "text/html map[charset:utf-8]",
		"multipart/mixed boundary=\"b c\"": "multipart/mixed map[boundary:b c]",
		"text/plain; charset=utf-8 format=flowed":          "text/plain map[charset:utf-8 format:flowed]",
		"a/b; name=\"a charset=b\" boundary=\"c\"":         "a/b map[boundary:c name:a charset=b]",
		"attachment filename=\"my file.pdf\"":              "attachment map[filename:my file.pdf]",
		"attachment; filename=my file x=1.pdf":             "attachment map[filename:my file x=1.pdf]",
		"text/plain (with a=b in it); charset=utf-8":       "text/plain map[charset:utf-8]",
		"text/plain charset":                               "text/plain map[]",
		"a/b name*0*=utf-8''%C3 name*1*=%A9 charset=\"x\"": "a/b map[charset:x name:é]",
	} {
		main, params := field.Params(in)
		if got := fmt.Sprint(main, " ", params); got != want {
			t.Errorf("Params(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]bool{
		"text/plain; charset=a": false, "text/plain (a=b); name=\"x charset=y\"": false, "": false, "inline; filename=a b=c": false,
		"text/plain charset=a": true, "text/plain; charset=a name=b": true,
	} {
		if _, _, repaired := field.ReadParams(in); repaired != want {
			t.Errorf("ReadParams(%q) says repaired = %v", in, repaired)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte("From: \"A\" <a@x>, (c) b@x; g: c@x;\nSubject: =?utf-8?q?=C3=A9?= =?big5?b?p0E=?=\nA: b; c*0*=utf-8''%C3; c*1=d\n\nbody"))
	f.Add([]byte("References: <a@x> b@x <c\n d@x>\nnot a field\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		fields, body, _, _ := field.Split(raw)
		if len(body) > len(raw) {
			t.Errorf("body of %d bytes from %d", len(body), len(raw))
		}
		for _, fld := range fields {
			text := field.Text(fld.Value)
			main, params := field.Params(fld.Value)
			all := []string{text, main}
			for k, v := range params {
				if k != "boundary" {
					all = append(all, v)
				}
			}
			for _, a := range field.Addresses([]string{fld.Value}) {
				all = append(all, a.Name, a.Address)
			}
			ids := append(field.IDs([]string{fld.Value}), field.ID(fld.Value))
			for _, s := range append(all, ids...) {
				if !utf8.ValidString(s) && s != main {
					t.Errorf("not UTF-8: %q from %q", s, fld.Value)
				}
			}
			for _, id := range ids {
				if len(id) > 256 || strings.ContainsAny(id, " \n\x00") {
					t.Errorf("id %q", id)
				}
			}
		}
	})
}
