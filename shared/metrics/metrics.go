// Package metrics writes measurements as lines of JSON in CloudWatch's
// embedded metric format, from which CloudWatch makes metrics without a call
// to it. A line tells of a batch or a step, never of a conversation alone, and
// holds numbers and IDs, never anybody's words.
package metrics

import (
	"io"
	"strconv"
	"sync"
	"time"
)

// Name is the name of a metric. Dashboard and alarms use the same names.
type Name string

// The metrics, and who writes them.
const (
	Converted      Name = "Converted"      // convert: conversations of a batch that needed no more
	Failed         Name = "Failed"         // convert: those recorded as failures
	BatchTime      Name = "BatchTime"      // convert: what a batch took
	Redirected     Name = "Redirected"     // redirect: conversations brought up to date in the help desk
	RedirectFailed Name = "RedirectFailed" // redirect: those that must be tried again
	RedirectLag    Name = "RedirectLag"    // redirect: age of the oldest change, when done
	Planned        Name = "Planned"        // drain: conversations in all batches
	Done           Name = "Done"           // drain: those in finished ones
	Remaining      Name = "Remaining"      // drain: those in open ones
	OpenBatches    Name = "OpenBatches"    // drain: batches in the ledger, up to some hundreds
	Missing        Name = "Missing"        // reconcile: conversations that the listing missed
	MovesDone      Name = "MovesDone"      // finish
	MovesAttention Name = "MovesAtAttention"
	AuditFound     Name = "AuditFound"     // audit: conversations found after the end
	MovesRestarted Name = "MovesRestarted" // sweep: executions started
)

// Names are all metrics.
func Names() []Name {
	return []Name{
		Converted, Failed, BatchTime, Redirected, RedirectFailed, RedirectLag, Planned, Done, Remaining, OpenBatches, Missing,
		MovesDone, MovesAttention, AuditFound, MovesRestarted,
	}
}

// Unit is CloudWatch's unit of a metric.
func (n Name) Unit() string {
	switch n {
	case BatchTime, RedirectLag:
		return "Milliseconds"
	}
	return "Count"
}

// Value is a measurement.
type Value struct {
	Name  Name
	Value int64
}

// Label says what a line is about, such as a move, by its ID. It is no
// dimension: it can be searched for and makes no metric of its own.
type Label struct{ Name, ID string }

// Writer writes measurements. A nil Writer writes none.
type Writer struct {
	W         io.Writer // a line is one Write; errors are ignored, as measuring stops nobody
	Namespace string
	Now       func() time.Time

	mu   sync.Mutex
	line []byte
}

// Emit writes one line. No name may occur twice in it.
func (w *Writer) Emit(labels []Label, values ...Value) {
	if w == nil || len(values) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	b := append(w.line[:0], `{"_aws":{"Timestamp":`...)
	b = strconv.AppendInt(b, w.Now().UnixMilli(), 10)
	b = append(b, `,"CloudWatchMetrics":[{"Namespace":"`...)
	b = appendSafe(b, w.Namespace)
	b = append(b, `","Dimensions":[[]],"Metrics":[`...)
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"Name":"`...)
		b = append(b, v.Name...)
		b = append(b, `","Unit":"`...)
		b = append(b, v.Name.Unit()...)
		b = append(b, `"}`...)
	}
	b = append(b, `]}]}`...)
	for _, l := range labels {
		b = append(b, `,"`...)
		b = appendSafe(b, l.Name)
		b = append(b, `":"`...)
		b = appendSafe(b, l.ID)
		b = append(b, '"')
	}
	for _, v := range values {
		b = append(b, `,"`...)
		b = append(b, v.Name...)
		b = append(b, `":`...)
		b = strconv.AppendInt(b, v.Value, 10)
	}
	w.line = append(b, "}\n"...)
	_, _ = w.W.Write(w.line)
}

// appendSafe appends what needs no escape in JSON, which is all that IDs have,
// and '_' for the rest.
func appendSafe(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' || c > '~' {
			c = '_'
		}
		b = append(b, c)
	}
	return b
}

// OfMove returns the labels of a line that is about a move.
func OfMove(account, id string) []Label {
	return []Label{{Name: "account", ID: account}, {Name: "move", ID: id}}
}
