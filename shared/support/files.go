package support

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
)

// How long things about files last.
const (
	// UploadFor is how long an address to which bytes are put is good, and DownloadFor
	// how long one from which they come.
	UploadFor   = 15 * time.Minute
	DownloadFor = 5 * time.Minute
	// unusedFor is how long a file is kept that no message names. An announcement that
	// is older than announcedFor is made again, so that it is kept for nearly a day longer.
	unusedFor    = 24 * time.Hour
	announcedFor = time.Hour
)

const (
	filesAtOnce = 32  // whose bytes are looked after at the same time
	sweptAtOnce = 500 // notes of each shard that a sweep reads
)

// FileBytes keep the bytes of files. They are safe for concurrent use, and support/filetest
// tests what else they promise. Of a file they go by its account, hash and Since, and by its size,
// but to delete it.
type FileBytes interface {
	// There reports whether a file's bytes are there, all of them.
	There(ctx context.Context, f desk.File) (bool, error)
	// Put stores the bytes of a file, which have its hash and size.
	Put(ctx context.Context, f desk.File, b []byte) error
	// PutAt returns an address to which somebody may put the bytes of a file. It takes
	// no others.
	PutAt(ctx context.Context, f desk.File, until time.Time) (Address, error)
	// GetAt returns an address from which somebody may get the bytes of a file.
	GetAt(ctx context.Context, f desk.File, d Download, until time.Time) (Address, error)
	// Read reads at most n bytes of a file from a place on, unchecked; desk.ErrNotFound
	// if its bytes are not there.
	Read(ctx context.Context, f desk.File, from int64, n int) ([]byte, error)
	// Open reads all bytes of a file. Reading fails before the end with a *DamagedError
	// unless they have its hash; desk.ErrNotFound if they are not there.
	Open(ctx context.Context, f desk.File) (io.ReadCloser, error)
	// Delete deletes the bytes of a file, if they are there.
	Delete(ctx context.Context, f desk.File) error
	// Origin is that of its addresses, such as https://files.example; "" if they are
	// references such as /path to be resolved against the API's address.
	Origin() string
}

// Address is where bytes are put to or come from, by whoever knows it, for a while.
type Address struct {
	URL     string // or a reference, see FileBytes.Origin
	Method  string
	Headers map[string]string // to be sent as they are
	Until   time.Time
}

// DamagedError says that the bytes of a file are not those that were put there.
type DamagedError struct{ Account, SHA256 string }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("file %s of account %s is damaged: restore it from a copy, or delete it and upload it again", e.SHA256, e.Account)
}

// Files takes in files, and gives them out.
type Files struct {
	Store interface {
		Known(ctx context.Context, account string, hashes []string) (map[string]desk.File, error)
		Announce(ctx context.Context, files []desk.File) error
		Announced(ctx context.Context, before time.Time, limit int) ([]desk.File, error)
		Discard(ctx context.Context, f desk.File) error
		Unlist(ctx context.Context, notes []desk.File) error
	}
	Bytes FileBytes
	Now   func() time.Time
}

// NewFile is a file that somebody wants to upload.
type NewFile struct {
	SHA256 string
	Size   int64
	Data   []byte // all of it, or nil if it is put to an address
}

// Upload is what becomes of a NewFile.
type Upload struct {
	There bool    // its bytes are there, and need not be put
	Put   Address // where to, if they are not
}

// Announce takes in files whose bytes come with it, or says where to put those of the
// others. It may be repeated, and answers which are there by now. What is wrong is an
// *InvalidError for each field, such as files[2].sha256; then nothing is taken in.
func (s Files) Announce(ctx context.Context, account string, files []NewFile) ([]Upload, error) {
	files = slices.Clone(files)
	for i := range files {
		if files[i].Size == 0 && files[i].Data == nil { // then this is all of it
			files[i].Data = []byte{}
		}
	}
	if err := checkNew(files); err != nil {
		return nil, err
	}
	for range attempts {
		known, err := s.announce(ctx, account, files)
		if errors.Is(err, desk.ErrChanged) {
			continue
		}
		if err != nil {
			return nil, err
		}
		uploads := make([]Upload, len(files))
		g, within := errgroup.WithContext(ctx)
		g.SetLimit(filesAtOnce)
		for i, f := range files {
			g.Go(func() (err error) {
				uploads[i], err = s.upload(within, known[f.SHA256], f.Data)
				return err
			})
		}
		return uploads, g.Wait()
	}
	return nil, &desk.BusyError{What: "files", After: time.Second}
}

