package main

import (
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// declare makes a built template one for SAM local, which gives a function no
// other variables than its template declares: it declares the SDK's, which
// the template for AWS must not. They have their values here too, so that
// without the file for --env-vars a function does not find AWS either.
func declare(path, architecture string, vars map[string]string) error {
	content, err := os.ReadFile(path) // #nosec G304 -- the caller's
	if err != nil {
		return err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		return err
	}
	for _, v := range slices.Sorted(maps.Keys(vars)) {
		if strings.HasPrefix(v, "AWS_") {
			set(doc.Content[0], vars[v], "Globals", "Function", "Environment", "Variables", v)
		}
	}
	if architecture != "" {
		set(doc.Content[0], architecture, "Parameters", "Architecture", "Default")
	}
	if content, err = yaml.Marshal(&doc); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}

// set sets what is at a path below n, and makes what is missing of the path.
func set(n *yaml.Node, value string, path ...string) {
	for _, name := range path {
		i := 0
		for i < len(n.Content) && n.Content[i].Value != name {
			i += 2
		}
		if i == len(n.Content) {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, &yaml.Node{Kind: yaml.MappingNode})
		}
		n = n.Content[i+1]
	}
	n.SetString(value)
	n.Kind, n.Content = yaml.ScalarNode, nil
}
