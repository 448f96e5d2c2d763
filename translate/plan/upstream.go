package plan

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Upstream is a backend and how it is reached.
type Upstream struct {
	Name      string   // NS/NAME:PORT, of another kind than Service with that kind before it
	Addresses []string // HOST:PORT
	TLS       *UpstreamTLS
	// Several: the address is a name of which DNS has an address for each pod.
	Several bool
}

// UpstreamTLS is how a backend is dialled with TLS.
type UpstreamTLS struct {
	// SNI is the name that is asked for, and that the backend's certificate must
	// have: the proxies have one name for both.
	SNI string
	CA  string // file with the authorities
	Own *Pair  // the Gateway's client certificate, nil for none
}

// reach works out where a backend is. What is not known is an error: a connection
// without TLS, or one that trusts anybody, would be worse than none.
func (p *Plan) reach(s *routing.Server, b *topology.Backend) (*Upstream, error) {
	tls, err := p.upstreamTLS(s, b)
	if err != nil {
		return nil, err
	}
	addresses, err := Endpoints(b, p.o.Backends, p.o.ClusterDomain)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s/%s:%d", b.Namespace, b.Name, b.Port)
	if b.Kind != "Service" {
		name = b.Kind + "/" + name
	}
	return p.upstream(&Upstream{Name: Plain(name), Addresses: addresses, TLS: tls, Several: b.Service != nil && b.Service.Value.Spec.ClusterIP == "None"}), nil
}

// Endpoints returns the addresses of a backend: those given by "NS/NAME:PORT", or its
// name in the cluster's DNS.
func Endpoints(b *topology.Backend, given map[string][]string, clusterDomain string) ([]string, error) {
	if given := given[fmt.Sprintf("%s/%s:%d", b.Namespace, b.Name, b.Port)]; len(given) > 0 {
		return given, nil
	}
	flag := fmt.Sprintf("say where it is with --backend %s/%s:%d=HOST:PORT", b.Namespace, b.Name, b.Port)
	port, domain := b.Port, "svc."+clusterDomain
	switch {
	case b.Kind == "ServiceImport" && b.Group != "":
		domain = "svc.clusterset.local"
	case b.Kind != "Service":
		return nil, fmt.Errorf("its address is not in the manifests; %s", flag)
	case b.Service != nil && b.Service.Value.Spec.ClusterIP == "None":
		// DNS has the pods, which listen on the target port.
		var err error
		if port, err = headlessPort(b); err != nil {
			return nil, fmt.Errorf("%w; %s", err, flag)
		}
	}
	if !fileName(b.Name) || !fileName(b.Namespace) {
		return nil, errors.New("it is not named as an object can be")
	}
	if port == 0 {
		return nil, fmt.Errorf("the reference names no port; %s", flag)
	}
	return []string{fmt.Sprintf("%s.%s.%s:%d", b.Name, b.Namespace, domain, port)}, nil
}

func headlessPort(b *topology.Backend) (int32, error) {
	if b.ServicePort == nil {
		return b.Port, nil
	}
	switch target := b.ServicePort.TargetPort; {
	case target.StrVal != "":
		return 0, fmt.Errorf("it is headless, and the number of its target port %q is not in its manifest", target.StrVal)
	case target.IntVal != 0:
		return target.IntVal, nil
	}
	return b.Port, nil
}

// Named reports whether an address has a name that is to be looked up.
func Named(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return true
	}
	_, err = netip.ParseAddr(host)
	return err != nil
}

// upstreamTLS is what a BackendTLSPolicy says, nil for a backend that is dialled
// without TLS.
func (p *Plan) upstreamTLS(s *routing.Server, b *topology.Backend) (*UpstreamTLS, error) {
	knobs := &s.Profile.Backends
	policy := b.Policy
	switch {
	case knobs.TLS == profile.Ignored:
		return nil, nil
	case policy == nil && b.ServicePort != nil && knobs.Dial(b.Facts()).Name == profile.H2:
		return nil, errors.New("it is dialled with TLS, and the BackendTLSPolicy that says how is not in the input")
	case policy == nil:
		return nil, nil
	case policy.Refusal != nil:
		return nil, fmt.Errorf("%s: %s", policy.Object.Doc.Ref, policy.Refusal.Message)
	}
	v := &policy.Object.Value.Spec.Validation
	if v.Hostname == "" || !hostname.MatchString(string(v.Hostname)) {
		return nil, fmt.Errorf("%s has no hostname", policy.Object.Doc.Ref)
	}
	out := &UpstreamTLS{SNI: string(v.Hostname)}
	switch san := v.SubjectAltNames; {
	case len(san) > 1 || len(san) == 1 && san[0].Type != gatewayv1.HostnameSubjectAltNameType:
		return nil, fmt.Errorf("%s asks for one of several names, or for a URI, in its certificate: %s asks for one hostname", policy.Object.Doc.Ref, p.o.Program)
	case len(san) == 1 && string(san[0].Hostname) != out.SNI:
		return nil, fmt.Errorf("%s asks for another name in its certificate than it gives as SNI: %s has one name for both", policy.Object.Doc.Ref, p.o.Program)
	}
	var err error
	if out.CA, err = p.authorities(policy); err != nil {
		return nil, err
	}
	for _, g := range s.Gateways {
		if g.ClientCertificate == nil {
			continue
		}
		pair, err := p.pair(g.ClientCertificate)
		if err != nil {
			return nil, fmt.Errorf("client certificate of Gateway %s: %w", g.Key(), err)
		}
		out.Own = &pair
		break
	}
	return out, nil
}

// authorities returns the file with the CA certificates of a policy.
func (p *Plan) authorities(policy *topology.Policy) (string, error) {
	doc, v := policy.Object.Doc, &policy.Object.Value.Spec.Validation
	if v.WellKnownCACertificates != nil && *v.WellKnownCACertificates == gatewayv1.WellKnownCACertificatesSystem {
		p.Depends(doc, []any{"spec", "validation", "wellKnownCACertificates"}, "the system's authorities are read from %s on the machine of %s", p.o.SystemCA, p.o.Program)
		return p.o.SystemCA, nil
	}
	list := caList{namespace: doc.Ref.Namespace}
	for _, ref := range v.CACertificateRefs {
		found := topology.Authority(p.set, list.namespace, ref)
		if !x509.NewCertPool().AppendCertsFromPEM(found) {
			p.Lost(doc, []any{"spec", "validation", "caCertificateRefs"}, "the input has no CA certificate of %s %s/%s, which is not trusted", ref.Kind, list.namespace, ref.Name)
			continue
		}
		list.add(string(ref.Name), found)
	}
	if len(list.text) == 0 {
		return "", fmt.Errorf("%s names no CA certificate that can be used: add it to the input", doc.Ref)
	}
	return p.caFile(&list)
}
