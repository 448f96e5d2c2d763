package local

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	discoveryv1 "k8s.io/api/discovery/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Name is how a backendRef is named everywhere: "NS/NAME:PORT".
func Name(b *topology.Backend) string {
	return fmt.Sprintf("%s/%s:%d", b.Namespace, b.Name, b.Port)
}

// resolver finds addresses, and notes which backends have none.
type resolver struct {
	gateway *Gateway
	mu      sync.Mutex
	notes   map[string]bool
}

func newResolver(g *Gateway) *resolver { return &resolver{gateway: g, notes: map[string]bool{}} }

func (r *resolver) note(format string, args ...any) {
	r.mu.Lock()
	r.notes[fmt.Sprintf(format, args...)] = true
	r.mu.Unlock()
}

func (r *resolver) sorted() []string { return slices.Sorted(maps.Keys(r.notes)) }

// of returns what says where the backends of a table are.
func (r *resolver) of(t *routing.Table) func(*topology.Backend) proxy.Backend {
	return func(b *topology.Backend) proxy.Backend {
		out := r.find(t, b)
		if out.Why != "" {
			r.note("backend %s cannot be reached: %s", Name(b), out.Why)
		}
		return out
	}
}

func (r *resolver) find(t *routing.Table, b *topology.Backend) proxy.Backend {
	o := &r.gateway.options
	addresses := o.Backends[Name(b)]
	if dial := o.Dial; dial != nil {
		if found, ok := dial(b); ok {
			if len(addresses) > 0 {
				found.Addresses = addresses
			}
			return found
		}
	}
	if len(addresses) == 0 {
		addresses = endpoints(t.Topology.Set, b)
	}
	if len(addresses) > 0 {
		return r.encrypt(t, b, addresses)
	}
	if o.Mock == nil {
		return proxy.Backend{Why: fmt.Sprintf("no address is known for it: give one with --backend %s=HOST:PORT, or serve with --mock", Name(b))}
	}
	address, err := o.Mock(b)
	if err != nil {
		return proxy.Backend{Why: err.Error()}
	}
	return proxy.Backend{Addresses: []string{address}} // a mock needs no TLS
}

// encrypt adds TLS where a BackendTLSPolicy covers the backend. When that cannot be
// done the backend cannot be reached: calls never go out in the clear instead.
func (r *resolver) encrypt(t *routing.Table, b *topology.Backend, addresses []string) proxy.Backend {
	p := b.Policy
	if p == nil || p.Object == nil || t.Topology.Profile.Backends.TLS == profile.Ignored {
		return proxy.Backend{Addresses: addresses}
	}
	trust, err := policyTrust(t.Topology.Set, p)
	if err == nil {
		err = r.clientCertificate(b, trust)
	}
	if err != nil {
		return proxy.Backend{Why: fmt.Sprintf("BackendTLSPolicy %s: %v", p.Object.Doc.Ref.Key(), err)}
	}
	config, err := r.gateway.trusts.config(trust)
	if err != nil {
		return proxy.Backend{Why: fmt.Sprintf("BackendTLSPolicy %s: %v", p.Object.Doc.Ref.Key(), err)}
	}
	return proxy.Backend{Addresses: addresses, TLS: config}
}

// policyTrust reads a policy (GA apis/v1/backendtlspolicy_types.go).
func policyTrust(set *manifest.Set, p *topology.Policy) (*Trust, error) {
	v := &p.Object.Value.Spec.Validation
	t := &Trust{ServerName: string(v.Hostname)}
	t.SystemCA = v.WellKnownCACertificates != nil && *v.WellKnownCACertificates == gatewayv1.WellKnownCACertificatesSystem
	for _, ref := range v.CACertificateRefs {
		text, err := authorityText(set, p.Object.Value.Namespace, &ref)
		if err != nil {
			return nil, err
		}
		t.CA = append(append(t.CA, text...), '\n')
	}
	if len(t.CA) == 0 && !t.SystemCA {
		return nil, fmt.Errorf("it names no certificate authority")
	}
	for _, san := range v.SubjectAltNames {
		switch san.Type {
		case gatewayv1.HostnameSubjectAltNameType:
			t.SANs = append(t.SANs, string(san.Hostname))
		case gatewayv1.URISubjectAltNameType:
			t.URIs = append(t.URIs, string(san.URI))
		}
	}
	return t, nil
}

