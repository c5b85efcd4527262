package gateway

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// IsLoopback reports whether a host's name or address is this computer's own, which no
// other can reach.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// answersTo reports whether requests by a host's name are answered. On a loopback
// address, and if names are given, others are not: a page of another site, whose name
// was made to resolve to this computer (DNS rebinding), sends that name.
func (c Config) answersTo(host string, loopback bool) bool {
	if !loopback && len(c.Hosts) == 0 || IsLoopback(host) {
		return true
	}
	host = strings.TrimSuffix(host, ".")
	return slices.ContainsFunc(c.Hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

// HostOf is the name by which a request came, without its port.
func HostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return strings.Trim(r.Host, "[]")
}
