package rules

import (
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
)

// Nothing of a Secret but the names in its certificate is looked at, and nothing
// else of it is ever printed.

// certificates returns the names in the certificates of a listener. Whole is
// false when one of them is not in the input or cannot be used: then no name can
// be said to be missing.
func certificates(l *topology.Listener) (names []string, whole bool) {
	for _, c := range l.Certificates {
		if c.Secret == nil || c.Refusal != nil {
			return nil, false
		}
		sans, ok := certificateNames(c.Secret.Value)
		if !ok {
			return nil, false
		}
		names = append(names, sans...)
	}
	return names, len(l.Certificates) > 0
}

// certificateNames returns the DNS names of the leaf certificate in a Secret.
// The common name does not count: clients have stopped reading it (RFC 9525
// section 2).
func certificateNames(s *corev1.Secret) ([]string, bool) {
	text := s.Data[corev1.TLSCertKey]
	if plain, ok := s.StringData[corev1.TLSCertKey]; ok {
		text = []byte(plain)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, false
	}
	names := make([]string, len(cert.DNSNames))
	for i, n := range cert.DNSNames {
		names[i] = strings.ToLower(n)
	}
	return names, true
}

// covers reports whether a name of a certificate is good for every host of a
// hostname. A wildcard in a certificate stands for exactly one label (RFC 9525
// section 6.3), a wildcard hostname for one or more.
func covers(name, host string) bool {
	if name == host {
		return true // for "*.x" as far as a certificate can go
	}
	if !topology.IsWildcard(name) || topology.IsWildcard(host) {
		return false
	}
	_, parent, ok := strings.Cut(host, ".")
	return ok && parent == name[2:]
}

// coversSome reports whether a name of a certificate is good for some host of a
// hostname.
func coversSome(name, host string) bool {
	return host == "" || covers(name, host) || topology.Covers(host, name)
}

// effectiveHosts are the hosts of a listener's GRPCRoutes, each once.
func effectiveHosts(l *topology.Listener) []topology.Host {
	var out []topology.Host
	seen := map[string]bool{}
	for _, a := range l.Attached {
		if a.Parent.Route.GRPC == nil {
			continue
		}
		for _, h := range a.Hosts {
			if !seen[h.Name] {
				seen[h.Name] = true
				out = append(out, h)
			}
		}
	}
	return out
}
