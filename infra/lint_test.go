package infra_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"deskmove/infra/test/peers"
)

// tool runs a tool in the project's folder, with no account of AWS, and
// returns what it printed.
func tool(t *testing.T, path string, args ...string) (out []byte, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "AWS_DEFAULT_REGION=us-east-1", "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none",
		"AWS_EC2_METADATA_DISABLED=true", "SAM_CLI_TELEMETRY=0", "HOME="+t.TempDir())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err = cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(path), strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return out, err
}

func TestCfnLint(t *testing.T) {
	lint := peers.Tool(t, "cfn-lint")
	// I3011 wants to be told what becomes of logs and queues with their stack:
	// they go, as is the default. Tables and users stay, see infra/guard.
	if _, err := tool(t, lint, "--include-checks", "I", "--ignore-checks", "I3011", "--", "template.yaml"); err != nil {
		t.Error(err)
	}
	broken := brokenTemplate(t, "Handler: bootstrap", "Handlers: bootstrap")
	if _, err := tool(t, lint, "--", broken); err == nil {
		t.Error("cfn-lint finds nothing wrong with Handlers")
	}
}

func TestSAMValidates(t *testing.T) {
	sam := peers.Tool(t, "sam")
	if _, err := tool(t, sam, "validate", "--lint", "--template", "template.yaml"); err != nil {
		t.Error(err)
	}
	broken := brokenTemplate(t, "CodeUri: functions/drain", "CodeUris: functions/drain")
	if _, err := tool(t, sam, "validate", "--lint", "--template", broken); err == nil {
		t.Error("sam finds nothing wrong with CodeUris")
	}
}

