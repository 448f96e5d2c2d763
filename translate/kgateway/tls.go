package kgateway

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func socket(context proto.Message) *corev3.TransportSocket {
	return &corev3.TransportSocket{Name: "envoy.transport_sockets.tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: packed(context)}}
}

func inline(data []byte) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: data}}
}

// downstreamTLS writes the TLS of a listener, nil when it has no certificate that
// can be used. kgateway takes the first one. Messages never quote it.
func (w *writer) downstreamTLS(l *topology.Listener) *corev3.TransportSocket {
	if len(l.Certificates) == 0 {
		return nil
	}
	ref := l.Certificates[0]
	if ref.Secret == nil || refused(ref.Refusal) {
		w.lost(l.Doc(), ref.Path, "listener %q: its Secret %s/%s cannot be read from the input", l.Name, ref.Namespace, ref.Name)
		return nil
	}
	chain, key := secretData(ref.Secret.Value, corev1.TLSCertKey), secretData(ref.Secret.Value, corev1.TLSPrivateKeyKey)
	if _, err := tls.X509KeyPair(chain, key); err != nil {
		w.lost(l.Doc(), ref.Path, "listener %q: its Secret %s/%s holds no certificate with its key", l.Name, ref.Namespace, ref.Name)
		return nil
	}
	for _, more := range l.Certificates[1:] {
		w.lost(l.Doc(), more.Path, "listener %q: kgateway takes the first certificate alone", l.Name)
	}
	w.frontendNote(l)
	return socket(&tlsv3.DownstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{
		TlsParams:       &tlsv3.TlsParameters{},
		TlsCertificates: []*tlsv3.TlsCertificate{{CertificateChain: inline(chain), PrivateKey: inline(key)}},
		AlpnProtocols:   []string{"h2", "http/1.1"},
	}})
}

// frontendNote says that client certificates are not asked for here.
func (w *writer) frontendNote(l *topology.Listener) {
	if o := l.Gateway.Object; o != nil && o.Value.Spec.TLS != nil && o.Value.Spec.TLS.Frontend != nil {
		w.lost(o.Doc, []any{"spec", "tls", "frontend"}, "what is asked of clients' certificates is not written: how kgateway writes it is not known")
	}
}

// secretData reads a key as the API server stores it: stringData wins.
func secretData(s *corev1.Secret, key string) []byte {
	if text, ok := s.StringData[key]; ok {
		return []byte(text)
	}
	return s.Data[key]
}

// upstreamTLS writes what a BackendTLSPolicy says, nil for none.
func (w *writer) upstreamTLS(b *topology.Backend) (*corev3.TransportSocket, error) {
	p := b.Policy
	switch {
	case p == nil || p.Object == nil:
		return nil, nil
	case refused(p.Refusal):
		return nil, fmt.Errorf("%s: %s", p.Object.Doc.Ref, p.Refusal.Message)
	}
	v := &p.Object.Value.Spec.Validation
	check := &tlsv3.CertificateValidationContext{}
	common := &tlsv3.CommonTlsContext{ValidationContextType: &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: check}}
	if v.WellKnownCACertificates != nil {
		check.SystemRootCerts = &tlsv3.CertificateValidationContext_SystemRootCerts{}
	} else {
		bundle, err := w.authorities(p)
		if err != nil {
			return nil, err
		}
		check.TrustedCa = inline(bundle)
	}
	check.MatchTypedSubjectAltNames = names(v)
	return socket(&tlsv3.UpstreamTlsContext{CommonTlsContext: common, Sni: string(v.Hostname)}), nil
}

// authorities returns the CA certificates of a policy.
func (w *writer) authorities(p *topology.Policy) ([]byte, error) {
	var out []byte
	for _, ref := range p.Object.Value.Spec.Validation.CACertificateRefs {
		found := topology.Authority(w.set, p.Object.Doc.Ref.Namespace, ref)
		if x509.NewCertPool().AppendCertsFromPEM(found) {
			out = append(append(out, found...), '\n')
		}
	}
	if len(out) == 0 {
		return nil, errors.New(p.Object.Doc.Ref.String() + " names no CA certificate that the input holds")
	}
	return out, nil
}

// names are those of which the backend's certificate must have one.
func names(v *gatewayv1.BackendTLSPolicyValidation) []*tlsv3.SubjectAltNameMatcher {
	name := func(kind tlsv3.SubjectAltNameMatcher_SanType, exact string) *tlsv3.SubjectAltNameMatcher {
		return &tlsv3.SubjectAltNameMatcher{SanType: kind, Matcher: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: exact}}}
	}
	if len(v.SubjectAltNames) == 0 {
		return []*tlsv3.SubjectAltNameMatcher{name(tlsv3.SubjectAltNameMatcher_DNS, string(v.Hostname))}
	}
	var out []*tlsv3.SubjectAltNameMatcher
	for _, san := range v.SubjectAltNames {
		if san.Type == gatewayv1.URISubjectAltNameType {
			out = append(out, name(tlsv3.SubjectAltNameMatcher_URI, string(san.URI)))
			continue
		}
		out = append(out, name(tlsv3.SubjectAltNameMatcher_DNS, string(san.Hostname)))
	}
	return out
}
