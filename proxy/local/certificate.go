package local

import (
	"crypto/tls"
	"slices"
	"sync/atomic"

	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
)

// certificates choose what a port shows its clients: those of the most specific
// listener that serves the name a client asks for.
type certificates struct{ now atomic.Pointer[[]shown] }

// shown is what a listener shows.
type shown struct {
	hostname  string
	pairs     []tls.Certificate
	authority *authority // for a listener without pairs
}

// set replaces what is shown from the next handshake on.
func (c *certificates) set(listeners []*topology.Listener, a *authority) {
	var list []shown
	for _, l := range listeners {
		s := shown{hostname: l.Hostname, pairs: pairs(l)}
		if len(s.pairs) == 0 {
			s.authority = a
		}
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b shown) int { return topology.MoreSpecific(a.hostname, b.hostname) })
	c.now.Store(&list)
}

// get is for [tls.Config.GetCertificate]. A name that no listener serves gets no
// certificate, which ends the handshake as unrecognized.
func (c *certificates) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := topology.NormalizeAuthority(hello.ServerName)
	for _, s := range *c.now.Load() {
		if name != "" && !topology.MatchHost(s.hostname, name, false) {
			continue
		}
		if s.authority != nil {
			return s.authority.leaf(name)
		}
		for i := range s.pairs {
			if hello.SupportsCertificate(&s.pairs[i]) == nil {
				return &s.pairs[i], nil
			}
		}
		if len(s.pairs) > 0 {
			return &s.pairs[0], nil // the client will say what is wrong with it
		}
	}
	return nil, nil //nolint:nilnil // crypto/tls answers with unrecognized_name
}

// anyCertificate reports whether the input holds a certificate for one of some
// listeners.
func anyCertificate(listeners []*topology.Listener) bool {
	return slices.ContainsFunc(listeners, func(l *topology.Listener) bool { return len(pairs(l)) > 0 })
}

// pairs reads the certificates of a listener that are in the input.
func pairs(l *topology.Listener) (out []tls.Certificate) {
	for _, c := range l.Certificates {
		if c.Refusal == nil && c.Secret != nil {
			if pair, err := pair(c.Secret.Value); err == nil {
				out = append(out, pair)
			}
		}
	}
	return out
}

// pair reads a Secret of type kubernetes.io/tls. Its error never holds the key.
func pair(s *corev1.Secret) (tls.Certificate, error) {
	return tls.X509KeyPair(secretField(s, corev1.TLSCertKey), secretField(s, corev1.TLSPrivateKeyKey))
}

func secretField(s *corev1.Secret, name string) []byte {
	if text, ok := s.StringData[name]; ok {
		return []byte(text)
	}
	return s.Data[name]
}
