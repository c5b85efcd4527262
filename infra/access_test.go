package infra_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"deskmove/shared/app"
	"deskmove/shared/auth"
	"deskmove/shared/cli"
	"deskmove/shared/store"
)

// statement is one of a policy.
type statement struct {
	in                 string // the resource that has it
	effect             string
	actions, resources []string
	condition          any
}

// statements are all statements of all policies of the template.
func (t template) statements() (all []statement) {
	for id := range t.Resources {
		all = append(all, t.statementsOf(id)...)
	}
	return all
}

// statementsOf are the statements of a role, or of another resource that has
// a policy. Who may assume a role is none of them.
func (t template) statementsOf(id string) (all []statement) {
	properties := t.Resources[id].Properties
	documents := []any{properties["PolicyDocument"], at(properties, "ResourcePolicy", "PolicyDocument")}
	for _, p := range list(properties["Policies"]) {
		documents = append(documents, at(p, "PolicyDocument"))
	}
	for _, d := range documents {
		for _, s := range list(at(d, "Statement")) {
			of := statement{in: id, effect: text(at(s, "Effect")), condition: at(s, "Condition")}
			for _, a := range list(at(s, "Action")) {
				of.actions = append(of.actions, text(a))
			}
			for _, r := range list(at(s, "Resource")) {
				of.resources = append(of.resources, target(r))
			}
			all = append(all, of)
		}
	}
	return all
}

// wild says which wildcards permissions have that template.yaml does not
// explain at its head.
func wild(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	for _, s := range t.statements() {
		if s.effect == "Deny" {
			if denied := fmt.Sprint(s.condition); !strings.Contains(denied, "aws:SecureTransport") && !strings.Contains(denied, partitionOf(store.AuditPK("", 0))) {
				problems = append(problems, s.in+": denies something else than plain connections and changes of the audit log")
			}
			continue
		}
		if len(s.actions) == 0 || len(s.resources) == 0 {
			problems = append(problems, s.in+": says not what it allows, or on what")
		}
		for _, a := range s.actions {
			if strings.Contains(a, "*") || !strings.Contains(a, ":") {
				problems = append(problems, fmt.Sprintf("%s: allows %s", s.in, a))
			}
		}
		for _, r := range s.resources {
			switch {
			case strings.HasSuffix(r, ":execution:${AWS::StackName}-move:*") && slices.Equal(s.actions, []string{"states:DescribeExecution"}):
			case r == everyFile && !slices.ContainsFunc(s.actions, func(a string) bool { return !strings.HasPrefix(a, "s3:") || !strings.HasSuffix(a, "Object") }):
			case r == "*" && !slices.ContainsFunc(s.actions, func(a string) bool { return !resourceless(a) }):
			case r == "" || strings.Contains(r, "*"):
				problems = append(problems, fmt.Sprintf("%s: allows %s on %q", s.in, strings.Join(s.actions, ", "), r))
			}
		}
	}
	for _, id := range t.of("AWS::Serverless::Function") {
		properties := t.Resources[id].Properties
		if role := strings.TrimSuffix(id, "Function") + "Role"; target(properties["Role"]) != role+".Arn" || properties["Policies"] != nil {
			problems = append(problems, id+": has not the role of its own, or more than that") // SAM would add policies with wildcards
		}
	}
	for _, id := range t.of("AWS::IAM::Role") {
		for _, policy := range list(t.Resources[id].Properties["ManagedPolicyArns"]) {
			if target(policy) != "TracePolicy" {
				problems = append(problems, fmt.Sprintf("%s: has the policy %s", id, target(policy)))
			}
		}
	}
	return problems
}

// resourceless reports whether an action knows no resources, so that it can
// be allowed on all of them only.
func resourceless(action string) bool {
	service, name, _ := strings.Cut(action, ":")
	switch service {
	case "xray":
		return true
	case "logs":
		return strings.HasSuffix(name, "LogDelivery") || strings.HasSuffix(name, "LogDeliveries") ||
			strings.Contains(name, "ResourcePolic") || name == "DescribeLogGroups"
	}
	return false
}

