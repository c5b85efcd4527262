package dynamo

import (
	"strconv"
	"strings"

	"deskmove/shared/store"
)

// expression collects the names and values of one request's expressions, whose
// placeholders are numbered.
type expression struct {
	names  map[string]string
	values image
}

func (x *expression) name(attr string) string {
	if x.names == nil {
		x.names = map[string]string{}
	}
	placeholder := "#" + strconv.Itoa(len(x.names))
	x.names[placeholder] = attr
	return placeholder
}

func (x *expression) value(v store.Value) string {
	if x.values == nil {
		x.values = image{}
	}
	placeholder := ":" + strconv.Itoa(len(x.values))
	x.values[placeholder] = writeValue(v)
	return placeholder
}

// condition returns a condition expression, nil if c always holds. DynamoDB's
// comparisons do not hold for what is absent or of another kind, as ours.
func (x *expression) condition(c store.Cond) *string {
	if len(c) == 0 {
		return nil
	}
	terms := make([]string, len(c))
	for i, t := range c {
		switch t.Test {
		case store.IsAbsent:
			terms[i] = "attribute_not_exists(" + store.PK + ")"
		case store.IsThere:
			terms[i] = "attribute_exists(" + store.PK + ")"
		case store.IsEqual:
			terms[i] = x.name(t.Attr) + " = " + x.value(t.Value)
		case store.IsOther:
			terms[i] = "NOT " + x.name(t.Attr) + " = " + x.value(t.Value)
		}
	}
	all := strings.Join(terms, " AND ")
	return &all
}

// update returns an update expression. ADD counts an absent attribute as 0.
func (x *expression) update(w *store.Write) *string {
	var clauses []string
	clause := func(verb string, parts []string) {
		if len(parts) > 0 {
			clauses = append(clauses, verb+strings.Join(parts, ", "))
		}
	}
	var set, add, remove []string
	for _, a := range w.Set {
		set = append(set, x.name(a.Name)+" = "+x.value(a.Value))
	}
	for _, a := range w.Add {
		add = append(add, x.name(a.Name)+" "+x.value(a.Value))
	}
	for _, name := range w.Remove {
		remove = append(remove, x.name(name))
	}
	clause("SET ", set)
	clause("ADD ", add)
	clause("REMOVE ", remove)
	all := strings.Join(clauses, " ")
	return &all
}
