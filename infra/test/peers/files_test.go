package peers_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"

	"deskmove/shared/api"
	"deskmove/shared/cli/demo"
	"deskmove/shared/client"
)

// files brings in a file that is larger than what fits through Lambda, by an address that
// the API's function has signed, and gets it back. Other bytes are refused there.
func (s *scene) files() {
	s.t.Helper()
	ctx := s.t.Context()
	b := bytes.Repeat([]byte("0123456789abcde\n"), 1<<20)
	sum := sha256.Sum256(b)
	hash := hex.EncodeToString(sum[:])
	uploads, err := s.admin.AnnounceFiles(ctx, []api.NewFile{{SHA256: hash, Size: int64(len(b))}})
	s.must(err)
	if uploads[0].There || uploads[0].Put == nil {
		s.t.Fatalf("a new file: %+v", uploads[0])
	}
	put := func(b []byte) error {
		return s.admin.PutFile(ctx, *uploads[0].Put, int64(len(b)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil })
	}
	for what, other := range map[string][]byte{"longer": append(bytes.Clone(b), 0), "shorter": b[1:], "others": bytes.ToUpper(b)} {
		var refused *client.Problem
		if err := put(other); !errors.As(err, &refused) || refused.Status != http.StatusBadRequest && refused.Status != http.StatusForbidden {
			s.t.Errorf("%s: %v", what, err)
		}
	}
	message := api.NewMessage{MessageContent: api.MessageContent{
		ExternalID: "file", Author: "customer", From: &api.Address{Address: "jane@customer.example"}, Source: hash,
		Attachments: []api.Attachment{{Name: "large.txt", SHA256: hash, Size: int64(len(b))}},
	}}
	var refused *client.Problem
	if _, err := s.admin.TakeMessage(ctx, demo.Moved, message); !errors.As(err, &refused) || len(refused.Errors) != 2 || refused.Errors[0].Code != "no-such-file" {
		s.t.Errorf("named before it is there: %v", err)
	}
	s.must(put(b))
	taken, err := s.admin.TakeMessage(ctx, demo.Moved, message)
	s.must(err)
	for _, file := range []string{"1", "source"} {
		in, err := s.admin.File(ctx, taken.ConversationID, taken.MessageID, file)
		s.must(err)
		got, err := io.ReadAll(in)
		if err = errors.Join(err, in.Close()); err != nil || !bytes.Equal(got, b) {
			s.t.Errorf("file %s: %d bytes, %v", file, len(got), err)
		}
	}
	s.lap("a file of %d MB in S3", len(b)>>20)
}
