package support_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
	"deskmove/shared/support"
	"deskmove/shared/support/filetest"
)

// filing is files of accounts in a test.
type filing struct {
	*testing.T
	support.Files
	store store.FileStore
	bytes *filetest.Memory
	time  time.Time
}

func newFiling(t *testing.T) *filing {
	r := &filing{T: t, bytes: &filetest.Memory{}, time: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	r.store = store.FileStore{Engine: &storetest.Memory{}}
	r.Files = support.Files{Store: r.store, Bytes: r.bytes, Now: func() time.Time { return r.time }}
	return r
}

// newFile is a file with a text, which does not come with it.
func newFile(text string) support.NewFile {
	f := filetest.File("", []byte(text), time.Time{})
	return support.NewFile{SHA256: f.SHA256, Size: f.Size}
}

func (r *filing) announce(account string, files ...support.NewFile) []support.Upload {
	r.Helper()
	uploads, err := r.Announce(r.Context(), account, files)
	if err != nil {
		r.Fatal(err)
	}
	return uploads
}

// put puts a text where its file is to be put.
func (r *filing) put(account, text string) {
	r.Helper()
	f, err := r.Known(r.Context(), account, newFile(text).SHA256)
	if err != nil {
		r.Fatal(err)
	}
	if err := r.bytes.Put(r.Context(), f, []byte(text)); err != nil {
		r.Fatal(err)
	}
}

// use has a message name files.
func (r *filing) use(account string, texts ...string) error {
	r.Helper()
	var named []support.NamedFile
	for i, text := range texts {
		f := newFile(text)
		named = append(named, support.NamedFile{Field: fmt.Sprintf("attachments[%d].sha256", i), SHA256: f.SHA256, Size: f.Size})
	}
	known, err := r.Confirm(r.Context(), account, named)
	if err != nil {
		return err
	}
	return r.write(known)
}

func (r *filing) write(known map[string]desk.File) error {
	var files []desk.File
	for _, f := range known {
		files = append(files, f)
	}
	ws := r.store.UseWrites(files)
	if len(ws) == 0 {
		return nil
	}
	return r.store.Engine.Transact(r.Context(), ws)
}

func (r *filing) sweep(want int) {
	r.Helper()
	if n, err := r.Sweep(r.Context()); err != nil || n != want {
		r.Errorf("Sweep = %d, %v; want %d", n, err, want)
	}
}

// there reports whether a file is known and its bytes are there.
func (r *filing) there(account, text string) bool {
	r.Helper()
	_, err := r.Confirm(r.Context(), account, []support.NamedFile{{Field: "f", SHA256: newFile(text).SHA256, Size: -1}})
	if err != nil && desk.Invalid(err) == nil {
		r.Fatal(err)
	}
	return err == nil
}

// fields are the fields that an error names, with their codes.
func fields(err error) string {
	var all []string
	for _, e := range desk.Invalid(err) {
		all = append(all, e.Field+" "+e.Code)
	}
	return strings.Join(all, ", ")
}

// TestFilesAreAnnouncedPutAndNamed, and are there once.
func TestFilesAreAnnouncedPutAndNamed(t *testing.T) {
	r := newFiling(t)
	uploads := r.announce("acme", newFile("one"), newFile("two"), newFile("one"), support.NewFile{SHA256: newFile("three").SHA256, Size: 5, Data: []byte("three")}, newFile(""))
	for i, want := range []bool{false, false, false, true, true} {
		if u := uploads[i]; u.There != want || want == (u.Put.URL != "") {
			t.Errorf("upload %d = %+v", i, u)
		}
	}
	if until := uploads[0].Put.Until; !until.Equal(r.time.Add(15 * time.Minute)) {
		t.Errorf("to be put until %s", until)
	}
	if got := fields(r.use("acme", "one", "two", "three", "unknown")); got != "attachments[0].sha256 no-such-file, attachments[1].sha256 no-such-file, attachments[3].sha256 no-such-file" {
		t.Errorf("before they are put: %s", got)
	}
	r.put("acme", "one")
	if u := r.announce("acme", newFile("one"), newFile("two")); !u[0].There || u[1].There {
		t.Errorf("announced again: %+v", u)
	}
	for range 2 { // by two messages
		if err := r.use("acme", "one", "three", "", "one"); err != nil {
			t.Fatal(err)
		}
	}
	known, err := r.store.Known(t.Context(), "acme", []string{newFile("one").SHA256, newFile("two").SHA256})
	if err != nil || !known[newFile("one").SHA256].Used || known[newFile("two").SHA256].Used {
		t.Errorf("known: %+v, %v", known, err)
	}
	if ws := r.store.UseWrites([]desk.File{known[newFile("one").SHA256]}); len(ws) != 0 {
		t.Errorf("%d writes for a file that is used", len(ws))
	}
	if r.bytes.Len() != 3 {
		t.Errorf("%d files are kept, want 3", r.bytes.Len())
	}
	if err := r.use("other", "one"); fields(err) != "attachments[0].sha256 no-such-file" {
		t.Errorf("a file of another account: %v", err)
	}
	if _, err := r.Address(t.Context(), "other", newFile("one").SHA256, "a", ""); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("address of another account's file: %v", err)
	}
}

