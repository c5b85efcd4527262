package infra_test

import (
	"fmt"
	"strings"
	"testing"

	"deskmove/shared/app"
)

// flooded says which route a flood could use to take what others need: one that is
// public must be slow, messages that come in must have limits of their own, and API
// and redirect must have their own part of the account's concurrency.
func flooded(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	api := t.Resources["Api"].Properties
	settings, _ := api["RouteSettings"].(map[string]any)
	limit := func(of any, name string) float64 { n, _ := at(of, name).(float64); return n }
	routes := make(map[string]bool)
	events, _ := t.Resources["ApiFunction"].Properties["Events"].(map[string]any)
	for _, e := range events {
		routes[text(at(e, "Properties", "Method"))+" "+text(at(e, "Properties", "Path"))] = true
	}
	for route := range settings {
		if !routes[route] {
			problems = append(problems, fmt.Sprintf("api: limits %s, which is no route", route)) // CloudFormation would fail
		}
	}
	for _, route := range app.PublicRoutes() {
		most := 20.0
		if strings.HasSuffix(route, "{proxy+}") {
			most = 100
		}
		if rate := limit(settings[route], "ThrottlingRateLimit"); rate < 1 || rate > most {
			problems = append(problems, fmt.Sprintf("api: anybody may ask for %s %g times a second, at most %g are needed", route, rate, most))
		}
		if burst := limit(settings[route], "ThrottlingBurstLimit"); burst < 1 || burst > 5*most {
			problems = append(problems, fmt.Sprintf("api: anybody may ask for %s %g times at once", route, burst))
		}
	}
	for _, route := range app.IntakeRoutes() {
		if limit(settings[route], "ThrottlingRateLimit") < limit(api["DefaultRouteSettings"], "ThrottlingRateLimit") {
			problems = append(problems, fmt.Sprintf("api: messages at %s have no limit of their own, or less than anybody else", route))
		}
	}
	for name, condition := range map[string]string{"Api": "ReserveApi", "Redirect": "ReserveRedirect"} {
		parameter := name + "ReservedConcurrency"
		if got := fmt.Sprint(t.Resources[name+"Function"].Properties["ReservedConcurrentExecutions"]); !strings.Contains(got, condition) || !strings.Contains(got, parameter) {
			problems = append(problems, fmt.Sprintf("%s: reserves no concurrency, but %s", name, got))
		}
		switch n, _ := at(t.Parameters, parameter, "Default").(float64); {
		case n < 20:
			problems = append(problems, fmt.Sprintf("%s: %g are reserved by default", parameter, n))
		case n > 300:
			problems = append(problems, fmt.Sprintf("%s: %g are reserved by default, and 1,000 are there in all", parameter, n))
		}
		if !strings.Contains(text(at(t.Parameters, parameter, "Description")), "no more") {
			problems = append(problems, parameter+": does not say that it is a cap, too")
		}
	}
	return problems
}

func TestNoFloodTakesEverything(t *testing.T) {
	const yaml = "template.yaml"
	holds(t, flooded, map[string]breakage{
		"no such route": {file: yaml, old: `"GET /healthz": {Thr`, new: `"GET /health": {Thr`, says: "limits GET /health, which is no route"},
		"fast health":   {file: yaml, old: `"GET /healthz": {ThrottlingRateLimit: 10`, new: `"GET /healthz": {ThrottlingRateLimit: 1000`, says: "GET /healthz 1000 times a second"},
		"no limit":      {file: yaml, old: `"ANY /app": {ThrottlingRateLimit: 20, `, new: `"ANY /app": {`, says: "ANY /app 0 times a second"},
		"large burst":   {file: yaml, old: "ThrottlingRateLimit: 100, ThrottlingBurstLimit: 500", new: "ThrottlingRateLimit: 100, ThrottlingBurstLimit: 5000", says: "{proxy+} 5000 times at once"},
		"no room for messages": {
			file: yaml, old: `Method: POST, Path: "/v1/channels`, new: `Method: PUT, Path: "/v1/channels`,
			says: "limits POST /v1/channels/{id}/conversations, which is no route",
		},
		"little room for messages": {
			file: yaml, old: `{id}/messages": {ThrottlingRateLimit: 1000`, new: `{id}/messages": {ThrottlingRateLimit: 10`,
			says: "messages at POST /v1/conversations/{id}/messages have no limit",
		},
		"nothing reserved":         {file: yaml, old: "      ReservedConcurrentExecutions: !If [ReserveApi, !Ref ApiReservedConcurrency, !Ref AWS::NoValue]\n", new: "", says: "Api: reserves no concurrency"},
		"reserved of another":      {file: yaml, old: "!If [ReserveRedirect, !Ref RedirectReservedConcurrency", new: "!If [ReserveApi, !Ref ApiReservedConcurrency", says: "Redirect: reserves no concurrency"},
		"nothing by default":       {file: yaml, old: "Default: 100\n", new: "Default: 0\n", says: "RedirectReservedConcurrency: 0 are reserved"},
		"too much by default":      {file: yaml, old: "Default: 200\n", new: "Default: 900\n", says: "ApiReservedConcurrency: 900 are reserved"},
		"a reserve that caps only": {file: yaml, old: "and it gets no more", new: "and that is that", says: "does not say that it is a cap"},
	})
}
