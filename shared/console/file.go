package console

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// file is what an address answers with.
type file struct {
	kind    string // content type
	version string
	plain   []byte
	packed  []packing // best first; none of a file that is packed already
}

// packing is a file's body in one content coding, made when it is first asked for:
// functions start often, and most serve no pages.
type packing struct {
	coding string
	body   func() []byte
}

func newFile(name string, body []byte) *file {
	f := &file{kind: typeOf(name), version: versionOf(body), plain: body}
	if path.Ext(name) == ".woff2" {
		return f
	}
	f.packed = []packing{
		{"br", sync.OnceValue(func() []byte {
			return pack(body, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, brotli.BestCompression) })
		})},
		{"gzip", sync.OnceValue(func() []byte { return pack(body, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }) })},
	}
	return f
}

// pack compresses into memory, which cannot fail.
func pack(body []byte, to func(io.Writer) io.WriteCloser) []byte {
	var b bytes.Buffer
	w := to(&b)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

// serve answers with the file, in the best coding that the reader takes, or says
// that the reader's copy is as it should be.
func (f *file) serve(w http.ResponseWriter, r *http.Request, cache string) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", cache)
	coding, body := f.pick(r.Header.Get("Accept-Encoding"))
	tag := `"` + f.version + `"`
	if len(f.packed) > 0 {
		h.Set("Vary", "Accept-Encoding")
		tag = `"` + f.version + "-" + coding + `"`
	}
	h.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if coding != identity {
		h.Set("Content-Encoding", coding)
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader may be gone
	}
}

const identity = "identity"

// pick returns the best coding that an Accept-Encoding header allows.
func (f *file) pick(accept string) (coding string, body []byte) {
	for _, p := range f.packed {
		if accepts(accept, p.coding) {
			return p.coding, p.body()
		}
	}
	return identity, f.plain
}

// accepts reports whether a header names a coding, and not with the weight 0.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return err != nil || q > 0
	}
	return false
}

// matches reports whether If-None-Match names the tag, weakly or strongly.
func matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
}
