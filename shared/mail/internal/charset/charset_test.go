package charset_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"deskmove/shared/mail/internal/charset"
	"deskmove/shared/mail/note"
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
		{"big5", "在 2015", "在 2015", true},
		{"iso-2022-jp", "\xc3\xf6\xa9\xf3\xa7\xda\xa4W\xacP\xb4\xc1\xaa\xba\xadq\xb3\xe6", "關於我上星期的訂單", true},
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
			got, notes := charset.Decode(c.label, []byte(c.in))
			if got != c.want || (len(notes) > 0) != c.noted {
				t.Errorf("Decode(%q, %q) = %q, %q; want %q, noted %v", c.label, c.in, got, notes, c.want, c.noted)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, label := range []string{"", "utf-8", "utf-7", "iso-2022-kr", "iso-2022-jp", "gb18030", "utf-16", "big5", "hz-gb-2312", "utf-32"} {
		f.Add(label, []byte("Hi +AD4- \x1b$)C\x0e>H\xff\x00~{Dc"))
	}
	f.Fuzz(func(t *testing.T, label string, in []byte) {
		got, notes := charset.Decode(label, in)
		if !utf8.ValidString(got) || strings.Contains(got, "\x00") {
			t.Errorf("Decode(%q, %q) = %q", label, in, got)
		}
		for _, n := range notes {
			if !slices.Contains(note.Codes(), n) {
				t.Errorf("Decode(%q, %q) notes %q", label, in, n)
			}
		}
		if len(got) > 16+6*len(in) {
			t.Errorf("Decode(%q) makes %d bytes of %d", label, len(got), len(in))
		}
	})
}

// Text in these charsets is recognised without a label, under a wrong one that
// cannot decode it, and in the midst of much ASCII.
func TestDetect(t *testing.T) {
	for _, c := range []struct{ label, text string }{
		{"big5", "關於我上星期的訂單"},
		{"big5", "您好,\n\n我訂的書還沒有送到,請問要等到什麼時候?\n謝謝!"},
		{"gb18030", "关于我上星期的订单"},
		{"gb18030", "您好,我订的书还没有送到,请问要等到什么时候?谢谢!"},
		{"euc-kr", "지난주 주문에 대하여"},
		{"euc-kr", "안녕하세요, 주문한 책이 아직 오지 않았습니다. 감사합니다."},
		{"shift_jis", "先週の注文について"},
		{"shift_jis", "注文した本がまだ届きません。いつ届きますか。"},
		{"euc-jp", "先週の注文について"},
		{"iso-2022-jp", "先週の注文について"},
		{"windows-1251", "Где мой заказ?"},
		{"windows-1251", "Здравствуйте, книги до сих пор нет. Спасибо."},
		{"koi8-r", "Здравствуйте, книги до сих пор нет. Спасибо."},
		{"iso-8859-7", "Καλημέρα, το βιβλίο δεν έχει έρθει ακόμα. Ευχαριστώ."},
		{"windows-1255", "שלום, הספר עדיין לא הגיע. תודה"},
		{"windows-874", "สวัสดีครับ หนังสือที่สั่งยังไม่มาถึง ขอบคุณครับ"},
	} {
		enc, err := htmlindex.Get(c.label)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := enc.NewEncoder().String(c.text)
		if err != nil {
			t.Fatal(err)
		}
		around := strings.Repeat("Only ASCII on this line.\n", 1000)
		for name, in := range map[string]struct{ label, before string }{
			"none": {}, "us-ascii": {"us-ascii", ""}, "utf-8": {"utf-8", ""}, "x-unknown": {"x-unknown", ""}, "amid ASCII": {"", around},
		} {
			got, notes := charset.Decode(in.label, []byte(in.before+raw+"\n"+in.before))
			if want := in.before + c.text + "\n" + in.before; got != want || !slices.Equal(notes, []note.Code{note.CharsetGuessed}) {
				t.Errorf("%s as %s is %.100q, noted %q; want %q", c.label, name, got, notes, c.text)
			}
		}
	}
	long := strings.Repeat("您好我訂的書還沒有送到", 10_000) // more than is looked at, and cut within a letter
	enc, _ := htmlindex.Get("big5")
	raw, _ := enc.NewEncoder().String("x" + long)
	if got, _ := charset.Decode("", []byte(raw)); got != "x"+long {
		t.Errorf("a long line of Big5 is %.100q", got)
	}
}

// Western text stays what it is.
func TestDetectLatin(t *testing.T) {
	for _, text := range []string{
		"Grüße aus Köln", "Æ", "ÆØÅ", "æøå", "Spørsmål om bestilling: når får jeg varene? Hilsen Åse Ødegård", "Blåbærsyltetøy",
		"Où est ma commande ? Je l'ai passée à Noël.", "¿Dónde está mi pedido? Señor Núñez", "MÜLLER GROß ÄÖÜ",
		"It’s “quoted” – with dashes… and € 50", "25 °C ± 1 µm", "«À l'été»", "não, à ação", "Hyvää päivää, tilaamani tuote ei ole saapunut, Päivi Mäkelä",
		"½ ¼ ¾ × ÷ §", "———————————", "\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0", "£££££", "ÅÄÖ ÅÄÖ ÅÄÖ", "Þórður Ævar, þú ert á þaki", "•••••• Tilboð ••••••", "‚Übung‘, ‚Äpfel‘, ‚Öl‘",
	} {
		enc, _ := htmlindex.Get("windows-1252")
		raw, err := enc.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		for in, noted := range map[string]bool{raw: true, text: true} {
			if got, notes := charset.Decode("", []byte(in)); got != text || (len(notes) > 0) != noted {
				t.Errorf("%q is read as %q, noted %q", text, got, notes)
			}
		}
	}
}
