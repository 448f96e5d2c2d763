package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var backendTlsMultiTarget = &lint.Rule{
	ID:       "backend-tls-multi-target",
	Summary:  "implementations are asked not to support more than one target",
	Section:  lint.TLSSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkBackendTLSMultiTarget,
	PerSet:   true,
}

// GA apis/v1/backendtlspolicy_types.go, TargetRefs.
func checkBackendTLSMultiTarget(p *lint.Pass) {
	for _, policy := range p.Set.BackendTLSPolicies.All {
		if n := len(policy.Value.Spec.TargetRefs); n > 1 {
			p.Report(policy.Doc, manifest.Path{"spec", "targetRefs", 1}, diag.Diagnostic{
				Message: fmt.Sprintf("the policy has %d targets: the specification asks implementations to support one", n),
				Hint:    "write one BackendTLSPolicy per target",
			})
			p.Refuse("one object has to become several, with names that their author chooses")
		}
	}
}
