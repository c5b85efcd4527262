package asl

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a path reads is what it wrote, and the value it was written to stays as
// it was.
func FuzzPath(f *testing.F) {
	for _, text := range []string{"$", "$.a", "$.a.b", "$.a[0].b", "$[3]", "$$.Execution.Input.a", "$.a[*]", "$..", "$['a']", "$.a-b"} {
		f.Add(text, `{"a":{"b":1},"c":[2]}`)
		f.Add(text, `[{"a":null}]`)
	}
	f.Fuzz(func(t *testing.T, text, raw string) {
		p, err := parsePath(text)
		if err != nil {
			return
		}
		doc, err := decode([]byte(raw))
		if err != nil {
			return
		}
		p.get(doc)
		if writable(p) != nil {
			return
		}
		out, ok := p.set(doc, "new")
		if before, _ := decode([]byte(raw)); !cmp.Equal(before, doc) {
			t.Errorf("%s of %s changed it to %v", text, raw, doc)
		}
		if got, found := p.get(out); ok && (!found || got != "new") {
			t.Errorf("%s of %s reads %v, %t after writing", text, raw, got, found)
		}
	})
}
