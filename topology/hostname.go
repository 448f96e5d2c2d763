package topology

import (
	"net/netip"
	"strings"
)

// Hostnames are compared in lower case. A wildcard "*." stands for one or more
// whole labels and never covers the bare suffix (Gateway API, HTTPRoute
// spec.hostnames and Listener hostname).

// Intersect returns the hostnames two hostnames have in common, as one hostname,
// and whether there are any. "" stands for no hostname: everything. A route
// attaches to a listener by the union over its hostnames (GA
// apis/v1/grpcroute_types.go, GRPCRouteSpec.Hostnames).
func Intersect(listener, route string) (string, bool) {
	switch {
	case listener == "":
		return route, true
	case route == "" || listener == route:
		return listener, true
	case Covers(listener, route):
		return route, true
	case Covers(route, listener):
		return listener, true
	}
	return "", false
}

// Covers reports whether every request host that b matches is matched by a. Both
// are hostnames as fields hold them, "" for any.
func Covers(a, b string) bool {
	switch {
	case a == "" || a == b:
		return true
	case b == "" || !IsWildcard(a):
		return false
	}
	// The suffix keeps its dot: "*.example.com" does not cover "badexample.com".
	suffix := a[1:]
	if IsWildcard(b) {
		return strings.HasSuffix(b[1:], suffix)
	}
	return len(b) > len(suffix) && strings.HasSuffix(b, suffix)
}

// Overlap reports whether some request host matches both.
func Overlap(a, b string) bool {
	_, ok := Intersect(a, b)
	return ok
}

// IsWildcard reports whether a hostname begins with the label "*".
func IsWildcard(hostname string) bool { return strings.HasPrefix(hostname, "*.") }

// MoreSpecific orders hostnames by which a request prefers: exact names, then
// wildcards with the longer suffix first, then any. It is negative when a comes
// before b, and names equally specific are ordered by text, so that sorting with
// it is deterministic (GA apis/v1/gateway_types.go, Listener.Hostname).
func MoreSpecific(a, b string) int {
	if d := hostRank(b) - hostRank(a); d != 0 {
		return d
	}
	if d := len(b) - len(a); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

func hostRank(hostname string) int {
	switch {
	case hostname == "":
		return 0
	case IsWildcard(hostname):
		return 1
	}
	return 2
}

// MatchHost reports whether a hostname, "" for any, takes a request to that
// host, which [NormalizeAuthority] has prepared. With oneLabel a wildcard covers
// exactly one label. An IP address is only taken by a hostname "".
func MatchHost(hostname, host string, oneLabel bool) bool {
	switch {
	case hostname == "":
		return true
	case isAddress(host):
		return false
	case !IsWildcard(hostname):
		return hostname == host
	}
	suffix := hostname[1:]
	if len(host) <= len(suffix) || !strings.HasSuffix(host, suffix) {
		return false
	}
	first := host[:len(host)-len(suffix)]
	return !oneLabel || !strings.Contains(first, ".")
}

// NormalizeAuthority prepares a request's :authority for look-up: it drops a
// port and one trailing dot and makes the rest lower case. Of an IPv6 literal
// the brackets stay, so that it can equal no hostname.
func NormalizeAuthority(authority string) string {
	host := authority
	if i := strings.LastIndexByte(host, ':'); i >= 0 && isPort(host[i+1:]) &&
		(strings.HasSuffix(host[:i], "]") || !strings.Contains(host[:i], ":")) {
		host = host[:i]
	}
	return NormalizeHostname(host)
}

// NormalizeHostname makes a hostname lower case and drops one trailing dot.
func NormalizeHostname(hostname string) string {
	return strings.ToLower(strings.TrimSuffix(hostname, "."))
}

// isAddress reports whether a host is an IPv4 address; one of IPv6 is in brackets.
func isAddress(host string) bool {
	if host == "" || host[len(host)-1] < '0' || host[len(host)-1] > '9' {
		return false
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Is4()
}

func isPort(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// effectiveHosts intersects a listener's hostname with a route's, which may be
// none; duplicates are removed and the order of the route is kept. With
// wildcardsEqualOnly two wildcards intersect only when they are equal.
func effectiveHosts(listener string, route []string, wildcardsEqualOnly bool) []Host {
	if len(route) == 0 {
		return []Host{{Name: listener}}
	}
	hosts := make([]Host, 0, len(route))
	for _, own := range route {
		name, ok := Intersect(listener, own)
		if !ok || wildcardsEqualOnly && IsWildcard(listener) && IsWildcard(own) && listener != own {
			continue
		}
		hosts = addHost(hosts, Host{Name: name, Own: own})
	}
	return hosts
}

// addHost appends h unless its name is there; of two origins of one name the
// more specific one counts, because it ranks first among routes.
func addHost(hosts []Host, h Host) []Host {
	for i := range hosts {
		if hosts[i].Name == h.Name {
			if MoreSpecific(h.Own, hosts[i].Own) < 0 {
				hosts[i].Own = h.Own
			}
			return hosts
		}
	}
	return append(hosts, h)
}
