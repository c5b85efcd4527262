package support

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"deskmove/shared/desk"
)

// Verified reads the bytes of a file and hashes them. It keeps the last piece back, and
// fails with a *DamagedError, unless all of them are those of the file.
func Verified(f desk.File, from io.ReadCloser) io.ReadCloser {
	return &verified{Closer: from, from: from, of: f, left: f.Size, sum: sha256.New()}
}

type verified struct {
	io.Closer
	from io.Reader
	of   desk.File
	left int64
	sum  hash.Hash
	err  error
}

func (v *verified) Read(p []byte) (int, error) {
	if v.err != nil || len(p) == 0 {
		return 0, v.err
	}
	n, err := v.from.Read(p)
	v.left -= int64(n)
	_, _ = v.sum.Write(p[:n]) // never fails
	switch {
	case err != nil && err != io.EOF:
		v.err = err
	case v.left < 0, v.left > 0 && err == io.EOF, v.left == 0 && hex.EncodeToString(v.sum.Sum(nil)) != v.of.SHA256:
		v.err = &DamagedError{Account: v.of.Account, SHA256: v.of.SHA256}
		return 0, v.err
	default:
		v.err = err
	}
	return n, v.err
}
