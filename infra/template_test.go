package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// template is template.yaml, its short forms written out: !Ref X is the
// object {"Ref": "X"}, !GetAtt X.Arn {"Fn::GetAtt": "X.Arn"}.
type template struct {
	Parameters map[string]any
	Conditions map[string]any
	Globals    map[string]any
	Resources  map[string]resource
	Outputs    map[string]any

	plain []byte // all of it, as JSON
}

type resource struct {
	Type           string
	Condition      string
	DeletionPolicy string
	Properties     map[string]any
}

// template reads the project's template.
func (p project) template() (template, error) {
	var node yaml.Node
	var t template
	if err := yaml.Unmarshal([]byte(p["template.yaml"]), &node); err != nil {
		return t, err
	}
	if len(node.Content) == 0 {
		return t, fmt.Errorf("template.yaml is empty")
	}
	plain, err := plainly(node.Content[0])
	if err != nil {
		return t, err
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return t, err
	}
	t.plain = text
	return t, json.Unmarshal(text, &t)
}

// plainly writes short forms out.
func plainly(n *yaml.Node) (any, error) {
	if name, ok := strings.CutPrefix(n.Tag, "!"); ok && !strings.HasPrefix(name, "!") {
		bare := *n
		bare.Tag = ""
		v, err := plainly(&bare)
		if name != "Ref" && name != "Condition" {
			name = "Fn::" + name
		}
		return map[string]any{name: v}, err
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if _, twice := m[key]; twice {
				return nil, fmt.Errorf("line %d: %s is there twice", n.Content[i].Line, key)
			}
			v, err := plainly(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[key] = v
		}
		return m, nil
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, of := range n.Content {
			v, err := plainly(of)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	}
	var v any
	err := n.Decode(&v)
	return v, err
}

// of returns the names of the resources of a type, in order.
func (t template) of(kind string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(t.Resources)) {
		if t.Resources[name].Type == kind {
			names = append(names, name)
		}
	}
	return names
}

// function returns the logical ID of a function.
func function(name string) string { return strings.ToUpper(name[:1]) + name[1:] + "Function" }

// functions returns the names of the template's functions, as their folders
// are called.
func (t template) functions() []string {
	var names []string
	for _, id := range t.of("AWS::Serverless::Function") {
		names = append(names, strings.ToLower(strings.TrimSuffix(id, "Function")))
	}
	return names
}

// at follows a path of names into a value; nil if it leads nowhere.
func at(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// list is v as a list: what stands alone is a list of one.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// text is v if it is a string, else "".
func text(v any) string {
	s, _ := v.(string)
	return s
}

// target is the resource to which a value refers, by Ref, GetAtt or Sub, and
// how: "X", "X.Arn", "${X.Arn}/index/list". The value itself if it is a
// string.
func target(v any) string {
	for _, how := range []string{"Ref", "Fn::GetAtt", "Fn::Sub"} {
		if s := text(at(v, how)); s != "" {
			return s
		}
	}
	return text(v)
}
