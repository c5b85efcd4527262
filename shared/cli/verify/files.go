package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/api"
	"deskmove/shared/client"
)

// readFiles reads all messages, and each file that they name once, and checks its hash.
func (v *verifier) readFiles(ctx context.Context) error {
	if v.options.NoFiles {
		v.note("files were not looked at")
		return nil
	}
	f := &fileReader{verifier: v, seen: make(map[string]int64)}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i := range v.records.all {
		if within.Err() != nil {
			break
		}
		g.Go(func() error {
			v.options.Seen(f.next())
			return f.conversation(within, v.records.all[i].id)
		})
	}
	return g.Wait()
}

// fileReader reads files, several at a time.
type fileReader struct {
	*verifier

	mu   sync.Mutex       // of all below, and of the verifier's checks
	read int64            // conversations
	seen map[string]int64 // sizes of files by their hashes
}

func (f *fileReader) next() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read++
	return int64(len(f.records.all)) + f.tickets + f.read
}

// file is a file as a message names it.
type file struct {
	conversation, message, id string
	sha256                    string
	size                      int64 // -1 if the message does not say it
}

func (f *fileReader) conversation(ctx context.Context, id string) error {
	for m, err := range f.api.Messages(ctx, id) {
		if client.IsNotFound(err) { // what it says of itself is another invariant's
			return nil
		}
		if err != nil {
			return err
		}
		for _, one := range filesOf(id, m) {
			if err := f.look(ctx, one); err != nil {
				return err
			}
		}
	}
	return nil
}

// filesOf are the files that a message names.
func filesOf(conversation string, m api.Message) (all []file) {
	for _, a := range m.Attachments {
		all = append(all, file{conversation, m.ID, a.ID, a.SHA256, a.Size})
	}
	if m.Source != "" {
		all = append(all, file{conversation, m.ID, "source", m.Source, -1})
	}
	return all
}

// look reads a file, unless another message has named it before.
func (f *fileReader) look(ctx context.Context, one file) error {
	f.mu.Lock()
	size, seen := f.seen[one.sha256]
	if !seen {
		f.seen[one.sha256] = one.size
	}
	f.mu.Unlock()
	problem := ""
	if seen {
		if one.size >= 0 && size >= 0 && one.size != size {
			problem = fmt.Sprintf("has %d bytes, and %d by another message", one.size, size)
		}
	} else {
		var err error
		if problem, err = f.check(ctx, one); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.must(filesKept, problem == "", one.conversation, "file %s of message %s %s", one.id, one.message, problem)
	return nil
}

// check reads a file and returns what is wrong with it, "" if nothing is. One that
// breaks off is read again: once may have been the network.
func (f *fileReader) check(ctx context.Context, one file) (problem string, err error) {
	for range 2 {
		in, err := f.api.File(ctx, one.conversation, one.message, one.id)
		switch {
		case client.IsNotFound(err):
			return "is missing", nil
		case err != nil:
			return "", err
		}
		sum := sha256.New()
		n, err := io.Copy(sum, in)
		if err = errors.Join(err, in.Close()); err != nil {
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			problem = "breaks off when it is read: it is damaged"
			continue
		}
		switch {
		case hex.EncodeToString(sum.Sum(nil)) != one.sha256:
			return "has another hash", nil
		case one.size >= 0 && n != one.size:
			return fmt.Sprintf("has %d bytes, not %d", n, one.size), nil
		}
		return "", nil
	}
	return problem, nil
}
