package cli

import (
	"encoding/json"
	"os"
	"runtime/metrics"
	"strings"
	"testing"
)

// allocated is how many bytes the program has ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// Whatever an account's file holds, it becomes one JSON value, or an error
// that says something; and the work, counted as memory allocated, fits its
// size, or that of the largest JSON.
func FuzzReadSetup(f *testing.F) {
	for _, name := range []string{"../../infra/deskmove/account.yaml", "demo/account.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{
		`{"account":{"id":"acme"},"channels":[]}`, "account: {name: Acme}\n", "account: 7", "a: &a [*a]", "? [a]\n: b", "<<: {a: 1}",
		"a: 2026-11-26\nb: !!binary aGk=\nc: .nan\nd: 0x1F\ne: 1_000\nf: ~\ng: !!int x\nh: !x y\n", "a: 1\na: 2", "--- 1\n--- 2", "\xff", "- - - - -",
		laughs(3), laughs(9), "a: &a [" + strings.Repeat("1,", 2000) + "1]\nb: [" + strings.Repeat("*a,", 1000) + "*a]\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := allocated()
		setup, err := readSetup("account.yaml", text)
		if err == nil {
			if !json.Valid(setup) {
				t.Errorf("%q becomes %q", text, setup)
			}
			setup, err = withAccount(setup, func() (string, error) { return "acme", nil })
		}
		if err == nil && !json.Valid(setup) || err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Errorf("%q becomes %q, %v", text, setup, err)
		}
		// The race detector doubles what is allocated.
		if n := allocated() - before; n > 192*maxJSON+5000*uint64(len(text)) {
			t.Errorf("%d bytes allocated %d bytes", len(text), n)
		}
	})
}

// laughs is YAML that doubles so many times and more: each line has ten of
// the line before.
func laughs(lines int) string {
	var b strings.Builder
	b.WriteString("a: &a0 [lol]\n")
	for i := range lines {
		last := string(rune('0' + i))
		b.WriteString(last + ": &a" + string(rune('1'+i)) + " [" + strings.TrimSuffix(strings.Repeat("*a"+last+",", 10), ",") + "]\n")
	}
	return b.String()
}
