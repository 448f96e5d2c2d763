package local

import (
	"crypto/tls"
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
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
	options   *Options
	set       *manifest.Set
	endpoints *topology.Endpoints
	known     *tlsConfigs
	found     map[Ref]Found
}

func newFinder(o *Options, t *routing.Table, known *tlsConfigs, found map[Ref]Found) *finder {
	return &finder{options: o, set: t.Topology.Set, endpoints: topology.NewEndpoints(t.Topology.Set), known: known, found: found}
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
		x.Addresses, _ = f.endpoints.Of(b)
		x.From = "EndpointSlices"
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
