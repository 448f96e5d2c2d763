package plan

import (
	"net/netip"
	"regexp"
	"slices"

	"github.com/grpcroute/grpcroute/manifest"
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
	x := &index{
		server: s, shares: scope != profile.PerListener,
		listeners: map[string]*routing.Listener{}, hosts: map[*routing.Listener]map[string]*routing.Host{},
	}
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
	x.names = append(x.names, "")
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
// and an answer. Over TLS the connection is one listener's, which its SNI chose; nil
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
	if h == nil && l == nil {
		return nil, &answers.NoListener
	}
	return h, &answers.NoMatch
}

// hostname is what the API server takes, with underscores, which it does not.
var hostname = regexp.MustCompile(`^$|^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)

// oddHost says that a hostname is left out because no proxy takes it as one.
func (p *Plan) oddHost(x *index, name string, h *routing.Host) {
	if l := x.listeners[name]; l != nil {
		p.Lost(l.Topology.Doc(), l.Topology.Path("hostname"), "hostname %q is left out: it is none", name)
	}
	if h == nil {
		return
	}
	for _, e := range h.Entries {
		if e.Host.Name == name {
			p.Lost(e.Route.Doc, manifest.Path{"spec", "hostnames", max(slices.Index(e.Route.Hostnames, e.Host.Own), 0)}, "hostname %q is left out: it is none", name)
			return
		}
	}
}

// lane writes down what a connection meets, one host for each hostname that
// somebody names.
func (p *Plan) lane(x *index, secure bool, selected *routing.Listener) *Lane {
	out := &Lane{}
	if selected != nil {
		out.Listener, out.SNI = selected.Topology, selected.Topology.Hostname
	}
	known := map[*routing.Host][]*Step{}
	for _, name := range x.names {
		h, miss := x.find(name, secure, selected)
		if _, err := netip.ParseAddr(name); err == nil {
			continue // no host has such a name
		}
		if !hostname.MatchString(name) {
			p.oddHost(x, name, h)
			continue
		}
		host := &Host{Name: name, OneLabel: x.server.Profile.Hosts.WildcardOneLabel, Miss: miss}
		if h != nil {
			steps, ok := known[h]
			if !ok {
				steps = p.steps(x.server, h)
				known[h] = steps
			}
			host.Steps = steps
		}
		out.Hosts = append(out.Hosts, host)
	}
	return out
}
