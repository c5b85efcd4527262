package desk_test

import (
	"errors"
	"strings"
	"testing"

	"deskmove/shared/desk"
)

// TestFileNames: what a name may be, and what is made of one that it may not be.
func TestFileNames(t *testing.T) {
	long := strings.Repeat("ø", 500) + ".pdf"
	for name, c := range map[string]struct{ code, cleaned string }{
		"invoice.pdf":              {"", "invoice.pdf"},
		"":                         {"", ""},
		"Rechnung für Ægir 請求.pdf": {"", "Rechnung für Ægir 請求.pdf"},
		"👩‍💻.png":                  {"", "👩‍💻.png"},
		strings.Repeat("x", 255):   {"", strings.Repeat("x", 255)},
		strings.Repeat("x", 256):   {desk.CodeTooLarge, strings.Repeat("x", 255)},
		strings.Repeat("x", 1000):  {desk.CodeTooLarge, strings.Repeat("x", 255)},
		long:                       {desk.CodeTooLarge, strings.Repeat("ø", 125) + ".pdf"},
		"../../etc/passwd":         {desk.CodeFileName, "passwd"},
		`C:\docs\a.pdf`:            {desk.CodeFileName, "a.pdf"},
		"a/":                       {desk.CodeFileName, ""},
		"..":                       {desk.CodeFileName, ""},
		".":                        {desk.CodeFileName, ""},
		"a\x00b.pdf":               {desk.CodeFileName, "a_b.pdf"},
		"a\r\nb.pdf":               {desk.CodeFileName, "a__b.pdf"},
		"photo\u202egnp.exe":       {desk.CodeFileName, "photo_gnp.exe"},
		"a\xffb":                   {desk.CodeFileName, "a_b"},
	} {
		err := desk.CheckFileName("attachments[1].name", name)
		invalid, _ := errors.AsType[*desk.InvalidError](err)
		if err == nil && c.code != "" || err != nil && (invalid == nil || invalid.Code != c.code || invalid.Field != "attachments[1].name") {
			t.Errorf("%.40q: %v, want %q", name, err, c.code)
		}
		got := desk.CleanFileName(name)
		if got != c.cleaned || desk.CheckFileName("", got) != nil {
			t.Errorf("%.40q is cleaned to %q, want %q", name, got, c.cleaned)
		}
	}
}

func TestCheckSHA256(t *testing.T) {
	right := strings.Repeat("0123456789abcdef", 4)
	for s, want := range map[string]bool{
		right: true, strings.ToUpper(right): false, right[1:]: false, right + "0": false, "": false, right[:63] + "g": false, right[:63] + "\n": false,
	} {
		if err := desk.CheckSHA256("sha256", s); (err == nil) != want {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestCheckFileSize(t *testing.T) {
	for n, want := range map[int64]bool{-1: false, 0: true, desk.MaxFile: true, desk.MaxFile + 1: false} {
		if err := desk.CheckFileSize("size", n); (err == nil) != want {
			t.Errorf("%d: %v", n, err)
		}
	}
}
