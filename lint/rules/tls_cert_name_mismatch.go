package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var tlsCertNameMismatch = &lint.Rule{
	ID:       "tls-cert-name-mismatch",
	Summary:  "the listener's certificates name none of the hosts it serves",
	Section:  lint.TLSSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkTLSCertNameMismatch,
}

// Clients verify the host they call against the certificate's subject
// alternative names (RFC 9525). The hosts of a listener's routes count, and where
// it has none its own hostname.
func checkTLSCertNameMismatch(p *lint.Pass) {
	if p.Profile.Transport.NoTLS {
		return
	}
	for l := range listeners(p.Topology) {
		names, whole := certificates(l)
		if !whole {
			continue
		}
		subject, rank, hosts := listenerSubject(l), lint.Rank("0"), routeHosts(l)
		missing, severity := leftOut(names, hosts)
		switch {
		case len(hosts) > 0 && len(missing) == 0:
			p.Clear(subject)
		case len(hosts) == 0 && l.Hostname != "":
			rank = "1"
			missing, severity = leftOut(names, []string{l.Hostname})
		}
		if len(missing) == 0 {
			continue
		}
		p.ReportAs(severity, l.Doc(), l.Path("tls", "certificateRefs"), diag.Diagnostic{
			Message: fmt.Sprintf("the certificate of %s does not name %s: %s, and clients that verify it refuse the connection", l.String(), quotedList(missing), named(names)),
			Hint:    "issue a certificate with those subject alternative names",
		})
		p.Once(subject, rank)
	}
}

// leftOut returns the hosts that no certificate is good for. When others are named
// they make a warning, unless a wildcard is the reason: tls-wildcard-cert-depth.
func leftOut(names, hosts []string) ([]string, diag.Severity) {
	missing := uncovered(hosts, names)
	if len(missing) == len(hosts) {
		return missing, diag.Error
	}
	return slices.DeleteFunc(missing, func(h string) bool { return tooDeep(names, h) != "" }), diag.Warning
}

func named(names []string) string {
	if len(names) == 0 {
		return "it has no subject alternative names (a common name does not count)"
	}
	return "its names are " + quotedList(names)
}

// routeHosts are the hosts of a listener's GRPCRoutes that have a name.
func routeHosts(l *topology.Listener) []string {
	var out []string
	for _, h := range effectiveHosts(l) {
		if h.Name != "" {
			out = append(out, h.Name)
		}
	}
	return out
}

// uncovered returns the hosts that no name is good for, not even in part.
func uncovered(hosts, names []string) []string {
	var out []string
	for _, h := range hosts {
		if !slices.ContainsFunc(names, func(n string) bool { return coversSome(n, h) }) {
			out = append(out, h)
		}
	}
	return out
}
