package infra_test

import (
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// keyText is a part of a key's text, as the table in package store's
// documentation shows it, or the name of a part.
var keyText = regexp.MustCompile(`^(pk|sk|cpk|csk|opk|dpk|dsk|LOCK|ACCOUNT|POINTER|DUE|LAYOUT|LATE|CURSOR|COURSE)$|^A#|^UPLOADS#|` +
	`#(C|X|F|CH|OPEN|SETUP|CHANNELS|MOVES|IDEMPOTENT|JOB|LEDGER|COUNT|OWNERS|FAIL|AUDIT|OUTBOX)(#|$)|` +
	`^(PART|GENERATION|MOVE|ACCESS|REPAIR|MARK)#`)

// partitionOf is the pattern of all partitions of a kind in the control table.
func partitionOf(pk string) string {
	parts := strings.Split(pk, "#")
	if len(parts) > 1 {
		parts[1] = "*" // the account
	}
	if len(parts) > 3 {
		parts = append(parts[:3], "*")
	}
	return strings.Join(parts, "#")
}

// Kinds of partitions.
const jobs, ledgers, setups, everybodys = "A#*#JOB#*", "A#*#LEDGER#*", "A#*#SETUP", "A#*"

// spelled returns the texts of keys and the names of attributes in a Go file.
// The tests of engines make up attributes, for items that store does not know.
func spelled(source string, engine bool) (texts []string) {
	for _, text := range literals(source) {
		if keyText.MatchString(text) {
			texts = append(texts, text)
		}
	}
	name := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && !engine {
			texts = append(texts, lit.Value)
		}
	}
	for call := range nodes[*ast.CallExpr](source) { // attrs.Str("name"), store.Equals("name", …)
		if f, ok := call.Fun.(*ast.SelectorExpr); ok && len(call.Args) > 0 {
			switch f.Sel.Name {
			case "Str", "Num", "Find", "Equals":
				name(call.Args[0])
			}
		}
	}
	for attr := range nodes[*ast.CompositeLit](source) { // store.Attr{Name: "name", …}
		if t, ok := attr.Type.(*ast.SelectorExpr); ok && t.Sel.Name == "Attr" && len(attr.Elts) > 0 {
			if field, ok := attr.Elts[0].(*ast.KeyValueExpr); ok {
				name(field.Value)
			}
		}
	}
	return texts
}

// TestStoreAloneSpellsKeys: keys and attributes are spelled in package store
// only, in tests too.
func TestStoreAloneSpellsKeys(t *testing.T) {
	files := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
		if err == nil && d.IsDir() && (name == "shared/store" || strings.HasPrefix(name, ".") && name != "..") {
			return filepath.SkipDir
		}
		if err != nil || filepath.Ext(name) != ".go" || name == "infra/keys_test.go" {
			return err
		}
		files++
		source, err := os.ReadFile(path)
		engine := strings.HasPrefix(name, "shared/aws/dynamo/") || strings.HasPrefix(name, "shared/local/sqlite/") ||
			name == "infra/test/simulation/mutants_test.go" // breaks items by their attributes' names
		for _, text := range spelled(string(source), engine) {
			t.Errorf("%s spells %q", name, text)
		}
		return err
	})
	if err != nil || files < 100 {
		t.Errorf("%d files, %v", files, err)
	}
}

// TestSpelled sees the rule above fail.
func TestSpelled(t *testing.T) {
	for text, want := range map[string]bool{
		`"A#" + account`:                         true,
		`account + "#CH#" + channel`:             true,
		`"MOVE#"`:                                true,
		`keys["sk"]`:                             true,
		`item.Attrs.Str("home")`:                 true,
		`store.Attr{Name: "st", Value: v}`:       true,
		`store.Equals("rev", store.N(1))`:        true,
		`store.MoveKey("acme", "m1")`:            false,
		`item.Attrs.Str(store.Home)`:             false,
		`"a hash # in a text"`:                   false,
		`store.Attr{Name: store.Home, Value: v}`: false,
	} {
		if got := len(spelled("package p\nvar _ = "+text, false)) > 0; got != want {
			t.Errorf("%s: found %t, want %t", text, got, want)
		}
	}
}
