package functions_test

import (
	"archive/zip"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkColdStart measures what a function takes from its start until it
// asks for work, and its size; and of those that can answer without a cloud,
// what they take from their first event to the answer. One line of JSON a
// function.
func BenchmarkColdStart(b *testing.B) {
	dir, err := built()
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(reads)) {
		b.Run(name, func(b *testing.B) {
			file := name
			if name == "api" {
				file = "api-id-token" // answered without the cloud
			}
			var ready, answer []time.Duration
			for b.Loop() {
				p := start(b, name, good("http://127.0.0.1:1")...)
				took, err := p.Ready(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				ready = append(ready, took)
				begun := time.Now()
				if name == "api" || name == "claims" {
					if _, err := p.Invoke(b.Context(), event(b, file), 10*time.Second); err != nil {
						b.Fatal(err)
					}
					answer = append(answer, time.Since(begun))
				}
				_ = p.Close()
			}
			line, err := json.Marshal(map[string]any{
				"function": name, "starts": len(ready), "bytes": size(b, filepath.Join(dir, name), false), "zipped": size(b, filepath.Join(dir, name), true),
				"readyMedianMs": median(ready), "readyMaxMs": millis(slices.Max(ready)), "answerMedianMs": median(answer),
			})
			if err != nil {
				b.Fatal(err)
			}
			fmt.Println(string(line))
		})
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(ds []time.Duration) float64 {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	return millis(ds[len(ds)/2])
}

// counter counts bytes.
type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

// size is a file's size, as it is or as a zip archive.
func size(b *testing.B, path string, zipped bool) int64 {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var c counter
	w, end := io.Writer(&c), func() error { return nil }
	if zipped {
		z := zip.NewWriter(&c)
		z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
		end = z.Close
		if w, err = z.Create("bootstrap"); err != nil {
			b.Fatal(err)
		}
	}
	_, err = io.Copy(w, f)
	if err := errors.Join(err, end()); err != nil {
		b.Fatal(err)
	}
	return c.n
}
