package local

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
)

// secured is an HTTPS listener with its certificates.
type secured struct {
	hostname string
	oneLabel bool
	pairs    []*tls.Certificate
	own      *Authority // signs what the pairs lack; nil for nothing
}

// serverTLS makes the TLS configuration of a front. Clients say by SNI which
// listener they mean; those that say nothing, or name no listener, are shown some
// certificate of the port, and the table answers them.
func (o *Options) serverTLS(f *front) (c *tls.Config, notes []string) {
	var list []*secured
	for _, l := range f.listeners {
		s := &secured{hostname: l.Hostname, oneLabel: f.of.Profile.Hosts.WildcardOneLabel}
		for _, ref := range l.Certificates {
			pair, err := keyPair(ref)
			switch {
			case err == nil:
				s.pairs = append(s.pairs, pair)
			case o.Authority == nil:
				notes = append(notes, fmt.Sprintf("%s: %v", l, err))
			}
		}
		if len(s.pairs) == 0 {
			s.own = o.Authority
		}
		if len(s.pairs) == 0 && s.own == nil {
			notes = append(notes, fmt.Sprintf("%s has no certificate, so that its clients cannot connect: add the Secret to the input, or use --tls-self-signed", l))
		}
		list = append(list, s)
	}
	c = &tls.Config{MinVersion: tls.VersionTLS12}
	c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return choose(list, hello) }
	return c, notes
}

// keyPair reads a certificate. Errors never quote it.
func keyPair(c *topology.Certificate) (*tls.Certificate, error) {
	switch {
	case c.Secret == nil && c.Refusal != nil:
		return nil, errors.New(c.Refusal.Message)
	case c.Secret == nil:
		return nil, fmt.Errorf("there is no Secret %s/%s in the input", c.Namespace, c.Name)
	case c.Refusal != nil:
		return nil, errors.New(c.Refusal.Message)
	}
	pair, err := tls.X509KeyPair(secretData(c.Secret.Value, corev1.TLSCertKey), secretData(c.Secret.Value, corev1.TLSPrivateKeyKey))
	if err != nil {
		return nil, fmt.Errorf("no certificate with its key is in Secret %s/%s", c.Namespace, c.Name)
	}
	return &pair, nil
}

// secretData reads a key as the API server stores it: stringData wins.
func secretData(s *corev1.Secret, key string) []byte {
	if text, ok := s.StringData[key]; ok {
		return []byte(text)
	}
	return s.Data[key]
}

var errNoCertificate = errors.New("no certificate for the server name")

// choose picks the certificate of a handshake: of the most specific listener for
// the SNI, the first that the client can use.
func choose(list []*secured, hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := topology.NormalizeHostname(hello.ServerName)
	var best *secured
	for _, s := range list {
		if name != "" && topology.MatchHost(s.hostname, name, s.oneLabel) && (best == nil || topology.MoreSpecific(s.hostname, best.hostname) < 0) {
			best = s
		}
	}
	if best == nil {
		for _, s := range list {
			if len(s.pairs) > 0 || s.own != nil {
				best, name = s, ""
				break
			}
		}
	}
	switch {
	case best == nil || len(best.pairs) == 0 && best.own == nil:
		return nil, errNoCertificate
	case len(best.pairs) == 0:
		return best.own.Leaf(name)
	}
	for _, pair := range best.pairs {
		if hello.SupportsCertificate(pair) == nil {
			return pair, nil
		}
	}
	return best.pairs[0], nil
}
