package note_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"deskmove/shared/mail/note"
)

// Every constant is among the codes, once, and says something of its own.
func TestCodes(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "note.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	left := make(map[note.Code]bool)
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			code, err := strconv.Unquote(lit.Value)
			if err != nil || left[note.Code(code)] {
				t.Errorf("code %s is there twice, or unreadable: %v", lit.Value, err)
			}
			left[note.Code(code)] = true
		}
		return true
	})
	said := make(map[string]note.Code)
	for _, c := range note.Codes() {
		s := c.Says()
		if !left[c] || s == string(c) || said[s] != "" || strings.HasSuffix(s, ".") || strings.Trim(string(c), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("code %q says %q, as %q does", c, s, said[s])
		}
		delete(left, c)
		said[s] = c
	}
	if len(left) > 0 {
		t.Errorf("these say nothing: %v", left)
	}
	if got := note.Code("x").Says(); got != "x" {
		t.Errorf("an unknown code says %q", got)
	}
}
