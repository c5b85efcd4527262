package peers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// EndpointVariable names the environment variable that has the tests use a
// DynamoDB that runs already.
const EndpointVariable = "DESKMOVE_DYNAMODB_ENDPOINT"

// errAbsent is behind every error about a peer that is not installed.
var errAbsent = errors.New("is not installed; run make peers")

var (
	dynoxide = &server{name: "dynoxide", health: "/", command: func(dir string, port int) (command, error) {
		if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
			return command{}, fmt.Errorf("is for linux/amd64; set %s to the address of another DynamoDB: %w", EndpointVariable, errAbsent)
		}
		return command{args: []string{filepath.Join(dir, "node_modules/@dynoxide/linux-x64/dynoxide"),
			"serve", "--host", "127.0.0.1", "--port", strconv.Itoa(port)}}, nil
	}}
	ministack = &server{name: "ministack", health: "/_ministack/ready", command: func(dir string, port int) (command, error) {
		url := address(port)
		return command{args: []string{filepath.Join(dir, "services/bin/ministack")}, env: []string{
			"BIND_HOST=127.0.0.1", "MINISTACK_HOST=127.0.0.1", "GATEWAY_PORT=" + strconv.Itoa(port),
			"SFTP_ENABLED=0", "IOT_MTLS_ENABLED=0", // they would listen on every address
			"AWS_ENDPOINT_URL=" + url, // for the functions that it runs
			"MINISTACK_COGNITO_PRETOKEN_STRICT=1",
		}}, nil
	}}
	moto = &server{name: "moto", health: "/moto-api/", command: func(dir string, port int) (command, error) {
		return command{args: []string{filepath.Join(dir, "services/bin/moto_server"), "-H", "127.0.0.1", "-p", strconv.Itoa(port)}}, nil
	}}
	fauxqs = &server{name: "fauxqs", health: "/health", command: func(dir string, port int) (command, error) {
		return command{args: []string{filepath.Join(dir, "node"), "--no-warnings",
			filepath.Join(dir, "../../infra/test/peers/fauxqs.mjs"), dir, "127.0.0.1", strconv.Itoa(port)}}, nil
	}}
)

// DynamoDB returns the URL of a DynamoDB, which keeps its data in memory: the
// one that EndpointVariable names, or else dynoxide. It takes any credentials.
func DynamoDB(t testing.TB) string {
	t.Helper()
	if url := os.Getenv(EndpointVariable); url != "" {
		return url
	}
	return dynoxide.use(t)
}

// Ministack returns the URL of ministack: one endpoint for all services.
// Functions that it runs reach it by their AWS_ENDPOINT_URL.
func Ministack(t testing.TB) string {
	t.Helper()
	return ministack.use(t)
}

// MinistackLog returns the path of what ministack has printed.
func MinistackLog(t testing.TB) string {
	t.Helper()
	ministack.use(t)
	return ministack.process.log
}

// Moto returns the URL of moto: one endpoint for all services.
func Moto(t testing.TB) string {
	t.Helper()
	return moto.use(t)
}

// Fauxqs returns the URL of an SQS.
func Fauxqs(t testing.TB) string {
	t.Helper()
	return fauxqs.use(t)
}

// tools are where the tools are in the folder of peers.
var tools = map[string]string{
	"asl-validator": "node_modules/asl-validator/dist/bin/asl-validator.js", // for node
	"cfn-guard":     "node_modules/@cdklabs/cdk-validator-cfnguard/bin/" + guardOS + "/" + guardArch + "/cfn-guard",
	"cfn-lint":      "tools/bin/cfn-lint",
	"node":          "node",
	"python":        "tools/bin/python", // has the SAM translator
	"sam":           "tools/bin/sam",
}

// cfn-guard's folders have names of their own.
var (
	guardOS   = map[string]string{"linux": "ubuntu", "darwin": "macos"}[runtime.GOOS]
	guardArch = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
)

// Tool returns the path of an installed program; see tools.
func Tool(t testing.TB, name string) string {
	t.Helper()
	skipIfShort(t)
	dir, err := folder()
	if err == nil {
		var path string
		if path, err = tool(dir, name); err == nil {
			return path
		}
	}
	refuse(t, err)
	return ""
}

// tool finds a tool below the folder of peers.
func tool(dir, name string) (string, error) {
	path, ok := tools[name]
	if !ok {
		return "", fmt.Errorf("there is no tool %q", name)
	}
	path = filepath.Join(dir, path)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s %w", name, errAbsent)
	} else if err != nil {
		return "", err
	}
	return path, nil
}

// folder is .cache/peers of the project that the test is in.
func folder() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".cache", "peers"), nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("peers: the test runs outside of the project: there is no go.mod above it")
		}
		dir = up
	}
}

func skipIfShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED: -short leaves out the peers")
	}
}

// refuse ends the test that cannot have its peer. Only an absent one may be
// done without, and not in CI.
func refuse(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, errAbsent) && os.Getenv("CI") == "" {
		t.Skipf("SKIPPED: the peer %v", err)
	}
	t.Fatalf("the peer %v", err)
}
