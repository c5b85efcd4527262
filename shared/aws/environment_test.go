package aws_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"deskmove/shared/aws"
	"deskmove/shared/console"
)

type everything struct {
	aws.Tables
	aws.Files
	aws.Batches
	aws.Machine
	aws.DeadLetters
	aws.Stream
	aws.Metrics
	aws.SignIn
	aws.Dashboard
	aws.Operator
}

func vars() map[string]string {
	return map[string]string{
		"CONVERSATIONS_TABLE":            "deskmove-conversations",
		"CONTROL_TABLE":                  "deskmove-control",
		"FILES_BUCKET":                   "deskmove-files-1x2y3z",
		"BATCHES_QUEUE_URL":              "https://sqs.eu-central-1.amazonaws.com/123456789012/deskmove-batches",
		"BATCHES_DEAD_QUEUE_ARN":         "arn:aws:sqs:eu-central-1:123456789012:deskmove-batches-dead",
		"STREAM_FAILURES_DEAD_QUEUE_ARN": "arn:aws:sqs:eu-central-1:123456789012:deskmove-stream-failures-dead",
		"MOVE_MACHINE_ARN":               "arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:deskmove-move",
		"CONVERSATIONS_STREAM_ARN":       "arn:aws:dynamodb:eu-central-1:123456789012:table/deskmove-conversations/stream/2026-11-23T09:00:00.000",
		"METRICS_NAMESPACE":              "deskmove",
		"SIGN_IN_URL":                    "https://acme.auth.eu-central-1.amazoncognito.com",
		"DASHBOARD_URL":                  "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/x",
		"SIGN_IN_CLIENT":                 "client",
		"OPERATOR_ACCOUNT":               "acme",
	}
}

func TestReadEnvironment(t *testing.T) {
	var e everything
	if err := aws.ReadEnvironment(&e, vars()); err != nil {
		t.Fatal(err)
	}
	if e.Conversations != "deskmove-conversations" || e.BatchesQueue != "https://sqs.eu-central-1.amazonaws.com/123456789012/deskmove-batches" ||
		!strings.HasSuffix(string(e.MoveMachine), ":deskmove-move") || e.MetricsNamespace != "deskmove" {
		t.Errorf("environment = %+v", e)
	}
	if got := e.Console(); got.Kind != console.OIDC || got.Token != "https://acme.auth.eu-central-1.amazoncognito.com/oauth2/token" || got.ClientID != "client" {
		t.Errorf("the console signs in by %+v", got)
	}
	if got := (aws.SignIn{}).Console(); got.Kind != console.None {
		t.Errorf("without a page, the console signs in by %+v", got)
	}
}

// TestAllGapsAtOnce has one variable missing, one empty and two malformed.
func TestAllGapsAtOnce(t *testing.T) {
	v := vars()
	delete(v, "CONVERSATIONS_TABLE")
	v["METRICS_NAMESPACE"], v["CONTROL_TABLE"], v["MOVE_MACHINE_ARN"] = "", "no name", "secret-value"
	err := aws.ReadEnvironment(&everything{}, v)
	gaps, ok := errors.AsType[*aws.EnvironmentError](err)
	if !ok {
		t.Fatalf("error = %v", err)
	}
	var names []string
	for _, g := range gaps.Gaps {
		names = append(names, g.Variable)
		if g.Problem == "" || g.Remedy == "" {
			t.Errorf("gap = %+v", g)
		}
	}
	if want := []string{"CONTROL_TABLE", "CONVERSATIONS_TABLE", "METRICS_NAMESPACE", "MOVE_MACHINE_ARN"}; !slices.Equal(names, want) {
		t.Errorf("gaps = %v, want %v", names, want)
	}
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Error("x", "problems", gaps)
	for _, text := range []string{err.Error(), b.String()} {
		if strings.Contains(text, "secret-value") || !strings.Contains(text, "CONVERSATIONS_TABLE") {
			t.Errorf("text = %s", text)
		}
	}
}

// TestPartsDoNotClash would see two fields of one name, of which Go reads none.
func TestPartsDoNotClash(t *testing.T) {
	err := aws.ReadEnvironment(&everything{}, map[string]string{})
	if gaps, ok := errors.AsType[*aws.EnvironmentError](err); !ok || len(gaps.Gaps) != len(vars())-4 { // there need be neither a sign-in page, nor a dashboard, nor an operator
		t.Errorf("error = %v", err)
	}
	bad := vars()
	delete(bad, "SIGN_IN_CLIENT") // may be anything
	for name := range bad {
		bad[name] = " "
	}
	err = aws.ReadEnvironment(&everything{}, bad)
	gaps, ok := errors.AsType[*aws.EnvironmentError](err)
	if !ok || len(gaps.Gaps) != len(bad) {
		t.Fatalf("error = %v", err)
	}
	for _, g := range gaps.Gaps {
		if bad[g.Variable] == "" {
			t.Errorf("gap %+v names no variable", g)
		}
	}
}
