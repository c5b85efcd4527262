package bench

import (
	"context"
	"encoding/json"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	ran, err := Main(context.Background())
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	if ran {
		return
	}
	os.Exit(m.Run())
}

func TestCase(t *testing.T) {
	r, err := Case{Conversations: 100000, Dir: t.TempDir()}.Run(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(r)
	t.Log(string(b))
}
