package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/api"
)

// File is a file to be uploaded.
type File struct {
	SHA256 string // of its bytes, in hex
	Size   int64
	// Open reads its bytes from the beginning. It is called when they are sent, and again
	// when they are sent again.
	Open func() (io.ReadCloser, error)
}

// What goes along with an announcement of files, rather than to an address, and how many
// announcements there are at a time.
const (
	smallFile     = 256 << 10
	sentTogether  = 3 << 20 // bytes of small files
	namedTogether = 100
	uploadsAtOnce = 8
)

// Upload uploads files, those that are not there, so that messages may name them. Done, if
// not nil, hears how many are there.
func (c *Client) Upload(ctx context.Context, files []File, done func(n int)) error {
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(uploadsAtOnce)
	var mu sync.Mutex // of there
	there := 0
	for len(files) > 0 && within.Err() == nil {
		n := together(files)
		some := files[:n]
		files = files[n:]
		g.Go(func() error {
			if err := c.upload(within, some); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if there += len(some); done != nil {
				done(there)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// together returns how many of the first files one announcement is of.
func together(files []File) (n int) {
	size := int64(0)
	for n < len(files) && n < namedTogether {
		if f := files[n]; f.Size <= smallFile {
			if size += f.Size; size > sentTogether {
				break
			}
		}
		n++
	}
	return n
}

// upload uploads files that are announced together.
func (c *Client) upload(ctx context.Context, files []File) error {
	named := make([]api.NewFile, len(files))
	for i, f := range files {
		if named[i] = (api.NewFile{SHA256: f.SHA256, Size: f.Size}); f.Size > smallFile {
			continue
		}
		b, err := f.read()
		if err != nil {
			return fmt.Errorf("file %s: %w", f.SHA256, err)
		}
		named[i].Data = base64.StdEncoding.EncodeToString(b)
	}
	uploads, err := c.AnnounceFiles(ctx, named)
	if err != nil {
		return err
	}
	for i, u := range uploads {
		if u.Put == nil {
			continue
		}
		if err := c.PutFile(ctx, *u.Put, files[i].Size, files[i].Open); err != nil {
			return fmt.Errorf("file %s: %w", files[i].SHA256, err)
		}
	}
	return nil
}

func (f File) read() ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(in)
	return b, errors.Join(err, in.Close())
}
