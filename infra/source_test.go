package infra_test

import (
	"go/ast"
	"iter"
	"strconv"
)

// nodes are the nodes of a kind in a Go file; none if it is none.
func nodes[N ast.Node](source string) iter.Seq[N] {
	return func(yield func(N) bool) {
		f := parse(source)
		if f == nil {
			return
		}
		going := true
		ast.Inspect(f, func(n ast.Node) bool {
			if of, ok := n.(N); ok && going {
				going = yield(of)
			}
			return going
		})
	}
}

// unquote is the text of a literal; "" if it is no string.
func unquote(n *ast.BasicLit) string {
	s, err := strconv.Unquote(n.Value)
	if err != nil {
		return ""
	}
	return s
}
