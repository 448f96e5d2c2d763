package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
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

func reportPolicy(p *lint.Pass, policy *topology.Policy, r *topology.Refusal) {
	p.ReportRefusal(r, diag.Diagnostic{
		Object: policy.Object.Doc.Ref,
		Hint:   "expected a ConfigMap of the policy's namespace with the certificates in key ca.crt",
	})
}
