package simulation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
	"deskmove/shared/support"
)

// keptUnnamed is how long a file is kept that no message names.
const keptUnnamed = 24 * time.Hour

// fileName is a file of an account.
type fileName struct{ account, hash string }

func nameOf(f desk.File) fileName { return fileName{f.Account, f.SHA256} }

// fileBytes keep which files' bytes are there. Each call waits until the scheduler
// makes it. Nobody downloads.
type fileBytes struct {
	support.FileBytes
	w     *world
	since map[fileName][]time.Time // of which announcements of a file the bytes are there
}

func bytesOp(verb string, f desk.File) op {
	return op{verb: verb + " bytes", table: "files", pk: f.Account + "#" + f.SHA256, sk: f.Since.Format(time.RFC3339Nano), writes: verb != "find", many: 1}
}

func (b *fileBytes) has(f desk.File) bool {
	return slices.ContainsFunc(b.since[nameOf(f)], f.Since.Equal)
}

// There implements support.FileBytes.
func (b *fileBytes) There(ctx context.Context, f desk.File) (there bool, err error) {
	err = b.w.call(ctx, bytesOp("find", f), func(func(int) bool) { there = b.has(f) })
	return there, err
}

// Put implements support.FileBytes.
func (b *fileBytes) Put(ctx context.Context, f desk.File, _ []byte) error {
	return b.w.call(ctx, bytesOp("put", f), func(func(int) bool) {
		if !b.has(f) {
			b.since[nameOf(f)] = append(b.since[nameOf(f)], f.Since)
		}
	})
}

// Delete implements support.FileBytes.
func (b *fileBytes) Delete(ctx context.Context, f desk.File) error {
	return b.w.call(ctx, bytesOp("delete", f), func(func(int) bool) {
		b.w.noteWriter(ctx)
		b.since[nameOf(f)] = slices.DeleteFunc(b.since[nameOf(f)], f.Since.Equal)
		b.w.invariants.checkBytesDeleted(f)
	})
}

// newFile is a file whose bytes are its name.
func newFile(name string) support.NewFile {
	sum := sha256.Sum256([]byte(name))
	return support.NewFile{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(name)), Data: []byte(name)}
}

// oldFiles is how many files of each account were announced nearly a day ago. No
// message has named them yet, and a sweep will soon delete them.
const oldFiles = 3

func oldFile(n int) string { return fmt.Sprint("old", n) }

// createFiles creates the files that were announced nearly a day ago, and has somebody
// send messages that name them, as they are deleted.
func (w *world) createFiles(c random) {
	w.bytes = &fileBytes{w: w, since: map[fileName][]time.Time{}}
	ctx := context.Background()
	for _, account := range accounts {
		for n := range oldFiles {
			file, left := newFile(oldFile(n)), c.between(0, peopleStop).Truncate(time.Millisecond)
			f := desk.File{Account: account, SHA256: file.SHA256, Size: file.Size, Since: epoch.Add(left - keptUnnamed), At: epoch.Add(left - keptUnnamed)}
			must(w.stores.files.Announce(ctx, []desk.File{f}))
			if c.perMille(800) {
				must(w.bytes.Put(ctx, f, nil))
			}
			if c.perMille(400) {
				w.sendWhileSwept(c, account, n, left)
			}
		}
	}
}

// sendWhileSwept sends a message that names a file at the time of the sweep that
// deletes it.
func (w *world) sendWhileSwept(c random, account string, n int, left time.Duration) {
	sweep := left.Truncate(w.limits.Sweep) + w.limits.Sweep
	m := w.newMessage(c, oldFile(n)+account, account, pick(c, channels))
	m.Attachments = []desk.Attachment{attachment(oldFile(n))}
	w.after(sweep+c.between(-20*time.Millisecond, 60*time.Millisecond), func() {
		m.At = w.date()
		w.takeIn("begin "+m.External, m, nil, true)
	})
}

func attachment(file string) desk.Attachment {
	f := newFile(file)
	return desk.Attachment{Name: file, SHA256: f.SHA256, Size: f.Size}
}

// attach names files in some messages: such as are about to be deleted, and new ones,
// of which each may be in several messages.
func attach(c random, m *desk.Message) {
	file := func() string { return pick(c, []string{oldFile(c.IntN(oldFiles)), fmt.Sprint("new", c.IntN(6))}) }
	if c.perMille(150) {
		m.Attachments = append(m.Attachments, attachment(file()))
	}
	if c.perMille(70) {
		m.Source = attachment(file())
		m.Source.Name = ""
	}
}

