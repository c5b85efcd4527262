package infra_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Each folder of functions is a function of the template and the other way
// round, and each has events to be tried with.
func functionsExist(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	problems := differ(p.functions(), t.functions(), "is not in the template", "has no folder in functions")
	for _, name := range t.functions() {
		properties := t.Resources[function(name)].Properties
		if got, want := text(properties["CodeUri"]), "functions/"+name; got != want {
			problems = append(problems, fmt.Sprintf("%s: is built from %s, not from %s", name, got, want))
		}
		if !slices.ContainsFunc(p.below("events"), func(file string) bool {
			of, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(file, "events/"), ".json"), "-")
			return of == name
		}) {
			problems = append(problems, name+": has no events/"+name+".json, nor one that begins with "+name+"-")
		}
	}
	return problems
}

func TestFunctionsExist(t *testing.T) {
	holds(t, functionsExist, map[string]breakage{
		"a function is missing": {file: "template.yaml", old: "  DrainFunction:\n", new: "  DrainAgain:\n", says: "drain: is not in the template"},
		"a folder is missing":   {file: "functions/drain/main.go", says: "drain: has no folder"},
		"another's code":        {file: "template.yaml", old: "CodeUri: functions/drain", new: "CodeUri: functions/fence", says: "drain: is built from functions/fence"},
		"no event":              {file: "events/sweep.json", says: "sweep: has no events"},
	})
}
