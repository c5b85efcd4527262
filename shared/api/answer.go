package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"deskmove/shared/desk"
)

// answer is an answer in memory. It is sent when it is whole, since its tag and its
// coding depend on all of it.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// gzipAbove is the largest body in bytes that is sent as it is: a smaller one
// gains less than its coding costs.
const gzipAbove = 1 << 10

// send sends the answer: coded if it is large and the caller reads that, and
// without its body if the caller has it.
func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	a.WriteHeader(http.StatusOK)
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reads && a.status == http.StatusOK && a.header.Get("ETag") == "" {
		a.header.Set("ETag", hashTag(a.body.Bytes()))
	}
	coded := a.body.Len() > gzipAbove && takesGzip(r.Header)
	tag := a.header.Get("ETag")
	if tag != "" && coded {
		a.header.Set("ETag", codedTag(tag))
	}
	maps.Copy(w.Header(), a.header)
	w.Header().Add("Vary", "Accept-Encoding")
	if reads && a.status == http.StatusOK && isKnown(r.Header, tag) {
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	// The caller may be gone, so errors of writing mean nothing.
	if !coded {
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body.Bytes())
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(a.status)
	z, _ := writers.Get().(*gzip.Writer)
	defer writers.Put(z)
	z.Reset(w)
	_, _ = z.Write(a.body.Bytes())
	_ = z.Close()
}

// writers are kept, since each has about a megabyte of tables.
var writers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	return z
}}

// takesGzip reports whether the caller reads gzip. One that does not name it gets
// the answer as it is.
func takesGzip(h http.Header) bool {
	for _, coding := range listed(h, "Accept-Encoding") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.TrimRight(strings.ReplaceAll(weight, " ", ""), "0")
			return weight != "q=" && weight != "q=0." // nothing but zeros: not wanted
		}
	}
	return false
}

// listed returns the elements of a header that is a list.
func listed(h http.Header, name string) (all []string) {
	for _, line := range h.Values(name) {
		for element := range strings.SplitSeq(line, ",") {
			all = append(all, strings.TrimSpace(element))
		}
	}
	return all
}

// hashTag returns the entity tag of a body: equal tags mean equal bytes.
func hashTag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
}

const codedSuffix = `-gzip"`

// codedTag returns the tag of the coded form: other bytes need another strong tag.
func codedTag(tag string) string { return strings.TrimSuffix(tag, `"`) + codedSuffix }

// plainTag returns the tag of the form that is not coded.
func plainTag(tag string) string {
	if plain, ok := strings.CutSuffix(tag, codedSuffix); ok {
		return plain + `"`
	}
	return tag
}

// versionTag returns the entity tag of an item, by which an edit names its version.
func versionTag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// readVersion returns the version that If-Match names, 0 if it names none.
func readVersion(ifMatch string) (int64, error) {
	if ifMatch == "" || ifMatch == "*" {
		return 0, nil
	}
	text := strings.Trim(plainTag(strings.TrimPrefix(ifMatch, "W/")), `"`)
	version, err := strconv.ParseInt(text, 10, 64)
	if err != nil || version < 1 || versionTag(version) != plainTag(strings.TrimPrefix(ifMatch, "W/")) {
		return 0, &desk.InvalidError{Field: "If-Match", Code: codeNotAVersion, Problem: "it is not the version of a conversation or ticket",
			Remedy: `send its ETag as you read it, such as "7"`}
	}
	return version, nil
}

// isKnown reports whether the caller has what the tag stands for, by If-None-Match.
func isKnown(h http.Header, tag string) bool {
	for _, known := range listed(h, "If-None-Match") {
		if known == "*" || plainTag(strings.TrimPrefix(known, "W/")) == tag {
			return true
		}
	}
	return false
}