func checkNew(files []NewFile) error {
	var errs []error
	sizes := make(map[string]int64)
	for i, f := range files {
		at := fmt.Sprintf("files[%d]", i)
		errs = append(errs, desk.CheckSHA256(at+".sha256", f.SHA256), desk.CheckFileSize(at+".size", f.Size))
		if size, twice := sizes[f.SHA256]; twice && size != f.Size {
			errs = append(errs, desk.OtherFile(at+".size", fmt.Sprintf("%d bytes", size)))
		}
		sizes[f.SHA256] = f.Size
		if f.Data == nil {
			continue
		}
		if n := int64(len(f.Data)); n != f.Size {
			errs = append(errs, desk.OtherFile(at+".size", fmt.Sprintf("%d bytes", n)))
		}
		if sum := sha256.Sum256(f.Data); hex.EncodeToString(sum[:]) != f.SHA256 {
			errs = append(errs, desk.OtherFile(at+".sha256", hex.EncodeToString(sum[:])))
		}
	}
	return errors.Join(errs...)
}

// announce records those files that are new, and those again whose last announcement is
// old, and returns all by their hashes; desk.ErrChanged if others do the same.
func (s Files) announce(ctx context.Context, account string, files []NewFile) (map[string]desk.File, error) {
	hashes := make([]string, len(files))
	for i, f := range files {
		hashes[i] = f.SHA256
	}
	slices.Sort(hashes)
	known, err := s.Store.Known(ctx, account, slices.Compact(hashes))
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC().Truncate(time.Millisecond)
	records := make(map[string]desk.File)
	var errs []error
	for i, n := range files {
		f, there := known[n.SHA256]
		switch {
		case !there:
			f = desk.File{Account: account, SHA256: n.SHA256, Size: n.Size, Since: now, At: now}
			records[n.SHA256] = f
		case f.Size != n.Size && f.Used:
			errs = append(errs, desk.OtherFile(fmt.Sprintf("files[%d].size", i), fmt.Sprintf("%d bytes", f.Size)))
		case f.Size != n.Size || !f.Used && now.Sub(f.At) > announcedFor:
			f.Size, f.At = n.Size, now // nobody could put bytes of the wrong size there
			records[n.SHA256] = f
		}
		known[n.SHA256] = f
	}
	if len(errs) > 0 || len(records) == 0 {
		return known, errors.Join(errs...)
	}
	return known, s.Store.Announce(ctx, slices.Collect(maps.Values(records)))
}

// upload takes in the bytes of a file that is announced, or says where to put them.
func (s Files) upload(ctx context.Context, f desk.File, data []byte) (Upload, error) {
	there, err := s.Bytes.There(ctx, f) // also of one that is used: it may have been lost
	if err != nil || there {
		return Upload{There: there}, err
	}
	if data != nil {
		return Upload{There: true}, s.Bytes.Put(ctx, f, data)
	}
	put, err := s.Bytes.PutAt(ctx, f, s.Now().Add(UploadFor))
	return Upload{Put: put}, err
}

// NamedFile is a file that a message names.
type NamedFile struct {
	Field  string // where its hash is, such as attachments[2].sha256
	SHA256 string
	Size   int64 // -1 if that is not said
}

// Confirm returns the files that a message is about to name, by their hashes, if the
// bytes of all are there. Otherwise there is an *InvalidError for a field of each that
// is not, such as attachments[2].sha256.
func (s Files) Confirm(ctx context.Context, account string, named []NamedFile) (map[string]desk.File, error) {
	var errs []error
	var hashes []string
	for _, n := range named {
		if err := desk.CheckSHA256(n.Field, n.SHA256); err != nil {
			errs = append(errs, err)
		} else {
			hashes = append(hashes, n.SHA256)
		}
	}
	slices.Sort(hashes)
	known, err := s.Store.Known(ctx, account, slices.Compact(hashes))
	if err != nil {
		return nil, err
	}
	there, err := s.there(ctx, known)
	if err != nil {
		return nil, err
	}
	for _, n := range named {
		f, ok := known[n.SHA256]
		switch {
		case !there[n.SHA256] && desk.CheckSHA256("", n.SHA256) == nil:
			errs = append(errs, desk.NoFile(n.Field))
		case ok && n.Size >= 0 && n.Size != f.Size:
			errs = append(errs, desk.OtherFile(strings.TrimSuffix(n.Field, "sha256")+"size", fmt.Sprintf("%d bytes", f.Size)))
		}
	}
	return known, errors.Join(errs...)
}

// there says of which files the bytes are there. Of those that are used they are.
func (s Files) there(ctx context.Context, known map[string]desk.File) (map[string]bool, error) {
	all := slices.Collect(maps.Values(known))
	found := make([]bool, len(all))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(filesAtOnce)
	for i, f := range all {
		if found[i] = f.Used; !f.Used {
			g.Go(func() (err error) {
				found[i], err = s.Bytes.There(ctx, f)
				return err
			})
		}
	}
	err := g.Wait()
	there := make(map[string]bool, len(all))
	for i, f := range all {
		there[f.SHA256] = found[i]
	}
	return there, err
}

