package files_test

import (
	"crypto/rand"
	"testing"
	"time"

	"deskmove/shared/local/files"
	"deskmove/shared/support/filetest"
)

// BenchmarkPut puts files of a mail's size, sixteen at a time: what a disk takes of them,
// two syncs each.
func BenchmarkPut(b *testing.B) {
	d, err := files.Open(b.TempDir(), files.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(8)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			data := make([]byte, 10<<10)
			_, _ = rand.Read(data) // never fails
			if err := d.Put(b.Context(), filetest.File("acme", data, time.Now()), data); err != nil {
				b.Error(err)
			}
		}
	})
	if err := d.Close(); err != nil {
		b.Error(err)
	}
}
