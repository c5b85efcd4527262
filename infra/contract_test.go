package infra_test

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// project is the text of the files that contracts are about, by their path.
type project map[string]string

// contract says what is wrong with a project; nothing if it is as it should
// be.
type contract func(p project) []string

// readProject reads the files of this checkout.
func readProject(t *testing.T) project {
	t.Helper()
	root := os.DirFS("..")
	p := project{}
	for _, pattern := range []string{
		"template.yaml", "shared/move/move.asl.json", "shared/local/*.go", "functions/*/*.go", "events/*.json",
		"shared/app/*.go", "shared/aws/*.go", "shared/handler/*.go", "shared/metrics/*.go", "shared/admin/*.go", "shared/move/*.go", "shared/progress/*.go", "shared/desk/errors.go", "shared/support/*.go",
		"shared/aws/dynamo/*.go", "shared/aws/files/*.go", "infra/RUNBOOK.md",
	} {
		files, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(root, file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") {
				p[file] = string(text)
			}
		}
	}
	return p
}

// below returns the paths of the files in a folder, in order.
func (p project) below(folder string) []string {
	var files []string
	for _, file := range slices.Sorted(maps.Keys(p)) {
		if path.Dir(file) == folder {
			files = append(files, file)
		}
	}
	return files
}

// functions returns the names of the functions that there are folders of.
func (p project) functions() []string {
	var names []string
	for file := range p {
		if name, ok := strings.CutPrefix(path.Dir(file), "functions/"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// breakage is a change of a file that a contract must refuse.
type breakage struct {
	file     string
	old, new string // all of the file is gone if old is ""
	says     string // is part of what is said to be wrong
}

// holds tests that a contract holds, and that it would be seen broken.
func holds(t *testing.T, c contract, breakages map[string]breakage) {
	t.Helper()
	p := readProject(t)
	for _, problem := range c(p) {
		t.Error(problem)
	}
	for name, b := range breakages {
		broken := maps.Clone(p)
		switch {
		case p[b.file] == "":
			t.Errorf("%s: there is no %s to break", name, b.file)
			continue
		case b.old == "":
			delete(broken, b.file)
		case !strings.Contains(p[b.file], b.old):
			t.Errorf("%s: %s has no %q to break", name, b.file, b.old)
			continue
		default:
			broken[b.file] = strings.ReplaceAll(p[b.file], b.old, b.new)
		}
		problems := c(broken)
		if !slices.ContainsFunc(problems, func(s string) bool { return strings.Contains(s, b.says) }) {
			t.Errorf("%s: nothing says %q, but\n%s", name, b.says, strings.Join(problems, "\n"))
		}
	}
}

// differ says of what is on one side only.
func differ(left, right []string, onlyLeft, onlyRight string) []string {
	var problems []string
	for _, name := range left {
		if !slices.Contains(right, name) {
			problems = append(problems, name+": "+onlyLeft)
		}
	}
	for _, name := range right {
		if !slices.Contains(left, name) {
			problems = append(problems, name+": "+onlyRight)
		}
	}
	return problems
}

// readFile reads a file of this folder.
func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
