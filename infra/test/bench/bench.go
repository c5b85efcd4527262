package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"deskmove/shared/mail/mailtest"

	"deskmove/infra/test/bench/sample"
)

// Result is what one case prints, as one line of JSON.
type Result struct {
	Name          string `json:"name"`
	Conversations int    `json:"conversations"`
	// RawPerS is how many conversations a second land when nothing else is
	// done.
	RawPerS float64 `json:"raw_per_s"`
	// EndToEndPerS counts from the request until the move is done, its waits
	// included.
	EndToEndPerS float64 `json:"end_to_end_per_s"`
	Ratio        float64 `json:"ratio"`
	PeakRSSMiB   float64 `json:"peak_rss_mib"` // of the process that moves
	// Writes and reads of the engine, without entries of indexes.
	WritesPerConversation float64 `json:"writes_per_conversation"`
	ReadsPerConversation  float64 `json:"reads_per_conversation"`
	// From the answer to a customer's new conversation until its ticket is
	// in the help desk.
	RedirectP50Ms float64 `json:"redirect_p50_ms"`
	RedirectP99Ms float64 `json:"redirect_p99_ms"`
	Redirects     int     `json:"redirects"`
	Seconds       float64 `json:"seconds"`
}

// run measures what the flags ask for one after the other, each in a folder of its
// own, and prints a line of JSON for each.
func run(ctx context.Context, f flags, out, progress io.Writer) error {
	one := func(n int, measure func(Case) (any, error)) error {
		own, err := os.MkdirTemp(f.Dir, "deskmove-bench-")
		if err != nil {
			return err
		}
		r, err := measure(Case{Conversations: n, Dir: own})
		err = errors.Join(err, os.RemoveAll(own))
		if err == nil {
			err = json.NewEncoder(out).Encode(r)
		}
		if err != nil {
			return fmt.Errorf("%d conversations: %w", n, err)
		}
		return nil
	}
	for _, n := range f.Conversations {
		if err := one(n, func(c Case) (any, error) { return c.Run(ctx, progress) }); err != nil {
			return err
		}
	}
	if f.Lists != 0 {
		if err := one(f.Lists, func(c Case) (any, error) { return c.Lists(ctx, progress) }); err != nil {
			return err
		}
	}
	if f.Floods != 0 {
		if err := one(f.Floods, func(c Case) (any, error) { return c.Floods(ctx, progress) }); err != nil {
			return err
		}
	}
	imports := []struct {
		what string
		n    int
	}{{smallMail, f.Messages}, {largeMail, f.Attached * (1 << 20) / attached}}
	if os.Getenv(mailtest.FolderVariable) != "" && f.Messages > 0 {
		imports = append(imports, struct {
			what string
			n    int
		}{realMail, 1})
	}
	for _, i := range imports {
		if i.n == 0 {
			continue
		}
		if err := one(i.n, func(c Case) (any, error) { return c.Import(ctx, i.what, progress) }); err != nil {
			return err
		}
	}
	return nil
}

// Case is one size of channel, measured in processes of its own so that none
// inherits another's memory.
type Case struct {
	Conversations int
	Dir           string // an empty folder
}

// The parts of a case that are processes of their own, given as environment
// variables: this program runs itself.
const (
	partVar = "DESKMOVE_BENCH_PART"
	sizeVar = "DESKMOVE_BENCH_SIZE"
	dirVar  = "DESKMOVE_BENCH_DIR"
)

// runPart runs the part that the environment asks for, if it does, and reports
// whether it did.
func runPart(ctx context.Context) (bool, error) {
	part := os.Getenv(partVar)
	if part == "" {
		return false, nil
	}
	n, err := strconv.Atoi(os.Getenv(sizeVar))
	if err != nil {
		return true, fmt.Errorf("%s: %w", sizeVar, err)
	}
	dir := os.Getenv(dirVar)
	var result any
	switch part {
	case "seed":
		err = seed(ctx, dir, sample.Setup(), history(n))
	case "seed-floods":
		err = seedFloods(ctx, dir, n)
	case "serve-floods":
		result, err = serveFloods(ctx, dir)
	case "serve-imports":
		result, err = serveImports(ctx, dir)
	case "import":
		result, err = importPart(ctx)
	case "seed-lists":
		err = seedLists(ctx, dir, n)
	case "lists":
		result, err = lists(ctx, dir, n)
	case "raw":
		result, err = raw(ctx, dir, n)
	case "move":
		result, err = whole(ctx, dir, n)
	default:
		err = fmt.Errorf("%s: unknown part %q", partVar, part)
	}
	if err != nil || result == nil {
		return true, err
	}
	return true, json.NewEncoder(os.Stdout).Encode(result)
}

// Run measures a case.
func (c Case) Run(ctx context.Context, progress io.Writer) (Result, error) {
	r := Result{Name: fmt.Sprintf("move-%d", c.Conversations), Conversations: c.Conversations}
	data, rawData := filepath.Join(c.Dir, "move"), filepath.Join(c.Dir, "raw")
	say := func(what string) { _, _ = fmt.Fprintf(progress, "%d conversations: %s\n", c.Conversations, what) }
	say("taking them in")
	if err := c.part(ctx, "seed", data, nil); err != nil {
		return r, err
	}
	if err := os.CopyFS(rawData, os.DirFS(data)); err != nil {
		return r, err
	}
	say("measuring the raw engine")
	if err := c.part(ctx, "raw", rawData, &r); err != nil {
		return r, err
	}
	if err := os.RemoveAll(rawData); err != nil {
		return r, err
	}
	say("moving")
	rawPerS := r.RawPerS
	if err := c.part(ctx, "move", data, &r); err != nil {
		return r, err
	}
	r.RawPerS, r.Ratio = rawPerS, r.EndToEndPerS/rawPerS
	return r, os.RemoveAll(data)
}

// part runs a part in its own process and reads its result into r, unless that is
// nil.
func (c Case) part(ctx context.Context, name, dir string, r any) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self) // #nosec G204 -- this very program
	cmd.Env = append(os.Environ(), partVar+"="+name, sizeVar+"="+strconv.Itoa(c.Conversations), dirVar+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("part %s: %w", name, err)
	}
	if r == nil {
		return nil
	}
	return json.Unmarshal(out, r)
}
