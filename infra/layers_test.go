package infra_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers says which of the project's packages, and of the cloud's, a package
// may import; a name stands for what is below it too. Tests may import more.
var layers = []struct {
	of      string
	imports []string
	sdk     bool // the AWS SDK
	events  bool // aws-lambda-go
}{
	{of: "shared/desk"},
	{of: "shared/mail"},
	{of: "shared/metrics"},
	{of: "shared/auth", imports: []string{"shared/desk"}},
	{of: "shared/move", imports: []string{"shared/desk"}},
	{of: "shared/support", imports: []string{"shared/desk"}},
	{of: "shared/store", imports: []string{"shared/desk", "shared/move", "shared/support"}},
	{of: "shared/store/storetest", imports: []string{"shared/store"}},
	{of: "shared/handler", imports: []string{"shared/auth", "shared/desk", "shared/metrics", "shared/move", "shared/store"}, events: true},
	{of: "shared/api", imports: []string{"shared/auth", "shared/desk", "shared/move", "shared/store", "shared/support"}, events: true},
	{of: "shared/app", imports: []string{"shared/api", "shared/desk", "shared/handler", "shared/metrics", "shared/move", "shared/store", "shared/support"}},
	{of: "shared/aws", imports: []string{"shared/app", "shared/desk", "shared/metrics", "shared/move"}, sdk: true, events: true},
	{of: "shared/aws/dynamo", imports: []string{"shared/store"}, sdk: true},
	{of: "shared/local", imports: []string{"shared/app", "shared/handler", "shared/move", "shared/store"}},
	{of: "shared/local/asl"},
	{of: "shared/local/clock"},
	{of: "shared/local/db", imports: []string{"shared/store"}},
	{of: "shared/local/function", imports: []string{"shared/local/clock"}, events: true},
	{of: "shared/local/gateway", imports: []string{"shared/auth", "shared/desk"}},
	{of: "shared/local/issuer", imports: []string{"shared/local/clock", "shared/auth", "shared/desk"}},
	{of: "shared/local/executions", imports: []string{"shared/local/asl", "shared/local/db", "shared/local/function"}},
	{of: "shared/local/queue", imports: []string{"shared/local/clock", "shared/local/db", "shared/local/function"}, events: true},
	{of: "shared/local/runtime", imports: []string{"shared/local"}},
	{of: "shared/local/schedule", imports: []string{"shared/local/db", "shared/local/function"}, events: true},
	{of: "shared/local/sqlite", imports: []string{"shared/store"}},
	{of: "shared/local/streams", imports: []string{"shared/local/db", "shared/local/function", "shared/store"}, events: true},
	{of: "shared/client", imports: []string{"shared/auth", "shared/desk"}},
	{of: "shared/cli", imports: []string{"shared/api", "shared/auth", "shared/client", "shared/desk", "shared/app", "shared/local", "shared/store"}},
	{of: "shared/cli/bench", imports: []string{"shared/desk", "shared/local", "shared/move", "shared/store"}},
	{of: "shared/cli/benchaws", imports: []string{"shared/aws", "shared/cli/bench", "shared/app", "shared/desk", "shared/handler", "shared/local", "shared/move", "shared/store"}, sdk: true, events: true},
	{of: "shared/cli/child", imports: []string{"shared/client", "shared/desk", "shared/local/clock", "shared/local/issuer"}},
	{of: "shared/cli/demo", imports: []string{"shared/cli/child", "shared/cli/traffic", "shared/cli/verify", "shared/client", "shared/desk"}},
	{of: "shared/cli/importer", imports: []string{"shared/client", "shared/mail"}},
	{of: "shared/cli/traffic", imports: []string{"shared/client", "shared/desk"}},
	{of: "shared/cli/verify", imports: []string{"shared/client", "shared/desk"}},
	{of: "functions", imports: []string{"shared/api", "shared/app", "shared/aws", "shared/handler", "shared/move"}, events: true},
	{of: "infra", imports: []string{"shared"}, sdk: true, events: true},
	{of: "infra/deskmove", imports: []string{"shared/cli"}},
}

// within reports whether path is name or below it.
func within(path, name string) bool { return path == name || strings.HasPrefix(path, name+"/") }

// forbidden returns the imports of a package that its layer does not allow.
func forbidden(pkg string, imports []string) []string {
	best := -1
	for i, l := range layers {
		if within(pkg, l.of) && (best < 0 || len(l.of) > len(layers[best].of)) {
			best = i
		}
	}
	if best < 0 {
		return []string{"(the package is in no layer: add it to layers)"}
	}
	l := layers[best]
	var bad []string
	for _, path := range imports {
		own, isOwn := strings.CutPrefix(path, "deskmove/")
		switch {
		case isOwn && !within(own, l.of) && !slices.ContainsFunc(l.imports, func(name string) bool { return within(own, name) }):
			bad = append(bad, path)
		case isOwn && within(own, "functions"):
			bad = append(bad, path) // nobody imports them
		case within(path, "github.com/aws/aws-sdk-go-v2") && !l.sdk, within(path, "github.com/aws/aws-lambda-go") && !l.events:
			bad = append(bad, path)
		case l.of == "shared/desk" && strings.Contains(strings.SplitN(path, "/", 2)[0], "."):
			bad = append(bad, path) // the standard library only
		}
	}
	return bad
}

func TestImportsGoDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "deskmove/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		if bad := forbidden(strings.TrimPrefix(p.ImportPath, "deskmove/"), p.Imports); len(bad) > 0 {
			t.Errorf("%s may not import %s", p.ImportPath, strings.Join(bad, ", "))
		}
	}
	if seen < 10 {
		t.Errorf("go list named %d packages only", seen)
	}
}

// TestForbidden sees the rule above fail.
func TestForbidden(t *testing.T) {
	for pkg, path := range map[string]string{
		"shared/desk":         "github.com/google/uuid",
		"shared/move":         "deskmove/shared/store",
		"shared/handler":      "github.com/aws/aws-sdk-go-v2/service/sqs",
		"shared/store":        "github.com/aws/aws-lambda-go/events",
		"shared/local/sqlite": "deskmove/shared/move",
		"infra/deskmove":      "deskmove/functions/api",
		"shared/elsewhere":    "fmt",
	} {
		if len(forbidden(pkg, []string{path})) == 0 {
			t.Errorf("%s may import %s", pkg, path)
		}
	}
	if bad := forbidden("shared/move", []string{"context", "deskmove/shared/desk"}); len(bad) > 0 {
		t.Errorf("shared/move may not import %v", bad)
	}
}

// TestTopLevel keeps the visible top level what the project's owner fixed.
func TestTopLevel(t *testing.T) {
	fixed := []string{"functions", "infra", "shared", "events", "go.mod", "go.sum", "template.yaml", "Makefile", "README.md"}
	out, err := exec.Command("git", "-C", "..", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil { // a source archive has no git
		entries, err := os.ReadDir("..")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			out = append(out, e.Name()+"\n"...)
		}
	}
	for path := range strings.Lines(string(out)) {
		top, _, _ := strings.Cut(strings.Trim(filepath.ToSlash(path), "\"\n"), "/")
		if !strings.HasPrefix(top, ".") && !slices.Contains(fixed, top) {
			t.Errorf("%s is at the top level, where only %s are", top, strings.Join(fixed, ", "))
		}
	}
}
