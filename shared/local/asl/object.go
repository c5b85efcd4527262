package asl

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// problems collects everything that is wrong with a definition.
type problems struct{ errs []error }

func (p *problems) err() error { return errors.Join(p.errs...) }

// refuse reports a problem. Its text says where, which field, what to do.
func (p *problems) refuse(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}

// object is one JSON object of a definition. Its methods read a field each and
// report what is wrong with it; close refuses the fields that nobody read.
type object struct {
	problems *problems
	where    string // such as `state "List": Retry[0]`
	fields   map[string]any
	read     map[string]bool
}

// object is v, found at where; nil, and a problem, if v is no JSON object.
func (p *problems) object(where string, v any) *object {
	fields, ok := v.(map[string]any)
	if !ok {
		p.refuse("%s: want a JSON object", where)
		return nil
	}
	return &object{problems: p, where: where, fields: fields, read: map[string]bool{}}
}

// refuse reports a problem of one field.
func (o *object) refuse(field, format string, args ...any) {
	o.problems.refuse("%s: %s: %s", o.where, field, fmt.Sprintf(format, args...))
}

// take is the field's value, and whether it is there.
func (o *object) take(name string) (any, bool) {
	o.read[name] = true
	v, ok := o.fields[name]
	return v, ok
}

func (o *object) has(name string) bool { return has(o.fields, name) }

// text is the field's string; "" if it is absent, or refused.
func (o *object) text(name string) string {
	v, ok := o.take(name)
	s, isText := v.(string)
	if ok && !isText {
		o.refuse(name, "want a string")
	}
	return s
}

// name is text that must be there and not empty.
func (o *object) name(name string) string {
	s := o.text(name)
	if _, isText := o.fields[name].(string); s == "" && (isText || !o.has(name)) {
		o.refuse(name, "missing: a string is needed")
	}
	return s
}

// only refuses the field unless it is absent or one of the values.
func (o *object) only(name string, values ...string) {
	if s := o.text(name); o.has(name) && !slices.Contains(values, s) {
		o.refuse(name, "%q is not supported: use %s", s, strings.Join(values, " or "))
	}
}

// whole is the field's whole number, between least and most; absent if the
// field is absent or refused.
func (o *object) whole(name string, least, most, absent int) int {
	v, ok := o.take(name)
	if !ok {
		return absent
	}
	number, _ := v.(json.Number)
	n, err := strconv.Atoi(number.String())
	if err != nil || n < least || n > most {
		o.refuse(name, "want a whole number from %d to %d", least, most)
		return absent
	}
	return n
}

// real is like whole, for any number of at least least.
func (o *object) real(name string, least, absent float64) float64 {
	v, ok := o.take(name)
	if !ok {
		return absent
	}
	number, _ := v.(json.Number)
	f, err := number.Float64()
	if err != nil || f < least {
		o.refuse(name, "want a number of at least %g", least)
		return absent
	}
	return f
}

// truth is the field's boolean; false if it is absent, or refused.
func (o *object) truth(name string) bool {
	v, ok := o.take(name)
	b, isBool := v.(bool)
	if ok && !isBool {
		o.refuse(name, "want true or false")
	}
	return b
}

// list is the field's array; nil if it is absent or refused. An empty one is
// refused: nothing in a definition means anything empty.
func (o *object) list(name string) []any {
	v, ok := o.take(name)
	a, isArray := v.([]any)
	if ok && (!isArray || len(a) == 0) {
		o.refuse(name, "want an array that is not empty")
	}
	return a
}

// path is the field's path, $ if it is absent, and nil if it is null or
// refused.
func (o *object) path(name string, usable func(path) error) *path {
	v, ok := o.take(name)
	if !ok {
		return &path{text: "$"}
	}
	if v == nil {
		return nil
	}
	text, ok := v.(string)
	if !ok {
		o.refuse(name, "want a path or null")
		return nil
	}
	p, err := parsePath(text)
	if err == nil {
		err = usable(p)
	}
	if err != nil {
		o.refuse(name, "%v", err)
		return nil
	}
	return &p
}

// close refuses every field that was not read; kind says what o is.
func (o *object) close(kind string) {
	for _, name := range sorted(o.fields) {
		switch instead, ok := insteadOf[name]; {
		case o.read[name]:
		case ok:
			o.refuse(name, "not supported: %s", instead)
		default:
			o.refuse(name, "not a field of a %s here: remove it", kind)
		}
	}
}

// insteadOf says what to write instead of fields that AWS knows and this
// package does not.
var insteadOf = map[string]string{ // #nosec G101 -- names of fields, no passwords
	"HeartbeatSeconds":     "a function sends no heartbeats, use TimeoutSeconds",
	"HeartbeatSecondsPath": "a function sends no heartbeats, use TimeoutSeconds",
	"TimeoutSecondsPath":   "use TimeoutSeconds",
	"Timestamp":            "use Seconds or SecondsPath",
	"TimestampPath":        "use Seconds or SecondsPath",
	"ErrorPath":            "use Error",
	"CausePath":            "use Cause",
	"Credentials":          "remove it, functions run with their own role",
	"Assign":               "there are no variables, use ResultPath",
	"Arguments":            "that is JSONata, use Parameters",
	"Output":               "that is JSONata, use ResultSelector and ResultPath",
	"Condition":            "that is JSONata, use Variable and a comparison",
	"Items":                "use a loop of Task and Choice states",
	"Iterator":             "use a loop of Task and Choice states",
	"ItemProcessor":        "use a loop of Task and Choice states",
	"Branches":             "use a loop of Task and Choice states",
}

func has(m map[string]any, name string) bool {
	_, ok := m[name]
	return ok
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
