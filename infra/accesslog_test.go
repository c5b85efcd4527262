package infra_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"deskmove/shared/auth"
)

// accessLogged says what API Gateway's access log does not tell of a request, and what
// it must not hold. What comes from a header or a query may be anything.
func accessLogged(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	format := text(at(t.Resources["Api"].Properties, "AccessLogSettings", "Format"))
	var fields map[string]string
	if err := json.Unmarshal([]byte(format), &fields); err != nil {
		return []string{"no JSON: " + err.Error()}
	}
	var problems []string
	for name, want := range map[string]string{
		"account": "authorizer.claims." + auth.ClaimAccount, "agent": "authorizer.claims." + auth.ClaimAgent, "role": "authorizer.claims." + auth.ClaimRole,
		"from": "identity.sourceIp", "method": "httpMethod", "route": "routeKey", "status": "status", "bytes": "responseLength",
		"latency": "responseLatency", "integrationLatency": "integrationLatency", "refused": "authorizer.error", "requestId": "requestId",
	} {
		if fields[name] != "$context."+want {
			problems = append(problems, fmt.Sprintf("%s is %q, not %s", name, fields[name], want))
		}
	}
	for name, value := range fields {
		if strings.Contains(value, "header") || strings.Contains(value, "query") || strings.Contains(value, "userAgent") || strings.Contains(value, "body") {
			problems = append(problems, fmt.Sprintf("%s is %q, which may be anything", name, value))
		}
	}
	return problems
}

func TestAccessLog(t *testing.T) {
	const yaml = "template.yaml"
	holds(t, accessLogged, map[string]breakage{
		"nobody":       {file: yaml, old: "$context.authorizer.claims.agent", new: "$context.authorizer.claims.name", says: "agent is"},
		"no JSON":      {file: yaml, old: `"$context.responseLength"`, new: `$context.responseLength`, says: "no JSON"},
		"a header":     {file: yaml, old: `"$context.path"`, new: `"$context.identity.userAgent"`, says: "path is"},
		"how long not": {file: yaml, old: `"integrationLatency":`, new: `"integration":`, says: "integrationLatency is"},
	})
}
