package gateway

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

// Certificate is a certificate with its chain and its key, in PEM files, which are read
// again when they have changed: whoever renews them need not restart anything.
type Certificate struct {
	cert, key string
	log       *slog.Logger

	mu   sync.Mutex
	seen [2]stamp // of the files that were read last
	pair *tls.Certificate
}

// stamp tells whether a file has changed.
type stamp struct {
	at   time.Time
	size int64
}

// ReadCertificate reads the files. What cannot be read later is logged, and the
// certificate stays as it was.
func ReadCertificate(cert, key string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key, log: log}
	return c, c.read()
}

func (c *Certificate) stamps() (now [2]stamp, err error) {
	for i, file := range []string{c.cert, c.key} {
		info, err := os.Stat(file)
		if err != nil {
			return now, err
		}
		now[i] = stamp{info.ModTime(), info.Size()}
	}
	return now, nil
}

func (c *Certificate) read() error {
	now, err := c.stamps()
	if err != nil || now == c.seen {
		return err
	}
	c.seen = now
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("certificate %s with key %s: %w", c.cert, c.key, err)
	}
	c.pair = &pair
	return nil
}

// config is for connections of TLS 1.2 and later.
func (c *Certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.read(); err != nil && c.log != nil {
			c.log.Warn("the certificate cannot be renewed", "err", err)
		}
		return c.pair, nil
	}}
}

// onlyTLS has browsers come by TLS alone from now on, but for this computer's own
// names, which other programs answer to as well.
func onlyTLS(w http.ResponseWriter, r *http.Request) {
	if r.TLS != nil && !IsLoopback(HostOf(r)) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
	}
}
