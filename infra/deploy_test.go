package infra_test

import (
	"bytes"
	"compress/flate"
	"debug/elf"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"deskmove/infra/test/peers"
	"deskmove/shared/aws/dynamo"
)

// buildFlags are what functions are built with, beside what the template
// says: see the Makefile.
var buildFlags = []string{"CGO_ENABLED=0", "GOFLAGS=-tags=lambda.norpc -ldflags=-s"}

// machines are the processors of functions, as the template and as Go names
// them.
var machines = map[string]struct {
	goarch string
	elf    elf.Machine
}{
	"arm64":  {"arm64", elf.EM_AARCH64},
	"x86_64": {"amd64", elf.EM_X86_64},
}

// TestSAMDeploys does what one does to deploy the stack, sam build and sam
// deploy, without containers and to ministack, and then deletes it.
func TestSAMDeploys(t *testing.T) {
	sam := peers.Tool(t, "sam")
	t.Setenv("AWS_ENDPOINT_URL", peers.Ministack(t))
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} { // not those of the tool's home, which is empty
		out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, strings.TrimSpace(string(out)))
	}
	for _, flag := range buildFlags {
		name, value, _ := strings.Cut(flag, "=")
		t.Setenv(name, value)
	}
	tmpl, err := readProject(t).template()
	if err != nil {
		t.Fatal(err)
	}
	var native, built string
	for name, m := range machines {
		dir := t.TempDir()
		args := []string{"build", "--template", "template.yaml", "--build-dir", dir, "--parameter-overrides", "Architecture=" + name}
		functions := tmpl.functions()
		if m.goarch == runtime.GOARCH {
			native, built = name, dir
		} else {
			functions = []string{"fence"} // one shows that the parameter does it
			args = slices.Insert(args, 1, function("fence"))
		}
		if _, err := tool(t, sam, args...); err != nil {
			t.Fatal(err)
		}
		for _, f := range functions {
			deployable(t, filepath.Join(dir, function(f), "bootstrap"), m.elf)
		}
	}
	if native == "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("Lambda has no functions for %s: run CI on amd64 or arm64", runtime.GOARCH)
		}
		t.Skipf("SKIPPED: Lambda has no functions for %s, so that none can be tried", runtime.GOARCH)
	}
	deploy(t, sam, native, simple(t, filepath.Join(built, "template.yaml")))
}

// simple leaves out of a built template what ministack does not know: alarms
// of several metrics.
func simple(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := project{"template.yaml": string(text)}.template()
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(tmpl.plain, &whole); err != nil {
		t.Fatal(err)
	}
	resources, _ := whole["Resources"].(map[string]any)
	for _, id := range tmpl.of("AWS::CloudWatch::Alarm") {
		if tmpl.Resources[id].Properties["Metrics"] != nil {
			delete(resources, id)
		}
	}
	if text, err = json.Marshal(whole); err == nil {
		path = filepath.Join(filepath.Dir(path), "simple.json")
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// deploy deploys a template, has its API check its tables, and deletes it:
// tables and users are still there.
func deploy(t *testing.T, sam, machine, path string) {
	t.Helper()
	stack := []string{"--stack-name", "desk-lint", "--region", "us-east-1"}
	do := func(args ...string) []byte {
		t.Helper()
		out, err := tool(t, sam, append(args, stack...)...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	config, err := filepath.Abs("samconfig.toml") // or it would be sought beside the template
	if err != nil {
		t.Fatal(err)
	}
	do("deploy", "--template-file", path, "--config-file", config, "--no-confirm-changeset",
		"--parameter-overrides", "Architecture="+machine+" AlarmEmail=ops@acme.example UserPoolDomainPrefix=acme")
	var outputs []struct{ OutputKey, OutputValue string }
	if err := json.Unmarshal(do("list", "stack-outputs", "--output", "json"), &outputs); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, o := range outputs {
		values[o.OutputKey] = o.OutputValue
	}
	for _, name := range []string{"ApiUrl", "UserPoolId", "UserPoolClientId", "SignInUrl", "ConsoleUrl", "MoveMachineArn", "BatchesQueueUrl", "DashboardUrl", "Region"} {
		if values[name] == "" {
			t.Errorf("the stack has no output %s: %v", name, values)
		}
	}
	health := do("remote", "invoke", function("api"), "--event",
		`{"version": "2.0", "rawPath": "/healthz", "requestContext": {"http": {"method": "GET", "path": "/healthz"}}}`)
	if !bytes.Contains(health, []byte(`"statusCode": 200`)) {
		t.Errorf("the API is not well: %s", health)
	}
	do("delete", "--no-prompts")

	client, streams := dynamo.Clients(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")),
		Credentials: credentials.NewStaticCredentialsProvider("none", "none", ""),
	})
	engine := dynamo.New(client, streams, dynamo.Tables{
		Conversations: values["ConversationsTableName"], Control: values["ControlTableName"],
	})
	if err := engine.Check(t.Context()); err != nil {
		t.Errorf("after the stack: %v", err)
	}
}

// deployable fails the test unless the program is for Lambda's machine, needs
// nothing that is not in it, and is small.
func deployable(t *testing.T, path string, machine elf.Machine) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if f.Machine != machine {
		t.Errorf("%s is for %s, not %s", path, f.Machine, machine)
	}
	if f.Section(".interp") != nil || f.Section(".symtab") != nil {
		t.Errorf("%s is linked dynamically, or not stripped", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	var zipped bytes.Buffer
	z, err := flate.NewWriter(&zipped, flate.DefaultCompression)
	if err == nil {
		_, err = z.Write(text)
	}
	if err = errors.Join(err, z.Close()); err != nil || zipped.Len() > 15<<20 {
		t.Errorf("%s has %d bytes zipped: %v", path, zipped.Len(), err)
	}
	t.Logf("%s: %.1f MB, zipped %.1f MB", filepath.Base(filepath.Dir(path)), float64(len(text))/1e6, float64(zipped.Len())/1e6)
}
