package infra_test

import (
	"fmt"
	"go/ast"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// environmentsAgree says where a function reads other variables than the
// template sets, or they stand for something else.
func environmentsAgree(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	parts := map[string]*ast.StructType{} // of package cloud
	for _, file := range p.below("shared/aws") {
		maps.Copy(parts, structs(p[file]))
	}
	var problems []string
	for _, name := range t.functions() {
		var reads []string
		for _, file := range p.below("functions/" + name) {
			own := structs(p[file])
			if e := own["environment"]; e != nil {
				reads = append(reads, variables(e, own, parts)...)
			}
		}
		set, _ := at(t.Resources[function(name)].Properties, "Environment", "Variables").(map[string]any)
		for _, problem := range differ(reads, slices.Sorted(maps.Keys(set)), "is read, but not set", "is set, but not read") {
			problems = append(problems, name+": "+problem)
		}
		for variable, v := range set {
			if branches := list(at(v, "Fn::If")); len(branches) == 3 { // set, where there is something to set
				v = branches[1]
			}
			if want := meant[variable]; want == "" || target(v) != want {
				problems = append(problems, fmt.Sprintf("%s: %s is %s, not %q", name, variable, target(v), want))
			}
		}
	}
	return problems
}

// meant is what the variables stand for in the template.
var meant = map[string]string{
	"CONVERSATIONS_TABLE": "ConversationsTable", "CONTROL_TABLE": "ControlTable",
	"FILES_BUCKET":      "FilesBucket",
	"BATCHES_QUEUE_URL": "BatchesQueue", "BATCHES_DEAD_QUEUE_ARN": "BatchesDeadQueue.Arn", "STREAM_FAILURES_DEAD_QUEUE_ARN": "StreamFailuresDeadQueue.Arn",
	"MOVE_MACHINE_ARN": machineARN, "CONVERSATIONS_STREAM_ARN": streamARN,
	"OPERATOR_ACCOUNT":  "OperatorAccount",
	"METRICS_NAMESPACE": own, "SIGN_IN_URL": "https://${UserPoolDomain}.auth.${AWS::Region}.amazoncognito.com", "SIGN_IN_CLIENT": "UserPoolClient",
	"DASHBOARD_URL": "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${AWS::StackName}-moves",
}

// structs are the struct types of a Go file.
func structs(source string) map[string]*ast.StructType {
	found := map[string]*ast.StructType{}
	for spec := range nodes[*ast.TypeSpec](source) {
		if s, ok := spec.Type.(*ast.StructType); ok {
			found[spec.Name.Name] = s
		}
	}
	return found
}

// variables are those that the tags of a struct's fields name, and of the
// structs that it embeds: of its own package, or of package cloud.
func variables(s *ast.StructType, own, parts map[string]*ast.StructType) (names []string) {
	for _, f := range s.Fields.List {
		if f.Tag != nil {
			name, _, _ := strings.Cut(reflect.StructTag(unquote(f.Tag)).Get("env"), ",")
			if name != "" {
				names = append(names, name)
			}
		}
		if len(f.Names) > 0 {
			continue
		}
		switch of := f.Type.(type) {
		case *ast.Ident:
			if part := own[of.Name]; part != nil {
				names = append(names, variables(part, own, parts)...)
			}
		case *ast.SelectorExpr:
			if part := parts[of.Sel.Name]; part != nil {
				names = append(names, variables(part, parts, parts)...)
			}
		}
	}
	return names
}

func TestEnvironmentsAgree(t *testing.T) {
	const yaml = "template.yaml"
	holds(t, environmentsAgree, map[string]breakage{
		"not set":           {file: yaml, old: "          CONTROL_TABLE: !Ref ControlTable\n", new: "", says: "fence: CONTROL_TABLE: is read, but not set"},
		"not read":          {file: yaml, old: "          CONTROL_TABLE: !Ref ControlTable\n", new: "          CONTROL_TABLE: !Ref ControlTable\n          LOG_LEVEL: INFO\n", says: "api: LOG_LEVEL: is set, but not read"},
		"another table":     {file: yaml, old: "CONVERSATIONS_TABLE: !Ref ConversationsTable", new: "CONVERSATIONS_TABLE: !Ref ControlTable", says: "convert: CONVERSATIONS_TABLE is ControlTable"},
		"an ARN":            {file: yaml, old: "BATCHES_QUEUE_URL: !Ref BatchesQueue", new: "BATCHES_QUEUE_URL: !GetAtt BatchesQueue.Arn", says: "list: BATCHES_QUEUE_URL is BatchesQueue.Arn"},
		"another machine":   {file: yaml, old: "stateMachine:${AWS::StackName}-move", new: "stateMachine:${AWS::StackName}", says: "sweep: MOVE_MACHINE_ARN is"},
		"another page":      {file: yaml, old: "SIGN_IN_URL: !If [SignInPage, !Sub \"https://", new: "SIGN_IN_URL: !If [SignInPage, !Sub \"http://", says: "api: SIGN_IN_URL is http://"},
		"renamed in Go":     {file: "shared/aws/environment.go", old: `env:"METRICS_NAMESPACE`, new: `env:"METRICS_NAME`, says: "sweep: METRICS_NAME: is read, but not set"},
		"reads more":        {file: "functions/fence/main.go", old: "aws.Tables\n", new: "aws.Tables\n\taws.Metrics\n", says: "fence: METRICS_NAMESPACE: is read, but not set"},
		"reads less":        {file: "functions/drain/main.go", old: "\taws.Machine\n", new: "", says: "drain: MOVE_MACHINE_ARN: is set, but not read"},
		"reads one its own": {file: "functions/list/main.go", old: "aws.Tables\n", new: "aws.Tables\n\tLevel string `env:\"LEVEL\"`\n", says: "list: LEVEL: is read, but not set"},
	})
}

// envReaders says which file of a function reads the environment past its
// struct, so that no test sees what.
func envReaders(p project) (problems []string) {
	for _, name := range p.functions() {
		for _, file := range p.below("functions/" + name) {
			for s := range nodes[*ast.SelectorExpr](p[file]) {
				if of, ok := s.X.(*ast.Ident); ok && of.Name == "os" && slices.Contains([]string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, s.Sel.Name) {
					problems = append(problems, file+": reads the environment by os."+s.Sel.Name)
				}
			}
		}
	}
	return problems
}

func TestEnvironmentIsReadInOnePlace(t *testing.T) {
	holds(t, envReaders, map[string]breakage{
		"past it": {file: "functions/list/main.go", old: "var e environment", new: `var e environment; _ = os.Getenv("LEVEL")`, says: "reads the environment by os.Getenv"},
	})
}
