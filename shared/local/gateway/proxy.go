package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// fromCaller returns r as its caller sent it: if it came by a trusted proxy, with the
// address that the nearest proxy which is not trusted, or the caller, sent it from.
// Whoever else sends these headers may have made them up.
func (c Config) fromCaller(r *http.Request) *http.Request {
	if len(c.Proxies) == 0 {
		return r
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !c.trusts(peer.Addr()) {
		return r
	}
	at := peer.Addr()
	for _, hop := range slices.Backward(hops(r.Header)) {
		address, ok := hopAddress(hop)
		if !ok {
			break // what is before it was said by somebody unknown
		}
		if at = address; !c.trusts(at) {
			break
		}
	}
	if at == peer.Addr() {
		return r
	}
	r = r.WithContext(r.Context())
	r.RemoteAddr = net.JoinHostPort(at.Unmap().String(), "0")
	return r
}

func (c Config) trusts(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(c.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// hops are the addresses from which a request was sent, the caller's first, as its
// proxies noted them. Of two headers X-Forwarded-For counts, which nearly all write.
func hops(h http.Header) (all []string) {
	for _, line := range h.Values("X-Forwarded-For") {
		all = append(all, strings.Split(line, ",")...)
	}
	if len(all) > 0 {
		return all
	}
	for _, line := range h.Values("Forwarded") { // RFC 7239
		for element := range strings.SplitSeq(line, ",") {
			hop := "unknown"
			for pair := range strings.SplitSeq(element, ";") {
				if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); strings.EqualFold(name, "for") {
					hop = strings.Trim(value, `"`)
				}
			}
			all = append(all, hop)
		}
	}
	return all
}

// hopAddress reads an address, with a port or without; false for names and what hides.
func hopAddress(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if with, err := netip.ParseAddrPort(hop); err == nil {
		return with.Addr(), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	return a, err == nil
}
