package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"deskmove/infra/test/bench/sample"
	"deskmove/shared/cli/importer"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/mail/mailtest"
	"deskmove/shared/store"
)

// ImportResult says what an import took.
type ImportResult struct {
	Name        string  `json:"name"`
	Messages    int64   `json:"messages"`
	MiB         float64 `json:"mib"` // of the file
	Seconds     float64 `json:"seconds"`
	PerS        float64 `json:"messages_per_s"`
	ImporterMiB float64 `json:"importer_peak_rss_mib"`
	ServerMiB   float64 `json:"server_peak_rss_mib"`
	Load        float64 `json:"load"`
	Read        Wait    `json:"raw_read"`
	Write       Wait    `json:"raw_write"`
}

// Names of what is imported.
const (
	smallMail = "small mail"
	largeMail = "attachments"
	realMail  = "real mail"
)

// attached is how much of attachments a made-up mail of largeMail has.
const attached = 5 << 20

// Variables of the part that imports.
const (
	urlVar   = "DESKMOVE_BENCH_URL"
	tokenVar = "DESKMOVE_BENCH_TOKEN" // #nosec G101 -- a name
	fileVar  = "DESKMOVE_BENCH_FILE"
)

// Import measures how fast a mailbox comes in, and the memory of both sides. The case's
// size is that of a made-up mailbox, in messages.
func (c Case) Import(ctx context.Context, what string, progress io.Writer) (r ImportResult, err error) {
	_, _ = fmt.Fprintf(progress, "importing %s: %d messages\n", what, c.Conversations)
	r.Name, r.Load = "import of "+what, load()
	name := filepath.Join(c.Dir, "mail.mbox")
	switch folder := os.Getenv(mailtest.FolderVariable); {
	case what == realMail:
		name = filepath.Join(folder, "dev-2012-2013.mbox.gz")
	default:
		err = mailbox(name, c.Conversations, what == largeMail)
	}
	if err != nil {
		return r, err
	}
	info, err := os.Stat(name) // #nosec G703 -- whoever measures named it
	if err != nil {
		return r, err
	}
	r.MiB = float64(info.Size()) / (1 << 20)
	s, err := c.serve(ctx, filepath.Join(c.Dir, "data"), "serve-imports")
	if err != nil {
		return r, err
	}
	var of ended
	var sum importer.Summary
	err = func() error {
		for variable, value := range map[string]string{urlVar: s.URL, tokenVar: s.Tokens[""], fileVar: name} {
			if err := os.Setenv(variable, value); err != nil {
				return err
			}
		}
		return c.part(ctx, "import", c.Dir, &struct {
			*importer.Summary
			PeakMiB *float64
		}{&sum, &r.ImporterMiB})
	}()
	of, peak, ending := s.end()
	if err = errors.Join(err, ending); err != nil {
		return r, err
	}
	if len(sum.Skipped) > 0 {
		return r, fmt.Errorf("%d messages were skipped, such as %+v", len(sum.Skipped), sum.Skipped[0])
	}
	r.Messages, r.Seconds, r.ServerMiB, r.Read, r.Write = sum.Added, sum.Seconds, peak, of.Read, of.Write
	r.PerS = float64(r.Messages) / r.Seconds
	return r, nil
}

// serveImports serves an account until its standard input ends.
func serveImports(ctx context.Context, dir string) (any, error) {
	var engine store.Engine
	s, stop, err := openAt(ctx, dir, "127.0.0.1:0", warnings(), func(e store.Engine) store.Engine {
		engine = e
		return e
	})
	if err != nil {
		return nil, err
	}
	defer stop()
	if _, err := s.App.Accounts.Replace(ctx, desk.Caller{}, floodSetup(sample.Account)); err != nil {
		return nil, err
	}
	token, err := s.Issuer.Mint(sample.Account, "agent00", desk.SuperAdmin, 24*time.Hour)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(os.Stdout).Encode(served{s.Gateway.URL(), map[string]string{"": token}}); err != nil {
		return nil, err
	}
	reads, writes, err := probeUntilEnd(ctx, engine, nil) // nobody asks meanwhile
	if err != nil {
		return nil, err
	}
	return ended{Read: waitOf(reads), Write: waitOf(writes)}, nil
}

// importPart imports a file, and says what the command would.
func importPart(ctx context.Context) (any, error) {
	api, err := client.New(os.Getenv(urlVar), os.Getenv(tokenVar))
	if err != nil {
		return nil, err
	}
	sum, err := importer.Run(ctx, api, importer.Options{Channel: sample.Channel, Files: []string{os.Getenv(fileVar)}, States: true})
	return struct {
		importer.Summary
		PeakMiB float64
	}{sum, peak()}, err
}

// mailbox writes a made-up mailbox: threads of four mails each.
func mailbox(name string, n int, large bool) (err error) {
	f, err := os.Create(name) // #nosec G304 G703 -- below a folder of ours
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	random := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- a sample, no secret
	began := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		first := i - i%4
		at := began.Add(time.Duration(i) * time.Minute)
		fmt.Fprintf(w, "From a@some-company.example %s\nFrom: Customer %d <customer%d@some-company.example>\nTo: support@desk.example\nMessage-ID: <%d@some-company.example>\n",
			at.Format(time.ANSIC), first, first, i)
		if i > first {
			fmt.Fprintf(w, "In-Reply-To: <%d@some-company.example>\nReferences: <%d@some-company.example> <%d@some-company.example>\n", i-1, first, i-1)
		}
		fmt.Fprintf(w, "Date: %s\nSubject: Order %d\n", at.Format(time.RFC1123Z), first)
		if large {
			data := make([]byte, attached)
			for j := range data {
				data[j] = byte(random.Uint32()) // #nosec G115 -- any byte
			}
			fmt.Fprint(w, "MIME-Version: 1.0\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=a.pdf\nContent-Transfer-Encoding: base64\n\n")
			for text := base64.StdEncoding.EncodeToString(data); text != ""; text = text[min(76, len(text)):] {
				fmt.Fprintln(w, text[:min(76, len(text))])
			}
		} else {
			fmt.Fprintf(w, "\nWhere is my order %d? I have waited for %d days.\n%s\n", first, i, fill[:random.IntN(len(fill))])
		}
		fmt.Fprintln(w)
	}
	return errors.Join(w.Flush(), f.Close())
}

// fill is what people write besides.
var fill = func() string {
	var s string
	for i := range 60 {
		s += fmt.Sprintf("> and line %d of what was written before, which nobody reads again\n", i)
	}
	return s
}()
