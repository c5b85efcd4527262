package infra_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var placeholder = regexp.MustCompile(`^\$\{(\w+)Arn\}$`)

// function is the name of the function that the state calls.
func (s state) function() string {
	if m := placeholder.FindStringSubmatch(s.Resource); m != nil {
		return strings.ToLower(strings.TrimSuffix(m[1], "Function"))
	}
	return ""
}

// targetsExist says where the state machine, the template and the local stack
// do not mean the same functions.
func targetsExist(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	var problems, called []string
	for name, s := range p.states() {
		if s.Resource == "" {
			continue
		}
		m := placeholder.FindStringSubmatch(s.Resource)
		if m == nil {
			problems = append(problems, fmt.Sprintf("state %s: %s is no placeholder", name, s.Resource))
			continue
		}
		called = append(called, m[1])
	}
	if len(called) == 0 {
		return []string{"the state machine calls nothing"}
	}
	var substituted []string
	substitutions, _ := t.Resources["MoveMachine"].Properties["DefinitionSubstitutions"].(map[string]any)
	for name, v := range substitutions {
		id := strings.TrimSuffix(name, "Arn")
		substituted = append(substituted, id)
		if target(v) != id+".Arn" {
			problems = append(problems, fmt.Sprintf("%s: stands for %s", name, target(v)))
		}
		if t.Resources[id].Type != "AWS::Serverless::Function" {
			problems = append(problems, id+": is no function of the template")
		}
	}
	var local []string
	for _, file := range p.below("shared/local") {
		for _, s := range literals(p[file]) {
			if m := placeholder.FindStringSubmatch(s); m != nil {
				local = append(local, m[1])
			}
		}
	}
	problems = append(problems, differ(called, substituted, "has no substitution", "is substituted, but not called")...)
	return append(problems, differ(called, local, "is not in the local stack", "is in the local stack, but not called")...)
}

func TestTargetsExist(t *testing.T) {
	const asl, yaml = "shared/move/move.asl.json", "template.yaml"
	holds(t, targetsExist, map[string]breakage{
		"unknown function":  {file: asl, old: "${FinishFunctionArn}", new: "${LookFunctionArn}", says: "LookFunction: has no substitution"},
		"none":              {file: asl, old: `"Resource"`, new: `"resources"`, says: "calls nothing"},
		"an ARN":            {file: asl, old: "${FinishFunctionArn}", new: "arn:aws:lambda:us-east-1:000000000000:function:finish", says: "is no placeholder"},
		"not substituted":   {file: yaml, old: "        FinishFunctionArn: !GetAtt FinishFunction.Arn\n", new: "", says: "FinishFunction: has no substitution"},
		"another's":         {file: yaml, old: "FinishFunctionArn: !GetAtt FinishFunction.Arn", new: "FinishFunctionArn: !GetAtt DrainFunction.Arn", says: "stands for DrainFunction.Arn"},
		"no function":       {file: yaml, old: "  FinishFunction:\n", new: "  FinishAgain:\n", says: "FinishFunction: is no function"},
		"for nothing":       {file: yaml, old: "DefinitionSubstitutions:\n", new: "DefinitionSubstitutions:\n        SweepFunctionArn: !GetAtt SweepFunction.Arn\n", says: "SweepFunction: is substituted, but not called"},
		"local has another": {file: "shared/local/drive.go", old: "${FinishFunctionArn}", new: "${LookFunctionArn}", says: "FinishFunction: is not in the local stack"},
	})
}

// The errors that Step Functions and Lambda themselves report, as far as a
// task of a function meets them.
var reported = []string{
	"States.ALL", "States.Timeout", "States.TaskFailed", "States.DataLimitExceeded", "States.Permissions",
	"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException", "Lambda.Unknown",
	"Runtime.ExitError", "Sandbox.Timedout",
}

// errorsExist says which errors the state machine waits for that nobody
// reports: Lambda reports a Go error by the name of its type.
func errorsExist(p project) []string {
	var types []string
	for _, file := range p.below("shared/desk") {
		types = append(types, errorTypes(p[file])...)
	}
	var problems []string
	waits := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(p.states())) {
		s := p.states()[name]
		for _, rule := range slices.Concat(s.Retry, s.Catch) {
			for _, e := range rule.ErrorEquals {
				waits[e] = true
				if !slices.Contains(types, e) && !slices.Contains(reported, e) {
					problems = append(problems, fmt.Sprintf("state %s: nobody reports %s", name, e))
				}
			}
		}
		if s.Resource == "" {
			continue
		}
		for _, e := range []string{"BusyError", "Lambda.TooManyRequestsException", "Lambda.ServiceException", "Runtime.ExitError", "States.Timeout"} {
			if !slices.ContainsFunc(s.Retry, func(rule struct{ ErrorEquals []string }) bool { return slices.Contains(rule.ErrorEquals, e) }) {
				problems = append(problems, fmt.Sprintf("state %s: does not try again after %s", name, e))
			}
		}
	}
	if !waits["States.ALL"] {
		problems = append(problems, "no state catches States.ALL")
	}
	return problems
}

func TestErrorsExist(t *testing.T) {
	const asl = "shared/move/move.asl.json"
	holds(t, errorsExist, map[string]breakage{
		"renamed in Go":      {file: "shared/desk/errors.go", old: "BusyError", new: "OccupiedError", says: "nobody reports BusyError"},
		"no error any more":  {file: "shared/desk/errors.go", old: "func (e *BusyError) Error() string", new: "func (e *BusyError) String() string", says: "nobody reports BusyError"},
		"misspelt":           {file: asl, old: "Lambda.ServiceException", new: "Lambda.ServiceExeption", says: "nobody reports Lambda.ServiceExeption"},
		"busy is for good":   {file: asl, old: `"BusyError", `, new: "", says: "state Drain: does not try again after BusyError"},
		"nothing is caught":  {file: asl, old: `"Catch"`, new: `"Catches"`, says: "catches States.ALL"},
		"a wrapped error":    {file: asl, old: `"BusyError", `, new: `"BusyError", "wrapError", `, says: "nobody reports wrapError"},
		"a type of no error": {file: asl, old: `"BusyError", `, new: `"BusyError", "Run", `, says: "nobody reports Run"},
	})
}

// parse parses a Go file; nil if it is none.
func parse(source string) *ast.File {
	f, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	return f
}

// literals are the strings in a Go file.
func literals(source string) (found []string) {
	for n := range nodes[*ast.BasicLit](source) {
		if n.Kind == token.STRING {
			found = append(found, unquote(n))
		}
	}
	return found
}

// errorTypes are the types of a Go file that are errors.
func errorTypes(source string) (found []string) {
	for n := range nodes[*ast.FuncDecl](source) {
		if n.Name.Name != "Error" || n.Recv == nil || len(n.Recv.List) != 1 {
			continue
		}
		of := n.Recv.List[0].Type
		if star, ok := of.(*ast.StarExpr); ok {
			of = star.X
		}
		if name, ok := of.(*ast.Ident); ok {
			found = append(found, name.Name)
		}
	}
	return found
}
