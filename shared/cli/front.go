package cli

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"deskmove/shared/desk"
	"deskmove/shared/local"
)

// front reads the flags about who comes to the server, and how.
func (s serveCmd) front() (c local.Config, err error) {
	for _, name := range s.Host {
		if name == "" || strings.ContainsAny(name, "/:@*[] ") {
			return c, fmt.Errorf("--host: %q is not a host name: give one such as desk.example, without scheme and port", desk.Truncate(name, 80))
		}
	}
	c.Hosts = s.Host
	for _, text := range s.Proxy {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return c, fmt.Errorf("--trusted-proxy: %q is not a range of addresses: give one such as 127.0.0.1/32 or 10.0.0.0/8", desk.Truncate(text, 80))
		}
		c.Proxies = append(c.Proxies, prefix.Masked())
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return c, errors.New("--tls-cert and --tls-key belong together: give both")
	}
	return c, nil
}

// served is where a server is. Open reads it from the data folder.
type served struct {
	Listening string `json:"listening"`             // URL of the address that it listens on
	URL       string `json:"url"`                   // by the name that people use
	Cert      string `json:"certificate,omitempty"` // path of the certificate that it shows; "" without TLS
}

// address is where the server is that listens at a URL. With a proxy in front, people
// reach it by the proxy's name and usual port.
func (s serveCmd) address(listening string) served {
	at := served{Listening: listening, URL: listening}
	scheme, address, _ := strings.Cut(listening, "://")
	if s.TLSCert != "" {
		at.Cert, _ = filepath.Abs(s.TLSCert) // "" only if there is no working directory
	}
	if len(s.Host) == 0 {
		return at
	}
	_, port, _ := net.SplitHostPort(address)
	switch at.URL = "https://" + s.Host[0]; {
	case s.TLSCert == "" && len(s.Proxy) > 0, s.TLSCert != "" && port == "443":
	default:
		at.URL = scheme + "://" + net.JoinHostPort(s.Host[0], port)
	}
	return at
}

// addressFile is where serve says where it is while it runs, for open.
func addressFile(dir string) string { return filepath.Join(dir, "serve.json") }

func (a served) write(dir string) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return writeLine(addressFile(dir), string(line))
}

// servedAt is where the server is that runs on a data directory.
func servedAt(dir string) (a served, err error) {
	text, err := os.ReadFile(addressFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return a, fmt.Errorf("--data: no deskmove runs in %s: start \"%s serve --data %s\" first, or name its directory", dir, program(), dir)
	}
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(text, &a)
}

// client speaks to the server by the address that it listens on, whose certificate is
// of another name. It must be the one in the server's file.
func (a served) client() (*http.Client, error) {
	if a.Cert == "" {
		return http.DefaultClient, nil
	}
	text, err := os.ReadFile(a.Cert) // #nosec G304 -- the server named it
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s holds no certificate", a.Cert)
	}
	known, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Cert, err)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // #nosec G402 -- VerifyConnection takes one certificate only
		VerifyConnection: func(c tls.ConnectionState) error {
			if len(c.PeerCertificates) == 0 || !c.PeerCertificates[0].Equal(known) {
				return fmt.Errorf("the server shows another certificate than %s", a.Cert)
			}
			return nil
		},
	}}}, nil
}