func TestWildcards(t *testing.T) {
	const yaml = "template.yaml"
	holds(t, wild, map[string]breakage{
		"every action":     {file: yaml, old: "Action: sqs:SendMessage\n", new: "Action: sqs:*\n", says: "allows sqs:*"},
		"any action":       {file: yaml, old: "Action: sqs:SendMessage\n", new: `Action: "*"` + "\n", says: "ListRole: allows *"},
		"every queue":      {file: yaml, old: "Action: sqs:SendMessage\n                Resource: !GetAtt BatchesQueue.Arn", new: "Action: sqs:SendMessage\n                Resource: \"*\"", says: `ListRole: allows sqs:SendMessage on "*"`},
		"every index":      {file: yaml, old: "/index/open", new: "/index/*", says: "index/*"},
		"all of a bucket":  {file: yaml, old: "Action: s3:DeleteObject", new: "Action: s3:DeleteBucket", says: "SweepRole: allows s3:DeleteBucket on"},
		"every machine":    {file: yaml, old: "execution:${AWS::StackName}-move:*", new: "execution:*", says: `SweepRole: allows states:DescribeExecution on`},
		"logs everywhere":  {file: yaml, old: "Resource: !GetAtt FenceLogs.Arn", new: `Resource: "*"`, says: "FenceRole: allows logs:CreateLogStream"},
		"SAM's own role":   {file: yaml, old: "      Role: !GetAtt FenceRole.Arn\n", new: "", says: "FenceFunction: has not the role of its own"},
		"another's role":   {file: yaml, old: "Role: !GetAtt FenceRole.Arn", new: "Role: !GetAtt ApiRole.Arn", says: "FenceFunction: has not the role of its own"},
		"more than a role": {file: yaml, old: "      CodeUri: functions/fence\n", new: "      CodeUri: functions/fence\n      Policies: AmazonDynamoDBFullAccess\n", says: "FenceFunction: has not"},
		"managed policy":   {file: yaml, old: "ManagedPolicyArns: [!Ref TracePolicy]", new: "ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]", says: "has the policy arn:aws:iam::aws:policy/AdministratorAccess"},
		"denies all":       {file: yaml, old: "Condition: {Bool: {aws:SecureTransport: \"false\"}}", new: "Sid: All", says: "denies something else"},
	})
}

// guarded says which way into the API, or to a role in it, is open.
func guarded(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	api := t.Resources["Api"].Properties
	authorizer := text(at(api, "Auth", "DefaultAuthorizer"))
	if got := list(at(api, "Auth", "Authorizers", authorizer, "AuthorizationScopes")); len(got) != 1 || got[0] != auth.Scope {
		problems = append(problems, fmt.Sprintf("api: asks for the scopes %v, so that ID tokens may do", got))
	}
	if got := refs(at(api, "Auth", "Authorizers", authorizer, "JwtConfiguration", "audience")); !slices.Equal(got, []string{"Audience", "ConnectorClients", "UserPoolClient"}) {
		problems = append(problems, fmt.Sprintf("api: takes tokens of %v", got))
	}
	var public []string
	for _, id := range t.of("AWS::Serverless::Function") {
		events, _ := t.Resources[id].Properties["Events"].(map[string]any)
		for name, e := range events {
			if text(at(e, "Type")) != "HttpApi" {
				continue
			}
			if target(at(e, "Properties", "ApiId")) != "Api" {
				problems = append(problems, fmt.Sprintf("%s, event %s: is of another API", id, name))
			}
			if a := at(e, "Properties", "Auth"); a != nil {
				public = append(public, text(at(e, "Properties", "Method"))+" "+text(at(e, "Properties", "Path")))
			}
		}
	}
	for _, problem := range differ(app.PublicRoutes(), public, "is public in Go, but not in the template", "is public in the template, but not in Go") {
		problems = append(problems, "api: "+problem)
	}
	for _, id := range t.of("AWS::Cognito::UserPoolClient") {
		client := t.Resources[id].Properties
		writes := list(client["WriteAttributes"])
		if len(writes) == 0 {
			problems = append(problems, id+": lets users write every attribute, their role too")
		}
		for _, a := range writes {
			if strings.HasPrefix(text(a), "custom:") {
				problems = append(problems, fmt.Sprintf("%s: lets users write %s", id, text(a)))
			}
		}
		for _, s := range list(client["AllowedOAuthScopes"]) {
			if text(s) == "aws.cognito.signin.user.admin" {
				problems = append(problems, id+": lets users change themselves")
			}
		}
	}
	pool := t.Resources["UserPool"].Properties
	if at(pool, "AdminCreateUserConfig", "AllowAdminCreateUserOnly") != true {
		problems = append(problems, "user pool: anybody may sign up")
	}
	trigger := at(pool, "LambdaConfig", "PreTokenGenerationConfig")
	if target(at(trigger, "LambdaArn")) != "ClaimsFunction.Arn" || text(at(trigger, "LambdaVersion")) != "V3_0" || text(pool["UserPoolTier"]) == "LITE" {
		problems = append(problems, "user pool: its access tokens, or those of connectors, carry no account and role")
	}
	if text(at(t.Parameters["Mfa"], "Default")) != "ON" {
		problems = append(problems, "user pool: a password is enough")
	}
	for _, name := range []string{"CallbackUrls", "LogoutUrls"} {
		if urls := text(at(t.Parameters[name], "Default")); urls != "" {
			problems = append(problems, fmt.Sprintf("%s: sends people to %s unasked", name, urls))
		}
	}
	login := fmt.Sprint(at(t.Resources["UserPoolClient"].Properties, "CallbackURLs"))
	for _, url := range cli.LoginCallbacks() {
		if !strings.Contains(login, url) {
			problems = append(problems, "UserPoolClient: deskmove login listens at "+url+", where nobody is sent")
		}
	}
	return problems
}

