package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// The entries of the bundle. Whatever app.tsx imports dynamically becomes a
// file of its own, which is fetched when it is needed.
const (
	script = "ui/app.tsx"
	style  = "ui/console.css"
	font   = "third/inter/inter.woff2" // of the first letters on each page
	shell  = "ui/index.html"
)

// address is where the files of dist are served.
const address = "/app/"

// bundle builds the pages into the folder dist, each file named for its content, and a
// shell that names them.
func bundle(dist string) error {
	meta, err := os.CreateTemp("", "deskmove-bundle-*.json")
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(meta.Close(), os.Remove(meta.Name())) }()
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	cmd := exec.Command("go", "tool", "-modfile=../../infra/tools/go.mod", "esbuild", // #nosec G204 -- of this program
		script, style, "--bundle", "--minify", "--splitting", "--format=esm", "--target=es2023", "--charset=utf8",
		"--loader:.woff2=file", "--legal-comments=none", "--log-level=warning", "--entry-names=[name]-[hash]",
		"--chunk-names=[name]-[hash]", "--asset-names=[name]-[hash]", "--public-path="+address, "--outdir="+dist, "--metafile="+meta.Name())
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("esbuild: %w", err)
	}
	names, err := readMeta(meta.Name())
	if err != nil {
		return err
	}
	return names.writeShell(filepath.Join(dist, "index.html"))
}

// names are the addresses of the files that each page needs.
type names struct {
	Script, Style, Font string
	Chunks              []string // what the script imports at once
}

// readMeta reads the names from what esbuild says of its output.
func readMeta(file string) (n names, err error) {
	raw, err := os.ReadFile(file) // #nosec G304 -- written by esbuild for us
	if err != nil {
		return n, err
	}
	var meta struct {
		Outputs map[string]struct {
			EntryPoint string
			Inputs     map[string]struct{}
			Imports    []struct{ Path, Kind string }
		}
	}
	if err := json.Unmarshal(raw, &meta); err != nil {
		return n, err
	}
	for path, out := range meta.Outputs {
		at := address + filepath.Base(path)
		_, isFont := out.Inputs[font]
		switch {
		case out.EntryPoint == script:
			n.Script = at
			for _, i := range out.Imports {
				if i.Kind == "import-statement" {
					n.Chunks = append(n.Chunks, address+filepath.Base(i.Path))
				}
			}
		case out.EntryPoint == style:
			n.Style = at
		case isFont:
			n.Font = at
		}
	}
	slices.Sort(n.Chunks)
	if n.Script == "" || n.Style == "" || n.Font == "" {
		return n, fmt.Errorf("esbuild made no file of %s, %s or %s: %+v", script, style, font, n)
	}
	return n, nil
}

// writeShell writes the page that loads all others.
func (n names) writeShell(file string) error {
	raw, err := os.ReadFile(shell)
	if err != nil {
		return err
	}
	t, err := template.New(shell).Parse(strings.TrimSpace(string(raw)) + "\n")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, n); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644) // #nosec G306 -- for everybody to read
}