// upload uploads the files that a message names.
func upload(ctx context.Context, p *process, m desk.Message) error {
	var files []support.NewFile
	for _, a := range m.Files() {
		for _, name := range fileNames {
			if f := newFile(name); f.SHA256 == a.SHA256 {
				files = append(files, f)
			}
		}
	}
	_, err := p.Files.Announce(ctx, m.Account, files)
	return err
}

// fileNames are the names of all files.
var fileNames = func() (all []string) {
	for n := range oldFiles {
		all = append(all, oldFile(n))
	}
	for n := range 6 {
		all = append(all, fmt.Sprint("new", n))
	}
	return all
}()

// isNoFile reports whether a message was refused because a file that it names is not
// there.
func isNoFile(err error) bool {
	return slices.ContainsFunc(desk.Invalid(err), func(e *desk.InvalidError) bool { return e.Code == desk.CodeNoFile })
}

// fileOf reads what is known of a file; false if that is nothing.
func fileOf(account, hash string, from store.Engine) (desk.File, bool) {
	known, err := store.FileStore{Engine: from}.Known(context.Background(), account, []string{hash})
	must(err)
	f, ok := known[hash]
	return f, ok
}

// checkFile checks a change of what is known of a file.
func (w *invariants) checkFile(hash string, c storetest.Written) {
	account := storetest.AccountOf(c.Key)
	was, _ := fileOf(account, hash, singleItem{key: c.Key, attrs: c.Old})
	if c.New == nil {
		w.log("  file %s of %s is gone", hash, account)
		if was.Used || w.named[fileName{account, hash}] {
			w.violate("named files kept: %s deletes %s, which a message names", w.writer, hash)
		}
		if at := was.At.Add(keptUnnamed - w.maxSkew); w.date().Before(at) {
			w.violate("unnamed files kept for a day: %s deletes %s before %s", w.writer, hash, at)
		}
		return
	}
	if is, _ := fileOf(account, hash, singleItem{key: c.Key, attrs: c.New}); was.Used && (!is.Used || !is.Since.Equal(was.Since) || is.Size != was.Size) {
		w.violate("named files kept: %s makes %+v of %+v", w.writer, is, was)
	}
}

// checkNames checks that the files which a message names are there when it is stored,
// with their bytes, and are noted as named.
func (w *invariants) checkNames(m desk.Message) {
	for _, a := range m.Files() {
		if f, ok := fileOf(m.Account, a.SHA256, w.memory); !ok || !f.Used || !w.bytes.has(f) {
			w.violate("named files kept: %s stores message %s, and of the file %s that it names there is %+v", w.writer, m.External, a.SHA256, f)
		}
		w.named[fileName{m.Account, a.SHA256}] = true
	}
}

// checkBytesDeleted checks that bytes go once nothing is known of their file.
func (w *invariants) checkBytesDeleted(f desk.File) {
	if is, ok := fileOf(f.Account, f.SHA256, w.memory); ok && is.Since.Equal(f.Since) {
		w.violate("named files kept: %s deletes the bytes of %s, which is known, named: %t", w.writer, f.SHA256, is.Used)
	}
}

// finalFiles checks that the files that messages name are there, and that of those
// which nobody has named for a day nothing is left, if a sweep has come by since.
func (w *world) finalFiles() {
	if w.bytes == nil {
		return
	}
	seen := epoch.Add(w.swept - w.maxSkew) // what was a day old by then, the last sweep has seen
	for _, account := range accounts {
		for _, name := range fileNames {
			w.finalFile(account, newFile(name).SHA256, seen)
		}
	}
	notes, err := w.stores.files.Announced(context.Background(), seen.Add(-keptUnnamed), 1)
	if len(notes) > 0 || err != nil {
		w.violate("unnamed files go: there is a note of %+v: %v", notes, err)
	}
}

// finalFile checks a file of an account.
func (w *world) finalFile(account, hash string, seen time.Time) {
	f, known := fileOf(account, hash, w.memory)
	switch named := w.invariants.named[fileName{account, hash}]; {
	case named && !(known && f.Used && w.bytes.has(f)):
		w.violate("named files kept: a message of %s names %s, of which there is %+v", account, hash, f)
	case known && !f.Used && f.At.Add(keptUnnamed).Before(seen):
		w.violate("unnamed files go: %s of %s is there, as of %s", hash, account, f.At)
	}
	for _, since := range w.bytes.since[fileName{account, hash}] {
		if since.Add(keptUnnamed).Before(seen) && !(known && f.Since.Equal(since)) {
			w.violate("unnamed files go: bytes of %s of %s are there, as of %s", hash, account, since)
		}
	}
}
