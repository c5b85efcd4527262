package hubspot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"deskmove/shared/api"
)

// record is a JSON object. What is taken out of it has been carried over, or need not be;
// what is left has not.
type record map[string]any

// text takes a text; a number or a truth is its text. It is "" if there is none.
func (r record) text(name string) string {
	var s string
	switch v := r[name].(type) {
	case string:
		s = v
	case json.Number:
		s = v.String()
	case bool:
		s = strconv.FormatBool(v)
	default:
		return ""
	}
	delete(r, name)
	return s
}

// back puts a text back that was taken, and that nothing here has.
func (r record) back(name, text string) {
	if text != "" {
		r[name] = text
	}
}

// number is a number in r, of which it takes nothing; 0 if there is none.
func (r record) number(name string) int64 {
	n, _ := r[name].(json.Number)
	i, _ := n.Int64()
	return i
}

func (r record) flag(name string) bool { return r.text(name) == "true" }

// instant takes a time, as RFC 3339 or in milliseconds since 1970. What is neither stays.
func (r record) instant(name string) time.Time {
	v := r[name]
	s := r.text(name)
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC().Truncate(time.Millisecond)
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC()
	}
	if v != nil {
		r[name] = v
	}
	return time.Time{}
}

// object returns an object in r, of which more may be taken; it is empty if there is none.
func (r record) object(name string) record {
	if o, ok := r[name].(map[string]any); ok {
		return o
	}
	return nil
}

// list returns the objects of a list in r, of which more may be taken.
func (r record) list(name string) (all []record) {
	items, _ := r[name].([]any)
	for _, v := range items {
		if o, ok := v.(map[string]any); ok {
			all = append(all, o)
		}
	}
	return all
}

// unused counts fields that have a value, by their paths.
type unused map[string]int64

// count adds all that is left of a value.
func (u unused) count(path string, v any) {
	switch v := v.(type) {
	case record:
		u.count(path, map[string]any(v))
	case map[string]any:
		for name, of := range v {
			u.count(path+"."+name, of)
		}
	case []any:
		for _, of := range v {
			u.count(path+"[]", of)
		}
	case nil:
	case string:
		if v != "" {
			u[path]++
		}
	default:
		u[path]++
	}
}

// PageError says that a file is not what it should be.
type PageError struct {
	File    string // in the folder
	Field   string // "" if it is the file as a whole
	Problem string
	Remedy  string
}

func (e *PageError) Error() string {
	at := e.File
	if e.Field != "" {
		at += ", " + e.Field
	}
	return at + ": " + e.Problem + "; " + e.Remedy
}

// page is a file of results.
type page struct {
	results []record
	more    bool // another page comes after it
}

func wrongPage(name, field, problem string) error {
	return &PageError{name, field, problem, "save the answer of HubSpot's API again, whole"}
}

// readObject reads a file of one JSON object.
func readObject(in fs.FS, name string) (record, error) {
	b, err := fs.ReadFile(in, name)
	if err != nil {
		return nil, err
	}
	if err := api.CheckJSON(b); err != nil {
		return nil, wrongPage(name, "", err.Error())
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, wrongPage(name, "", err.Error())
	}
	whole, ok := v.(map[string]any)
	if !ok {
		return nil, wrongPage(name, "", "it is not a JSON object")
	}
	return whole, nil
}

// readPage reads a file of results, or of one of them.
func readPage(in fs.FS, name string) (p page, _ error) {
	wrong := func(field, problem string) (page, error) { return page{}, wrongPage(name, field, problem) }
	top, err := readObject(in, name)
	if err != nil {
		return page{}, err
	}
	if top["results"] == nil && (top["category"] != nil || top["correlationId"] != nil || top["id"] == nil) {
		return wrong("results", "it has none: it is no page, but perhaps an error that was answered")
	}
	if top["results"] == nil {
		return page{results: []record{top}}, nil
	}
	items, ok := top["results"].([]any)
	if !ok {
		return wrong("results", "it is not a list")
	}
	for i, item := range items {
		o, ok := item.(map[string]any)
		if !ok {
			return wrong(fmt.Sprintf("results[%d]", i), "it is not an object")
		}
		p.results = append(p.results, o)
	}
	p.more = top.object("paging").object("next").text("after") != ""
	return p, nil
}
