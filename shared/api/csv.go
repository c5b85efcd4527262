package api

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"
	"time"
)

const csvType = "text/csv; charset=utf-8; header=present"

// maxInCSV is how many failures a table has, at most about.
const maxInCSV = 1000

// wantsCSV reports whether an Accept header names text/csv.
func wantsCSV(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		if kind, _, err := mime.ParseMediaType(part); err == nil && kind == "text/csv" {
			return true
		}
	}
	return false
}

// writeCSV writes a report as a table (RFC 4180): the totals, then the failures.
func writeCSV(r Report, failures []Failure) []byte {
	rows := [][]string{
		{"what", "of", "value", "detail", "subject", "customer"},
		{"move", "", r.MoveID}, {"status", "", r.Status}, {"channel", "", r.ChannelID}, {"rehearsal", "", fmt.Sprint(r.Rehearsal)}, {"by", "", r.By},
		{"started", "", r.StartedAt.Format(time.RFC3339)}, {"ended", "", r.EndedAt.Format(time.RFC3339)},
	}
	number := func(what, of string, n int64) { rows = append(rows, []string{what, of, fmt.Sprint(n)}) }
	number("found", "", r.Found)
	number("created", "", r.Created)
	number("asIs", "", r.AsIs)
	number("redirected", "", r.Redirected)
	number("failed", "", r.Failed)
	number("breaches", "", r.Breaches)
	number("ownersLost", "", r.OwnersLost)
	for _, s := range r.OwnersLostBy {
		number("ownersLostBy", s.ID, s.N)
	}
	for _, status := range slices.Sorted(maps.Keys(r.ByStatus)) {
		number("byStatus", status, r.ByStatus[status])
	}
	for _, s := range r.LeftBehind {
		number("leftBehind", s.ID, s.N)
	}
	number("compared", "inbox", r.Compared.Inbox)
	number("compared", "desk", r.Compared.Desk)
	rows = append(rows, []string{"checksum", "inbox", r.Checksum.Inbox}, []string{"checksum", "desk", r.Checksum.Desk})
	for _, f := range failures {
		rows = append(rows, []string{"failure", f.ConversationID, f.Code, f.Reason, f.Subject, f.Customer})
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range rows {
		cells := make([]string, len(rows[0]))
		for i, cell := range row {
			cells[i] = inert(cell)
		}
		_ = w.Write(cells) // into memory
	}
	w.Flush()
	return b.Bytes()
}

// inert returns a cell that no spreadsheet takes for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
