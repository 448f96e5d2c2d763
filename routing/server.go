package routing

import (
	"slices"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// Server is one port of one Gateway, or, where an implementation shares one
// table across ports or Gateways, that shared table; or a port of a Service with
// mesh routes.
type Server struct {
	Gateways  []*topology.Gateway
	Service   string // "NS/NAME" for a mesh's, else ""
	Port      int32  // 0 when shared across ports, or when the Gateway is not in the input
	Profile   *profile.Profile
	Listeners []*Listener
	// Refused are the listeners of the port that are not programmed.
	Refused []*topology.Listener
	// TLS: clients connect with TLS, so that the SNI selects the listener.
	TLS bool

	keys    []string // of the Gateways
	shares  bool     // one table for all listeners
	shared  *hostTable
	index   hostIndex[place]
	names   hostIndex[Listener] // by the listeners' own hostnames
	blocked string
}

// place is where a request's host leads on a server: the most specific listener
// and the most specific host of the table that it consults. Either may be nil.
// Both follow from the most specific of all hostnames that listeners and routes
// name, because the hostnames that cover one host are nested.
type place struct {
	listener *Listener
	host     *Host
}

// placeOf finds where an authority or SNI leads. One that is written as a hostname
// that listeners or routes name, but for the port, needs no further preparation.
func (s *Server) placeOf(authority string) place {
	if p, ok := s.index.exact[withoutPort(authority)]; ok {
		return *p
	}
	return s.place(hostName(authority))
}

// place finds where a host leads.
func (s *Server) place(host string) place {
	if p := s.index.find(host); p != nil {
		return *p
	}
	return place{}
}

// indexPlaces fills the index once listeners and tables are known.
func (s *Server) indexPlaces() {
	var names []string
	for _, l := range s.Listeners {
		if l.Topology != nil {
			names = append(names, l.Topology.Hostname)
			s.names.add(l.Topology.Hostname, l)
		}
		for _, h := range l.Hosts {
			names = append(names, h.Name)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if name != "" && hostName(name) == "" {
			continue // an IP address, which matches nothing
		}
		p := &place{listener: s.names.covering(name)}
		switch {
		case s.shares:
			p.host = s.shared.index.covering(name)
		case p.listener != nil:
			p.host = p.listener.hosts.index.covering(name)
		}
		s.index.add(name, p)
	}
}

func (s *Server) addListeners(ls []*topology.Listener) {
	for _, l := range ls {
		switch {
		case l.Protocol == "UDP" && s.Profile != nil && !s.Profile.Transport.AnyProtocolBinds:
			// It shares the number of the port with others and none of their calls.
		case l.Usable():
			s.Listeners = append(s.Listeners, &Listener{Topology: l})
		default:
			s.Refused = append(s.Refused, l)
		}
	}
}

// isTLS reports whether clients connect with TLS, so that the SNI selects the
// listener.
func (s *Server) isTLS() bool {
	return slices.ContainsFunc(s.Listeners, func(l *Listener) bool {
		return l.Topology != nil && (l.Topology.Protocol == "HTTPS" || l.Topology.Protocol == "TLS")
	})
}

// Serves reports whether a route answers for the request's host on this server.
func (s *Server) Serves(r *Request) bool { return s.serves(hostName(r.Authority)) }

func (s *Server) serves(host string) bool { return s.place(host).host != nil }

// takes reports whether the server is among those that a request names.
func (s *Server) takes(r *Request) bool {
	return (r.Port == 0 || s.Port == 0 || s.Port == r.Port) && (r.SNI == "" || s.Service != "" || s.mayTLS())
}

// mayTLS reports whether a request with an SNI is meant for the server: a
// listener of a Gateway that is not in the input has no protocol, and shared
// tables ask for none.
func (s *Server) mayTLS() bool {
	return s.TLS || s.shares || s.isTLS() || slices.ContainsFunc(s.Listeners, func(l *Listener) bool {
		return l.Topology.Protocol == ""
	})
}

// Serving returns the servers that a request can be made to: those it names, and
// of several of them those where a route answers for its host, or else those
// where a listener does. [Table.Lookup] needs exactly one.
func (t *Table) Serving(r *Request) []*Server {
	host := hostName(r.Authority)
	var named, routed, listening []*Server
	for _, s := range t.named(r) {
		if !s.takes(r) {
			continue
		}
		named = append(named, s)
		if s.serves(host) {
			routed = append(routed, s)
		}
		if s.place(host).listener != nil {
			listening = append(listening, s)
		}
	}
	switch {
	case len(named) <= 1:
		return named
	case len(routed) > 0:
		return routed
	case len(listening) > 0:
		return listening
	}
	return named
}

// named returns the servers of the Gateway or Service that a request names, all
// Gateways' when it names none.
func (t *Table) named(r *Request) []*Server {
	switch {
	case r.Service != "":
		return t.byService[r.Service]
	case r.Gateway == "" || len(t.gateways) == 1 && t.gateways[0].is(r.Gateway):
		return t.gateways
	}
	return t.byGateway[r.Gateway]
}

func (s *Server) is(gateway string) bool { return slices.Contains(s.keys, gateway) }

// server is [Table.Serving] without a list: the one server, or nil.
func (t *Table) server(r *Request) *Server {
	servers := t.named(r)
	if len(servers) == 1 {
		if s := servers[0]; s.takes(r) {
			return s
		}
		return nil
	}
	host := hostName(r.Authority)
	var one, routed, listening *Server
	var n, nRouted, nListening int
	for _, s := range servers {
		if !s.takes(r) {
			continue
		}
		one, n = s, n+1
		if s.serves(host) {
			routed, nRouted = s, nRouted+1
		}
		if s.place(host).listener != nil {
			listening, nListening = s, nListening+1
		}
	}
	switch {
	case n == 1:
		return one
	case nRouted == 1:
		return routed
	case nRouted == 0 && nListening == 1:
		return listening
	}
	return nil
}
