//go:build unix

package readme

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFront runs the two ways to TLS as they are written, but for the port.
func TestFront(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: it builds and runs the program, and -short is given")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		leaveOut(t, "bash is not installed")
	}
	text, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n### TLS, and a proxy in front\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := regexp.MustCompile("(?ms)^```sh\n(go run \\S+ serve .*?)^```$").FindAllStringSubmatch(section, -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks serve", len(blocks))
	}
	for i, link := range []string{"https://desk.example:PORT/app/#code=", "https://desk.example/app/#code="} {
		dir, address := workplace(t), freeAddress(t)
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		pool := certificate(t, dir)
		said := background(t, dir, strings.ReplaceAll(blocks[i][1], ":8420", ":"+port))
		client := http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, address)
			},
		}}
		url := "https://desk.example:" + port + "/healthz"
		if i == 1 { // what the proxy sends
			url = "http://desk.example/healthz"
		}
		for {
			res, err := client.Get(url)
			if err == nil {
				_ = res.Body.Close()
				if res.StatusCode != http.StatusOK {
					t.Errorf("%s: %s", blocks[i][1], res.Status)
				}
				break
			}
			if t.Context().Err() != nil || said.ended() {
				t.Fatalf("%s: %v\n%s", blocks[i][1], err, said)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if want := "Console: " + strings.ReplaceAll(link, "PORT", port); !strings.Contains(said.String(), want) {
			t.Errorf("%q is not in what %q says:\n%s", want, blocks[i][1], said)
		}
	}
}

// certificate makes the files that the section names.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"desk.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	made := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, text := range map[string][]byte{"desk.pem": made, "desk-key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(made)
	return pool
}

// said is what a command in the background says.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
	done chan struct{}
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *said) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// background runs a block until the test ends.
func background(t *testing.T, dir, block string) *said {
	t.Helper()
	s := &said{done: make(chan struct{})}
	c := command(t, dir, "bash", "-c", block)
	c.Stdout, c.Stderr = s, s
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.Wait() // it is killed
		close(s.done)
	}()
	t.Cleanup(func() { <-s.done })
	return s
}
