package sqlite_test

import (
	"testing"

	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// open opens an engine in a directory of its own and closes it after the test.
func open(t testing.TB, o sqlite.Options) *sqlite.Engine {
	t.Helper()
	return openIn(t, t.TempDir(), o)
}

func openIn(t testing.TB, dir string, o sqlite.Options) *sqlite.Engine {
	t.Helper()
	e, err := sqlite.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestEngine(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Engine { return open(t, sqlite.Options{}) })
}

func TestStream(t *testing.T) {
	storetest.RunStream(t, func(t *testing.T) storetest.Streaming { return open(t, sqlite.Options{}) })
}
