package exchange

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// LinesName is the name of the file of lines in a folder.
const LinesName = "deskmove.ndjson"

// Folder is where a file of lines is, by the name LinesName, and the bytes of the files
// that it names, by their SHA-256: files/9f/9f86d0….
type Folder string

// Lines returns the path of the file of lines.
func (f Folder) Lines() string { return filepath.Join(string(f), LinesName) }

// Path returns where the bytes of a file are.
func (f Folder) Path(sha256 string) string {
	return filepath.Join(string(f), "files", sha256[:2], sha256)
}

// FileError says that the bytes of a file are not in the folder, or are others.
type FileError struct {
	SHA256  string
	Problem string
}

func (e *FileError) Error() string { return "file " + e.SHA256 + ": " + e.Problem }

// Check reads the bytes of a file, and returns a *FileError unless they are its own.
func (f Folder) Check(file File) error {
	in, err := os.Open(f.Path(file.SHA256)) // #nosec G304 -- in a folder that the user named
	if errors.Is(err, fs.ErrNotExist) {
		return &FileError{file.SHA256, "its bytes are not in the folder; add them as files/" + file.SHA256[:2] + "/" + file.SHA256}
	}
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, in)
	if err = errors.Join(err, in.Close()); err != nil {
		return fmt.Errorf("file %s: %w", file.SHA256, err)
	}
	switch is := hex.EncodeToString(sum.Sum(nil)); {
	case is != file.SHA256:
		return &FileError{file.SHA256, "its bytes have the hash " + is + "; take them as they were written"}
	case n != file.Size:
		return &FileError{file.SHA256, fmt.Sprintf("it has %d bytes, and its line says %d", n, file.Size)}
	}
	return nil
}

// Size returns the size of a file that is there, without reading its bytes: Put leaves none
// there that is not whole. It is -1 if the file is not there.
func (f Folder) Size(sha256 string) int64 {
	info, err := os.Stat(f.Path(sha256))
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	return info.Size()
}

// Open reads the bytes of a file.
func (f Folder) Open(sha256 string) (io.ReadCloser, error) {
	return os.Open(f.Path(sha256)) // #nosec G304 -- in a folder that the user named
}

// Put writes the bytes of a file, whole or not at all. If they have another hash, the error
// is a *FileError.
func (f Folder) Put(hash string, bytes io.Reader) (err error) {
	path := f.Path(hash)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// Who writes it again after an interruption writes over what is left.
	out, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // #nosec G304 -- in a folder that the user named
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.Close(), os.Remove(out.Name()))
		}
	}()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(out, sum), bytes); err != nil {
		return fmt.Errorf("file %s: %w", hash, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != hash {
		return &FileError{hash, "the bytes that came are others; try again"}
	}
	if err := errors.Join(out.Sync(), out.Close()); err != nil { // or a power cut leaves a file of this size without its bytes
		return err
	}
	return os.Rename(out.Name(), path)
}
