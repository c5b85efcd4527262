package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"

	"deskmove/shared/api"
)

// File is a file to be uploaded.
type File struct {
	SHA256 string // of Data, in hex
	Size   int64
	Data   []byte
}

// What goes along with an announcement of files, rather than to an address.
const (
	smallFile  = 512 << 10
	sentAtOnce = 3 << 20 // bytes of small files
	namedFiles = 100
)

// Upload uploads files, which messages may name from then on.
func (c *Client) Upload(ctx context.Context, files []File) error {
	for len(files) > 0 {
		var named []api.NewFile
		size := 0
		for _, f := range files {
			n := api.NewFile{SHA256: f.SHA256, Size: f.Size}
			if len(f.Data) <= smallFile {
				if size += len(f.Data); size > sentAtOnce {
					break
				}
				n.Data = base64.StdEncoding.EncodeToString(f.Data)
			}
			if named = append(named, n); len(named) == namedFiles {
				break
			}
		}
		uploads, err := c.AnnounceFiles(ctx, named)
		if err != nil {
			return err
		}
		for i, u := range uploads {
			if u.Put == nil {
				continue
			}
			f := files[i]
			err := c.PutFile(ctx, *u.Put, f.Size, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.Data)), nil })
			if err != nil {
				return fmt.Errorf("file %s: %w", f.SHA256, err)
			}
		}
		files = files[len(named):]
	}
	return nil
}
