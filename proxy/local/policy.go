package local

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// tlsConfigs keeps the configurations that backends are dialled with, so that one
// that says the same is the same and its connections stay.
type tlsConfigs struct {
	last, now map[[sha256.Size]byte]*tls.Config
}

// next begins a round: what it does not ask for is forgotten with the one after.
func (c *tlsConfigs) next() { c.last, c.now = c.now, map[[sha256.Size]byte]*tls.Config{} }

func (c *tlsConfigs) get(key [sha256.Size]byte, make func() (*tls.Config, error)) (*tls.Config, error) {
	config := c.now[key]
	if config == nil {
		config = c.last[key]
	}
	if config == nil {
		var err error
		if config, err = make(); err != nil {
			return nil, err
		}
	}
	c.now[key] = config
	return config, nil
}

// trust is what a BackendTLSPolicy says of a connection.
type trust struct {
	hostname string
	system   bool
	ca       [][]byte // PEM
	sans     []gatewayv1.SubjectAltName
	pair     *tls.Certificate // the client's, nil for none
}

// clientTLS returns how a backend is dialled, nil for without TLS.
func (f *finder) clientTLS(s *routing.Server, b *topology.Backend) (*tls.Config, error) {
	p := b.Policy
	if p == nil {
		return nil, f.unencrypted(s, b)
	}
	if p.Refusal != nil {
		return nil, fmt.Errorf("%s: %s", p.Object.Doc.Ref, p.Refusal.Message)
	}
	v := &p.Object.Value.Spec.Validation
	t := &trust{hostname: string(v.Hostname), sans: v.SubjectAltNames}
	if v.WellKnownCACertificates != nil && *v.WellKnownCACertificates == gatewayv1.WellKnownCACertificatesSystem {
		t.system = true
	}
	var why []string
	for _, r := range p.CA {
		why = append(why, r.Message)
	}
	for _, ref := range v.CACertificateRefs {
		if text := topology.Authority(f.set, p.Object.Doc.Ref.Namespace, ref); len(text) > 0 {
			t.ca = append(t.ca, text)
		}
	}
	switch {
	case t.hostname == "":
		return nil, fmt.Errorf("%s has no hostname", p.Object.Doc.Ref)
	case !t.system && len(t.ca) == 0:
		return nil, fmt.Errorf("%s names no CA certificate that can be used: %s", p.Object.Doc.Ref, strings.Join(append(why, "add it to the input"), "; "))
	}
	if err := t.present(s); err != nil {
		return nil, err
	}
	return f.known.get(t.key(), t.config)
}

// unencrypted says why a backend without a policy cannot be dialled without TLS,
// nil when it can.
func (f *finder) unencrypted(s *routing.Server, b *topology.Backend) error {
	knobs := &s.Profile.Backends
	if knobs.TLS == profile.Ignored {
		return nil
	}
	if b.ServicePort != nil && knobs.Dial(b.Facts()).Name == profile.H2 {
		return errors.New("it is dialled with TLS, and the BackendTLSPolicy that says how is not in the input")
	}
	for _, d := range f.set.Broken {
		if d.Ref.Kind == "BackendTLSPolicy" && d.Ref.Namespace == b.Namespace {
			return fmt.Errorf("%s cannot be read and may cover it", d.Ref)
		}
	}
	return nil
}

// present adds the client certificate of the server's Gateway. One that cannot be
// used is an error: the backend asks for it for a reason.
func (t *trust) present(s *routing.Server) error {
	for _, g := range s.Gateways {
		if g.ClientCertificate == nil {
			continue
		}
		pair, err := keyPair(g.ClientCertificate)
		if err != nil {
			return fmt.Errorf("client certificate of Gateway %s: %w", g.Key(), err)
		}
		t.pair = pair
		return nil
	}
	return nil
}

// key tells configurations apart.
func (t *trust) key() [sha256.Size]byte {
	h := sha256.New()
	part := func(b []byte) { fmt.Fprintf(h, "%d:", len(b)); h.Write(b) }
	fmt.Fprintf(h, "%q %v %d %d ", t.hostname, t.system, len(t.ca), len(t.sans))
	for _, ca := range t.ca {
		part(ca)
	}
	for _, san := range t.sans {
		fmt.Fprintf(h, "%q %q %q ", san.Type, san.Hostname, san.URI)
	}
	if t.pair != nil {
		for _, der := range t.pair.Certificate {
			part(der)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func (t *trust) config() (*tls.Config, error) {
	c := &tls.Config{ServerName: t.hostname, MinVersion: tls.VersionTLS12}
	if !t.system {
		c.RootCAs = x509.NewCertPool()
		for _, ca := range t.ca {
			if !c.RootCAs.AppendCertsFromPEM(ca) {
				return nil, errors.New("the CA certificate of its BackendTLSPolicy is no PEM certificate")
			}
		}
	}
	if t.pair != nil {
		pair := t.pair
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	}
	if len(t.sans) > 0 {
		roots, sans := c.RootCAs, slices.Clone(t.sans)
		// The names are verified below, the chain as well.
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(state tls.ConnectionState) error { return verify(state, roots, sans) }
	}
	return c, nil
}

// verify checks a backend's chain, and that one of its names is among those the
// policy accepts instead of the hostname (GA apis/v1/backendtlspolicy_types.go,
// SubjectAltNames).
func verify(state tls.ConnectionState, roots *x509.CertPool, sans []gatewayv1.SubjectAltName) error {
	o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range state.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	leaf := state.PeerCertificates[0]
	if _, err := leaf.Verify(o); err != nil {
		return err
	}
	for _, san := range sans {
		switch san.Type {
		case gatewayv1.HostnameSubjectAltNameType:
			same := func(name string) bool { return strings.EqualFold(name, string(san.Hostname)) } // wildcards included
			if leaf.VerifyHostname(string(san.Hostname)) == nil || slices.ContainsFunc(leaf.DNSNames, same) {
				return nil
			}
		case gatewayv1.URISubjectAltNameType:
			for _, u := range leaf.URIs {
				if u.String() == string(san.URI) {
					return nil
				}
			}
		}
	}
	return errors.New("the certificate has none of the names that the BackendTLSPolicy lists in subjectAltNames")
}
