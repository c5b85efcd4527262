package files

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/store"
	"deskmove/shared/support"
)

// Config is what a folder needs beside its place.
type Config struct {
	Secret []byte // signs addresses
	Clock  clock.Clock
	// Refuse answers a request that cannot be done, as the API would. If nil, nothing
	// is served.
	Refuse func(http.ResponseWriter, *http.Request, error)
	// Admit returns a *desk.RefusedError if a caller who asked for an address is gone since,
	// or their token has been withdrawn. If nil, an address is good for whoever has it.
	Admit func(context.Context, desk.Caller) error
	Log   *slog.Logger // nil discards logs
	// Small keeps the bytes of files of at most SmallSize; if nil, they are in the folder too.
	Small *store.FileBytes
}

// SmallSize is the most bytes of a file that is in the database. A mail of 10 KB takes two
// syncs of the disk in the folder, and there one that it shares with all that is written at the time.
const SmallSize = 64 << 10

// Folder keeps the bytes of files. It implements support.FileBytes, and serves its
// addresses. It is safe for concurrent use; another process must not use the folder.
type Folder struct {
	Config
	root  *os.Root
	mu    sync.Mutex
	known map[string]bool // folders that are there for good
}

const (
	folder = "files"
	fresh  = "new"
)

// Open opens the folder for files in the folder of all data, and makes it if it is
// missing. What a crash has left half written is deleted.
func Open(dir string, c Config) (*Folder, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	f := &Folder{Config: c, known: make(map[string]bool)}
	whole := filepath.Join(dir, folder)
	err := os.MkdirAll(whole, 0o700)
	if err == nil {
		err = syncFolder(dir)
	}
	if err == nil {
		f.root, err = os.OpenRoot(whole)
	}
	if err == nil {
		err = f.root.RemoveAll(fresh)
	}
	if err == nil {
		err = f.root.Mkdir(fresh, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("folder of files: %w", err)
	}
	return f, nil
}

// Close closes the folder.
func (d *Folder) Close() error { return d.root.Close() }

// place is where a file's bytes are.
func place(f desk.File) string {
	return path.Join(hex.EncodeToString([]byte(f.Account)), f.SHA256[:2], f.SHA256+"-"+strconv.FormatInt(f.Since.UnixMilli(), 10))
}

func (d *Folder) isSmall(f desk.File) bool { return d.Small != nil && f.Size <= SmallSize }

// There implements support.FileBytes.
func (d *Folder) There(ctx context.Context, f desk.File) (bool, error) {
	if d.isSmall(f) {
		b, err := d.Small.Get(ctx, f)
		if errors.Is(err, desk.ErrNotFound) {
			return false, nil
		}
		return err == nil && int64(len(b)) == f.Size, err
	}
	info, err := d.root.Stat(place(f))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Size() == f.Size, err
}

// Put implements support.FileBytes.
func (d *Folder) Put(ctx context.Context, f desk.File, b []byte) error {
	return d.write(ctx, f, bytes.NewReader(b))
}

// write stores the bytes of a file as they come; a *desk.InvalidError if they are others.
func (d *Folder) write(ctx context.Context, f desk.File, from io.Reader) (err error) {
	if d.isSmall(f) {
		return d.writeSmall(ctx, f, from)
	}
	half := path.Join(fresh, rand.Text())
	out, err := d.root.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return full(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.root.Remove(half))
		}
	}()
	sum := sha256.New()
	n, err := pass(io.MultiWriter(out, sum), io.LimitReader(from, f.Size+1))
	if err == nil {
		err = isFile(f, n, sum)
	}
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return full(err)
	}
	to := place(f)
	if err := d.makeFolder(path.Dir(to)); err != nil {
		return full(err)
	}
	if err := d.root.Rename(half, to); err != nil {
		return full(err)
	}
	return d.sync(path.Dir(to))
}

func (d *Folder) writeSmall(ctx context.Context, f desk.File, from io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(from, f.Size+1))
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, _ = sum.Write(b) // never fails
	if err := isFile(f, int64(len(b)), sum); err != nil {
		return err
	}
	return d.Small.Put(ctx, f, b)
}

// isFile returns a *desk.InvalidError unless bytes are those of a file.
func isFile(f desk.File, n int64, sum hash.Hash) error {
	switch is := hex.EncodeToString(sum.Sum(nil)); {
	case n > f.Size:
		return desk.OtherFile("size", fmt.Sprintf("more than %d bytes", f.Size))
	case n < f.Size:
		return desk.OtherFile("size", fmt.Sprintf("%d bytes", n))
	case is != f.SHA256:
		return desk.OtherFile("sha256", is)
	}
	return nil
}

// full makes errors of a disk without room, or of a quota, store.ErrFull.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return err
}

// makeFolder makes a folder, and those above it, such that they outlast a power cut.
func (d *Folder) makeFolder(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if name == "." || d.known[name] {
		return nil
	}
	for _, of := range []string{path.Dir(name), name} { // an account's, and one in it
		if of == "." || d.known[of] {
			continue
		}
		if err := d.root.Mkdir(of, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := d.sync(path.Dir(of)); err != nil {
			return err
		}
		d.known[of] = true
	}
	return nil
}

func (d *Folder) sync(name string) error {
	return syncFolder(filepath.Join(d.root.Name(), filepath.FromSlash(name)))
}

// syncFolder has the disk keep what a folder has in it. Windows does so by itself.
func syncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(name) // #nosec G304 -- in our own directory
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Read implements support.FileBytes.
func (d *Folder) Read(ctx context.Context, f desk.File, from int64, n int) ([]byte, error) {
	in, err := d.open(ctx, f)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	b := make([]byte, min(int64(n), max(f.Size-from, 0)))
	read, err := in.ReadAt(b, from)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:read], err
}

// stored are the bytes of a file.
type stored interface {
	io.ReaderAt
	io.ReadCloser
}

// inMemory are the bytes of a small file.
type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

func (d *Folder) open(ctx context.Context, f desk.File) (stored, error) {
	if d.isSmall(f) {
		b, err := d.Small.Get(ctx, f)
		return inMemory{bytes.NewReader(b)}, err
	}
	in, err := d.root.Open(place(f))
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("bytes of file %s: %w", f.SHA256, desk.ErrNotFound)
	}
	return in, err
}

// Open implements support.FileBytes.
func (d *Folder) Open(ctx context.Context, f desk.File) (io.ReadCloser, error) {
	in, err := d.open(ctx, f)
	if err != nil {
		return nil, err
	}
	return support.Verified(f, in), nil
}

// Delete implements support.FileBytes. It need not know how large the file is.
func (d *Folder) Delete(ctx context.Context, f desk.File) error {
	err := d.root.Remove(place(f))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if d.Small != nil {
		err = errors.Join(err, d.Small.Delete(ctx, f))
	}
	return err
}

// buffers are what bytes pass through.
var buffers = sync.Pool{New: func() any { return new([BufferSize]byte) }}

// BufferSize is how many bytes of a file are in memory at once while it is put or
// downloaded.
const BufferSize = 64 << 10

// pass copies through one buffer, whatever else the two could do together.
func pass(to io.Writer, from io.Reader) (int64, error) {
	b, _ := buffers.Get().(*[BufferSize]byte)
	defer buffers.Put(b)
	return io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, b[:])
}
