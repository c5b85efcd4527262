// Package process runs "deskmove serve" as a separate process, as a user does.
// It shares nothing with its caller but the data folder and the API.
package process

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
)

// Config configures a server.
type Config struct {
	Program string   // path of the deskmove executable
	Env     []string // added to the environment of this process
	Dir     string   // data folder
	Address string   // to listen on; 127.0.0.1:0 if empty
	Log     io.Writer
}

// At is a server that somebody else has started on a data folder, and will stop.
func At(url, dir string) *Server { return &Server{config: Config{Dir: dir}, url: url} }

// Server is a running "deskmove serve", or whatever takes the tokens of a data folder.
type Server struct {
	config Config
	cmd    *exec.Cmd
	url    string
	ended  chan struct{} // closed when the process has ended
	err    error         // how it ended, once it has
}

// Start starts a server and waits until it listens. It lives until Stop or
// Kill, whatever becomes of ctx.
func Start(ctx context.Context, c Config) (*Server, error) {
	cmd := exec.Command(c.Program, "serve", "--json", "--data", c.Dir, "--addr", cmp.Or(c.Address, "127.0.0.1:0")) // #nosec G204 -- deskmove itself
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stderr = c.Log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	s := &Server{config: c, cmd: cmd, ended: make(chan struct{})}
	first := make(chan error, 1)
	go func() {
		defer close(s.ended)
		lines := bufio.NewReader(out)
		line, err := lines.ReadBytes('\n')
		if err == nil {
			var said struct{ Listening string }
			err = json.Unmarshal(line, &said)
			s.url = said.Listening
		}
		first <- err
		_, _ = io.Copy(io.Discard, lines) // nothing more is said
		s.err = cmd.Wait()
	}()
	select {
	case err = <-first:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		kill := s.Kill()
		if errors.Is(err, io.EOF) {
			err = s.err
		}
		return nil, errors.Join(fmt.Errorf("serve in %s did not start: %w", c.Dir, err), kill)
	}
	return s, nil
}

// URL returns the address of the API.
func (s *Server) URL() string { return s.url }

// Token makes an access token for an agent or connector of an account.
func (s *Server) Token(account, agent string, role desk.Role) (string, error) {
	i, err := issuer.Open(s.config.Dir, clock.Clock{})
	if err != nil {
		return "", err
	}
	return i.MintNoted(account, agent, role, 12*time.Hour)
}

// Client makes a client that calls as an agent or connector of an account.
func (s *Server) Client(account, agent string, role desk.Role) (*client.Client, error) {
	token, err := s.Token(account, agent, role)
	if err != nil {
		return nil, err
	}
	return client.New(s.url, token)
}

// Kill ends the process at once, as a crash would, and waits for its end.
func (s *Server) Kill() error {
	err := s.cmd.Process.Kill()
	<-s.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// ID returns the ID of the process.
func (s *Server) ID() int { return s.cmd.Process.Pid }

// Signal sends the process a signal.
func (s *Server) Signal(sig os.Signal) error { return s.cmd.Process.Signal(sig) }

// Ended is closed when the process has ended.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Stop asks the process to end, and kills it if it is still running after 20 s. A
// server that somebody else has started goes on.
func (s *Server) Stop() error {
	if s.cmd == nil {
		return nil
	}
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil { // it has ended, or signals are not possible here
		return s.Kill()
	}
	select {
	case <-s.ended:
		return s.err
	case <-time.After(20 * time.Second):
		return errors.Join(errors.New("serve did not end within 20 s"), s.Kill())
	}
}
