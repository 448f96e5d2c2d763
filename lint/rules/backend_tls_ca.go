package rules

import (
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var backendTlsCa = &lint.Rule{
	ID:       "backend-tls-ca",
	Summary:  "the certificate authority of a BackendTLSPolicy cannot be used, so that connections fail",
	Section:  lint.TLSSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkBackendTLSCA,
}

// GA apis/v1/backendtlspolicy_types.go, CACertificateRefs: calls whose policy has
// no usable certificate authority get an error, never an unverified connection.
func checkBackendTLSCA(p *lint.Pass) {
	for _, policy := range p.Topology.Policies {
		if ofOthers(p.Topology, policy) {
			continue
		}
		reported := false
		for _, r := range policy.CA {
			if r.Certainty != diag.Unknown {
				reportPolicy(p, policy, r)
				reported = true
			}
		}
		if r := policy.Refusal; r != nil && !reported && r.Reason != "Conflicted" && r.Reason != "TargetNotFound" && r.Certainty != diag.Unknown {
			reportPolicy(p, policy, r)
		}
	}
}

// ofOthers reports whether only routes of other implementations send calls to
// what a policy covers: they read it in their own way.
func ofOthers(t *topology.Topology, policy *topology.Policy) bool {
	others := false
	for r := range grpcRoutes(t) {
		for _, rule := range r.Rules {
			for _, b := range rule.Backends {
				if !targets(policy, b) {
					continue
				}
				if own(r) {
					return false
				}
				others = true
			}
		}
	}
	return others
}

// targets reports whether a policy names the Service of a backend, or a port of it.
func targets(policy *topology.Policy, b *topology.Backend) bool {
	doc := policy.Object.Doc
	return slices.ContainsFunc(policy.Object.Value.Spec.TargetRefs, func(ref gatewayv1.LocalPolicyTargetReferenceWithSectionName) bool {
		return string(ref.Group) == b.Group && string(ref.Kind) == b.Kind && string(ref.Name) == b.Name && doc.Ref.Namespace == b.Namespace
	})
}

func reportPolicy(p *lint.Pass, policy *topology.Policy, r *topology.Refusal) {
	p.ReportRefusal(r, diag.Diagnostic{
		Object: policy.Object.Doc.Ref,
		Hint:   "expected a ConfigMap of the policy's namespace with the certificates in key ca.crt",
	})
}
