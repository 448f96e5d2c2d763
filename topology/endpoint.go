package topology

import (
	"net"
	"slices"
	"strconv"

	"github.com/grpcroute/grpcroute/manifest"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Endpoints are the EndpointSlices of a set, by the Service that they belong to.
type Endpoints struct {
	slices map[string][]*discoveryv1.EndpointSlice
}

// NewEndpoints gathers the EndpointSlices of a set. One without the label that
// names its Service is nobody's (core discovery.k8s.io/v1).
func NewEndpoints(set *manifest.Set) *Endpoints {
	e := &Endpoints{map[string][]*discoveryv1.EndpointSlice{}}
	for _, s := range set.EndpointSlices.All {
		if service := s.Value.Labels[discoveryv1.LabelServiceName]; service != "" {
			key := s.Doc.Ref.Namespace + "/" + service
			e.slices[key] = append(e.slices[key], s.Value)
		}
	}
	return e
}

// Of returns the addresses (HOST:PORT, sorted) of a backend's ready endpoints. known
// is false when no EndpointSlice has the port of the backend.
func (e *Endpoints) Of(b *Backend) (addresses []string, known bool) {
	if b.Group != "" || b.Kind != serviceKind.Kind {
		return nil, false
	}
	for _, s := range e.slices[b.key()] {
		port := slicePort(s, b)
		if port == 0 || s.AddressType == discoveryv1.AddressTypeFQDN {
			continue
		}
		known = true
		for i := range s.Endpoints {
			x := &s.Endpoints[i]
			if x.Conditions.Ready != nil && !*x.Conditions.Ready { // nil is to be read as ready
				continue
			}
			// The addresses of an endpoint are fungible: the first is enough.
			if len(x.Addresses) > 0 {
				addresses = append(addresses, net.JoinHostPort(x.Addresses[0], strconv.Itoa(int(port))))
			}
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses), known
}

// slicePort returns the port of an EndpointSlice that a backend means: that with
// the name of the Service's port. Without the Service in the input it is the only
// port, or the one of that number.
func slicePort(s *discoveryv1.EndpointSlice, b *Backend) int32 {
	for _, p := range s.Ports {
		if p.Port == nil {
			continue
		}
		name := ""
		if p.Name != nil {
			name = *p.Name
		}
		switch {
		case b.ServicePort != nil && name == b.ServicePort.Name,
			b.Service == nil && b.ServicePort == nil && (len(s.Ports) == 1 || *p.Port == b.Port):
			return *p.Port
		}
	}
	return 0
}
