package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
)

// FileStore keeps what is known of files beside their bytes.
type FileStore struct{ Engine Engine }

// Attributes of files.
const (
	aFileSize  = "size"
	aFileSince = "since"
	aAnnounced = "at"
	aUsed      = "used" // 1 if a message names it, else 0
)

// Known returns those of an account's files that are known, by their hashes.
func (s FileStore) Known(ctx context.Context, account string, hashes []string) (map[string]desk.File, error) {
	keys := make([]Key, len(hashes))
	byKey := make(map[Key]string, len(hashes))
	for i, hash := range hashes {
		keys[i] = FileKey(account, hash)
		byKey[keys[i]] = hash
	}
	items, err := s.Engine.Get(ctx, Conversations, keys, Strong)
	if err != nil {
		return nil, fmt.Errorf("look up %d files: %w", len(keys), err)
	}
	known := make(map[string]desk.File, len(items))
	for _, item := range items {
		hash, a := byKey[item.Key], item.Attrs
		known[hash] = desk.File{
			Account: account, SHA256: hash, Size: a.Num(aFileSize), Since: a.Time(aFileSince), At: a.Time(aAnnounced), Used: a.Num(aUsed) != 0,
		}
	}
	return known, nil
}

// Announce records that files are to be uploaded: new ones, which are announced since
// now, and such as are known and not used. Hashes must be different. If another one
// was faster with any of them, the error is desk.ErrChanged, and the others are recorded.
func (s FileStore) Announce(ctx context.Context, files []desk.File) error {
	notes, items := make([]Write, len(files)), make([]Write, len(files))
	for i, f := range files {
		notes[i] = Write{Op: Put, Table: Conversations, Key: uploadKey(f)}
		items[i] = Write{Op: Put, Table: Conversations, Key: FileKey(f.Account, f.SHA256), If: Absent()}
		items[i].Set = Attrs{{aFileSize, N(f.Size)}, {aFileSince, N(f.Since.UnixMilli())}, {aAnnounced, N(f.At.UnixMilli())}, {aUsed, N(0)}}
		if !f.Since.Equal(f.At) {
			items[i].Op, items[i].If = Update, unused(f)
		}
	}
	err := FirstError(s.Engine.Write(ctx, notes))
	if err == nil { // a file without a note would never be deleted
		err = FirstError(s.Engine.Write(ctx, items))
	}
	return s.changed("announce", len(files), err)
}

// unused holds for a file that no message names, if it is the one that was read.
func unused(f desk.File) Cond {
	return Equals(aFileSince, N(f.Since.UnixMilli())).And(Equals(aUsed, N(0)))
}

func (FileStore) changed(what string, n int, err error) error {
	if errors.Is(err, ErrCondition) {
		return desk.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("%s %d files: %w", what, n, err)
	}
	return nil
}

// UseWrites are the writes by which a message names files: one for each that no message
// has named yet. Their conditions fail if a file is no longer the one that was read, of
// the size that its bytes were seen to have.
func (FileStore) UseWrites(files []desk.File) (ws []Write) {
	written := make(map[Key]bool)
	for _, f := range files {
		if k := FileKey(f.Account, f.SHA256); !f.Used && !written[k] {
			written[k] = true
			ws = append(ws, Write{Op: Update, Table: Conversations, Key: k, Set: Attrs{{aUsed, N(1)}}, If: unused(f).And(Equals(aFileSize, N(f.Size)))})
		}
	}
	return ws
}

// Announced returns notes of announcements before a time, those of a shard in their
// order, and at most so many of each. They say when, but neither how large the file is
// nor whether it is used.
func (s FileStore) Announced(ctx context.Context, before time.Time, limit int) (notes []desk.File, _ error) {
	var pages [uploadShards]Page
	g, ctx := errgroup.WithContext(ctx)
	for shard := range pages {
		g.Go(func() (err error) {
			pages[shard], err = s.Engine.Query(ctx, Query{Table: Conversations, PK: uploadsPK(shard), To: instant(before), Limit: limit, Read: Strong})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("files announced: %w", err)
	}
	for _, page := range pages {
		for _, item := range page.Items {
			note, err := readUpload(item.Key)
			if err != nil {
				return nil, err
			}
			notes = append(notes, note)
		}
	}
	return notes, nil
}

// Discard deletes a file that no message names, as it was read, and leaves its note;
// desk.ErrChanged if a message names it by now, or it was announced again.
func (s FileStore) Discard(ctx context.Context, f desk.File) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Delete, Table: Conversations, Key: FileKey(f.Account, f.SHA256), If: unused(f).And(Equals(aAnnounced, N(f.At.UnixMilli()))),
	}}))
	return s.changed("delete", 1, err)
}

// Unlist deletes notes.
func (s FileStore) Unlist(ctx context.Context, notes []desk.File) error {
	ws := make([]Write, len(notes))
	for i, f := range notes {
		ws[i] = Write{Op: Delete, Table: Conversations, Key: uploadKey(f)}
	}
	return s.changed("unlist", len(ws), FirstError(s.Engine.Write(ctx, ws)))
}
