// Package metrics writes measurements to the log in CloudWatch's embedded metric
// format: CloudWatch extracts metrics from these lines of JSON, and no API call
// is needed. A line describes a batch or a step, never a single conversation,
// and contains numbers and IDs, never customers' text.
package metrics

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
	"time"
)

// Name is the name of a metric, as the dashboard and the alarms use it.
type Name string

// The metrics, each with the function that writes it.
const (
	Converted      Name = "Converted"        // convert: conversations of a batch that are done
	Failed         Name = "Failed"           // convert: conversations recorded as failures
	BatchTime      Name = "BatchTime"        // convert: duration of a batch
	Redirected     Name = "Redirected"       // redirect: conversations brought to the help desk
	RedirectFailed Name = "RedirectFailed"   // redirect: conversations that must be tried again
	RedirectLag    Name = "RedirectLag"      // redirect: age of the oldest change, once processed
	Planned        Name = "Planned"          // list, drain, finish: conversations that the phase has listed
	Done           Name = "Done"             // list, drain, finish: conversations of these that are done
	Remaining      Name = "Remaining"        // list, drain, finish: conversations of these that are not
	OpenBatches    Name = "OpenBatches"      // list, drain: open batches, counted up to a limit of some hundreds
	SecondsLeft    Name = "SecondsLeft"      // list, drain: until the move's end, once it can be said
	SecondsStuck   Name = "SecondsStuck"     // list, drain, sweep: since a running move last got any further
	Compared       Name = "Compared"         // convert: conversations that were compared or rehearsed
	Missing        Name = "Missing"          // convert: conversations that a comparison had to land
	MovesDone      Name = "MovesDone"        // finish: moves without failures
	MovesAttention Name = "MovesAtAttention" // finish, and sweep after each repair: moves with failures that wait for a person
	FoundLate      Name = "FoundLate"        // convert: conversations that an audit or a repair had to land after the end of a move
	MovesRestarted Name = "MovesRestarted"   // sweep: executions started
)

// All returns the names of all metrics.
func All() []Name {
	return []Name{
		Converted, Failed, BatchTime, Redirected, RedirectFailed, RedirectLag, Planned, Done, Remaining, OpenBatches,
		SecondsLeft, SecondsStuck, Compared, Missing, MovesDone, MovesAttention, FoundLate, MovesRestarted,
	}
}

// Of names one of AWS's own metrics, which one machine measures of its counterparts:
// its namespace, its name, and of which of the template's resources it is, with the name
// of a table's index after the table.
func Of(namespace, name, resource string) Name { return Name(namespace + " " + name + " " + resource) }

// Parts takes apart what Of has put together; of deskmove's own metrics there is only
// the name.
func (n Name) Parts() (namespace, name, resource string) {
	if parts := strings.SplitN(string(n), " ", 3); len(parts) == 3 {
		return parts[0], parts[1], parts[2]
	}
	return "", string(n), ""
}

// Unit returns the unit of the metric, as CloudWatch spells it.
func (n Name) Unit() string {
	_, name, _ := n.Parts()
	switch name {
	case string(BatchTime), string(RedirectLag), "IteratorAge", "Latency", "Duration":
		return "Milliseconds"
	case string(SecondsLeft), string(SecondsStuck), "ApproximateAgeOfOldestMessage":
		return "Seconds"
	}
	return "Count"
}

// Value is a measurement.
type Value struct {
	Name  Name
	Value int64
}

// Label names what a line is about, such as a move, by its ID. Labels serve to
// search the log; they are not dimensions, which would create a metric for each
// ID.
type Label struct{ Name, ID string }

// Writer writes measurements. A nil Writer writes none.
type Writer struct {
	// W gets each line in one Write, and nil gets none. Errors are ignored, because
	// work must not fail for a metric.
	W         io.Writer
	Record    *Recorder // remembers what was measured; may be nil
	Namespace string
	Now       func() time.Time

	mu sync.Mutex
}

// Recorder returns what remembers the measurements; nil if nothing does.
func (w *Writer) Recorder() *Recorder {
	if w == nil {
		return nil
	}
	return w.Record
}

// definition is what a line says of a metric.
type definition struct {
	Name Name
	Unit string
}

// Emit writes one line. Each metric may occur only once in it.
func (w *Writer) Emit(labels []Label, values ...Value) {
	if w == nil || len(values) == 0 {
		return
	}
	w.Record.add(w.Now(), values)
	if w.W == nil {
		return
	}
	line := make(map[string]any, 1+len(labels)+len(values))
	for _, l := range labels {
		line[l.Name] = l.ID
	}
	defined := make([]definition, len(values))
	for i, v := range values {
		line[string(v.Name)] = v.Value
		defined[i] = definition{v.Name, v.Name.Unit()}
	}
	line["_aws"] = map[string]any{
		"Timestamp":         w.Now().UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{"Namespace": w.Namespace, "Dimensions": [][]string{{}}, "Metrics": defined}},
	}
	text, _ := json.Marshal(line) // numbers and strings
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = w.W.Write(append(text, '\n'))
}

// The labels of lines about moves, as the dashboard's table of moves reads them.
const (
	LabelAccount = "account"
	LabelMove    = "move"
	LabelChannel = "channel"
	LabelKind    = "kind"  // move or rehearsal
	LabelPhase   = "phase" // what it does; once it has ended, its status
)

// OfMove returns the labels for a line about a move.
func OfMove(account, id string) []Label {
	return []Label{{Name: LabelAccount, ID: account}, {Name: LabelMove, ID: id}}
}
