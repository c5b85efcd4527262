package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// filesLimit is the most bytes of a body with files: 4 MB of data as base64, and what is
// said of 100 files. It passes the gateway of Lambda.
const filesLimit = 5632 << 10

func (r *routes) files() {
	add(r, operation{
		id: "announce-files", method: http.MethodPost, path: "/v1/files", tag: tagConnectors, roles: connectors, limit: filesLimit,
		summary: "Upload files",
		description: "Files that messages are about to name, which the account keeps once by their hashes. Small ones come along as data, 4 MB " +
			"together. Of each of the others the answer says where to put it, unless it is there: send its bytes, and nothing else, to that address " +
			"with that method and those headers. Bytes that are others than was said are refused there. A file has at most 40 MB. One that no message " +
			"names is deleted a day after it was announced. May be repeated: who got no answer, or whose address has expired, sends the same again.",
	}, r.api.announceFiles)
	add(r, operation{
		id: "download-file", method: http.MethodGet, path: "/v1/conversations/{id}/messages/{message}/files/{file}", tag: tagConversations, roles: agents,
		summary: "Download a file of a message",
		description: "An address from which the file can be fetched, without a token, for five minutes. A browser stores it and does not show it: only PNG, " +
			"JPEG, GIF and WebP pictures have their type, and only if their first bytes say so.",
		problems: []error{noAccess()},
	}, r.api.downloadFile)
}

// NewFiles are files that a connector wants to upload.
type NewFiles struct {
	Files []NewFile `json:"files" nullable:"false" minItems:"1" maxItems:"100"`
}

// NewFile is a file that a connector wants to upload.
type NewFile struct {
	SHA256 string `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"Of its bytes, in 64 lower-case hexadecimal digits."`
	Size   int64  `json:"size" example:"48213" doc:"In bytes."`
	Data   string `json:"data,omitempty" example:"dGVzdA==" doc:"All of its bytes in base64, if it is small. Without it the answer says where to put them."`
}

// Uploads says what became of files, in the order in which they were named.
type Uploads struct {
	Files []Upload `json:"files" nullable:"false"`
}

// Upload says whether a file is there, and where to put it if it is not.
type Upload struct {
	SHA256 string     `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	There  bool       `json:"there" doc:"Its bytes are there, and need not be put anywhere."`
	Put    *PutFileAt `json:"put,omitempty" doc:"Where to put its bytes, if they are not there."`
}

// PutFileAt is an address to put bytes to.
type PutFileAt struct {
	FileAddress
	Method  string            `json:"method" example:"PUT"`
	Headers map[string]string `json:"headers" nullable:"false" doc:"Headers to send as they are."`
}

// FileAddress is an address that whoever knows it may use until it expires.
type FileAddress struct {
	URL       string    `json:"url" format:"uri-reference" example:"/file-bytes/eyJhbGciOiJIUzI1NiJ9" doc:"Relative to the API's address, or absolute. No token is sent there."`
	ExpiresAt time.Time `json:"expiresAt"`
}

type filesInput struct{ Body NewFiles }

func (a *api) announceFiles(ctx context.Context, c desk.Admitted, in *filesInput) (*body[Uploads], error) {
	files := make([]support.NewFile, len(in.Body.Files))
	var errs []error
	for i, f := range in.Body.Files {
		files[i] = support.NewFile{SHA256: f.SHA256, Size: f.Size}
		if f.Data == "" {
			continue
		}
		var err error
		if files[i].Data, err = base64.StdEncoding.Strict().DecodeString(f.Data); err != nil {
			errs = append(errs, &desk.InvalidError{Field: fmt.Sprintf("files[%d].data", i), Code: codeNotBase64, Problem: "it is not base64",
				Remedy: "encode the bytes with the alphabet that has + and /, and with padding"})
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	uploads, err := a.Files.Announce(ctx, c.Account, files)
	if err != nil {
		return nil, err
	}
	w := Uploads{make([]Upload, len(files))}
	for i, u := range uploads {
		w.Files[i] = Upload{SHA256: files[i].SHA256, There: u.There}
		if !u.There {
			w.Files[i].Put = &PutFileAt{FileAddress{u.Put.URL, u.Put.Until}, u.Put.Method, u.Put.Headers}
			if u.Put.Headers == nil {
				w.Files[i].Put.Headers = map[string]string{}
			}
		}
	}
	return &body[Uploads]{w}, nil
}

type fileInput struct {
	ID      string `path:"id" example:"c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the conversation."`
	Message string `path:"message" example:"05jg3nrm7g5r0m9v3w2k8d1c7x" doc:"ID of the message."`
	File    string `path:"file" example:"1" doc:"ID of one of the message's attachments, or source for its untouched source."`
}

func (a *api) downloadFile(ctx context.Context, c desk.Admitted, in *fileInput) (*body[FileAddress], error) {
	if _, err := a.visible(ctx, c, in.ID); err != nil {
		return nil, err
	}
	m, err := a.Messages.Get(ctx, c.Account, in.ID, in.Message)
	if err != nil {
		return nil, err
	}
	f, err := fileOf(m, in.File)
	if err != nil {
		return nil, err
	}
	at, err := a.Files.Address(ctx, c.Account, f.SHA256, f.Name, f.Type)
	return &body[FileAddress]{FileAddress{at.URL, at.Until}}, err
}

// fileOf returns a message's file by its ID: an attachment's number, or source.
func fileOf(m desk.Message, id string) (desk.Attachment, error) {
	n, err := strconv.Atoi(id)
	switch {
	case id == "source" && m.Source.SHA256 != "":
		name := m.ID + ".txt"
		if m.Kind == desk.Mail {
			name = m.ID + ".eml"
		}
		return desk.Attachment{SHA256: m.Source.SHA256, Name: name}, nil
	case err != nil || n < 1 || n > len(m.Attachments) || strconv.Itoa(n) != id:
		return desk.Attachment{}, fmt.Errorf("file %.80q of message %s: %w", id, m.ID, desk.ErrNotFound)
	}
	return m.Attachments[n-1], nil
}
