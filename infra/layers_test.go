package infra_test

import (
	"bufio"
	"bytes"
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

// layer is one row of the house: a package, and what it may import. The
// packages of functions share a row, and so do those below an internal folder
// with the package above it.
type layer struct {
	of      string
	imports []string // of ours, each by its own path
	sdk     bool     // may import the AWS SDK
	events  bool     // may import aws-lambda-go
	kit     bool     // helps tests, and is imported by tests and other kits alone
}

// layers are the packages from the bottom to the top. A package may import only
// rows above its own in this list, and of those only the ones that it names. Its tests may
// import more. The rows of a room, such as shared/local, stand together, so
// that rooms cannot import each other in a circle either.
var layers = []layer{
	{of: "shared/desk"},
	{of: "shared/metrics"},
	{of: "shared/mail/note"},
	{of: "shared/mail", imports: []string{"shared/mail/note"}},
	{of: "shared/mail/thread", imports: []string{"shared/mail"}},
	{of: "shared/mail/mailtest", kit: true},
	{of: "shared/auth", imports: []string{"shared/desk"}},
	{of: "shared/move", imports: []string{"shared/desk"}},
	{of: "shared/progress", imports: []string{"shared/desk", "shared/move"}},
	{of: "shared/admin", imports: []string{"shared/desk", "shared/move"}},
	{of: "shared/support", imports: []string{"shared/desk"}},
	{of: "shared/support/filetest", imports: []string{"shared/desk", "shared/support"}, kit: true},
	{of: "shared/store", imports: []string{"shared/desk", "shared/move", "shared/support"}},
	{of: "shared/store/storetest", imports: []string{"shared/store"}, kit: true},
	{of: "shared/handler", imports: []string{"shared/auth", "shared/desk", "shared/metrics", "shared/move", "shared/store"}, events: true},
	{of: "shared/api", imports: []string{
		"shared/admin", "shared/auth", "shared/desk", "shared/metrics", "shared/move", "shared/progress", "shared/store", "shared/support"}, events: true},
	{of: "shared/console"},
	{of: "shared/console/generate", imports: []string{"shared/api"}},
	{of: "shared/app", imports: []string{
		"shared/admin", "shared/api", "shared/console", "shared/desk", "shared/handler", "shared/metrics", "shared/move", "shared/progress",
		"shared/store", "shared/support"}},

	{of: "shared/aws/dynamo", imports: []string{"shared/store"}, sdk: true},
	{of: "shared/aws/files", imports: []string{"shared/desk", "shared/support"}, sdk: true},
	{of: "shared/aws", imports: []string{"shared/admin", "shared/app", "shared/auth", "shared/aws/dynamo", "shared/aws/files", "shared/console", "shared/desk", "shared/metrics", "shared/move", "shared/store"}, sdk: true, events: true},

	{of: "shared/local/clock"},
	{of: "shared/local/asl"},
	{of: "shared/local/sqlite", imports: []string{"shared/store"}},
	{of: "shared/local/db", imports: []string{"shared/store"}},
	{of: "shared/local/function", imports: []string{"shared/local/clock"}, events: true},
	{of: "shared/local/executions", imports: []string{"shared/local/asl", "shared/local/db", "shared/local/function"}},
	{of: "shared/local/queue", imports: []string{"shared/local/db", "shared/local/function"}, events: true},
	{of: "shared/local/streams", imports: []string{"shared/local/db", "shared/local/function", "shared/store"}, events: true},
	{of: "shared/local/schedule", imports: []string{"shared/local/db", "shared/local/function"}, events: true},
	{of: "shared/local/issuer", imports: []string{"shared/auth", "shared/desk", "shared/local/clock"}},
	{of: "shared/local/signin", imports: []string{"shared/desk", "shared/local/clock", "shared/local/issuer"}},
	{of: "shared/local/files", imports: []string{"shared/auth", "shared/desk", "shared/local/clock", "shared/store", "shared/support"}},
	{of: "shared/local/admission", imports: []string{"shared/auth", "shared/desk"}},
	{of: "shared/local/gateway", imports: []string{"shared/auth", "shared/desk", "shared/local/admission"}, events: true},
	{of: "shared/local/runtime", imports: []string{
		"shared/local/clock", "shared/local/db", "shared/local/executions", "shared/local/function", "shared/local/gateway",
		"shared/local/queue", "shared/local/schedule", "shared/local/streams"}},
	{of: "shared/local", events: true, imports: []string{
		"shared/admin", "shared/app", "shared/console", "shared/desk", "shared/handler", "shared/local/asl", "shared/local/clock", "shared/local/executions", "shared/local/files", "shared/local/function", "shared/local/gateway",
		"shared/local/issuer", "shared/local/queue", "shared/local/runtime", "shared/local/schedule", "shared/local/signin", "shared/local/sqlite",
		"shared/local/streams", "shared/metrics", "shared/move", "shared/store"}},

	{of: "shared/app/apptest", kit: true, events: true, imports: []string{
		"shared/app", "shared/auth", "shared/desk", "shared/handler", "shared/local/asl", "shared/metrics", "shared/move", "shared/store",
		"shared/store/storetest", "shared/support/filetest"}},

	{of: "shared/client", imports: []string{"shared/api", "shared/auth", "shared/desk"}},

	{of: "shared/exchange", imports: []string{"shared/api", "shared/desk"}},
	{of: "shared/exchange/hubspot", imports: []string{"shared/api", "shared/desk", "shared/exchange"}},
	{of: "shared/exchange/mailbox", imports: []string{"shared/api", "shared/desk", "shared/exchange", "shared/mail", "shared/mail/note", "shared/mail/thread"}},

	{of: "shared/cli/process", imports: []string{"shared/client", "shared/desk", "shared/local/clock", "shared/local/issuer"}},
	{of: "shared/cli/login"},
	{of: "shared/cli/traffic", imports: []string{"shared/api", "shared/client", "shared/desk"}},
	{of: "shared/cli/verify", imports: []string{"shared/api", "shared/client", "shared/desk", "shared/local/clock"}},
	{of: "shared/cli/text", imports: []string{"shared/api", "shared/cli/verify", "shared/desk"}},
	{of: "shared/cli/demo", imports: []string{
		"shared/api", "shared/cli/process", "shared/cli/text", "shared/cli/traffic", "shared/cli/verify", "shared/client", "shared/desk",
		"shared/local/clock"}},
	{of: "shared/cli/transfer", imports: []string{"shared/api", "shared/client", "shared/desk", "shared/exchange"}},
	{of: "shared/cli/importer", imports: []string{
		"shared/api", "shared/cli/transfer", "shared/client", "shared/exchange", "shared/exchange/mailbox"}},
	{of: "shared/cli", imports: []string{
		"shared/api", "shared/cli/demo", "shared/cli/importer", "shared/cli/login", "shared/cli/process", "shared/cli/text", "shared/cli/transfer",
		"shared/cli/verify", "shared/client", "shared/desk", "shared/exchange", "shared/exchange/hubspot", "shared/local", "shared/local/clock", "shared/local/gateway", "shared/local/issuer", "shared/store"}},

	{of: "functions", imports: []string{"shared/api", "shared/app", "shared/aws", "shared/handler", "shared/move"}, events: true},

	{of: "infra/deskmove", imports: []string{"shared/cli", "shared/local"}},
	{of: "infra/samlocal/tables", sdk: true, imports: []string{"shared/aws/dynamo", "shared/store"}},
	{of: "infra/samlocal", sdk: true, events: true, imports: []string{
		"infra/samlocal/tables", "shared/api", "shared/app", "shared/aws/dynamo", "shared/console", "shared/desk", "shared/local",
		"shared/local/function", "shared/local/gateway", "shared/local/issuer", "shared/local/queue", "shared/local/runtime", "shared/local/streams",
		"shared/move", "shared/store"}},
	{of: "infra", kit: true},
	{of: "infra/test/bootstrap", kit: true, events: true},
	{of: "infra/test/browser", kit: true},
	{of: "infra/test/bench/sample", kit: true, imports: []string{"shared/desk", "shared/move"}},
	{of: "infra/test/bench", kit: true, imports: []string{
		"infra/test/bench/sample", "shared/cli/importer", "shared/client", "shared/desk", "shared/local", "shared/local/sqlite", "shared/mail/mailtest",
		"shared/store"}},
	{of: "infra/test/benchaws", kit: true, sdk: true, events: true, imports: []string{
		"infra/samlocal/tables", "infra/test/bench/sample", "shared/app", "shared/aws", "shared/aws/dynamo", "shared/cli/importer", "shared/client",
		"shared/desk", "shared/handler", "shared/local/asl", "shared/local/clock", "shared/move", "shared/store", "shared/support/filetest"}},
	{of: "infra/test/peers", kit: true, sdk: true},
	{of: "infra/test/killtest", kit: true},
	{of: "infra/test/readme", kit: true},
	{of: "infra/test/drills", kit: true},
	{of: "infra/test/mailcheck", kit: true},
	{of: "infra/test/simulation", kit: true},
}

// rowOf returns the number of a package's row; -1 if it has none.
func rowOf(pkg string) int {
	if strings.HasPrefix(pkg, "functions/") {
		pkg = "functions"
	}
	pkg, _, _ = strings.Cut(pkg, "/internal/")
	return slices.IndexFunc(layers, func(l layer) bool { return l.of == pkg })
}

// forbidden returns those imports of a package that its row does not allow.
func forbidden(pkg string, imports []string) []string {
	row := rowOf(pkg)
	if row < 0 {
		return []string{"(the package has no row: add it to layers)"}
	}
	l := layers[row]
	var bad []string
	for _, path := range imports {
		own, isOwn := strings.CutPrefix(path, "deskmove/")
		to := rowOf(own)
		switch {
		case isOwn && to == row && l.of != "functions": // internal packages of its own
		case isOwn && (to < 0 || to >= row || layers[to].kit && !l.kit || !slices.Contains(l.imports, layers[to].of)):
			bad = append(bad, path)
		case strings.HasPrefix(path, "github.com/aws/aws-sdk-go-v2") && !l.sdk, strings.HasPrefix(path, "github.com/aws/aws-lambda-go") && !l.events:
			bad = append(bad, path)
		case l.of == "shared/desk" && strings.Contains(strings.SplitN(path, "/", 2)[0], "."):
			bad = append(bad, path) // the standard library only
		}
	}
	return bad
}

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
}

