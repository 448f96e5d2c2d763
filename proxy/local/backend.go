package local

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Backends returns what the rules of tables refer to, mirrors' targets included,
// each once.
func Backends(tables []*routing.Table) []*topology.Backend {
	var out []*topology.Backend
	seen := map[Ref]bool{}
	add := func(b *topology.Backend) {
		if b != nil && !seen[RefOf(b)] {
			seen[RefOf(b)] = true
			out = append(out, b)
		}
	}
	for _, t := range tables {
		for _, r := range t.Topology.Routes {
			for _, rule := range r.Rules {
				mirrors := rule.Filters
				for _, b := range rule.Backends {
					add(b)
					mirrors = append(slices.Clip(mirrors), b.Filters...)
				}
				for _, f := range mirrors {
					add(f.Mirror)
				}
			}
		}
	}
	return out
}

// Found is how a backend is reached, or why it is not.
type Found struct {
	Ref       Ref
	Addresses []string
	From      string // "--backend", "EndpointSlices" or "mock"
	TLS       bool
	Err       error // its calls fail: why
}

// finder finds the addresses of backends for one table.
type finder struct {
	options *Options
	set     *manifest.Set
	slices  map[string][]*discoveryv1.EndpointSlice // by Service "NS/NAME"
	known   *tlsConfigs
	found   map[Ref]Found
}

func newFinder(o *Options, t *routing.Table, known *tlsConfigs, found map[Ref]Found) *finder {
	f := &finder{options: o, set: t.Topology.Set, slices: map[string][]*discoveryv1.EndpointSlice{}, known: known, found: found}
	for _, s := range f.set.EndpointSlices.All {
		if service := s.Value.Labels[discoveryv1.LabelServiceName]; service != "" {
			key := s.Doc.Ref.Namespace + "/" + service
			f.slices[key] = append(f.slices[key], s.Value)
		}
	}
	return f
}

// backend finds how a backendRef is reached from a server. Of servers that reach it
// in different ways, the one that fails is remembered.
func (f *finder) backend(s *routing.Server, b *topology.Backend) proxy.Backend {
	x, config := f.find(s, b)
	x.Ref, x.TLS = RefOf(b), config != nil
	if old, ok := f.found[x.Ref]; !ok || old.Err == nil {
		f.found[x.Ref] = x
	}
	if x.Err != nil {
		return proxy.Backend{Err: x.Err}
	}
	return proxy.Backend{Addresses: x.Addresses, TLS: config}
}

// find looks at the options, at EndpointSlices, then for a stand-in. A TLS policy
// that cannot be followed leaves a backend without addresses: no call may reach it
// in the clear (GA apis/v1/backendtlspolicy_types.go).
func (f *finder) find(s *routing.Server, b *topology.Backend) (x Found, config *tls.Config) {
	x.Addresses, x.From = f.options.Backends[RefOf(b)], "--backend"
	if f.options.Dial != nil {
		if own, ok := f.options.Dial(b); ok {
			if len(x.Addresses) == 0 && f.options.Mock != nil && b.Kind != "Host" {
				return f.mock(b), nil // no cluster is here that would know its name
			}
			if len(x.Addresses) == 0 {
				x.Addresses, x.From = own.Addresses, "the configuration"
			}
			x.Err = own.Err
			return x, own.TLS
		}
	}
	if len(x.Addresses) == 0 {
		x.Addresses, x.From = f.endpoints(b), "EndpointSlices"
	}
	switch {
	case len(x.Addresses) > 0:
		config, x.Err = f.clientTLS(s, b)
	case f.options.Mock == nil:
		x.Err = fmt.Errorf("no address is known: give one with --backend %s=HOST:PORT, or stand-ins with --mock", RefOf(b))
	default:
		x = f.mock(b)
	}
	return x, config
}

// mock looks for a stand-in.
func (f *finder) mock(b *topology.Backend) Found {
	address, err := f.options.Mock(b)
	return Found{Addresses: []string{address}, From: "mock", Err: err}
}

// endpoints returns the addresses of a backend's ready endpoints, as the
// EndpointSlices of its Service have them (core discovery.k8s.io/v1).
func (f *finder) endpoints(b *topology.Backend) []string {
	if b.Group != "" || b.Kind != "Service" {
		return nil
	}
	var out []string
	for _, s := range f.slices[b.Namespace+"/"+b.Name] {
		port := slicePort(s, b)
		if port == 0 || s.AddressType == discoveryv1.AddressTypeFQDN {
			continue
		}
		for i := range s.Endpoints {
			e := &s.Endpoints[i]
			if e.Conditions.Ready != nil && !*e.Conditions.Ready { // nil is to be read as ready
				continue
			}
			// The addresses of an endpoint are fungible: the first is enough.
			if len(e.Addresses) > 0 {
				out = append(out, net.JoinHostPort(e.Addresses[0], strconv.Itoa(int(port))))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// slicePort returns the port of an EndpointSlice that a backend means: that with
// the name of the Service's port. Without the Service in the input it is the only
// port, or the one of that number.
func slicePort(s *discoveryv1.EndpointSlice, b *topology.Backend) int32 {
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
			b.ServicePort == nil && (len(s.Ports) == 1 || *p.Port == b.Port):
			return *p.Port
		}
	}
	return 0
}
