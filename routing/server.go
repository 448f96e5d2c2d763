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

	shares  bool // one table for all listeners
	shared  *hostTable
	index   hostIndex[Listener] // by the listeners' hostnames
	blocked string
}

func (s *Server) addListeners(ls []*topology.Listener) {
	for _, l := range ls {
		if usable(l) {
			s.Listeners = append(s.Listeners, &Listener{Topology: l})
		} else {
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

func (s *Server) serves(host string) bool {
	if s.shares {
		return s.shared.index.find(host) != nil
	}
	l := s.index.find(host)
	return l != nil && l.hosts.index.find(host) != nil
}

// takes reports whether the server is among those that a request names.
func (s *Server) takes(r *Request) bool {
	return (r.Port == 0 || s.Port == 0 || s.Port == r.Port) && (r.SNI == "" || s.Service != "" || s.mayTLS())
}

// mayTLS reports whether the server may speak TLS: a listener of a Gateway that
// is not in the input has no protocol, and shared tables ask for none.
func (s *Server) mayTLS() bool {
	return s.shares || s.TLS || slices.ContainsFunc(s.Listeners, func(l *Listener) bool {
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
		if s.index.find(host) != nil {
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
	case r.Gateway != "":
		return t.byGateway[r.Gateway]
	}
	return t.gateways
}

// server is [Table.Serving] without a list: the one server, or nil.
func (t *Table) server(r *Request, host string) *Server {
	servers := t.named(r)
	if len(servers) == 1 {
		if s := servers[0]; s.takes(r) {
			return s
		}
		return nil
	}
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
		if s.index.find(host) != nil {
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
