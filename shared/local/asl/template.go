package asl

import (
	"slices"
	"strings"
)

// template is a compiled payload template: the value of Parameters or
// ResultSelector.
type template interface {
	// fill is the template with its paths replaced by what resolve selects.
	fill(resolve resolver) (any, *TaskError)
}

// resolver selects the value of a path; field names where the path stands.
type resolver func(p path, field string) (any, *TaskError)

// literal is a part of a template that holds no path.
type literal struct{ value any }

func (l literal) fill(resolver) (any, *TaskError) { return l.value, nil }

// reference is a member of a template whose name ends in ".$".
type reference struct {
	path  path
	field string
}

func (r reference) fill(resolve resolver) (any, *TaskError) { return resolve(r.path, r.field) }

type objectTemplate map[string]template

func (o objectTemplate) fill(resolve resolver) (any, *TaskError) {
	m := make(map[string]any, len(o))
	for name, t := range o {
		v, failure := t.fill(resolve)
		if failure != nil {
			return nil, failure
		}
		m[name] = v
	}
	return m, nil
}

type arrayTemplate []template

func (a arrayTemplate) fill(resolve resolver) (any, *TaskError) {
	s := make([]any, len(a))
	for i, t := range a {
		v, failure := t.fill(resolve)
		if failure != nil {
			return nil, failure
		}
		s[i] = v
	}
	return s, nil
}

// compileTemplate compiles the JSON value v of the field named field, and
// reports each path that cannot be used there.
func compileTemplate(o *object, field string, v any, usable func(path) error) template {
	switch v := v.(type) {
	case map[string]any:
		return compileObject(o, field, v, usable)
	case []any:
		a := make(arrayTemplate, len(v))
		for i, e := range v {
			a[i] = compileTemplate(o, field, e, usable)
		}
		if slices.ContainsFunc(a, dynamic) {
			return a
		}
	}
	return literal{v}
}

func compileObject(o *object, field string, v map[string]any, usable func(path) error) template {
	m := make(objectTemplate, len(v))
	changes := false
	for _, name := range sorted(v) {
		plain, isPath := strings.CutSuffix(name, ".$")
		if isPath && has(v, plain) {
			o.refuse(field, "%q and %q are the same member: remove one", plain, plain+".$")
		}
		if !isPath {
			m[name] = compileTemplate(o, field+"."+name, v[name], usable)
			changes = changes || dynamic(m[name])
			continue
		}
		changes = true
		text, ok := v[name].(string)
		if !ok {
			o.refuse(field+"."+name, "want a path: a name that ends in .$ takes one")
			continue
		}
		p, err := parsePath(text)
		if err == nil {
			err = usable(p)
		}
		if err != nil {
			o.refuse(field+"."+name, "%v", err)
			continue
		}
		m[plain] = reference{path: p, field: name}
	}
	if changes {
		return m
	}
	return literal{v}
}

// dynamic reports whether t has to be filled anew each time.
func dynamic(t template) bool {
	_, fixed := t.(literal)
	return !fixed
}
