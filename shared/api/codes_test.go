package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"deskmove/shared/api"
	"deskmove/shared/desk"
)

// wantCodes fails the test if an error has a code that is not listed, or other
// parameters than its code: somebody speaks another language.
func (a answer) wantCodes() {
	a.t.Helper()
	if a.Code < 400 {
		return
	}
	all := api.AllCodes()
	check := func(codes desk.Codes, v any) {
		a.t.Helper()
		code, _ := at(v, "code").(string)
		params := desk.Params{}
		given, _ := at(v, "params").(object)
		for name, value := range given {
			params[name], _ = value.(string)
		}
		if !codes.Accepts(code, params) {
			a.t.Errorf("%s answered the code %q with the parameters %v, which is not listed", a.request, code, params)
		}
	}
	check(all.Problems, a.json())
	for name, codes := range map[string]desk.Codes{"errors": all.Fields, "blockers": all.Findings, "warnings": all.Findings} {
		found, _ := a.at(name).([]any)
		for _, one := range found {
			check(codes, one)
		}
	}
}

// TestEveryCodeIsListed reads the sources: every constant that names a code is
// listed, and nothing that people read is made without one.
func TestEveryCodeIsListed(t *testing.T) {
	listed := map[string]bool{}
	all := api.AllCodes()
	for _, codes := range []desk.Codes{all.Problems, all.Fields, all.Findings, all.Failures} {
		for code := range codes {
			listed[code] = true
		}
	}
	isCode := regexp.MustCompile(`^[cC]ode[A-Z]`)
	spoken := map[string]bool{"InvalidError": true, "RefusedError": true, "ConversionError": true, "Finding": true, "FieldProblem": true}
	constants, made := 0, 0
	for _, folder := range []string{".", "../auth", "../desk", "../move", "../support"} {
		for _, file := range sources(t, folder) {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ValueSpec:
					for i, name := range n.Names {
						if !isCode.MatchString(name.Name) || i >= len(n.Values) {
							continue
						}
						if lit, ok := n.Values[i].(*ast.BasicLit); ok {
							code, err := strconv.Unquote(lit.Value)
							if constants++; err != nil || !listed[code] {
								t.Errorf("%s: code %s is not listed", folder, lit.Value)
							}
						}
					}
				case *ast.CompositeLit:
					if len(n.Elts) == 0 || !spoken[typeName(n.Type)] {
						return true
					}
					if made++; !hasField(n, "Code") {
						t.Errorf("%s: a %s is made without a code", folder, typeName(n.Type))
					}
				}
				return true
			})
		}
	}
	if constants < 60 || made < 40 {
		t.Errorf("found %d codes and %d errors and findings only", constants, made)
	}
}

// sources parses a package without its tests.
func sources(t *testing.T, folder string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		var f *ast.File
		if f, err = parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution); err != nil {
			break
		}
		files = append(files, f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// typeName returns the name of a type without its package.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// hasField reports whether a literal sets the field; one without names sets all.
func hasField(n *ast.CompositeLit, name string) bool {
	for _, e := range n.Elts {
		field, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if id, ok := field.Key.(*ast.Ident); ok && id.Name == name {
			return true
		}
	}
	return false
}
