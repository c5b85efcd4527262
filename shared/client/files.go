package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"deskmove/shared/api"
)

// AnnounceFiles takes in files that come with their data, and answers of the others
// which are there and where to put the rest.
func (c *Client) AnnounceFiles(ctx context.Context, files []api.NewFile) ([]api.Upload, error) {
	var u api.Uploads
	_, err := c.do(ctx, request{method: http.MethodPost, path: "/v1/files", in: api.NewFiles{Files: files}}, &u)
	if err == nil && len(u.Files) != len(files) {
		err = fmt.Errorf("the API answered of %d files, and %d were announced", len(u.Files), len(files))
	}
	return u.Files, err
}

// PutFile puts the bytes of a file where AnnounceFiles said. Open is called for each
// attempt, and returns them from the beginning.
func (c *Client) PutFile(ctx context.Context, at api.PutFileAt, size int64, open func() (io.ReadCloser, error)) error {
	target, err := c.resolve(at.URL)
	if err != nil {
		return err
	}
	_, err = c.patiently(ctx, func() (*http.Response, error) {
		body, err := open()
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, at.Method, target, body)
		if err != nil {
			return nil, errors.Join(err, body.Close())
		}
		req.ContentLength = size
		if size == 0 {
			req.Body = http.NoBody
		}
		for name, value := range at.Headers {
			req.Header.Set(name, value)
		}
		res, err := c.http.Do(req)
		if err != nil {
			return nil, &Unreachable{Endpoint: c.endpoint, Err: withoutURL(err)}
		}
		defer func() { _ = res.Body.Close() }() // it was read, or the error says more
		if res.StatusCode >= 300 {
			return res, readProblem(res)
		}
		_, _ = io.Copy(io.Discard, res.Body) // so that the connection is kept
		return res, nil
	})
	return err
}

// File reads a file of a message: the one of the attachment with this ID, or source. It
// may break off, and is tried again only by whoever asks again.
func (c *Client) File(ctx context.Context, conversation, message, file string) (io.ReadCloser, error) {
	var at api.FileAddress
	path := conversationPath(conversation) + "/messages/" + url.PathEscape(message) + "/files/" + url.PathEscape(file)
	if err := c.get(ctx, path, nil, &at); err != nil {
		return nil, err
	}
	target, err := c.resolve(at.URL)
	if err != nil {
		return nil, err
	}
	res, err := c.patiently(ctx, func() (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
		if err != nil {
			return nil, err
		}
		res, err := c.http.Do(req)
		if err != nil {
			return nil, &Unreachable{Endpoint: c.endpoint, Err: withoutURL(err)}
		}
		if res.StatusCode >= 300 {
			defer func() { _ = res.Body.Close() }() // the error says more
			return res, readProblem(res)
		}
		return res, nil
	})
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// resolve returns an address that the API has given. What the API has by TLS is put and
// fetched by TLS. No token is sent there.
func (c *Client) resolve(address string) (string, error) {
	if strings.HasPrefix(address, "/") {
		return c.endpoint + address, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || strings.HasPrefix(c.endpoint, "https:")) {
		return "", errors.New("the API gave an address for a file that is not by TLS, or none at all")
	}
	return address, nil
}

// withoutURL returns an error of a request without its address, by which anybody could
// have the file.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
