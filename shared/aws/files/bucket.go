// Package files keeps the bytes of files in a bucket of S3, whose addresses are put to and
// fetched from without passing a function. It is a support.FileBytes.
//
// The key of an object is ACCOUNT/HASH-SINCE: the file's account and hash, and when it was
// first announced. Whoever puts an object has to send its length and its hash, both of
// which the address signs, so that S3 refuses other bytes. S3 checks what it has stored
// by itself.
package files

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// Bucket keeps the bytes of files.
type Bucket struct {
	client  *s3.Client
	presign *s3.PresignClient
	name    string
	origin  string
}

// New returns a bucket by its name. No request is sent.
func New(ctx context.Context, cfg aws.Config, name string) (*Bucket, error) {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil // of a stand-in, which has no name for each bucket
	})
	b := &Bucket{client: client, presign: s3.NewPresignClient(client), name: name}
	address, err := b.presign.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: aws.String("x")})
	if err != nil {
		return nil, fmt.Errorf("bucket of files: %w", err)
	}
	at, err := url.Parse(address.URL)
	if err != nil {
		return nil, fmt.Errorf("bucket of files: %w", err)
	}
	b.origin = at.Scheme + "://" + at.Host
	return b, nil
}

// keyOf is the key of a file's object.
func keyOf(f desk.File) *string {
	return aws.String(f.Account + "/" + f.SHA256 + "-" + strconv.FormatInt(f.Since.UnixMilli(), 10))
}

// checksum is a file's hash as S3 writes it.
func checksum(f desk.File) *string {
	sum, _ := hex.DecodeString(f.SHA256) // was checked
	return aws.String(base64.StdEncoding.EncodeToString(sum))
}

// There implements support.FileBytes.
func (b *Bucket) There(ctx context.Context, f desk.File) (bool, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: keyOf(f), ChecksumMode: types.ChecksumModeEnabled})
	if err = b.translate(ctx, f, err); errors.Is(err, desk.ErrNotFound) {
		return false, nil
	}
	return err == nil && aws.ToInt64(out.ContentLength) == f.Size && aws.ToString(out.ChecksumSHA256) == *checksum(f), err
}

// Put implements support.FileBytes.
func (b *Bucket) Put(ctx context.Context, f desk.File, data []byte) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: keyOf(f), Body: bytes.NewReader(data), ContentLength: &f.Size, ChecksumSHA256: checksum(f),
	})
	return b.translate(ctx, f, err)
}

// PutAt implements support.FileBytes.
func (b *Bucket) PutAt(ctx context.Context, f desk.File, until time.Time) (support.Address, error) {
	put, err := b.presign.PresignPutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: keyOf(f), ContentLength: &f.Size, ChecksumSHA256: checksum(f),
	}, s3.WithPresignExpires(time.Until(until)))
	if err != nil {
		return support.Address{}, b.translate(ctx, f, err)
	}
	headers := make(map[string]string)
	for name := range put.SignedHeader {
		if name = http.CanonicalHeaderKey(name); strings.HasPrefix(name, "X-Amz-") { // the others everybody sends
			headers[name] = put.SignedHeader.Get(name)
		}
	}
	return support.Address{URL: put.URL, Method: put.Method, Headers: headers, Until: until}, nil
}

// GetAt implements support.FileBytes. S3 sends no other headers than these by wish, so that
// nothing but the type and that it is a download tells a browser not to show it.
func (b *Bucket) GetAt(ctx context.Context, f desk.File, d support.Download, until time.Time) (support.Address, error) {
	get, err := b.presign.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &b.name, Key: keyOf(f), ResponseContentDisposition: aws.String(d.Disposition()), ResponseContentType: &d.Type,
		ResponseCacheControl: aws.String("private"),
	}, s3.WithPresignExpires(time.Until(until)))
	if err != nil {
		return support.Address{}, b.translate(ctx, f, err)
	}
	return support.Address{URL: get.URL, Method: get.Method, Until: until}, nil
}

// Origin implements support.FileBytes.
func (b *Bucket) Origin() string { return b.origin }

// Read implements support.FileBytes.
func (b *Bucket) Read(ctx context.Context, f desk.File, from int64, n int) ([]byte, error) {
	if n = int(min(int64(n), f.Size-from)); n <= 0 { // S3 knows no empty range
		there, err := b.There(ctx, f)
		if err == nil && !there {
			err = notFound(f)
		}
		return nil, err
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: keyOf(f), Range: aws.String(fmt.Sprintf("bytes=%d-%d", from, from+int64(n)-1))})
	if err != nil {
		return nil, b.translate(ctx, f, err)
	}
	defer func() { _ = out.Body.Close() }() // what was read counts
	part := make([]byte, n)
	_, err = io.ReadFull(out.Body, part)
	return part, b.translate(ctx, f, err)
}

// Open implements support.FileBytes.
func (b *Bucket) Open(ctx context.Context, f desk.File) (io.ReadCloser, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: keyOf(f)})
	if err != nil {
		return nil, b.translate(ctx, f, err)
	}
	return support.Verified(f, out.Body), nil
}

// Delete implements support.FileBytes.
func (b *Bucket) Delete(ctx context.Context, f desk.File) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: keyOf(f)})
	return b.translate(ctx, f, err)
}

func notFound(f desk.File) error {
	return fmt.Errorf("bytes of file %s: %w", f.SHA256, desk.ErrNotFound)
}

// translate makes temporary errors a BusyError, and that there is no object a
// desk.ErrNotFound.
func (b *Bucket) translate(ctx context.Context, f desk.File, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	_, noKey := errors.AsType[*types.NoSuchKey](err)
	_, none := errors.AsType[*types.NotFound](err)
	switch {
	case noKey, none:
		return notFound(f)
	case retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary:
		return &desk.BusyError{What: "bucket of files", After: time.Second, Err: err}
	}
	return fmt.Errorf("bucket of files: %w", err)
}