// authorityText returns ca.crt of a ConfigMap, or of a Secret, which some
// implementations take.
func authorityText(set *manifest.Set, namespace string, ref *gatewayv1.LocalObjectReference) (string, error) {
	text, found := "", false
	switch ref.Kind {
	case "ConfigMap":
		if o := set.ConfigMaps.Get(namespace, string(ref.Name)); o != nil {
			text, found = o.Value.Data["ca.crt"], true
		}
	case "Secret":
		if o := set.Secrets.Get(namespace, string(ref.Name)); o != nil {
			text, found = cmp.Or(o.Value.StringData["ca.crt"], string(o.Value.Data["ca.crt"])), true
		}
	}
	switch {
	case !found:
		return "", fmt.Errorf("%s %s/%s is not in the input", ref.Kind, namespace, ref.Name)
	case text == "":
		return "", fmt.Errorf("%s %s/%s has no ca.crt", ref.Kind, namespace, ref.Name)
	}
	return text, nil
}

// clientCertificate adds the certificate that the Gateway shows to backends: that
// of the first Gateway of the route that has one.
func (r *resolver) clientCertificate(b *topology.Backend, t *Trust) error {
	var first *topology.Gateway
	for _, p := range b.Rule.Route.Parents {
		switch g := p.Gateway; {
		case g == nil || g.ClientCertificate == nil || p.Refusal != nil:
		case first == nil:
			first = g
		case g != first:
			r.note("%s %s is attached to Gateways with client certificates of their own: that of %s is shown to all its backends",
				b.Rule.Route.Kind, b.Rule.Route.Key(), first.Key())
		}
	}
	if first == nil {
		return nil
	}
	c := first.ClientCertificate
	if c.Refusal != nil || c.Secret == nil {
		return fmt.Errorf("the client certificate of Gateway %s, Secret %s/%s, cannot be used or is not in the input", first.Key(), c.Namespace, c.Name)
	}
	t.Certificate, t.Key = secretField(c.Secret.Value, "tls.crt"), secretField(c.Secret.Value, "tls.key")
	return nil
}

// endpoints returns the ready addresses that the input's EndpointSlices have for a
// backend.
func endpoints(set *manifest.Set, b *topology.Backend) (out []string) {
	if b.Kind != "Service" || b.Group != "" || set == nil {
		return nil
	}
	for _, o := range set.EndpointSlices.All {
		if o.Doc.Ref.Namespace != b.Namespace || o.Value.Labels[discoveryv1.LabelServiceName] != b.Name {
			continue
		}
		port := slicePort(o.Value, b)
		if port == 0 {
			continue
		}
		for _, e := range o.Value.Endpoints {
			if e.Conditions.Ready != nil && !*e.Conditions.Ready {
				continue // a nil condition is to be read as ready (core EndpointConditions)
			}
			for _, address := range e.Addresses {
				out = append(out, net.JoinHostPort(address, strconv.Itoa(int(port))))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// slicePort is where endpoints take what is sent to a port of the Service: the
// port of its name; without the Service in the input, the only one there is.
func slicePort(s *discoveryv1.EndpointSlice, b *topology.Backend) int32 {
	for _, p := range s.Ports {
		if p.Port == nil || p.Protocol != nil && *p.Protocol != "TCP" {
			continue
		}
		name := ""
		if p.Name != nil {
			name = *p.Name
		}
		if b.ServicePort != nil && b.ServicePort.Name == name || b.ServicePort == nil && len(s.Ports) == 1 {
			return *p.Port
		}
	}
	return 0
}