// refs are the names that a value refers to by Ref, each once and in order.
func refs(v any) (names []string) {
	switch v := v.(type) {
	case []any:
		for _, of := range v {
			names = append(names, refs(of)...)
		}
	case map[string]any:
		if name := text(v["Ref"]); name != "" {
			names = append(names, name)
		}
		for _, of := range v {
			names = append(names, refs(of)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestGuarded(t *testing.T) {
	const yaml = "template.yaml"
	holds(t, guarded, map[string]breakage{
		"no scope":         {file: yaml, old: "AuthorizationScopes: [deskmove/api]", new: "Comment: none", says: "ID tokens may do"},
		"another scope":    {file: yaml, old: "AuthorizationScopes: [deskmove/api]", new: "AuthorizationScopes: [openid]", says: "ID tokens may do"},
		"any client":       {file: yaml, old: "!Join [\",\", !Ref ConnectorClients]", new: "anybody", says: "takes tokens of [Audience UserPoolClient]"},
		"no authorizer":    {file: yaml, old: "DefaultAuthorizer: Token", new: "EnableIamAuthorizer: false", says: "ID tokens may do"},
		"open to everyone": {file: yaml, old: `Path: "/{proxy+}"}}`, new: `Path: "/{proxy+}", Auth: {Authorizer: NONE}}}`, says: "ANY /{proxy+}: is public in the template"},
		"closed pages":     {file: yaml, old: `Path: "/app/{proxy+}", Auth: {Authorizer: NONE}`, new: `Path: "/app/{proxy+}"`, says: "ANY /app/{proxy+}: is public in Go"},
		"own role":         {file: yaml, old: "WriteAttributes: [email, name]", new: `WriteAttributes: [email, "custom:role"]`, says: "lets users write custom:role"},
		"every attribute":  {file: yaml, old: "WriteAttributes: [email, name]", new: "EnablePropagateAdditionalUserContextData: false", says: "lets users write every attribute"},
		"own account":      {file: yaml, old: "AllowedOAuthScopes: [openid,", new: "AllowedOAuthScopes: [openid, aws.cognito.signin.user.admin,", says: "change themselves"},
		"sign-up":          {file: yaml, old: "AllowAdminCreateUserOnly: true", new: "AllowAdminCreateUserOnly: false", says: "anybody may sign up"},
		"no claims":        {file: yaml, old: "LambdaVersion: V3_0", new: "LambdaVersion: V2_0", says: "those of connectors, carry no account"},
		"a password":       {file: yaml, old: "Default: \"ON\"", new: "Default: \"OPTIONAL\"", says: "a password is enough"},
		"back to anywhere": {file: yaml, old: "Type: CommaDelimitedList\n    Default: \"\"", new: "Type: CommaDelimitedList\n    Default: http://localhost:8420", says: "CallbackUrls: sends people to http://localhost:8420 unasked"},
		"no login":         {file: yaml, old: "localhost:8421/callback", new: "localhost:8422/callback", says: "deskmove login listens at http://localhost:8421/callback"},
		"wrong tier":       {file: yaml, old: "UserPoolTier: ESSENTIALS", new: "UserPoolTier: LITE", says: "carry no account"},
	})
}
