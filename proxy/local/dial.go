package local

import (
	"crypto/tls"
	"errors"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// ClientTLS is how a backend is dialled with TLS where no BackendTLSPolicy says it,
// as in a translated configuration.
type ClientTLS struct {
	Hostname string // SNI, and what is verified unless SANs are given
	System   bool   // the system's authorities are trusted
	CA       []byte // PEM; without it, and without System, nothing is trusted
	SANs     []gatewayv1.SubjectAltName
	// Certificate and Key are shown to the backend, in PEM; none when empty.
	Certificate, Key []byte
}

// Config returns the configuration to dial with. Its error does not hold the key.
func (c *ClientTLS) Config() (*tls.Config, error) {
	t := &trust{hostname: c.Hostname, system: c.System, sans: c.SANs}
	if len(c.CA) > 0 {
		t.ca = [][]byte{c.CA}
	}
	if len(c.Certificate) > 0 {
		pair, err := tls.X509KeyPair(c.Certificate, c.Key)
		if err != nil {
			return nil, errors.New("the client certificate and its key do not belong together, or are no PEM")
		}
		t.pair = &pair
	}
	return t.config()
}
