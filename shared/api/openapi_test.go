package api_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"deskmove/shared/api"
)

var update = flag.Bool("update", false, "rewrite golden files")

const openAPIFile = "../../infra/openapi.yaml"

// TestOpenAPI keeps the description in the repository what the types say.
func TestOpenAPI(t *testing.T) {
	got, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	again, err := api.OpenAPI()
	if err != nil || !bytes.Equal(got, again) {
		t.Fatalf("the description differs from one time to the next, %v", err)
	}
	if *update {
		if err := os.WriteFile(openAPIFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(openAPIFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the types say: go test ./shared/api -run TestOpenAPI -update", openAPIFile)
	}
}
