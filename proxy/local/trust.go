package local

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Trust is how a backend is dialled with TLS.
type Trust struct {
	CA         []byte // PEM; what it signs is trusted
	SystemCA   bool   // what the system trusts is, too
	ServerName string // SNI, and the name that is verified unless SANs or URIs are given
	SANs, URIs []string
	// Certificate and Key are the client's, in PEM; none when empty.
	Certificate, Key []byte
}

// Config returns the configuration of a client. Its error never holds the key.
func (t *Trust) Config() (*tls.Config, error) {
	c := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if t.SystemCA {
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("the system's authorities: %w", err)
		}
		c.RootCAs = pool
	} else {
		c.RootCAs = x509.NewCertPool()
	}
	if len(t.CA) > 0 && !c.RootCAs.AppendCertsFromPEM(t.CA) {
		return nil, errors.New("ca.crt holds no certificate")
	}
	if len(t.Certificate) > 0 {
		pair, err := tls.X509KeyPair(t.Certificate, t.Key)
		if err != nil {
			return nil, fmt.Errorf("the Gateway's client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if len(t.SANs)+len(t.URIs) > 0 {
		// The hostname is then SNI only (GA apis/v1/backendtlspolicy_types.go,
		// SubjectAltNames). The chain is verified all the same.
		c.InsecureSkipVerify = true //nolint:gosec // see verify
		c.VerifyConnection = func(s tls.ConnectionState) error { return t.verify(s, c.RootCAs) }
	}
	return c, nil
}

// verify checks the chain, and that the certificate has one of the names.
func (t *Trust) verify(s tls.ConnectionState, roots *x509.CertPool) error {
	o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	leaf := s.PeerCertificates[0]
	if _, err := leaf.Verify(o); err != nil {
		return err
	}
	for _, name := range t.SANs {
		if leaf.VerifyHostname(name) == nil {
			return nil
		}
	}
	for _, u := range leaf.URIs {
		if slices.Contains(t.URIs, u.String()) {
			return nil
		}
	}
	return fmt.Errorf("the backend's certificate is for none of %s", strings.Join(slices.Concat(t.SANs, t.URIs), ", "))
}

// trusts keeps configurations, so that one that has not changed keeps its
// connections.
type trusts struct {
	mu   sync.Mutex
	have map[[sha256.Size]byte]*tls.Config
}

func (ts *trusts) config(t *Trust) (*tls.Config, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %v %q %q %q %q %q", t.CA, t.SystemCA, t.ServerName, t.SANs, t.URIs, t.Certificate, t.Key))
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if c := ts.have[sum]; c != nil {
		return c, nil
	}
	c, err := t.Config()
	if err != nil {
		return nil, err
	}
	if ts.have == nil {
		ts.have = map[[sha256.Size]byte]*tls.Config{}
	}
	ts.have[sum] = c
	return c, nil
}
