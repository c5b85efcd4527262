package killtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/demo"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// TestFilesUnderKills kills the server while files are uploaded and named, some of them
// with their data and some put, and starts it again, several times. Of each message that
// was acknowledged the file can be read, byte by byte, and nothing half written is left.
func TestFilesUnderKills(t *testing.T) {
	takesLong(t)
	t.Parallel()
	const kills, workers = 6, 6
	random := mathrand.New(mathrand.NewPCG(uint64(number(t, "DESKMOVE_SEED", 1)), 0)) // #nosec G115 -- positive
	p, err := newPlace(t.TempDir(), random)
	must(t, err)
	server, err := p.start(t.Context())
	must(t, err)
	caller, err := server.Client(account, "admin", desk.SuperAdmin)
	must(t, err)
	raw, _, err := demo.Account(account)
	must(t, err)
	_, err = caller.ReplaceSetup(t.Context(), raw, "")
	must(t, err)
	caller.Patience = -1 // whoever begins anew asks first what is there

	u := &uploads{api: caller}
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for i := range workers {
		working.Go(func() { u.work(ctx, t, i) })
	}
	for range kills {
		before := u.count()
		for u.count() < before+20 && !t.Failed() {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		must(t, server.Kill())
		server, err = p.start(t.Context())
		must(t, err)
		if left, err := filepath.Glob(filepath.Join(p.dir, "data", "files", "new", "*")); err != nil || len(left) > workers {
			t.Errorf("left half written: %v, %v", left, err) // more than are being written again
		}
	}
	stop()
	working.Wait()
	for _, f := range u.named {
		in, err := caller.File(t.Context(), f.conversation, f.message, "1")
		must(t, err)
		got, err := io.ReadAll(in)
		if err = errors.Join(err, in.Close()); err != nil || !bytes.Equal(got, f.bytes) {
			t.Errorf("file %x: %d of %d bytes, %v", sha256.Sum256(f.bytes), len(got), len(f.bytes), err)
		}
	}
	must(t, server.Stop())
	if left, err := os.ReadDir(filepath.Join(p.dir, "data", "files", "new")); err != nil || len(left) > 0 {
		t.Errorf("left half written: %v, %v", left, err)
	}
	t.Logf("%d files are there after %d kills", len(u.named), kills)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// uploads are files that are brought in, and what was acknowledged of them.
type uploads struct {
	api   *client.Client
	mu    sync.Mutex
	named []named
}

type named struct {
	conversation, message string
	bytes                 []byte
}

func (u *uploads) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.named)
}

// work brings files in, one after the other, until ctx is done.
func (u *uploads) work(ctx context.Context, t *testing.T, worker int) {
	for i := 0; ctx.Err() == nil; i++ {
		size := 1 << 10 << (i % 12) // to 2 MB
		b := make([]byte, size)
		_, _ = rand.Read(b) // never fails
		f, err := u.bring(ctx, fmt.Sprintf("%d-%d", worker, i), b, i%2 == 0 && size <= 1<<20)
		for end := time.Now().Add(time.Minute); err != nil && ctx.Err() == nil && time.Now().Before(end); { // the server is away
			time.Sleep(20 * time.Millisecond)
			f, err = u.bring(ctx, fmt.Sprintf("%d-%d", worker, i), b, i%3 == 0 && size <= 1<<20)
		}
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("file %d of worker %d: %v", i, worker, err)
			}
			return
		}
		u.mu.Lock()
		u.named = append(u.named, f)
		u.mu.Unlock()
	}
}

// slowly gives bytes in pieces, so that a kill comes between two.
type slowly struct{ from *bytes.Reader }

func (s *slowly) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return s.from.Read(p[:min(len(p), 16<<10)])
}

func (u *uploads) bring(ctx context.Context, id string, b []byte, inline bool) (named, error) {
	sum := sha256.Sum256(b)
	f := api.NewFile{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(b))}
	if inline {
		f.Data = base64.StdEncoding.EncodeToString(b)
	}
	said, err := u.api.AnnounceFiles(ctx, []api.NewFile{f})
	if err == nil && !said[0].There {
		err = u.api.PutFile(ctx, *said[0].Put, f.Size, func() (io.ReadCloser, error) { return io.NopCloser(&slowly{bytes.NewReader(b)}), nil })
	}
	if err != nil {
		return named{}, err
	}
	taken, err := u.api.TakeMessage(ctx, demo.Moved, api.NewMessage{MessageContent: api.MessageContent{
		ExternalID: "file-" + id, Author: string(desk.ByCustomer), From: &api.Address{Address: "jane@customer.example"}, Text: "See there.",
		Attachments: []api.Attachment{{Name: "file", SHA256: f.SHA256, Size: f.Size}},
	}})
	return named{taken.ConversationID, taken.MessageID, b}, err
}
