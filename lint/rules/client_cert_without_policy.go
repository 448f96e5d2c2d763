package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var clientCertWithoutPolicy = &lint.Rule{
	ID:       "client-cert-without-policy",
	Summary:  "a Gateway's client certificate is used only where a BackendTLSPolicy turns TLS on",
	Section:  lint.TLSSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkClientCertWithoutPolicy,
}

// GA apis/v1/gateway_types.go, GatewayBackendTLS.ClientCertificateRef.
func checkClientCertWithoutPolicy(p *lint.Pass) {
	for _, g := range p.Topology.Gateways {
		if g.Object == nil {
			continue
		}
		tls := g.Object.Value.Spec.TLS
		if tls == nil || tls.Backend == nil || tls.Backend.ClientCertificateRef == nil {
			continue
		}
		subject := lint.Subject{Doc: g.Object.Doc}
		routes, shown := reached(g)
		if !shown {
			p.Clear(subject)
			continue
		}
		if !routes {
			continue
		}
		p.ReportAs(diag.Info, g.Object.Doc, manifest.Path{"spec", "tls", "backend", "clientCertificateRef"}, diag.Diagnostic{
			Message: "the client certificate has no effect: no BackendTLSPolicy covers a backend of this Gateway's routes",
			Hint:    "add a BackendTLSPolicy for the Services that ask for a client certificate",
		})
		p.Once(subject, "")
	}
}

// reached reports whether a Gateway has any routes. Shown is false when one of
// their backends has a policy, or is not in the input and may have one.
func reached(g *topology.Gateway) (routes, shown bool) {
	seen := map[*topology.Route]bool{}
	for _, l := range g.Listeners {
		for _, a := range l.Attached {
			r := a.Parent.Route
			if seen[r] {
				continue
			}
			seen[r] = true
			for _, rule := range r.Rules {
				for _, b := range rule.Backends {
					if b.Policy != nil || b.Service == nil && (b.Refusal == nil || b.Refusal.Certainty == diag.Unknown) {
						return true, false
					}
				}
			}
		}
	}
	return len(seen) > 0, true
}
