package importer

import (
	"context"
	"sync"

	"deskmove/shared/client"
)

// uploader uploads files, each once.
type uploader struct {
	send func(ctx context.Context, files []client.File) error

	mu   sync.Mutex
	sent map[string]bool // by hash
}

func newUploader(send func(ctx context.Context, files []client.File) error) *uploader {
	return &uploader{send: send, sent: make(map[string]bool)}
}

// upload uploads those files that have not been.
func (u *uploader) upload(ctx context.Context, files []client.File) error {
	if len(files) == 0 {
		return nil
	}
	var left []client.File
	there := make(map[string]bool)
	u.mu.Lock()
	for _, f := range files {
		if !u.sent[f.SHA256] && !there[f.SHA256] {
			there[f.SHA256] = true
			left = append(left, f)
		}
	}
	u.mu.Unlock()
	if len(left) == 0 {
		return nil
	}
	if err := u.send(ctx, left); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, f := range left {
		u.sent[f.SHA256] = true
	}
	return nil
}