// goList lists packages, with deps also those that they are built of.
func goList(t *testing.T, deps bool, patterns ...string) (all []goPackage) {
	t.Helper()
	args := []string{"list", "-json=ImportPath,Dir,GoFiles,Imports"}
	if deps {
		args = append(args, "-deps")
	}
	out, err := exec.Command("go", append(args, patterns...)...).Output() // #nosec G204 -- of this test
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportsGoDown(t *testing.T) {
	imported := make(map[string]map[string]bool) // by row
	for _, p := range goList(t, false, "deskmove/...") {
		pkg := strings.TrimPrefix(p.ImportPath, "deskmove/")
		if bad := forbidden(pkg, p.Imports); len(bad) > 0 {
			t.Errorf("%s may not import %s", pkg, strings.Join(bad, ", "))
		}
		if row := rowOf(pkg); row >= 0 {
			of := layers[row].of
			if imported[of] == nil {
				imported[of] = make(map[string]bool)
			}
			for _, path := range p.Imports {
				imported[of][strings.TrimPrefix(path, "deskmove/")] = true
			}
		}
	}
	for _, l := range layers {
		if imported[l.of] == nil {
			t.Errorf("%s has a row, but is no package", l.of)
		}
		for _, path := range l.imports {
			if !imported[l.of][path] {
				t.Errorf("%s may import %s, but does not: take it out of its row", l.of, path)
			}
		}
	}
}

// TestForbidden sees each kind of breach refused.
func TestForbidden(t *testing.T) {
	for what, breach := range map[string]struct{ pkg, path string }{
		"rules with a library":       {"shared/desk", "github.com/google/uuid"},
		"up":                         {"shared/move", "deskmove/shared/store"},
		"sideways":                   {"shared/support", "deskmove/shared/move"},
		"one platform by the other":  {"shared/local", "deskmove/shared/aws"},
		"the other by the first":     {"shared/aws", "deskmove/shared/local"},
		"a platform by what it runs": {"shared/app", "deskmove/shared/local"},
		"within a room":              {"shared/local/asl", "deskmove/shared/local/queue"},
		"within the command line":    {"shared/cli/verify", "deskmove/shared/cli/traffic"},
		"below what is meant":        {"shared/local/sqlite", "deskmove/shared/move"},
		"the SDK":                    {"shared/handler", "github.com/aws/aws-sdk-go-v2/service/sqs"},
		"Lambda's events":            {"shared/store", "github.com/aws/aws-lambda-go/events"},
		"a function":                 {"infra/deskmove", "deskmove/functions/api"},
		"one function by another":    {"functions/list", "deskmove/functions/api"},
		"a test kit":                 {"shared/cli", "deskmove/shared/store/storetest"},
		"the rig of tests":           {"shared/api", "deskmove/shared/app/apptest"},
		"a package without a row":    {"shared/elsewhere", "fmt"},
	} {
		if len(forbidden(breach.pkg, []string{breach.path})) == 0 {
			t.Errorf("%s: %s may import %s", what, breach.pkg, breach.path)
		}
	}
	if bad := forbidden("shared/mail", []string{"context", "deskmove/shared/mail/internal/date"}); len(bad) > 0 {
		t.Errorf("shared/mail may not import %v", bad)
	}
}

// room is the part of the house that a package belongs to.
func room(pkg string) string {
	parts := strings.Split(pkg, "/")
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// TestRoomsStandTogether sees to it that the order of the rows is one of rooms
// as well. Kits stand where they can be made of what is above them.
func TestRoomsStandTogether(t *testing.T) {
	var left []string
	var last string
	for _, l := range layers {
		if l.kit {
			continue
		}
		if last != "" && room(l.of) != last {
			left = append(left, last)
		}
		if last = room(l.of); slices.Contains(left, last) && last != "infra" {
			t.Errorf("%s does not stand beside the rest of %s", l.of, last)
		}
	}
}

// TestFunctionsAreOfAWS reads what each function is built of.
func TestFunctionsAreOfAWS(t *testing.T) {
	for _, p := range goList(t, true, "deskmove/functions/...") {
		if strings.HasPrefix(p.ImportPath, "deskmove/shared/local") || strings.Contains(p.ImportPath, "sqlite") {
			t.Errorf("a function is built of %s", p.ImportPath)
		}
	}
}

// TestProgramIsOfOneMachine reads what the program is built of: it runs without
// AWS, and is not to carry its SDK.
func TestProgramIsOfOneMachine(t *testing.T) {
	for _, p := range goList(t, true, "deskmove/infra/deskmove") {
		if strings.HasPrefix(p.ImportPath, "deskmove/shared/aws") || strings.HasPrefix(p.ImportPath, "github.com/aws/aws-sdk-go-v2") {
			t.Errorf("the program is built of %s", p.ImportPath)
		}
	}
}

// TestRoomsAreOfASize keeps any room from becoming the house, and infra from
// becoming the program.
func TestRoomsAreOfASize(t *testing.T) {
	const mostOfInfra = 1500
	lines, sum, infra := make(map[string]int), 0, 0
	for _, p := range goList(t, false, "deskmove/...") {
		pkg := strings.TrimPrefix(p.ImportPath, "deskmove/")
		if row := rowOf(pkg); row < 0 || layers[row].kit {
			continue
		}
		for _, file := range p.GoFiles {
			n := countLines(t, filepath.Join(p.Dir, file))
			lines[room(pkg)] += n
			sum += n
			if strings.HasPrefix(pkg, "infra") {
				infra += n
			}
		}
	}
	for name, n := range lines {
		if n*4 > sum {
			t.Errorf("%s has %d of %d lines: more than a quarter", name, n, sum)
		}
	}
	if infra > mostOfInfra {
		t.Errorf("infra has %d lines of product code: more than %d", infra, mostOfInfra)
	}
}

func countLines(t *testing.T, path string) (n int) {
	t.Helper()
	f, err := os.Open(path) // #nosec G304 -- named by go list
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		n++
	}
	return n
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
