package plan

import (
	"slices"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Index is who serves which hostname on a server.
type Index struct {
	Server *routing.Server
	// Names are the hostnames that listeners and routes have, the most specific first;
	// the last one is "", for any.
	Names []string

	shares    bool // all listeners consult one table
	listeners map[string]*routing.Listener
	hosts     map[*routing.Listener]map[string]*routing.Host
}

// NewIndex returns the index of a server.
func NewIndex(s *routing.Server) *Index {
	scope := s.Profile.Hosts.Isolation
	if s.TLS {
		scope = s.Profile.Hosts.IsolationTLS
	}
	x := &Index{
		Server: s, shares: scope != profile.PerListener,
		listeners: map[string]*routing.Listener{}, hosts: map[*routing.Listener]map[string]*routing.Host{},
	}
	for _, l := range s.Listeners {
		if _, ok := x.listeners[l.Topology.Hostname]; !ok { // the first one of a name counts
			x.listeners[l.Topology.Hostname] = l
		}
		x.Names = append(x.Names, l.Topology.Hostname)
		x.hosts[l] = map[string]*routing.Host{}
		for _, h := range l.Hosts {
			x.hosts[l][h.Name] = h
			x.Names = append(x.Names, h.Name)
		}
	}
	x.Names = append(x.Names, "")
	slices.SortFunc(x.Names, topology.MoreSpecific)
	x.Names = slices.Compact(x.Names)
	return x
}

// coverers returns the hostnames that take every host that name takes, the most
// specific first.
func (x *Index) coverers(name string) []string {
	out := []string{name}
	oneLabel := x.Server.Profile.Hosts.WildcardOneLabel
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
func (x *Index) listener(name string) *routing.Listener {
	for _, n := range x.coverers(name) {
		if l := x.listeners[n]; l != nil {
			return l
		}
	}
	return nil
}

// host returns the entries that a listener consults for a host, nil for none.
func (x *Index) host(l *routing.Listener, name string) *routing.Host {
	if x.shares {
		l = x.Server.Listeners[0]
	}
	for _, n := range x.coverers(name) {
		if h := x.hosts[l][n]; h != nil {
			return h
		}
	}
	return nil
}

// Find says what the calls to a host get on a connection to a listener: entries,
// and an answer. Over TLS the connection is one listener's, which its SNI chose; nil
// when it chose none.
func (x *Index) Find(name string, secure bool, selected *routing.Listener) (*routing.Host, *profile.Answer) {
	answers := &x.Server.Profile.Answers
	l := x.listener(name)
	if secure && !x.shares && selected != l {
		switch {
		case l == nil:
			return nil, &answers.NoListener
		case !x.Server.Profile.Hosts.NoMisdirected:
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
