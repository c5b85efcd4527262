package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// bucket is what functions, and whoever has an address of theirs, ask for of S3: objects
// are put, read, looked for and deleted. It refuses bytes that have another hash than is
// said, and checks no signatures.
type bucket struct {
	name string
	dir  string // of the objects, by the hashes of their keys
}

const sumHeader = "X-Amz-Checksum-Sha256"

// ServeHTTP answers an SDK, a program or a page.
func (b bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, ok := strings.CutPrefix(r.URL.Path, "/"+b.name+"/")
	if !ok || key == "" {
		refuseS3(w, http.StatusNotFound, "NoSuchBucket")
		return
	}
	name := sha256.Sum256([]byte(key))
	path := filepath.Join(b.dir, hex.EncodeToString(name[:]))
	w.Header().Set("Access-Control-Allow-Origin", "*") // pages are the gateway's
	var err error
	switch r.Method {
	case http.MethodPut:
		err = b.put(w, r, path)
	case http.MethodGet, http.MethodHead:
		err = b.get(w, r, path)
	case http.MethodDelete:
		if err = os.Remove(path); err == nil || os.IsNotExist(err) { // #nosec G703 -- a hash in our own directory
			err = nil
			w.WriteHeader(http.StatusNoContent)
		}
	default:
		refuseS3(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
	if err != nil {
		refuseS3(w, http.StatusInternalServerError, "InternalError")
	}
}

func (b bucket) put(w http.ResponseWriter, r *http.Request, path string) error {
	const most = 41 << 20
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if r.Header.Get(sumHeader) != base64.StdEncoding.EncodeToString(sum[:]) {
		refuseS3(w, http.StatusBadRequest, "BadDigest")
		return nil
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, body, 0o600) // #nosec G703 -- a hash in our own directory
}

func (b bucket) get(w http.ResponseWriter, r *http.Request, path string) error {
	body, err := os.ReadFile(path) // #nosec G304 G703 -- a hash in our own directory
	if os.IsNotExist(err) {
		refuseS3(w, http.StatusNotFound, "NoSuchKey")
		return nil
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	w.Header().Set(sumHeader, base64.StdEncoding.EncodeToString(sum[:]))
	w.Header().Set("Content-Type", "application/octet-stream")
	for header, parameter := range map[string]string{"Content-Type": "response-content-type", "Content-Disposition": "response-content-disposition"} {
		if v := r.URL.Query().Get(parameter); v != "" {
			w.Header().Set(header, v)
		}
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(body)))
	return nil
}

// refuseS3 answers as S3 does.
func refuseS3(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "%s<Error><Code>%s</Code></Error>", xml.Header, code) // the caller may be gone
}
