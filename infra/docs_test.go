package infra_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`([a-z][a-zA-Z0-9/]*)\\.((?:Test|Fuzz)\\w+)`")
	aTest     = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(\w+ \*testing\.[TF]\)`)
)

// unproved says what is wrong with a document's tables: tests that do not exist, and
// rows with neither a test nor a reason.
func unproved(document string, tests map[string]bool) (problems []string) {
	rows := 0
	for line := range strings.Lines(document) {
		if !strings.HasPrefix(line, "| V") && !strings.HasPrefix(line, "| API") {
			continue
		}
		rows++
		names := namedTest.FindAllStringSubmatch(line, -1)
		for _, name := range names {
			if test := name[1] + "." + name[2]; !tests[test] {
				problems = append(problems, test+": there is no such test")
			}
		}
		if len(names) == 0 && !strings.Contains(line, "*Not yet*") {
			problems = append(problems, fmt.Sprintf("%.40s: has neither a test nor a reason", line))
		}
		if left := namedTest.ReplaceAllString(line, ""); strings.Contains(left, "Test") || strings.Contains(left, "Fuzz") {
			problems = append(problems, fmt.Sprintf("%.40s: names a test without its package", line))
		}
	}
	if rows < 35 {
		problems = append(problems, fmt.Sprintf("only %d rows", rows))
	}
	return problems
}

// TestSecurityTableNamesTests: each test that the table of the endpoint's security
// names is there.
func TestSecurityTableNamesTests(t *testing.T) {
	tests := map[string]bool{}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(file, ".") && file != "." {
			return fs.SkipDir
		}
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(root, file)
		for _, name := range aTest.FindAllStringSubmatch(string(source), -1) {
			tests[path.Dir(file)+"."+name[1]] = true
		}
		return err
	})
	if err != nil || len(tests) < 500 {
		t.Fatalf("%d tests, %v", len(tests), err)
	}
	document := string(readFile(t, "ASVS.md"))
	for _, problem := range unproved(document, tests) {
		t.Error(problem)
	}
	for change, says := range map[[2]string]string{
		{"shared/api.TestForeign", "shared/api.TestAlien"}:     "shared/api.TestAlien: there is no such test",
		{"shared/api.TestForeign", "shared/store.TestForeign"}: "shared/store.TestForeign: there is no such test",
		{"`infra.TestGrants` `infra.TestWildcards`", ""}:       "V13.2.2 least privilege",
		{"`infra.TestWildcards`", "TestWildcards"}:             "names a test without its package",
		{"| V", "| W"}: "rows",
	} {
		broken := strings.ReplaceAll(document, change[0], change[1])
		if problems := unproved(broken, tests); !slices.ContainsFunc(problems, func(s string) bool { return strings.Contains(s, says) }) {
			t.Errorf("%q for %q: nothing says %q, but %q", change[1], change[0], says, problems)
		}
	}
}
