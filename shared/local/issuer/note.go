package issuer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"

	"deskmove/shared/desk"
)

// notesDir is the folder, beside the key, of notes of tokens that the audit log does not
// have yet: a file each, so that those who write and the one who reads need no lock.
const notesDir = "tokens"

// Note says that a token was made. It has nothing of the token itself.
type Note struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Agent   string    `json:"agent"` // or connector
	Role    desk.Role `json:"role"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until"` // it expires
}

// MintNoted makes a token as Mint does, for a program that cannot write the audit log
// because the data belong to the server's process: it leaves a note on the disk, which
// the server takes over into the log. There is no token without a note.
func (i *Issuer) MintNoted(account, subject string, role desk.Role, ttl time.Duration) (string, error) {
	token, err := i.Mint(account, subject, role, ttl)
	if err != nil {
		return "", err
	}
	at := i.clock.Now().UTC().Truncate(time.Millisecond)
	if err := i.note(Note{ID: uuid.NewString(), Account: account, Agent: subject, Role: role, At: at, Until: at.Add(ttl)}); err != nil {
		return "", fmt.Errorf("no token was made, as it could not be noted for the audit log: %w", err)
	}
	return token, nil
}

// note writes a note whole, on the disk, or not at all.
func (i *Issuer) note(n Note) error {
	dir := filepath.Join(i.dir, notesDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return writeFile(dir, n.ID+".json", text)
}

// writeFile writes a file whole, on the disk, or not at all.
func writeFile(dir, name string, text []byte) error {
	f, err := os.CreateTemp(dir, "*.part") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err == nil {
		return syncDir(dir)
	}
	return errors.Join(err, os.Remove(f.Name()))
}

// syncDir puts a folder's names on the disk. Windows does so itself, and refuses it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir) // #nosec G304 -- our own directory
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Notes calls take with each note, and forgets those that it has taken. What take gets
// again, after a crash, has the same ID. A note that cannot be read is put aside under
// another name, which is in the error.
func (i *Issuer) Notes(take func(Note) error) error {
	dir := filepath.Join(i.dir, notesDir)
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var errs []error
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		if !strings.HasSuffix(path, ".json") {
			continue // being written, or put aside
		}
		text, err := os.ReadFile(path) // #nosec G304 -- in our own directory
		if err != nil {
			errs = append(errs, err)
			continue
		}
		var n Note
		if err := json.Unmarshal(text, &n); err != nil || n.ID == "" || desk.CheckID("account", n.Account) != nil {
			errs = append(errs, fmt.Errorf("%s is no note of a token: see what wrote it", path+".bad"), os.Rename(path, path+".bad"))
			continue
		}
		if err := take(n); err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, os.Remove(path))
	}
	return errors.Join(append(errs, err)...)
}
