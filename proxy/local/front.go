package local

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// frontKey names a port of a Gateway.
type frontKey struct {
	gateway string // "NS/NAME"
	port    int32  // 0 for a Gateway that is not in the input
}

// front is a port of a Gateway that is to be opened.
type front struct {
	frontKey
	of        *topology.Gateway
	tls       bool
	listeners []*topology.Listener
}

// synthetic reports whether the input lacks the Gateway.
func (f *front) synthetic() bool { return f.port == 0 }

// fronts works out what to open for a table, and says what is not served.
func fronts(t *routing.Table) (list []*front, notes []string) {
	for _, g := range t.Topology.Gateways {
		byPort := map[int32]*front{}
		for _, l := range g.Listeners {
			if why := unserved(l); why != "" {
				notes = append(notes, fmt.Sprintf("%s is not served: %s", l, why))
				continue
			}
			f := byPort[l.Port]
			if f == nil {
				f = &front{frontKey: frontKey{g.Key(), l.Port}, of: g}
				byPort[l.Port] = f
				list = append(list, f)
			}
			f.listeners = append(f.listeners, l)
			if l.Protocol != "HTTP" && l.Protocol != "" && !g.Profile.Transport.NoTLS {
				f.tls = true
			}
			if l.Protocol == "HTTPS" && g.Profile.Transport.NoTLS {
				notes = append(notes, fmt.Sprintf("%s takes connections without TLS: %s leaves TLS to what is in front of it", l, g.Profile.Title))
			}
		}
	}
	for _, s := range t.Servers {
		if s.Service != "" {
			notes = append(notes, fmt.Sprintf("routes of Service %s are not served: a mesh needs a proxy beside each client", s.Service))
		}
	}
	slices.Sort(notes)
	return list, slices.Compact(notes)
}

// unserved says why nothing is opened for a listener, "" when something is.
func unserved(l *topology.Listener) string {
	if !l.Usable() {
		for _, r := range l.Refusals {
			return r.Message
		}
		return "its ListenerSet is not accepted"
	}
	switch l.Protocol {
	case "", "HTTP", "HTTPS":
		return ""
	case "TLS":
		if l.TLS != nil && l.TLS.Mode != nil && *l.TLS.Mode == gatewayv1.TLSModePassthrough {
			return "TLS passthrough carries no calls that could be routed"
		}
		if len(l.Attached) == 0 {
			return "protocol TLS carries no gRPC calls"
		}
		return ""
	}
	return fmt.Sprintf("protocol %s carries no gRPC calls", l.Protocol)
}
