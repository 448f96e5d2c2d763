package envoy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func socket(context proto.Message) *corev3.TransportSocket {
	return &corev3.TransportSocket{Name: tlsSocket, ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: packed(context)}}
}

func file(name string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: name}}
}

func inline(text []byte) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: string(text)}}
}

func checkPair(certificate, key []byte) error {
	_, err := tls.X509KeyPair(certificate, key)
	return err
}

// downstreamTLS writes the TLS of a listener; ok is false when it has no
// certificate that can be used.
func (w *writer) downstreamTLS(l *topology.Listener) (*corev3.TransportSocket, bool) {
	common := &tlsv3.CommonTlsContext{AlpnProtocols: []string{"h2", "http/1.1"}}
	for _, ref := range l.Certificates {
		pair, err := w.certificate(ref)
		if err != nil {
			w.lost(l.Doc(), ref.Path, "listener %q: %v", l.Name, err)
			continue
		}
		common.TlsCertificates = append(common.TlsCertificates, pair)
	}
	if len(common.TlsCertificates) == 0 {
		w.lost(l.Doc(), l.Path(), "listener %q is left out: it has no certificate that can be used", l.Name)
		return nil, false
	}
	context := &tlsv3.DownstreamTlsContext{CommonTlsContext: common}
	if err := w.askClients(l, context); err != nil {
		w.lost(l.Doc(), l.Path(), "listener %q is left out: %v", l.Name, err)
		return nil, false
	}
	return socket(context), true
}

// askClients makes Envoy ask clients for a certificate, as the Gateway's
// spec.tls.frontend says for the port (GA apis/v1/gateway_types.go,
// FrontendTLSConfig).
func (w *writer) askClients(l *topology.Listener, context *tlsv3.DownstreamTlsContext) error {
	v := frontendValidation(l)
	if v == nil {
		return nil
	}
	var text []byte
	for _, ref := range v.CACertificateRefs {
		if ref.Group != "" || ref.Kind != "ConfigMap" || ref.Namespace != nil && string(*ref.Namespace) != l.Gateway.Namespace {
			return fmt.Errorf("client CA certificates in %s %s are not read: expected a ConfigMap of its namespace", ref.Kind, ref.Name)
		}
		o := w.set.ConfigMaps.Get(l.Gateway.Namespace, string(ref.Name))
		if o == nil || !x509.NewCertPool().AppendCertsFromPEM(topology.CAText(o.Value)) {
			return fmt.Errorf("the input has no client CA certificate of ConfigMap %s/%s", l.Gateway.Namespace, ref.Name)
		}
		text = append(append(text, topology.CAText(o.Value)...), '\n')
	}
	if len(text) == 0 {
		return errors.New("it asks clients for a certificate and names no CA")
	}
	check := &tlsv3.CertificateValidationContext{TrustedCa: inline(text)}
	if v.Mode == gatewayv1.AllowInsecureFallback {
		check.TrustChainVerification = tlsv3.CertificateValidationContext_ACCEPT_UNTRUSTED
	} else {
		context.RequireClientCertificate = wrapperspb.Bool(true)
	}
	context.CommonTlsContext.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: check}
	return nil
}

// frontendValidation returns what a Gateway asks of its clients on a listener's
// port, nil for nothing.
func frontendValidation(l *topology.Listener) *gatewayv1.FrontendTLSValidation {
	g := l.Gateway
	if g.Object == nil || g.Object.Value.Spec.TLS == nil || g.Object.Value.Spec.TLS.Frontend == nil {
		return nil
	}
	spec := g.Object.Value.Spec.TLS.Frontend
	for i := range spec.PerPort {
		if int32(spec.PerPort[i].Port) == l.Port {
			return spec.PerPort[i].TLS.Validation
		}
	}
	return spec.Default.Validation
}