// TestALostFileIsUploadedAgain: one that messages name, and whose bytes are gone, is said
// not to be there, so that bringing it in again mends it.
func TestALostFileIsUploadedAgain(t *testing.T) {
	r := newFiling(t)
	r.announce("acme", newFile("one"))
	r.put("acme", "one")
	if err := r.use("acme", "one"); err != nil {
		t.Fatal(err)
	}
	f, err := r.Known(t.Context(), "acme", newFile("one").SHA256)
	if err == nil {
		err = r.bytes.Delete(t.Context(), f)
	}
	if err != nil {
		t.Fatal(err)
	}
	if u := r.announce("acme", newFile("one")); u[0].There || u[0].Put.URL == "" {
		t.Errorf("a file that was lost: %+v", u[0])
	}
	r.put("acme", "one")
	if u := r.announce("acme", newFile("one")); !u[0].There {
		t.Errorf("put again: %+v", u[0])
	}
	r.time = r.time.Add(25 * time.Hour)
	r.sweep(0)
	if r.bytes.Len() != 1 {
		t.Error("it is swept")
	}
}

// TestWrongFilesAreRefused: each error names its field, and nothing is taken in.
func TestWrongFilesAreRefused(t *testing.T) {
	r := newFiling(t)
	one := newFile("one")
	r.announce("acme", one)
	r.put("acme", "one")
	if err := r.use("acme", "one"); err != nil {
		t.Fatal(err)
	}
	other := support.NewFile{SHA256: newFile("two").SHA256, Size: 3, Data: []byte("tow")}
	for what, c := range map[string]struct {
		files []support.NewFile
		want  string
	}{
		"no hash":            {[]support.NewFile{newFile("ok"), {SHA256: "abc", Size: 1}}, "files[1].sha256 not-a-sha256"},
		"upper case":         {[]support.NewFile{{SHA256: strings.ToUpper(one.SHA256), Size: 3}}, "files[0].sha256 not-a-sha256"},
		"too large":          {[]support.NewFile{newFile("ok"), {SHA256: one.SHA256, Size: 40<<20 + 1}}, "files[1].size above-limit"},
		"less than nothing":  {[]support.NewFile{{SHA256: one.SHA256, Size: -1}}, "files[0].size above-limit"},
		"another hash":       {[]support.NewFile{newFile("ok"), other}, "files[1].sha256 other-file"},
		"longer than said":   {[]support.NewFile{{SHA256: newFile("two").SHA256, Size: 2, Data: []byte("two")}}, "files[0].size other-file"},
		"nothing, otherwise": {[]support.NewFile{{SHA256: one.SHA256}}, "files[0].sha256 other-file"},
		"two sizes":          {[]support.NewFile{newFile("ok"), {SHA256: newFile("ok").SHA256, Size: 7}}, "files[1].size other-file"},
		"of a used one":      {[]support.NewFile{newFile("ok"), {SHA256: one.SHA256, Size: 4}}, "files[1].size other-file"},
	} {
		if _, err := r.Announce(t.Context(), "acme", c.files); fields(err) != c.want {
			t.Errorf("%s: %v; want %s", what, err, c.want)
		}
	}
	if _, err := r.Known(t.Context(), "acme", newFile("ok").SHA256); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("what came with a wrong one was taken in: %v", err)
	}
	_, err := r.Confirm(t.Context(), "acme", []support.NamedFile{
		{Field: "attachments[2].sha256", SHA256: one.SHA256, Size: 4}, {Field: "source", SHA256: "../one", Size: -1}, {Field: "attachments[1].sha256", SHA256: one.SHA256, Size: -1},
	})
	if fields(err) != "source not-a-sha256, attachments[2].size other-file" {
		t.Errorf("Confirm: %s", fields(err))
	}
}

