package envoy

import (
	"errors"
	"fmt"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// Resolve says where the addresses of backends come from that Options.Backends does
// not have.
type Resolve int

// The ways.
const (
	ServiceDNS     Resolve = iota // the cluster's DNS
	EndpointSlices                // the EndpointSlices of the input alone
	SlicesOrDNS                   // those, and DNS for Services that have none
)

// backendName names the cluster of a backend where clusters change one by one: a
// name that told of a rule would mean another backend when rules are moved, before
// the routes that lead there are.
func backendName(b *topology.Backend) string {
	if b.Kind != "Service" {
		return b.Kind + "/" + b.Label()
	}
	return b.Label()
}

// reach returns the addresses of a backend, and the TLS with which it is dialled.
func (w *writer) reach(s *routing.Server, b *topology.Backend) ([]string, *corev3.TransportSocket, error) {
	if w.o.Mock != nil && len(w.given(b)) == 0 {
		if found, _ := w.slices.Of(b); len(found) == 0 {
			at, err := w.o.Mock(b)
			return []string{at}, nil, err
		}
	}
	socket, err := w.upstreamTLS(s, b)
	if err != nil {
		return nil, nil, err
	}
	hosts, err := w.endpoints(b)
	if w.clients && err == nil {
		err = forClients(hosts, socket)
	}
	return hosts, socket, err
}

// forClients says what gRPC clients cannot be told of a backend. Their credentials
// are those of their program, so that a policy would not be kept.
func forClients(hosts []string, socket *corev3.TransportSocket) error {
	switch {
	case socket != nil:
		return errors.New("gRPC clients are not told of a BackendTLSPolicy, and are not to dial it in the clear")
	case len(hosts) > 1 && slices.ContainsFunc(hosts, func(host string) bool { return !isIP(host) }):
		return errors.New("gRPC clients take one DNS name, or IP addresses, not several names")
	}
	return nil
}

// given returns the addresses of a backend in the options. One without a port may
// be there under port 0.
func (w *writer) given(b *topology.Backend) []string {
	if given := w.o.Backends[b.Label()]; len(given) > 0 {
		return given
	}
	return w.o.Backends[fmt.Sprintf("%s/%s:%d", b.Namespace, b.Name, b.Port)]
}

// endpoints returns the addresses of a backend: those given, those of its
// EndpointSlices, or its name in the cluster's DNS.
func (w *writer) endpoints(b *topology.Backend) ([]string, error) {
	if given := w.given(b); len(given) > 0 {
		return given, nil
	}
	flag := fmt.Sprintf("say where it is with --backend %s=HOST:PORT", b.Label())
	if w.o.Resolve != ServiceDNS {
		switch found, known := w.slices.Of(b); {
		case len(found) > 0:
			return found, nil
		case known:
			return nil, errors.New("no endpoint in its EndpointSlices is ready")
		case w.o.Resolve == EndpointSlices:
			return nil, fmt.Errorf("the input has no EndpointSlice with its port; add it, or %s", flag)
		}
	}
	return plan.Endpoints(b, nil, w.o.ClusterDomain)
}
