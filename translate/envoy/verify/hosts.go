package verify

import (
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// view is one way to make calls: a connection and an authority.
type view struct {
	request  routing.Request // without path and headers
	set      prove.HostSet
	port     string   // of the authority, ":8080", "" for none
	narrower []string // expressions for the hosts that other sets take out of this one
}

// text names the hosts for people.
func (v *view) text() string {
	out := v.set.Text
	if v.port != "" {
		out += " with port " + v.port[1:]
	}
	if v.request.SNI != "" && v.request.SNI != v.host() {
		out += " with SNI " + v.request.SNI
	}
	return out
}

func (v *view) host() string { return strings.TrimSuffix(v.request.Authority, v.port) }

// splitPort divides a domain or authority into host and port; the port may be a star.
func splitPort(text string) (host, port string) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return text, ""
	}
	if p := text[i+1:]; p == "*" || isNumber(p) {
		return text[:i], text[i:]
	}
	return text, ""
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

// authority is what a connection manager makes of the authority of a call before it
// looks for a route.
func (c *chain) authority(text string, listener int32) string {
	m := c.manager
	host, port := splitPort(text)
	if port != "" && (m.GetStripAnyHostPort() || m.GetStripMatchingHostPort() && port == ":"+strconv.Itoa(int(listener))) {
		text = host
	}
	if m.GetStripTrailingHostDot() {
		text = strings.TrimSuffix(text, ".")
	}
	return text
}

// host is what of an authority a virtual host is looked for with.
func (t *routeTable) host(authority string) string {
	if t.config.GetIgnorePortInHostMatching() {
		authority, _ = splitPort(authority)
	}
	return strings.ToLower(authority)
}

// as is the view as a chain sees it.
func (v *view) as(c *chain, listener int32) *view {
	seen := *v
	seen.request.Authority = c.authority(v.request.Authority, listener)
	if seen.request.Authority != v.request.Authority {
		seen.port = ""
	}
	return &seen
}

// index finds virtual hosts by domain: exact ones first, then the longest that a host
// ends with, then the longest that it begins with, then any.
type index struct {
	exact, ends, begins map[string]*virtualHost
	any                 *virtualHost
}

func (t *routeTable) indexed() *index {
	if t.byDomain != nil {
		return t.byDomain
	}
	x := &index{exact: map[string]*virtualHost{}, ends: map[string]*virtualHost{}, begins: map[string]*virtualHost{}}
	add := func(m map[string]*virtualHost, key string, h *virtualHost) {
		if m[key] == nil { // Envoy refuses a second one
			m[key] = h
		}
	}
	for _, h := range t.hosts {
		for _, d := range h.proto.GetDomains() {
			switch d = strings.ToLower(d); {
			case d == "*" && x.any == nil:
				x.any = h
			case d == "*":
			case strings.HasPrefix(d, "*"):
				add(x.ends, d[1:], h)
			case strings.HasSuffix(d, "*"):
				add(x.begins, d[:len(d)-1], h)
			default:
				add(x.exact, d, h)
			}
		}
	}
	t.byDomain = x
	return x
}

// find returns the virtual host for a host, nil for none. A star stands for at least
// one character.
func (t *routeTable) find(host string) *virtualHost {
	x := t.indexed()
	if h := x.exact[host]; h != nil {
		return h
	}
	for i := 1; i < len(host); i++ {
		if h := x.ends[host[i:]]; h != nil {
			return h
		}
	}
	for i := len(host) - 1; i > 0; i-- {
		if h := x.begins[host[:i]]; h != nil {
			return h
		}
	}
	return x.any
}

// domains lists the hosts that the virtual hosts tell apart, and the ports in them.
func (t *routeTable) domains() (names, ports []string) {
	for _, h := range t.hosts {
		for _, d := range h.proto.GetDomains() {
			host, port := splitPort(strings.ToLower(d))
			names = append(names, host)
			if port != "" && port != ":*" {
				ports = append(ports, port)
			}
		}
	}
	return names, ports
}

// choose picks the chain of a connection: by its SNI first, then by whether it is
// TLS, then by what it negotiates. nil: it is closed.
func (l *listener) choose(sni string) *chain {
	best := -1
	var named []*chain
	for _, c := range l.chains {
		n := c.specific(sni)
		switch {
		case n < 0 || n < best:
		case n > best:
			best, named = n, []*chain{c}
		default:
			named = append(named, c)
		}
	}
	named = narrow(named, func(c *chain) (asks, ok bool) {
		want := c.match.GetTransportProtocol()
		return want != "", want == map[bool]string{true: "tls", false: "raw_buffer"}[sni != ""]
	})
	named = narrow(named, func(c *chain) (asks, ok bool) {
		protocols := c.match.GetApplicationProtocols()
		for _, p := range protocols {
			ok = ok || p == "h2" && sni != "" || p == "h2c" && sni == ""
		}
		return len(protocols) > 0, ok
	})
	if len(named) == 0 {
		return l.fallback
	}
	return named[0]
}

// narrow keeps the chains whose condition holds; where none has such a condition,
// those without one.
func narrow(list []*chain, test func(*chain) (asks, ok bool)) []*chain {
	var with, without []*chain
	for _, c := range list {
		switch asks, ok := test(c); {
		case !asks:
			without = append(without, c)
		case ok:
			with = append(with, c)
		}
	}
	if len(with) > 0 {
		return with
	}
	return without
}

// specific says how well a chain's names fit an SNI, -1 for not at all.
func (c *chain) specific(sni string) int {
	names := c.match.GetServerNames()
	if len(names) == 0 {
		return 0
	}
	best := -1
	for _, n := range names {
		n = strings.ToLower(n)
		switch {
		case n == sni && sni != "":
			best = max(best, 2*len(n)+1)
		case strings.HasPrefix(n, "*.") && strings.HasSuffix(sni, n[1:]):
			best = max(best, 2*len(n))
		}
	}
	return best
}

// otherwise names what a chain is chosen by and is not read, "" for nothing.
func (c *chain) otherwise() string {
	m := c.match
	switch {
	case m.GetDestinationPort() != nil:
		return "destination_port"
	case len(m.GetPrefixRanges()) > 0 || m.GetAddressSuffix() != "":
		return "the address that is connected to"
	case len(m.GetSourcePrefixRanges()) > 0, len(m.GetSourcePorts()) > 0, len(m.GetDirectSourcePrefixRanges()) > 0, m.GetSourceType() != 0:
		return "the address of the client"
	}
	return ""
}
