package envoy

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// index is who serves which hostname on a server.
type index struct {
	server    *routing.Server
	shares    bool // all listeners consult one table
	names     []string
	listeners map[string]*routing.Listener
	hosts     map[*routing.Listener]map[string]*routing.Host
}

func newIndex(s *routing.Server) *index {
	scope := s.Profile.Hosts.Isolation
	if s.TLS {
		scope = s.Profile.Hosts.IsolationTLS
	}
	x := &index{server: s, shares: scope != profile.PerListener, listeners: map[string]*routing.Listener{}, hosts: map[*routing.Listener]map[string]*routing.Host{}}
	for _, l := range s.Listeners {
		if _, ok := x.listeners[l.Topology.Hostname]; !ok { // the first one of a name counts
			x.listeners[l.Topology.Hostname] = l
		}
		x.names = append(x.names, l.Topology.Hostname)
		x.hosts[l] = map[string]*routing.Host{}
		for _, h := range l.Hosts {
			x.hosts[l][h.Name] = h
			x.names = append(x.names, h.Name)
		}
	}
	slices.SortFunc(x.names, topology.MoreSpecific)
	x.names = slices.Compact(x.names)
	return x
}

// coverers returns the hostnames that take every host that name takes, the most
// specific first.
func (x *index) coverers(name string) []string {
	out := []string{name}
	oneLabel := x.server.Profile.Hosts.WildcardOneLabel
	for i := 1; i < len(name); i++ {
		if name[i] != '.' {
			continue
		}
		if wild := "*" + name[i:]; wild != name && !(oneLabel && topology.IsWildcard(name)) {
			out = append(out, wild)
		}
		if oneLabel {
			break
		}
	}
	if name != "" {
		out = append(out, "")
	}
	return out
}

// listener returns the listener that takes the calls to a host, nil for none.
func (x *index) listener(name string) *routing.Listener {
	for _, n := range x.coverers(name) {
		if l := x.listeners[n]; l != nil {
			return l
		}
	}
	return nil
}

// host returns the entries that a listener consults for a host, nil for none.
func (x *index) host(l *routing.Listener, name string) *routing.Host {
	if x.shares {
		l = x.server.Listeners[0]
	}
	for _, n := range x.coverers(name) {
		if h := x.hosts[l][n]; h != nil {
			return h
		}
	}
	return nil
}

// find says what the calls to a host get on a connection to a listener: entries,
// or an answer. Over TLS the connection is one listener's, which its SNI chose; nil
// when it chose none.
func (x *index) find(name string, secure bool, selected *routing.Listener) (*routing.Host, *profile.Answer) {
	answers := &x.server.Profile.Answers
	l := x.listener(name)
	if secure && !x.shares && selected != l {
		switch {
		case l == nil:
			return nil, &answers.NoListener
		case !x.server.Profile.Hosts.NoMisdirected:
			return nil, &answers.Misdirected
		case selected == nil:
			return nil, &answers.NoListener
		}
		l = selected
	}
	if l == nil && !x.shares {
		return nil, &answers.NoListener
	}
	h := x.host(l, name)
	switch {
	case h == nil && l == nil:
		return nil, &answers.NoListener
	case h == nil:
		return nil, &answers.NoMatch
	}
	return h, &answers.NoMatch
}

// virtualHosts writes one virtual host for each hostname that somebody names.
func (w *writer) virtualHosts(x *index, secure bool, selected *routing.Listener) []*routev3.VirtualHost {
	var out []*routev3.VirtualHost
	names := x.names
	if !slices.Contains(names, "") {
		names = append(slices.Clone(names), "")
	}
	for _, name := range names {
		if _, err := netip.ParseAddr(name); err == nil || strings.Contains(strings.TrimPrefix(name, "*."), "*") {
			continue // no host has such a name; to Envoy a star anywhere is a wildcard
		}
		v := &routev3.VirtualHost{Name: domain(name), Domains: []string{domain(name)}}
		h, miss := x.find(name, secure, selected)
		var guard *routev3.HeaderMatcher
		if topology.IsWildcard(name) && x.server.Profile.Hosts.WildcardOneLabel {
			guard = w.oneLabel(name)
		}
		v.Routes = append(w.routes(x.server, h, guard), w.missing(miss, guard)...)
		if guard != nil {
			// Hosts with more labels are those of the hostname for any host.
			rest, miss := x.find("", secure, selected)
			more := &routev3.HeaderMatcher{Name: guard.Name, HeaderMatchSpecifier: guard.HeaderMatchSpecifier, InvertMatch: true}
			v.Routes = append(append(v.Routes, w.routes(x.server, rest, more)...), w.missing(miss, more)...)
		}
		if len(v.Routes) > 0 || name != "" {
			out = append(out, v)
		}
	}
	return out
}

func domain(name string) string {
	if name == "" {
		return "*"
	}
	return name
}

// oneLabel is the condition that a wildcard covers one label only.
func (w *writer) oneLabel(name string) *routev3.HeaderMatcher {
	text := "(?i)[^.]+" + regexp.QuoteMeta(strings.TrimPrefix(name, "*")) + "(?::[0-9]*)?"
	return &routev3.HeaderMatcher{Name: ":authority", HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
		MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: w.regex(text)},
	}}}
}

// missing writes the answer to calls that no route takes. Envoy's own is 404,
// which is UNIMPLEMENTED to gRPC.
func (w *writer) missing(a *profile.Answer, guard *routev3.HeaderMatcher) []*routev3.Route {
	if a.GRPC == 12 {
		return nil
	}
	r := &routev3.Route{Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}}
	if guard != nil {
		r.Match.Headers = append(r.Match.Headers, guard)
	}
	status, ok := statusFor(a)
	if !ok {
		r.TypedPerFilterConfig, w.faults, status = abort(a), true, 500
	}
	r.Action = &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: status}}
	return []*routev3.Route{r}
}
