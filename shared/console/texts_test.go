package console_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/mail/note"
)

// TestTextsOfCodes looks for a text, in both languages, of every code that a
// person can meet.
func TestTextsOfCodes(t *testing.T) {
	codes := api.AllCodes()
	repairs := desk.Codes{}
	for _, c := range note.Codes() {
		repairs[string(c)] = nil
	}
	kinds := map[string]desk.Codes{"problem.": codes.Problems, "field.": codes.Fields, "find.": codes.Findings, "fail.": codes.Failures, "repair.": repairs}
	for _, file := range []string{"ui/text.en.ts", "ui/text.nb.ts"} {
		texts := readTexts(t, file)
		for prefix, codes := range kinds {
			if len(codes) == 0 {
				t.Fatalf("there are no codes of %s", prefix)
			}
			for code, params := range codes {
				text, ok := texts[prefix+code]
				if plural, has := texts[prefix+code+".other"]; has {
					text, ok = plural, true
				}
				if !ok {
					t.Errorf("%s has no %q", file, prefix+code)
				}
				for _, p := range parameter.FindAllStringSubmatch(text, -1) {
					if name := p[1]; !slices.Contains(params, name) && !slices.Contains(pages, name) {
						t.Errorf("%s: %q names {%s}, which the API does not send: %v", file, prefix+code, name, params)
					}
				}
			}
		}
		if len(texts) < 500 {
			t.Errorf("%s has %d texts: %v", file, len(texts), slices.Sorted(maps.Keys(texts)))
		}
	}
}

// pages are the parameters that the pages add.
var pages = []string{"n", "channel"}

var (
	entry     = regexp.MustCompile(`(?m)^  "([^"]+)": "((?:[^"\\]|\\.)*)",$`)
	parameter = regexp.MustCompile(`\{(\w+)\}`)
)

// readTexts returns the texts of a file by key.
func readTexts(t *testing.T, file string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(file) // #nosec G304 -- of this test
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]string)
	for _, m := range entry.FindAllStringSubmatch(string(raw), -1) {
		if _, known := texts[m[1]]; known {
			t.Errorf("%s has %q twice", file, m[1])
		}
		texts[m[1]] = m[2]
	}
	return texts
}