// TestASizeThatNobodyCouldPutIsCorrected: whoever announces a wrong size keeps nobody
// from uploading the file.
func TestASizeThatNobodyCouldPutIsCorrected(t *testing.T) {
	r := newFiling(t)
	wrong := newFile("one")
	wrong.Size = 5000
	r.announce("acme", wrong)
	r.time = r.time.Add(time.Second)
	if u := r.announce("acme", newFile("one")); u[0].There {
		t.Errorf("there already: %+v", u)
	}
	r.put("acme", "one")
	if err := r.use("acme", "one"); err != nil {
		t.Fatal(err)
	}
}

// TestWhatNobodyNamesIsDeletedAfterADay: a day after it was announced the last time.
func TestWhatNobodyNamesIsDeletedAfterADay(t *testing.T) {
	r := newFiling(t)
	for _, text := range []string{"used", "unused", "again", "never put"} {
		r.announce("acme", newFile(text))
		if text != "never put" {
			r.put("acme", text)
		}
	}
	r.announce("other", newFile("unused"))
	r.put("other", "unused")
	if err := r.use("acme", "used"); err != nil {
		t.Fatal(err)
	}
	r.time = r.time.Add(23 * time.Hour)
	if u := r.announce("acme", newFile("again")); !u[0].There {
		t.Errorf("announced again: %+v", u)
	}
	r.sweep(0)
	if r.bytes.Len() != 4 {
		t.Errorf("%d files are left after 23 hours", r.bytes.Len())
	}
	r.time = r.time.Add(time.Hour + time.Second)
	r.sweep(3)
	r.sweep(0)
	if !r.there("acme", "used") || !r.there("acme", "again") || r.there("acme", "unused") || r.there("other", "unused") || r.bytes.Len() != 2 {
		t.Errorf("%d files are left after a day", r.bytes.Len())
	}
	r.time = r.time.Add(25 * time.Hour)
	r.sweep(1)
	if !r.there("acme", "used") || r.there("acme", "again") || r.bytes.Len() != 1 {
		t.Errorf("%d files are left after two days", r.bytes.Len())
	}
	if notes, err := r.store.Announced(t.Context(), r.time.Add(time.Hour), 100); err != nil || len(notes) > 0 {
		t.Errorf("notes are left: %+v, %v", notes, err)
	}
	r.announce("acme", newFile("unused"))
	r.put("acme", "unused")
	if err := r.use("acme", "unused"); err != nil {
		t.Error(err)
	}
}

// TestASweepThatFailsGoesOn: an error with one file keeps no other, and the next sweep
// tries it again.
func TestASweepThatFailsGoesOn(t *testing.T) {
	r := newFiling(t)
	for i := range 20 {
		r.announce("acme", newFile(fmt.Sprint(i)))
		r.put("acme", fmt.Sprint(i))
	}
	r.time = r.time.Add(25 * time.Hour)
	r.bytes.Before = func(operation string, f desk.File) error {
		if operation == "delete" && f.SHA256 == newFile("7").SHA256 {
			return errors.New("no")
		}
		return nil
	}
	if _, err := r.Sweep(t.Context()); err == nil || r.bytes.Len() != 1 {
		t.Errorf("with one that fails: %v, %d are left", err, r.bytes.Len())
	}
	r.bytes.Before = nil
	r.sweep(0)
	if r.bytes.Len() != 0 {
		t.Errorf("%d are left", r.bytes.Len())
	}
}

// errCrash ends a process in a test.
var errCrash = errors.New("crashed")

// steps interrupts whoever uses it before one of its steps.
type steps struct {
	store.FileStore
	at   int          // counts down to the step
	then func() error // what happens then; its error is the step's
}

func (s *steps) step() error {
	if s.at--; s.at == -1 {
		return s.then()
	}
	return nil
}

func (s *steps) Known(ctx context.Context, account string, hashes []string) (map[string]desk.File, error) {
	if err := s.step(); err != nil {
		return nil, err
	}
	return s.FileStore.Known(ctx, account, hashes)
}

func (s *steps) Announce(ctx context.Context, files []desk.File) error {
	if err := s.step(); err != nil {
		return err
	}
	return s.FileStore.Announce(ctx, files)
}

func (s *steps) Announced(ctx context.Context, before time.Time, limit int) ([]desk.File, error) {
	if err := s.step(); err != nil {
		return nil, err
	}
	return s.FileStore.Announced(ctx, before, limit)
}

