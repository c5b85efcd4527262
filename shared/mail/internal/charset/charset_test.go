package charset_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"deskmove/shared/mail/internal/charset"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		label, in, want string
		noted           bool
	}{
		{"us-ascii", "plain", "plain", false},
		{"us-ascii", "\xdf", "ß", true},
		{"us-ascii", "Gr\xc3\xbc\xc3\x9fe", "Grüße", true},
		{"ANSI_X3.4-1968", "plain", "plain", false},
		{"", "caf\xe9", "café", true},
		{"", "\xa7\xda\xad\xcc\xc3\xd8\xb0e", "§Ú\u00adÌÃØ°e", true}, // Big5: two bytes of it happen to be UTF-8
		{"utf-8", "Grüße", "Grüße", false},
		{"utf-8", "Grüße aus \xdcber", "Grüße aus Über", true},
		{"utf-8", "Gr\xfc\xdfe", "Grüße", true},
		{" \"UTF-8\" ", "Grüße", "Grüße", false},
		{"unknown-8bit", "Gr\xfc\xdfe", "Grüße", true},
		{"no such charset", "plain", "plain", false},
		{"iso-8859-1", "\xe9crit", "écrit", false},
		{"iso-8859-15", "5 \xa4", "5 €", false},
		{"windows-1252", "\x93so\x94", "“so”", false},
		{"windows-1251", "\xef\xf0\xe8\xe2\xe5\xf2", "привет", false},
		{"koi8-r", "\xd0\xd2\xc9\xd7\xc5\xd4", "привет", false},
		{"windows-1255", "\xfa\xe5\xe3\xe4", "תודה", false},
		{"cp1255", "\xfa\xe5\xe3\xe4", "תודה", false},
		{"gb2312", "\xc4\xe3\xba\xc3", "你好", false},
		{"hz-gb-2312", "~{Dc:C~}", "你好", false},
		{"big5", "\xa7A\xa6n", "你好", false},
		{"big5", "\xa7", "\uFFFD", true},
		{"euc-kr", "\xbe\xc8\xb3\xe7", "안녕", false},
		{"ks_c_5601-1987", "\xbe\xc8\xb3\xe7", "안녕", false},
		{"iso-2022-kr", "\x1b$)C\x0e>H3g\x0f!\n", "안녕!\n", false},
		{"iso-2022-jp", "\x1b$B$3$s\x1b(B", "こん", false},
		{"utf-7", "Hi +AD4- 1 +- 2, +ZeVnLIqe-!", "Hi > 1 + 2, 日本語!", false},
		{"utf-7", "+ 1 +AD4", "+ 1 >", false},
		{"utf-7", "在 2015", "在 2015", true},
		{"utf-16le", "H\x00i\x00", "Hi", false},
		{"us-ascii", "a\x00\x00b", "ab", true},
	} {
		t.Run(c.label+" "+c.in, func(t *testing.T) {
			got, note := charset.Decode(c.label, []byte(c.in))
			if got != c.want || (note != "") != c.noted {
				t.Errorf("Decode(%q, %q) = %q, %q; want %q, noted %v", c.label, c.in, got, note, c.want, c.noted)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, label := range []string{"", "utf-8", "utf-7", "iso-2022-kr", "iso-2022-jp", "gb18030", "utf-16", "big5", "hz-gb-2312", "utf-32"} {
		f.Add(label, []byte("Hi +AD4- \x1b$)C\x0e>H\xff\x00~{Dc"))
	}
	f.Fuzz(func(t *testing.T, label string, in []byte) {
		got, note := charset.Decode(label, in)
		if !utf8.ValidString(got) || strings.Contains(got, "\x00") {
			t.Errorf("Decode(%q, %q) = %q", label, in, got)
		}
		if strings.ContainsRune(note, 0) || len(note) > 200 {
			t.Errorf("Decode(%q, %q) notes %q", label, in, note)
		}
		if len(got) > 16+6*len(in) {
			t.Errorf("Decode(%q) makes %d bytes of %d", label, len(got), len(in))
		}
	})
}
