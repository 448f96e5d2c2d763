package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var listenerHostnameOverlapTls = &lint.Rule{
	ID:       "listener-hostname-overlap-tls",
	Summary:  "two TLS listeners of one port share hosts, so that connections may be reused across them",
	Section:  lint.HostnameSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkListenerHostnameOverlapTLS,
}

// GA apis/v1/gateway_types.go, ListenerConditionOverlappingTLSConfig: HTTP/2
// clients may send calls for a second host on a connection that was opened for
// the first when its certificate covers both (RFC 7540 section 9.1.1).
func checkListenerHostnameOverlapTLS(p *lint.Pass) {
	if p.Profile.Transport.NoTLS {
		return
	}
	for _, g := range p.Topology.Gateways {
		byName := tlsListeners(g)
		if len(byName) < 2 {
			continue
		}
		for _, l := range g.Listeners {
			if l.Doc() == nil || byName[portHost{l.Port, l.Hostname}] != l {
				continue
			}
			other := overlapping(byName, l)
			if other == nil {
				continue
			}
			p.Report(l.Doc(), l.Path("hostname"), diag.Diagnostic{
				Message: fmt.Sprintf("hosts of %q are also hosts of %s on port %d: the condition OverlappingTLSConfig is set, and a client may reuse a connection of the one for the other", l.Hostname, other.String(), l.Port),
				Hint:    "give the listeners certificates that share no name, or one listener for all hosts",
				Related: []diag.Related{{Message: "the other listener", Range: other.Doc().Range(other.Path()...)}},
			})
		}
	}
}

type portHost struct {
	port int32
	host string
}

// tlsListeners returns the first listener of a Gateway that terminates TLS per
// port and hostname.
func tlsListeners(g *topology.Gateway) map[portHost]*topology.Listener {
	out := map[portHost]*topology.Listener{}
	for _, l := range g.Listeners {
		key := portHost{l.Port, l.Hostname}
		if l.Protocol == "HTTPS" && l.Doc() != nil && out[key] == nil {
			out[key] = l
		}
	}
	return out
}

// overlapping returns the most specific listener that covers every host of l.
func overlapping(byName map[portHost]*topology.Listener, l *topology.Listener) *topology.Listener {
	for name := range wildcardsOver(l.Hostname) {
		if other := byName[portHost{l.Port, name}]; other != nil {
			return other
		}
	}
	return nil
}
