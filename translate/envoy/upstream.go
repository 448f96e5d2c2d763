package envoy

import (
	"crypto/x509"
	"errors"
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// tlsSocket is the name of Envoy's TLS.
const tlsSocket = "envoy.transport_sockets.tls"

// upstreamTLS writes what a BackendTLSPolicy says, nil for a backend that is
// dialled without TLS. What is not known is an error: a connection without TLS, or
// one that trusts anybody, would be worse than none.
func (w *writer) upstreamTLS(s *routing.Server, b *topology.Backend) (*corev3.TransportSocket, error) {
	knobs := &s.Profile.Backends
	p := b.Policy
	switch {
	case knobs.TLS == profile.Ignored:
		return nil, nil
	case p == nil && b.ServicePort != nil && knobs.Dial(b.Facts()).Name == profile.H2:
		return nil, errors.New("it is dialled with TLS, and the BackendTLSPolicy that says how is not in the input")
	case p == nil:
		return nil, nil
	case p.Refusal != nil:
		return nil, fmt.Errorf("%s: %s", p.Object.Doc.Ref, p.Refusal.Message)
	}
	v := &p.Object.Value.Spec.Validation
	if v.Hostname == "" {
		return nil, fmt.Errorf("%s has no hostname", p.Object.Doc.Ref)
	}
	trusted, err := w.authorities(p)
	if err != nil {
		return nil, err
	}
	common := &tlsv3.CommonTlsContext{
		AlpnProtocols: []string{"h2"},
		ValidationContextType: &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{
			TrustedCa: trusted, MatchTypedSubjectAltNames: names(v),
		}},
	}
	for _, g := range s.Gateways {
		if g.ClientCertificate == nil {
			continue
		}
		pair, err := w.certificate(g.ClientCertificate)
		if err != nil {
			return nil, fmt.Errorf("client certificate of Gateway %s: %w", g.Key(), err)
		}
		common.TlsCertificates = []*tlsv3.TlsCertificate{pair}
		break
	}
	return socket(&tlsv3.UpstreamTlsContext{CommonTlsContext: common, Sni: string(v.Hostname)}), nil
}

// names are those of which the backend's certificate must have one (GA
// apis/v1/backendtlspolicy_types.go, SubjectAltNames).
func names(v *gatewayv1.BackendTLSPolicyValidation) []*tlsv3.SubjectAltNameMatcher {
	name := func(kind tlsv3.SubjectAltNameMatcher_SanType, text string) *tlsv3.SubjectAltNameMatcher {
		return &tlsv3.SubjectAltNameMatcher{SanType: kind, Matcher: &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Exact{Exact: text},
		}}
	}
	if len(v.SubjectAltNames) == 0 {
		return []*tlsv3.SubjectAltNameMatcher{name(tlsv3.SubjectAltNameMatcher_DNS, string(v.Hostname))}
	}
	var out []*tlsv3.SubjectAltNameMatcher
	for _, san := range v.SubjectAltNames {
		switch san.Type {
		case gatewayv1.HostnameSubjectAltNameType:
			out = append(out, name(tlsv3.SubjectAltNameMatcher_DNS, string(san.Hostname)))
		case gatewayv1.URISubjectAltNameType:
			out = append(out, name(tlsv3.SubjectAltNameMatcher_URI, string(san.URI)))
		}
	}
	return out
}

// authorities returns the CA certificates of a policy.
func (w *writer) authorities(p *topology.Policy) (*corev3.DataSource, error) {
	v := &p.Object.Value.Spec.Validation
	if v.WellKnownCACertificates != nil && *v.WellKnownCACertificates == gatewayv1.WellKnownCACertificatesSystem {
		w.depends(p.Object.Doc, []any{"spec", "validation", "wellKnownCACertificates"}, "the system's authorities are read from %s on Envoy's machine", w.o.SystemCA)
		return file(w.o.SystemCA), nil
	}
	var text []byte
	namespace := p.Object.Doc.Ref.Namespace
	for _, ref := range v.CACertificateRefs {
		found := topology.Authority(w.set, namespace, ref)
		if !x509.NewCertPool().AppendCertsFromPEM(found) {
			w.lost(p.Object.Doc, []any{"spec", "validation", "caCertificateRefs"}, "the input has no CA certificate of %s %s/%s, which is not trusted", ref.Kind, namespace, ref.Name)
			continue
		}
		text = append(append(text, found...), '\n')
	}
	if len(text) == 0 {
		return nil, fmt.Errorf("%s names no CA certificate that can be used: add it to the input", p.Object.Doc.Ref)
	}
	return inline(text), nil
}

// certificate writes a certificate with its key: out of the input, or as files of
// Options.CertificateDir. Errors never quote it.
func (w *writer) certificate(c *topology.Certificate) (*tlsv3.TlsCertificate, error) {
	switch {
	case c.Refusal != nil && c.Refusal.Certainty != diag.Unknown:
		return nil, errors.New(c.Refusal.Message)
	case c.Secret == nil && w.o.CertificateDir != "":
		dir := fmt.Sprintf("%s/%s/%s/", w.o.CertificateDir, c.Namespace, c.Name)
		return &tlsv3.TlsCertificate{CertificateChain: file(dir + corev1.TLSCertKey), PrivateKey: file(dir + corev1.TLSPrivateKeyKey)}, nil
	case c.Secret == nil:
		return nil, fmt.Errorf("its Secret %s/%s is not in the input: add it, or say with --certificates where Envoy finds it", c.Namespace, c.Name)
	}
	pair := [2][]byte{secretData(c.Secret.Value, corev1.TLSCertKey), secretData(c.Secret.Value, corev1.TLSPrivateKeyKey)}
	if err := checkPair(pair[0], pair[1]); err != nil {
		return nil, fmt.Errorf("its Secret %s/%s holds no certificate with its key", c.Namespace, c.Name)
	}
	if chain := string(pair[0]); w.secrets[chain] == "" {
		w.secrets[chain] = c.Namespace + "/" + c.Name
	}
	return &tlsv3.TlsCertificate{CertificateChain: inline(pair[0]), PrivateKey: inline(pair[1])}, nil
}

// secretData reads a key as the API server stores it: stringData wins.
func secretData(s *corev1.Secret, key string) []byte {
	if text, ok := s.StringData[key]; ok {
		return []byte(text)
	}
	return s.Data[key]
}
