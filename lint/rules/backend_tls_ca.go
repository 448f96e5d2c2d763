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
//
// Routes of other implementations read a policy in their own way: it is theirs
// when they alone send calls to what it covers.
func checkBackendTLSCA(p *lint.Pass) {
	for _, policy := range p.Topology.Policies {
		refusals := unusableCA(policy)
		if len(refusals) == 0 {
			continue
		}
		ours, theirs := senders(p.Topology, policy)
		for _, r := range refusals {
			subject := lint.Subject{Doc: policy.Object.Doc, Name: r.Path.String()}
			switch {
			case ours:
				reportPolicy(p, policy, r)
			case theirs:
				p.Clear(subject)
			default:
				reportPolicy(p, policy, r)
				p.Once(subject, "")
			}
		}
	}
}

// unusableCA lists what is certain to be wrong with the certificate authorities of
// a policy.
func unusableCA(policy *topology.Policy) []*topology.Refusal {
	var out []*topology.Refusal
	for _, r := range policy.CA {
		if r.Certainty != diag.Unknown {
			out = append(out, r)
		}
	}
	if r := policy.Refusal; r != nil && out == nil && r.Reason != "Conflicted" && r.Reason != "TargetNotFound" && r.Certainty != diag.Unknown {
		out = append(out, r)
	}
	return out
}

// senders reports whether own routes, and routes of other implementations, send
// calls to what a policy covers. Own ones are enough.
func senders(t *topology.Topology, policy *topology.Policy) (ours, theirs bool) {
	for r := range grpcRoutes(t) {
		for _, rule := range r.Rules {
			for _, b := range rule.Backends {
				if !targets(policy, b) {
					continue
				}
				if own(r) {
					return true, theirs
				}
				theirs = true
			}
		}
	}
	return false, theirs
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