// Known returns a file of an account; desk.ErrNotFound if there is none.
func (s Files) Known(ctx context.Context, account, hash string) (desk.File, error) {
	known, err := s.Store.Known(ctx, account, []string{hash})
	f, ok := known[hash]
	if err == nil && !ok {
		err = fmt.Errorf("file %s: %w", hash, desk.ErrNotFound)
	}
	return f, err
}

// Address returns an address from which a file can be downloaded, by the name and the
// type by which a message names it; desk.ErrNotFound if there is no such file.
func (s Files) Address(ctx context.Context, account, hash, name, kind string) (Address, error) {
	f, err := s.Known(ctx, account, hash)
	if err != nil {
		return Address{}, err
	}
	d := Download{Name: name, Type: anyType}
	if isPicture(kind) { // or whoever says so need not be believed
		first, err := s.Bytes.Read(ctx, f, 0, pictureStart)
		if err != nil {
			return Address{}, fmt.Errorf("file %s: %w", hash, err)
		}
		d.Type = pictureType(first)
	}
	return s.Bytes.GetAt(ctx, f, d, s.Now().Add(DownloadFor))
}

// Open reads a file; desk.ErrNotFound if there is none. See FileBytes.Open.
func (s Files) Open(ctx context.Context, account, hash string) (io.ReadCloser, error) {
	f, err := s.Known(ctx, account, hash)
	if err != nil {
		return nil, err
	}
	return s.Bytes.Open(ctx, f)
}

// Sweep deletes the files that were announced a day ago, the last time, and are named
// by no message, and returns how many. An error with one does not keep others from
// being deleted. It may stop anywhere, run twice at once, and be late with any step: the
// item of a file goes first, if it is still unused, and bytes go once no item is theirs.
func (s Files) Sweep(ctx context.Context) (deleted int, _ error) {
	notes, err := s.Store.Announced(ctx, s.Now().Add(-unusedFor), sweptAtOnce)
	if err != nil {
		return 0, err
	}
	byAccount := make(map[string][]desk.File)
	for _, n := range notes {
		byAccount[n.Account] = append(byAccount[n.Account], n)
	}
	var errs []error
	for _, account := range slices.Sorted(maps.Keys(byAccount)) {
		n, err := s.sweep(ctx, account, byAccount[account])
		deleted += n
		errs = append(errs, err)
	}
	return deleted, errors.Join(errs...)
}

// sweep goes through notes of one account.
func (s Files) sweep(ctx context.Context, account string, notes []desk.File) (deleted int, _ error) {
	hashes := make([]string, len(notes))
	for i, n := range notes {
		hashes[i] = n.SHA256
	}
	slices.Sort(hashes)
	known, err := s.Store.Known(ctx, account, slices.Compact(hashes))
	if err != nil {
		return 0, err
	}
	errs, gone := make([]error, len(notes)), make([]bool, len(notes))
	g := errgroup.Group{}
	g.SetLimit(filesAtOnce)
	for i, n := range notes {
		g.Go(func() error {
			gone[i], errs[i] = s.settle(ctx, n, known[n.SHA256])
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs
	var settled []desk.File
	for i, n := range notes {
		if errs[i] == nil {
			settled = append(settled, n)
		} else {
			errs[i] = fmt.Errorf("file %s of account %s: %w", n.SHA256, account, errs[i])
		}
		if gone[i] {
			deleted++
		}
	}
	return deleted, errors.Join(append(errs, s.Store.Unlist(ctx, settled))...)
}

// settle does what a note of an announcement asks for, and reports whether it has
// deleted a file. Is is what is known of a file with the note's hash.
func (s Files) settle(ctx context.Context, note, is desk.File) (deleted bool, err error) {
	if is.Since.Equal(note.Since) {
		if is.Used || is.At.After(note.At) { // it stays, or has another note
			return false, nil
		}
		if err := s.Store.Discard(ctx, is); err != nil {
			return false, err // the next sweep sees what has become of it
		}
		deleted = true
	}
	return deleted, s.Bytes.Delete(ctx, note)
}

// Download is as what bytes are downloaded.
type Download struct {
	Name string // "" if it has none
	Type string // of the content; never one that a browser would run
}

// Disposition is the header by which a browser stores a download, under its name, and
// does not show it (RFC 6266).
func (d Download) Disposition() string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": cmp.Or(d.Name, "file")})
}

const (
	anyType      = "application/octet-stream"
	pictureStart = 12 // bytes that tell whether something is a picture
)

// isPicture reports whether a type is one of those that pictureType knows.
func isPicture(kind string) bool {
	return slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, kind)
}

// pictureType is the type of a picture by its first bytes; anyType if it is none.
func pictureType(first []byte) string {
	switch {
	case bytes.HasPrefix(first, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(first, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(first, []byte("GIF87a")), bytes.HasPrefix(first, []byte("GIF89a")):
		return "image/gif"
	case len(first) >= pictureStart && string(first[:4]) == "RIFF" && string(first[8:12]) == "WEBP":
		return "image/webp"
	}
	return anyType
}
