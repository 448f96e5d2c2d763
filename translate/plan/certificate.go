package plan

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Pair is the files of a certificate and its key.
type Pair struct{ Certificate, Key string }

// ClientCheck is what the clients of a port are asked for.
type ClientCheck struct {
	CA       string // file with the authorities
	Optional bool   // a client without one, or with another's, is served as well
}

// pairs returns the certificates of a listener that can be used.
func (p *Plan) pairs(l *topology.Listener) []Pair {
	var out []Pair
	for _, ref := range l.Certificates {
		pair, err := p.pair(ref)
		if err != nil {
			p.Lost(l.Doc(), ref.Path, "listener %q: %v", l.Name, err)
			continue
		}
		out = append(out, pair)
	}
	return out
}

// pair returns the files of a certificate: those of Options.CertificateDir, or,
// out of the input, some that are written beside the configuration. Errors never
// quote it.
func (p *Plan) pair(c *topology.Certificate) (Pair, error) {
	if c.Refusal != nil && c.Refusal.Certainty != diag.Unknown {
		return Pair{}, errors.New(c.Refusal.Message)
	}
	if c.Secret == nil && p.o.CertificateDir == "" {
		return Pair{}, fmt.Errorf("its Secret %s/%s is not in the input: add it, or say with --certificates where %s finds it", c.Namespace, c.Name, p.o.Program)
	}
	at := func(name string) string { return c.Namespace + "/" + c.Name + "/" + name }
	if strings.Contains(c.Namespace+c.Name, "/") || !fileName(c.Namespace) || !fileName(c.Name) {
		return Pair{}, fmt.Errorf("its Secret %q is not named as an object can be", c.Name)
	}
	if c.Secret == nil {
		return Pair{p.file(at(corev1.TLSCertKey), nil), p.file(at(corev1.TLSPrivateKeyKey), nil)}, nil
	}
	certificate, key := secretData(c.Secret.Value, corev1.TLSCertKey), secretData(c.Secret.Value, corev1.TLSPrivateKeyKey)
	if _, err := tls.X509KeyPair(certificate, key); err != nil {
		return Pair{}, fmt.Errorf("its Secret %s/%s holds no certificate with its key", c.Namespace, c.Name)
	}
	return Pair{p.file(at(corev1.TLSCertKey), certificate), p.file(at(corev1.TLSPrivateKeyKey), key)}, nil
}

// fileName reports whether a name of an object can be that of a folder, as names
// that the API server takes can (RFC 1123 subdomains).
func fileName(name string) bool {
	return name != "" && name[0] != '.' && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.')
	})
}

// file returns the path of a file, and keeps its content when it is to be written.
func (p *Plan) file(name string, content []byte) string {
	if p.o.CertificateDir != "" {
		return path.Join(p.o.CertificateDir, name)
	}
	name = path.Join(FilesDir, name)
	p.Files[name] = content
	return name
}

// secretData reads a key as the API server stores it: stringData wins.
func secretData(s *corev1.Secret, key string) []byte {
	if text, ok := s.StringData[key]; ok {
		return []byte(text)
	}
	return s.Data[key]
}

// caList gathers CA certificates for one file.
type caList struct {
	namespace string
	names     []string
	text      []byte
}

func (l *caList) add(name string, text []byte) {
	l.names = append(l.names, name)
	l.text = append(append(l.text, text...), '\n')
}

// caFile returns the file with gathered certificates.
func (p *Plan) caFile(l *caList) (string, error) {
	for _, name := range append(l.names, l.namespace) {
		if !fileName(name) {
			return "", fmt.Errorf("%q is not named as an object can be", name)
		}
	}
	if len(l.names) > 1 && p.o.CertificateDir != "" {
		return "", fmt.Errorf("its CA certificates are in several objects: with --certificates %s reads them from one, so put them into one", p.o.Program)
	}
	return p.file(l.namespace+"/"+strings.Join(l.names, "+")+"/"+topology.CAKey, l.text), nil
}

// clients returns what the clients of a listener are asked for, as the Gateway's
// spec.tls.frontend says for the port (GA apis/v1/gateway_types.go,
// FrontendTLSConfig); nil for nothing.
func (p *Plan) clients(l *topology.Listener) (*ClientCheck, error) {
	v := frontendValidation(l)
	if v == nil {
		return nil, nil
	}
	list := caList{namespace: l.Gateway.Namespace}
	for _, ref := range v.CACertificateRefs {
		if ref.Group != "" || ref.Kind != "ConfigMap" || ref.Namespace != nil && string(*ref.Namespace) != list.namespace {
			return nil, fmt.Errorf("client CA certificates in %s %s are not read: expected a ConfigMap of its namespace", ref.Kind, ref.Name)
		}
		o := p.set.ConfigMaps.Get(list.namespace, string(ref.Name))
		if o == nil || !x509.NewCertPool().AppendCertsFromPEM(topology.CAText(o.Value)) {
			return nil, fmt.Errorf("the input has no client CA certificate of ConfigMap %s/%s", list.namespace, ref.Name)
		}
		list.add(string(ref.Name), topology.CAText(o.Value))
	}
	if len(list.text) == 0 {
		return nil, errors.New("it asks clients for a certificate and names no CA")
	}
	ca, err := p.caFile(&list)
	if err != nil {
		return nil, err
	}
	return &ClientCheck{CA: ca, Optional: v.Mode == gatewayv1.AllowInsecureFallback}, nil
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
