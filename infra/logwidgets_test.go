package infra_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app/apptest"
	"deskmove/shared/move"
)

// logWidget is a table of the dashboard that is read from logs.
type logWidget struct {
	title  string
	logs   []string // resources of the log groups
	fields []string // that the query reads
}

var (
	inQuery   = regexp.MustCompile(`'[^']*'|/[^/]*/|[@A-Za-z][A-Za-z0-9]*`)
	notFields = strings.Fields("SOURCE filter stats sort desc limit by as and like ispresent latest max count")
)

// logWidgets are the dashboard's tables.
func (t template) logWidgets() (found []logWidget, _ error) {
	body := text(at(t.Resources["Dashboard"].Properties, "DashboardBody", "Fn::Sub"))
	var d struct {
		Widgets []struct {
			Type       string
			Properties struct{ Title, Query string }
		}
	}
	if err := json.Unmarshal([]byte(inSub.ReplaceAllString(body, "$1")), &d); err != nil {
		return nil, err
	}
	for _, w := range d.Widgets {
		if w.Type != "log" {
			continue
		}
		l := logWidget{title: w.Properties.Title}
		named := ""
		words := inQuery.FindAllString(w.Properties.Query, -1)
		for i, word := range words {
			switch {
			case i > 0 && words[i-1] == "SOURCE":
				l.logs = append(l.logs, strings.Trim(word, "'"))
			case i > 0 && words[i-1] == "as":
				named += " " + word
			case strings.ContainsAny(word[:1], "'/@") || slices.Contains(notFields, word) || slices.Contains(strings.Fields(named), word):
			default:
				l.fields = append(l.fields, word)
			}
		}
		found = append(found, l)
	}
	return found, nil
}

// fields returns the names of the fields in lines of JSON, but for those of lines
// that keep refuses.
func fields(t *testing.T, lines *bytes.Buffer, keep func(map[string]any) bool) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for line := range strings.Lines(lines.String()) {
		var of map[string]any
		if err := json.Unmarshal([]byte(line), &of); err != nil {
			t.Fatal(err)
		}
		if keep(of) {
			for name := range of {
				all[name] = true
			}
		}
	}
	return all
}

// TestLogWidgetsReadWhatIsWritten: each field of a table's query is in the lines that
// a move really writes into the logs that it names.
func TestLogWidgetsReadWhatIsWritten(t *testing.T) {
	tmpl, err := readProject(t).template()
	if err != nil {
		t.Fatal(err)
	}
	widgets, err := tmpl.logWidgets()
	if err != nil || len(widgets) != 2 {
		t.Fatalf("%d tables, %v; want one of moves and one of errors", len(widgets), err)
	}

	r := apptest.New(t)
	r.Import("mail", 3)
	r.StartMove(apptest.History("mail"))
	run := r.ListLast()
	r.EngineErr = errors.New("out of order")
	res, err := r.Convert.Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{{
		MessageId: "1", Body: r.Sent[0].JSON(), Attributes: map[string]string{"ApproximateReceiveCount": "1"},
	}}})
	if err != nil || len(res.BatchItemFailures) != 1 {
		t.Fatalf("%+v, %v", res, err)
	}
	for name, step := range map[string]error{"list": stepError(r.List.Handle(t.Context(), run)), "drain": stepError(r.Drain.Handle(t.Context(), run)), "finish": stepError(r.Finish.Handle(t.Context(), run))} {
		if step == nil {
			t.Fatalf("%s does not fail", name)
		}
	}
	r.EngineErr = nil
	r.Run()

	have := []map[string]bool{
		fields(t, &r.Measured, func(of map[string]any) bool { return of["Planned"] != nil }),
		fields(t, &r.Logged, func(of map[string]any) bool { return of["level"] == "ERROR" }),
	}
	for i, w := range widgets {
		if len(w.fields) < 5 || len(w.logs) < 3 {
			t.Errorf("table %q: reads %v of %v", w.title, w.fields, w.logs)
		}
		for _, name := range w.fields {
			if !have[i][name] {
				t.Errorf("table %q reads %s, which no line has; they have %v", w.title, name, have[i])
			}
		}
		for _, id := range w.logs {
			if tmpl.Resources[id].Type != "AWS::Logs::LogGroup" {
				t.Errorf("table %q reads %s, which is no log group", w.title, id)
			}
		}
	}
}

func stepError(_ move.Run, err error) error { return err }
