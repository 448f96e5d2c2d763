package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var backendPort443Cleartext = &lint.Rule{
	ID:       "backend-port-443-cleartext",
	Summary:  "a port that means TLS is dialled without it, because no BackendTLSPolicy covers it",
	Section:  lint.TLSSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkBackendPort443Cleartext,
}

// Nothing but a BackendTLSPolicy turns TLS on towards a backend (GEP-1897), the
// number 443 included.
func checkBackendPort443Cleartext(p *lint.Pass) {
	for r := range grpcRoutes(p.Topology) {
		said := false // of Services that are not in the input one is enough
		for _, rule := range r.Rules {
			for _, b := range rule.Backends {
				if b.ServicePort != nil || !said {
					said = reportPort443(p, rule, b) && b.ServicePort == nil || said
				}
			}
		}
	}
}

// reportPort443 reports a backend whose port means TLS and is dialled without it.
func reportPort443(p *lint.Pass, rule *topology.Rule, b *topology.Backend) bool {
	if b.Kind != "Service" || b.Policy != nil || b.Refusal != nil && b.Refusal.Certainty != diag.Unknown {
		return false
	}
	facts := profile.PortFacts{Port: b.Port}
	what, certainty := "port 443", diag.Unknown
	if sp := b.ServicePort; sp != nil {
		certainty = diag.Certain
		facts.Name, facts.AppProtocol = sp.Name, sp.AppProtocol
		if b.Port != 443 && sp.Name != "https" {
			return false
		}
		if sp.Name == "https" {
			what = fmt.Sprintf("port %d, which is called %q,", b.Port, sp.Name)
		}
		if sp.AppProtocol != nil {
			return false // it says how to dial: backend-appprotocol
		}
	} else if b.Port != 443 || coversSomePort(p.Topology, b) {
		return false
	}
	dial := p.Profile.Backends.Dial(facts)
	if dial.Name == profile.H2 {
		return false
	}
	p.Report(rule.Route.Doc, rule.Path("backendRefs", b.Index, "port"), diag.Diagnostic{
		Certainty: certainty,
		Message:   fmt.Sprintf("%s of Service %q is dialled without TLS: no BackendTLSPolicy in the input covers it", what, b.Namespace+"/"+b.Name),
		Hint:      fmt.Sprintf("add a BackendTLSPolicy in namespace %q for Service %q, or use the port without TLS", b.Namespace, b.Name),
	})
	p.Refuse("a BackendTLSPolicy needs a hostname and a CA, which only the author of the backend knows")
	return true
}

// coversSomePort reports whether a policy covers one port of a Service by its
// name, which only the Service can tell.
func coversSomePort(t *topology.Topology, b *topology.Backend) bool {
	return slices.ContainsFunc(t.Policies, func(policy *topology.Policy) bool { return targets(policy, b) })
}