func (s *steps) Discard(ctx context.Context, f desk.File) error {
	if err := s.step(); err != nil {
		return err
	}
	return s.FileStore.Discard(ctx, f)
}

func (s *steps) Unlist(ctx context.Context, notes []desk.File) error {
	if err := s.step(); err != nil {
		return err
	}
	return s.FileStore.Unlist(ctx, notes)
}

// slowed are files whose steps, in the store and with bytes, are counted.
func (r *filing) slowed(s *steps) support.Files {
	f := r.Files
	s.FileStore = r.store
	f.Store, f.Bytes = s, slowBytes{r.bytes, s}
	return f
}

type slowBytes struct {
	*filetest.Memory
	s *steps
}

func (b slowBytes) There(ctx context.Context, f desk.File) (bool, error) {
	if err := b.s.step(); err != nil {
		return false, err
	}
	return b.Memory.There(ctx, f)
}

func (b slowBytes) Put(ctx context.Context, f desk.File, data []byte) error {
	if err := b.s.step(); err != nil {
		return err
	}
	return b.Memory.Put(ctx, f, data)
}

func (b slowBytes) Delete(ctx context.Context, f desk.File) error {
	if err := b.s.step(); err != nil {
		return err
	}
	return b.Memory.Delete(ctx, f)
}

// bring announces a file with its bytes, and has a message name it, as often as it takes.
func (r *filing) bring(text string) {
	r.Helper()
	for range 5 {
		r.announce("acme", support.NewFile{SHA256: newFile(text).SHA256, Size: int64(len(text)), Data: []byte(text)})
		if err := r.use("acme", text); err == nil {
			return
		}
	}
	r.Error("the file cannot be brought in")
}

// TestASweepTakesNoFileThatIsNamed: whatever happens between two of its steps, however
// late it goes on, the bytes are there of a file that a message names, and of one that
// somebody was told is there. It also crashes at each step, and the next sweep leaves
// nothing.
func TestASweepTakesNoFileThatIsNamed(t *testing.T) {
	const stepsOfASweep = 5 // notes, files, item, bytes, notes again
	promised := func(r *filing) error {
		r.bring("old")
		return nil
	}
	for at := range stepsOfASweep {
		for what, story := range map[string]struct {
			between func(r *filing) error // two steps of a sweep
			after   func(r *filing) error // that
			kept    bool
		}{
			"named": {kept: true, between: func(r *filing) error {
				if err := r.use("acme", "old"); err != nil { // its item is gone by then
					r.bring("old")
				}
				return nil
			}},
			"brought again": {kept: true, between: promised},
			"swept, and brought again": {kept: true, between: func(r *filing) error {
				_, err := r.Sweep(r.Context())
				return errors.Join(err, promised(r))
			}},
			"announced again": {kept: true, between: func(r *filing) error {
				if u := r.announce("acme", newFile("old")); !u[0].There {
					r.put("acme", "old")
				}
				return nil
			}},
			"crash":                  {between: func(*filing) error { return errCrash }},
			"crash, then brought in": {kept: true, between: func(*filing) error { return errCrash }, after: promised},
		} {
			t.Run(fmt.Sprint(what, " before step ", at), func(t *testing.T) {
				r := newFiling(t)
				r.announce("acme", newFile("old"))
				r.put("acme", "old")
				r.time = r.time.Add(25 * time.Hour)
				s := &steps{at: at, then: func() error { return story.between(r) }}
				_, err := r.slowed(s).Sweep(t.Context())
				if s.at >= 0 {
					t.Fatalf("the sweep has fewer steps, %v", err)
				}
				if story.after != nil {
					if err := story.after(r); err != nil {
						t.Fatal(err)
					}
				}
				if story.kept && !r.there("acme", "old") {
					t.Error("the file is gone")
				}
				if _, err := r.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
				if r.there("acme", "old") != story.kept || r.bytes.Len() > 1 {
					t.Errorf("%d files are kept", r.bytes.Len())
				}
				r.time = r.time.Add(25 * time.Hour)
				if _, err := r.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
				if notes, err := r.store.Announced(t.Context(), r.time, 100); err != nil || len(notes) > 0 {
					t.Errorf("notes are left: %+v, %v", notes, err)
				}
			})
		}
	}
}

