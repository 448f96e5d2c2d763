package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var tlsWildcardCertDepth = &lint.Rule{
	ID:       "tls-wildcard-cert-depth",
	Summary:  "a wildcard in a certificate covers one label, a wildcard hostname several",
	Section:  lint.TLSSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkTLSWildcardCertDepth,
}

// Gateway API, "Hostnames": "a.b.example.com" attaches to a listener
// "*.example.com", and no certificate for "*.example.com" is good for it. Without
// the Secret the listener's own hostname is taken for what its certificate says,
// and the finding is only worth knowing.
func checkTLSWildcardCertDepth(p *lint.Pass) {
	if p.Profile.Transport.NoTLS {
		return
	}
	for l := range listeners(p.Topology) {
		if l.Protocol != "HTTPS" || len(l.Attached) == 0 {
			continue
		}
		names, whole := certificates(l)
		if !whole {
			names = []string{l.Hostname}
		}
		reportDepth(p, l, names, whole)
	}
}

func reportDepth(p *lint.Pass, l *topology.Listener, names []string, known bool) {
	reported := map[string]bool{}
	for _, a := range l.Attached {
		r := a.Parent.Route
		if r.GRPC == nil {
			continue
		}
		for _, h := range a.Hosts {
			name := tooDeep(names, h.Name)
			key := h.Name
			if !known {
				key = r.Key() // what is not known is said once per route
			}
			if name == "" || reported[key] {
				continue
			}
			reported[key] = true
			d := diag.Diagnostic{
				Message: fmt.Sprintf("the certificate name %q of %s covers one label in place of the wildcard and so not %q: clients that verify it refuse the connection", name, l.String(), h.Name),
				Hint:    "issue a certificate that names the host, or " + quoted("*."+parentOf(h.Name)),
				Related: []diag.Related{{Message: "the listener", Range: l.Doc().Range(l.Path("tls")...)}},
			}
			severity := diag.Warning
			if !known {
				severity, d.Certainty = diag.Info, diag.Unknown
				d.Message = fmt.Sprintf("the certificate of %s is not in the input; one for %q would not be good for %q, because a wildcard in a certificate covers one label", l.String(), name, h.Name)
			}
			p.ReportAs(severity, r.Doc, hostnameField(r, h.Own), d)
			if known {
				p.Once(listenerSubject(l, h.Name), lint.RankOf(r))
			}
		}
	}
}

// tooDeep returns the wildcard name that a host lies below by more than one
// label, when no name is good for the host; "" otherwise.
func tooDeep(names []string, host string) string {
	found := ""
	for _, n := range names {
		if covers(n, host) {
			return ""
		}
		if found == "" && topology.IsWildcard(n) && n != host && topology.Covers(n, host) {
			found = n
		}
	}
	return found
}

// parentOf is a hostname without its first label.
func parentOf(host string) string {
	for s := range suffixes(trimWildcard(host)) {
		if s != host {
			return s
		}
	}
	return host
}
