package files_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"deskmove/infra/test/peers"
	"deskmove/shared/aws/files"
	"deskmove/shared/desk"
	"deskmove/shared/support/filetest"
)

// at is the configuration for a stand-in's address; "" is AWS itself.
func at(endpoint string) aws.Config {
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	if endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	return cfg
}

func bucket(t *testing.T, cfg aws.Config) *files.Bucket {
	t.Helper()
	b, err := files.New(t.Context(), cfg, "files")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBucket runs on ministack, which checks signatures, lengths and checksums of addresses
// as S3 does. Moto checks none.
func TestBucket(t *testing.T) {
	cfg := at(peers.Ministack(t))
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("files")}); err != nil {
		t.Fatal(err)
	}
	filetest.Run(t, filetest.Kit{Bytes: bucket(t, cfg), Now: time.Now})
}

// TestAddresses: what S3 must check is among the signed headers of an address. In its
// query, where SDKs have had it, a checksum is signed but never checked.
func TestAddresses(t *testing.T) {
	b := bucket(t, at(""))
	if b.Origin() != "https://files.s3.us-east-1.amazonaws.com" {
		t.Errorf("origin is %s", b.Origin())
	}
	f := filetest.File("acme", []byte("hello"), time.UnixMilli(1_795_424_400_000))
	put, err := b.PutAt(t.Context(), f, time.Now().Add(15*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(put.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	signed := strings.Split(q.Get("X-Amz-SignedHeaders"), ";")
	if !slices.Equal(signed, []string{"content-length", "host", "x-amz-checksum-sha256"}) || q.Get("X-Amz-Expires") != "900" && q.Get("X-Amz-Expires") != "899" {
		t.Errorf("address to put to: %s", put.URL)
	}
	if u.Path != "/acme/"+f.SHA256+"-1795424400000" || len(put.Headers) != 1 || put.Headers["X-Amz-Checksum-Sha256"] != "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=" {
		t.Errorf("put = %+v", put)
	}
}

// TestErrors: what passes is a BusyError, what is missing desk.ErrNotFound, and anything
// else is neither.
func TestErrors(t *testing.T) {
	status, body := 0, ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer s.Close()
	cfg := at(s.URL)
	cfg.RetryMaxAttempts = 1
	b := bucket(t, cfg)
	f := filetest.File("acme", []byte("hello"), time.UnixMilli(0))
	for what, c := range map[string]struct {
		status         int
		body           string
		missing, later bool
	}{
		"slow down": {503, "<Error><Code>SlowDown</Code></Error>", false, true},
		"broken":    {500, "<Error><Code>InternalError</Code></Error>", false, true},
		"no key":    {404, "<Error><Code>NoSuchKey</Code></Error>", true, false},
		"forbidden": {403, "<Error><Code>AccessDenied</Code></Error>", false, false},
		"no bucket": {404, "<Error><Code>NoSuchBucket</Code></Error>", false, false},
	} {
		status, body = c.status, c.body
		_, err := b.Open(t.Context(), f)
		_, later := errors.AsType[*desk.BusyError](err)
		if err == nil || errors.Is(err, desk.ErrNotFound) != c.missing || later != c.later {
			t.Errorf("%s: %v", what, err)
		}
		if err := b.Put(t.Context(), f, []byte("hello")); err == nil {
			t.Errorf("%s: put", what)
		}
	}
	status, body = 403, ""
	if there, err := b.There(t.Context(), f); err == nil || there {
		t.Errorf("forbidden: There = %t, %v", there, err)
	}
	status = 404
	if there, err := b.There(t.Context(), f); err != nil || there {
		t.Errorf("missing: There = %t, %v", there, err)
	}
}
