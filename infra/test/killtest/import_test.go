package killtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"deskmove/shared/cli/demo"
	"deskmove/shared/cli/transfer"
	"deskmove/shared/cli/verify"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
)

// TestImportUnderKills exports an account whose channel has moved, and imports that into
// others. The import is killed at several points, or the server, and the same is
// imported again: nothing is missing, nothing is there twice, and exported it is the same bytes.
func TestImportUnderKills(t *testing.T) {
	takesLong(t)
	t.Parallel()
	const conversations, files = 200, 30
	random := rand.New(rand.NewPCG(5, 6))
	p, err := newPlace(t.TempDir(), random)
	must(t, err)
	raw, setup, err := demo.Account(account)
	must(t, err)
	r := &round{place: p, random: random, setup: setup, history: desk.AllHistory}
	r.server, err = r.start(t.Context())
	must(t, err)
	defer func() {
		if err := r.server.Stop(); err != nil {
			t.Error(err)
		}
	}()
	must(t, r.connect())
	_, err = r.api.ReplaceSetup(t.Context(), raw, "")
	must(t, err)
	all, err := threads(conversations, setup)
	must(t, err)
	_, err = demo.Load(t.Context(), r.api, all, func() {})
	must(t, err)
	u := &uploads{api: r.api}
	for i := range files {
		_, err := u.bring(t.Context(), fmt.Sprint(i), []byte(fmt.Sprintf("%d %0*d", i, 1<<(i%20), 0)), i%2 == 0)
		must(t, err)
	}
	m, err := r.struck(t.Context(), nil, nil)
	must(t, err)
	_, err = r.await(t.Context(), m.ID)
	must(t, err)

	b := &bringing{round: r, admin: admin(t, raw)}
	b.folder, b.was = b.exports(t, account)
	whole := b.there(t.Context(), r.api)
	if whole < conversations+files || len(b.was) < files {
		t.Fatalf("there are %d conversations and %d files to bring in", whole, len(b.was)-1)
	}
	partly := 0
	for i, c := range []struct {
		there  int  // conversations that are there when it is killed
		server bool // it is killed, and not the import
	}{{0, false}, {1, false}, {whole / 3, false}, {whole / 2, false}, {whole - 1, false}, {0, true}, {1, true}, {whole / 2, true}, {whole - 1, true}} {
		name := fmt.Sprintf("twin-%d", i)
		api := b.account(t, name)
		cmd := b.begin(t, name)
		b.await(t, cmd, func(ctx context.Context) bool {
			for is, err := range api.Channels(ctx) {
				if c.there == 0 && err == nil && is.Restoring {
					return true
				}
			}
			return b.there(ctx, api) >= max(c.there, 1)
		})
		if c.server {
			must(t, r.server.Kill())
			r.server, err = r.start(t.Context())
			must(t, err)
			_ = cmd.Wait() // it has waited for the server, or says that it is to be given again
		} else {
			_ = cmd.Process.Kill() // or it has ended
			_ = cmd.Wait()
		}
		n := b.there(t.Context(), api)
		if n > 0 && n < whole {
			partly++
		}
		token, err := r.server.Token(name, "admin", desk.SuperAdmin)
		must(t, err)
		var s transfer.Imported
		if err := program(t.Context(), &s, r.server.URL(), token, "import", b.folder, "--setup"); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if s.Added+s.Known != int64(whole) || s.Updated > 0 || len(s.LeftOut)+len(s.Diverged) > 0 {
			t.Errorf("%+v: of %d conversations: %+v", c, whole, s)
		}
		var v verify.Result
		if err := program(t.Context(), &v, r.server.URL(), token, "verify"); err != nil || !v.OK {
			t.Errorf("%+v: %v, %+v", c, err, v)
		}
		if _, is := b.exports(t, name); !slices.Equal(is, b.was) {
			t.Errorf("%+v: exported again, it is other bytes", c)
		}
		t.Logf("%+v: %d of %d conversations were there, then %d were added", c, n, whole, s.Added)
	}
	if partly == 0 {
		t.Error("no import was killed with a part of the conversations there")
	}
}

// bringing is what imports have in common.
type bringing struct {
	*round
	admin  json.RawMessage
	folder string   // of the export
	was    []string // what it has
}

// admin is the administrator of an account's setup.
func admin(t *testing.T, raw json.RawMessage) json.RawMessage {
	t.Helper()
	var s struct{ Agents []json.RawMessage }
	must(t, json.Unmarshal(raw, &s))
	for _, a := range s.Agents {
		var is struct{ ID string }
		if must(t, json.Unmarshal(a, &is)); is.ID == "admin" {
			return a
		}
	}
	t.Fatal("there is no administrator")
	return nil
}

// account makes an account that has an administrator and nothing else, and returns a client
// that does not wait for the server.
func (b *bringing) account(t *testing.T, name string) *client.Client {
	t.Helper()
	api, err := b.server.Client(name, "admin", desk.SuperAdmin)
	must(t, err)
	_, err = api.ReplaceSetup(t.Context(), json.RawMessage(fmt.Sprintf(`{"account":{"id":%q,"plan":"enterprise"},"agents":[%s]}`, name, b.admin)), "")
	must(t, err)
	api.Patience = -1
	return api
}

// begin begins to import into an account, in a process of its own.
func (b *bringing) begin(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	token, err := b.server.Token(name, "admin", desk.SuperAdmin)
	must(t, err)
	cmd := exec.Command(self, "import", b.folder, "--setup", "--concurrency", "2") // #nosec G204 -- this test
	cmd.Env = append(os.Environ(), asServer+"=1", "DESKMOVE_ENDPOINT="+b.server.URL(), "DESKMOVE_TOKEN="+token)
	must(t, cmd.Start())
	return cmd
}

// await waits until an import has come to a point.
func (b *bringing) await(t *testing.T, cmd *exec.Cmd, point func(ctx context.Context) bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for !point(ctx) {
		if ctx.Err() != nil {
			_ = cmd.Process.Kill()
			t.Fatal("the import does not get there")
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// there counts the conversations that are there.
func (b *bringing) there(ctx context.Context, api *client.Client) (n int) {
	for c, err := range api.Channels(ctx) {
		if err != nil {
			return n
		}
		for _, err := range api.Conversations(ctx, c.ID) {
			if err != nil {
				break
			}
			n++
		}
	}
	return n
}

var nameOfAccount = regexp.MustCompile(`^(\{"format":"deskmove","version":1,"account":)"[^"]*"`)

// exports exports an account, and returns what has come of it: its lines but for the
// account's name, and the names of files, which are their hashes.
func (b *bringing) exports(t *testing.T, name string) (folder string, all []string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "export")
	token, err := b.server.Token(name, "admin", desk.SuperAdmin)
	must(t, err)
	var s transfer.Exported
	must(t, program(t.Context(), &s, b.server.URL(), token, "export", folder))
	lines, err := os.ReadFile(exchange.Folder(folder).Lines())
	must(t, err)
	all = append(all, nameOfAccount.ReplaceAllString(string(lines), "$1\"\""))
	must(t, filepath.WalkDir(filepath.Join(folder, "files"), func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && d.IsDir() {
			return nil
		}
		all = append(all, d.Name())
		return err
	}))
	return folder, all
}