// brokenTemplate writes a template with something wrong.
func brokenTemplate(t *testing.T, old, wrong string) string {
	t.Helper()
	p := readProject(t)
	if !strings.Contains(p["template.yaml"], old) {
		t.Fatalf("template.yaml has no %q", old)
	}
	path := filepath.Join(t.TempDir(), "template.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(p["template.yaml"], old, wrong)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lenient are AWS's rules that the template does not keep to, and why.
var lenient = map[string]string{
	"lambda_inside_vpc_check":                  "functions talk to AWS's own endpoints only, and nothing talks to them: a network of their own would add gateways to pay and to guard",
	"s3_bucket_policy_ssl_requests_only_check": "it does not read Fn::Sub, which cfn-lint asks for; buckets_are_reached_by_tls_only says the same",
	"s3_bucket_default_encryption_kms_check":   "S3 encrypts files with its own key: with one of KMS each address would use that in the API's name",
	"s3_bucket_versioning_enabled_check":       "a file never changes, as its name is its hash, and one that is deleted is to be gone",
	"s3_bucket_object_lock_enabled_check":      "what no message names must be deleted",
	"s3_bucket_logging_enabled_check":          "who got an address is in the API's access log; a log of requests would need a bucket of its own",
	"s3_event_notifications_enabled_check":     "nobody waits for files: a message that names one asks whether it is there",
	"cloudwatch_log_group_encrypted_check":     "CloudWatch encrypts logs with its own key, and no log holds what a customer wrote",
}

// deployments are values of parameters that the rules are tried with.
var deployments = map[string]map[string]any{
	"all of it": {
		"AlarmEmail": "ops@acme.example", "TableKey": "arn:aws:kms:us-east-1:123456789012:key/0", "UserPoolDomainPrefix": "acme",
		"RedirectReservedConcurrency": 20.0, "WarmWriteUnits": 20000.0, "LogRetentionDays": 365.0,
	},
	"an outside issuer": {
		"IssuerUrl": "https://login.acme.example", "Audience": "desk", "AlarmEmail": "ops@acme.example", "LogRetentionDays": 365.0,
	},
	"by default": {},
}

// alsoByDefault are rules to which the template keeps only with a parameter's
// value, and why it is not the default.
var alsoByDefault = map[string]string{
	"cloudwatch_alarm_action_check":               "alarms tell somebody once AlarmEmail is given; there is no address to guess",
	"cloudwatch_log_group_retention_period_check": "LogRetentionDays may be a year; who did what is in the audit log, which never ends",
}

func TestGuard(t *testing.T) {
	guard := peers.Tool(t, "cfn-guard")
	out, err := tool(t, peers.Tool(t, "python"), "infra/guard/translate.py", "template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var translated map[string]any
	if err := json.Unmarshal(out, &translated); err != nil {
		t.Fatal(err)
	}
	published, err := filepath.Abs(filepath.Join(filepath.Dir(guard), "../../../rules/control-tower/cfn-guard"))
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string]bool{}
	for name, values := range deployments {
		deployed := resolve(translated, values)
		if failed, passed := violated(t, guard, "infra/guard", deployed); len(failed) > 0 || len(passed) < 15 {
			t.Errorf("%s: %v of infra/guard fail, %d pass", name, failed, len(passed))
		}
		failed, passed := violated(t, guard, published, deployed)
		if len(passed) < 8 {
			t.Errorf("%s: of AWS's rules only %v pass", name, passed)
		}
		for _, rule := range failed {
			needed[rule] = true
			if lenient[rule] == "" && (alsoByDefault[rule] == "" || name != "by default") {
				t.Errorf("%s: AWS's rule %s fails", name, rule)
			}
		}
	}
	for _, rule := range slices.Concat(slices.Collect(maps.Keys(lenient)), slices.Collect(maps.Keys(alsoByDefault))) {
		if !needed[rule] {
			t.Errorf("the exception from %s is needed no more", rule)
		}
	}
	seeFail(t, guard, resolve(translated, deployments["all of it"]))
}

// violated runs rules over a template, and returns which failed and passed.
func violated(t *testing.T, guard, rules string, template map[string]any) (failed, passed []string) {
	t.Helper()
	text, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "template.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := tool(t, guard, "validate", "--data", path, "--rules", rules, "--structured", "--output-format", "json", "--show-summary", "none")
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 19) { // 19: a rule failed
		t.Fatal(err)
	}
	var reports []struct {
		Compliant    []string `json:"compliant"`
		NotCompliant []struct {
			Rule struct {
				Name string `json:"name"`
			}
		} `json:"not_compliant"`
	}
	if err := json.Unmarshal(out, &reports); err != nil || len(reports) != 1 {
		t.Fatalf("cfn-guard printed %.500s: %v", out, err)
	}
	for _, f := range reports[0].NotCompliant {
		failed = append(failed, f.Rule.Name)
	}
	return failed, reports[0].Compliant
}

// seeFail breaks the template for each of our rules, which must see it.
func seeFail(t *testing.T, guard string, deployed map[string]any) {
	t.Helper()
	for rule, b := range map[string]struct {
		resource string
		path     string
		value    any
	}{
		"tables_outlive_the_stack":                        {"ControlTable", "DeletionPolicy", "Delete"},
		"tables_can_be_restored":                          {"ControlTable", "Properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", false},
		"tables_are_encrypted_with_kms":                   {"ConversationsTable", "Properties.SSESpecification", nil},
		"tables_pay_by_use":                               {"ConversationsTable", "Properties.BillingMode", "PROVISIONED"},
		"queues_are_encrypted":                            {"BatchesQueue", "Properties.SqsManagedSseEnabled", false},
		"queues_keep_messages_for_days":                   {"StreamFailuresDeadQueue", "Properties.MessageRetentionPeriod", 1209599.0},
		"queues_have_dead_letter_queues":                  {"BatchesQueue", "Properties.RedrivePolicy", nil},
		"queues_are_reached_by_tls_only":                  {"BatchesDeadQueuePolicy", "Properties.PolicyDocument.Statement", []any{map[string]any{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}}},
		"functions_are_traced":                            {"DrainFunction", "Properties.TracingConfig", nil},
		"functions_log_json_into_their_own_log":           {"DrainFunction", "Properties.LoggingConfig.LogFormat", "Text"},
		"functions_run_what_we_build":                     {"DrainFunction", "Properties.Runtime", "go1.x"},
		"logs_end_some_day":                               {"FenceLogs", "Properties.RetentionInDays", nil},
		"mappings_name_what_failed":                       {"ConvertFunctionBatches", "Properties.FunctionResponseTypes", nil},
		"poison_blocks_no_shard":                          {"RedirectFunctionConversations", "Properties.MaximumRetryAttempts", -1.0},
		"batches_are_throttled":                           {"ConvertFunctionBatches", "Properties.ScalingConfig", nil},
		"executions_are_traced_and_leave_no_data_in_logs": {"MoveMachine", "Properties.LoggingConfiguration.IncludeExecutionData", true},
		"users_are_kept":                                  {"UserPool", "Properties.AdminCreateUserConfig.AllowAdminCreateUserOnly", false},
		"nobody_learns_who_has_an_account":                {"UserPoolClient", "Properties.AllowedOAuthFlows", []any{"code", "implicit"}},
		"buckets_outlive_the_stack":                       {"FilesBucket", "DeletionPolicy", nil},
		"buckets_are_private_and_encrypted":               {"FilesBucket", "Properties.PublicAccessBlockConfiguration.BlockPublicPolicy", false},
		"buckets_keep_no_half_uploads":                    {"FilesBucket", "Properties.LifecycleConfiguration", nil},
		"buckets_are_reached_by_tls_only":                 {"FilesBucketPolicy", "Properties.PolicyDocument.Statement", []any{map[string]any{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}}},
		"requests_are_logged_and_limited":                 {"ApiApiGatewayDefaultStage", "Properties.AccessLogSettings", nil},
	} {
		resources, _ := deployed["Resources"].(map[string]any)
		whole, ok := resources[b.resource].(map[string]any)
		if !ok {
			t.Errorf("%s: there is no %s to break", rule, b.resource)
			continue
		}
		resources[b.resource] = with(whole, strings.Split(b.path, "."), b.value)
		if failed, _ := violated(t, guard, "infra/guard", deployed); !slices.Contains(failed, rule) {
			t.Errorf("%s does not see %s = %v of %s, only %v do", rule, b.path, b.value, b.resource, failed)
		}
		resources[b.resource] = whole
	}
}

// with is a copy of an object with another value somewhere, nil for none.
func with(m map[string]any, path []string, v any) map[string]any {
	m = maps.Clone(m)
	switch {
	case len(path) > 1:
		inner, _ := m[path[0]].(map[string]any)
		m[path[0]] = with(inner, path[1:], v)
	case v == nil:
		delete(m, path[0])
	default:
		m[path[0]] = v
	}
	return m
}
