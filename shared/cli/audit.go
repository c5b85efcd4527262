package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/text"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

type auditCmd struct {
	remote `embed:""`

	Limit  int    `default:"100" placeholder:"N" help:"Print at most so many entries, the newest; 0 prints all (${default})."`
	Verify bool   `help:"Read all entries instead, and check that none is missing or changed."`
	Kept   string `placeholder:"FILE" help:"With --verify: also compare with heads that were kept, the JSON that an earlier --verify printed."`
}

func (auditCmd) Help() string {
	return `Prints who did what, when and from where, the newest first. With --json, an entry a line.

--verify works out every entry's hash again and follows the chains from their heads to their first entries: an entry that
is changed, missing or there twice is named, also one that is missing at the end. It prints the heads. Who can write the
database itself can make all of it anew, heads too, and then only heads that were kept elsewhere show it:

  deskmove audit --verify --json > heads.json
  deskmove audit --verify --kept heads.json

Needs a token of a super administrator. Exit code: 1 if anything is wrong, else 0.`
}

func (a auditCmd) Run(ctx context.Context, c *call) error {
	server, err := a.client(c)
	switch {
	case err != nil:
		return err
	case a.Kept != "" && !a.Verify:
		return errors.New("--kept needs --verify, which compares with it")
	case a.Verify:
		return a.verify(ctx, c, server)
	}
	return a.list(ctx, c, server)
}

// list prints entries as they come.
func (a auditCmd) list(ctx context.Context, c *call, server *client.Client) error {
	var rows [][]string
	n := 0
	for e, err := range server.Audit(ctx) {
		if err != nil {
			return err
		}
		if c.json {
			if err := json.NewEncoder(c.stdout).Encode(e); err != nil {
				return err
			}
		} else {
			by := e.By
			if e.Role != "" {
				by += " (" + e.Role + ")"
			}
			rows = append(rows, []string{e.At.Format(time.RFC3339), by, e.Address, e.Action, e.ChannelID, e.MoveID, e.Detail})
		}
		if n++; n == a.Limit || len(rows) == auditPage {
			if err := printAudit(c, rows, n <= auditPage); err != nil {
				return err
			}
			rows = rows[:0]
		}
		if n == a.Limit {
			return nil
		}
	}
	return printAudit(c, rows, n <= auditPage)
}

// auditPage is how many entries are lined up with each other.
const auditPage = 1000

func printAudit(c *call, rows [][]string, first bool) error {
	if c.json || len(rows) == 0 && !first {
		return nil
	}
	if first {
		rows = append([][]string{{"WHEN", "WHO", "FROM", "WHAT", "CHANNEL", "MOVE", "DETAIL"}}, rows...)
	}
	return c.print(nil, func(w io.Writer) { text.Table(w, rows) })
}

// audited is what --verify prints, and --kept reads.
type audited struct {
	api.AuditHeads
	Entries int64             `json:"entries"`
	OK      bool              `json:"ok"`
	Faults  []desk.ChainFault `json:"faults"`
	More    int               `json:"more,omitempty"` // faults that are not listed
}

func (a auditCmd) verify(ctx context.Context, c *call, server *client.Client) error {
	// First: what is written while the entries are read is behind the heads.
	heads, err := server.AuditHeads(ctx)
	if err != nil {
		return err
	}
	kept, err := a.kept(heads.AccountID)
	if err != nil {
		return err
	}
	check := desk.NewChainCheck(chainHeads(heads), kept)
	bar := c.bar("reading", "entries")
	n := int64(0)
	for e, err := range server.Audit(ctx) {
		if err != nil {
			bar.done()
			return err
		}
		check.Add(e.Chained(heads.AccountID))
		n++
		bar.set(n, -1)
	}
	bar.done()
	v := check.End()
	found := audited{heads, v.Entries, len(v.Faults) == 0, append([]desk.ChainFault{}, v.Faults...), v.More}
	if err := c.print(found, func(w io.Writer) { found.text(w, len(kept) > 0) }); err != nil {
		return err
	}
	if !found.OK {
		return &exitError{code: codeError}
	}
	return nil
}

func (f audited) text(w io.Writer, kept bool) {
	says := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) } // into a buffer
	for _, fault := range f.Faults {
		numbers := fmt.Sprintf("entry %d", fault.From)
		if fault.To != fault.From {
			numbers = fmt.Sprintf("entries %d to %d", fault.From, fault.To)
		}
		says("chain %d, %s: %s: %s", fault.Chain, numbers, fault.Kind, fault.Text)
	}
	if f.More > 0 {
		says("and %s", desk.Count(f.More, "more fault"))
	}
	if !f.OK {
		says("the audit log of %s is not whole, of which %s could be read", f.AccountID, desk.Count(f.Entries, "entry"))
		return
	}
	says("the audit log of %s is whole: %s, none missing or changed", f.AccountID, desk.Count(f.Entries, "entry"))
	if kept {
		says("nothing that was there when the heads were kept is missing or changed")
	}
	says("")
	rows := [][]string{{"CHAIN", "ENTRIES", "HEAD"}}
	for _, h := range f.Heads {
		rows = append(rows, []string{fmt.Sprint(h.Chain), fmt.Sprint(h.Number), h.Hash})
	}
	text.Table(w, rows)
}

func chainHeads(of api.AuditHeads) []desk.ChainHead {
	heads := make([]desk.ChainHead, len(of.Heads))
	for i, h := range of.Heads {
		heads[i] = desk.ChainHead(h)
	}
	return heads
}

// kept reads heads of an earlier time, if there is a file of them.
func (a auditCmd) kept(account string) ([]desk.ChainHead, error) {
	if a.Kept == "" {
		return nil, nil
	}
	b, err := readFile(a.Kept)
	if err != nil {
		return nil, err
	}
	var was audited
	if err := json.Unmarshal(b, &was); err != nil || was.AccountID == "" {
		return nil, fmt.Errorf("--kept: %s does not hold heads: name a file that \"audit --verify --json\" wrote", a.Kept)
	}
	if was.AccountID != account {
		return nil, fmt.Errorf("--kept: %s has the heads of account %s, and the token is one of %s", a.Kept, was.AccountID, account)
	}
	return chainHeads(was.AuditHeads), nil
}