// TestAnAnnouncementMeetsASweep at each of its steps, or a crash: repeated, it brings
// the file in, and what is left of the first attempt goes.
func TestAnAnnouncementMeetsASweep(t *testing.T) {
	for at := range 4 { // known, announced, there, put
		for what, then := range map[string]func(r *filing) error{
			"swept": func(r *filing) error {
				_, err := r.Sweep(r.Context())
				return err
			},
			"crash":        func(*filing) error { return errCrash },
			"also brought": func(r *filing) error { r.bring("old"); return nil },
		} {
			t.Run(fmt.Sprint(what, " before step ", at), func(t *testing.T) {
				r := newFiling(t)
				r.announce("acme", newFile("old")) // and never put
				r.time = r.time.Add(25 * time.Hour)
				s := &steps{at: at, then: func() error { return then(r) }}
				_, err := r.slowed(s).Announce(t.Context(), "acme", []support.NewFile{{SHA256: newFile("old").SHA256, Size: 3, Data: []byte("old")}})
				if err != nil && !errors.Is(err, errCrash) {
					t.Error(err)
				}
				if s.at >= 0 && what != "also brought" {
					t.Fatalf("it has fewer steps")
				}
				r.bring("old")
				r.time = r.time.Add(25 * time.Hour)
				r.sweep(0)
				if !r.there("acme", "old") || r.bytes.Len() != 1 {
					t.Errorf("%d files are kept, want 1", r.bytes.Len())
				}
			})
		}
	}
}

// TestConfirmedAndSweptAreNotBoth: of a message that is about to name a file and a sweep
// one is too late.
func TestConfirmedAndSweptAreNotBoth(t *testing.T) {
	r := newFiling(t)
	r.announce("acme", newFile("old"))
	r.put("acme", "old")
	known, err := r.Confirm(t.Context(), "acme", []support.NamedFile{{Field: "f", SHA256: newFile("old").SHA256, Size: 3}})
	if err != nil {
		t.Fatal(err)
	}
	r.time = r.time.Add(25 * time.Hour)
	r.sweep(1)
	if err := r.write(known); !errors.Is(err, store.ErrCondition) {
		t.Errorf("named, and gone: %v", err)
	}
	r.announce("acme", newFile("old"))
	if err := r.write(known); !errors.Is(err, store.ErrCondition) {
		t.Errorf("named as it was, and its bytes are not there: %v", err)
	}
}

// TestDownloads: a picture is one only by its first bytes, and nothing else has a type
// that a browser would show.
func TestDownloads(t *testing.T) {
	r := newFiling(t)
	var seen []support.Download
	bytes := &spied{Memory: r.bytes, seen: &seen}
	r.Bytes = bytes
	for _, c := range []struct{ text, kind, want string }{
		{"\x89PNG\r\n\x1a\n, and so on", "image/png", "image/png"},
		{"\xff\xd8\xff\xe0 ...", "image/jpeg", "image/jpeg"},
		{"GIF89a...", "image/gif", "image/gif"},
		{"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", "image/webp"},
		{"RIFF\x00\x00\x00\x00AVI LIST", "image/webp", "application/octet-stream"},
		{"GIF89a...", "image/png", "image/gif"},
		{"\x89PNG\r\n\x1a\n, and so on", "text/html", "application/octet-stream"},
		{"<html><script>", "image/png", "application/octet-stream"},
		{"<svg onload=x>", "image/svg+xml", "application/octet-stream"},
		{"%PDF-1.7", "application/pdf", "application/octet-stream"},
		{"", "image/png", "application/octet-stream"},
		{"x", "", "application/octet-stream"},
	} {
		r.announce("acme", newFile(c.text))
		r.put("acme", c.text)
		a, err := r.Address(t.Context(), "acme", newFile(c.text).SHA256, "a.png", c.kind)
		if err != nil || a.URL == "" || !bytes.until.Equal(r.time.Add(5*time.Minute)) {
			t.Fatalf("address of %q: %+v, %v", c.text, a, err)
		}
		if d := seen[len(seen)-1]; d.Type != c.want || d.Name != "a.png" {
			t.Errorf("%q, which is said to be %q: %+v, want %s", c.text, c.kind, d, c.want)
		}
	}
}

// spied notes as what files are downloaded.
type spied struct {
	*filetest.Memory
	seen  *[]support.Download
	until time.Time
}

func (s *spied) GetAt(ctx context.Context, f desk.File, d support.Download, until time.Time) (support.Address, error) {
	*s.seen, s.until = append(*s.seen, d), until
	return s.Memory.GetAt(ctx, f, d, until)
}
