package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var backendTlsConflict = &lint.Rule{
	ID:       "backend-tls-conflict",
	Summary:  "an older BackendTLSPolicy covers the same target, so that this one has no effect",
	Section:  lint.TLSSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkBackendTLSConflict,
}

// GA apis/v1/backendtlspolicy_types.go, TargetRefs: the oldest policy wins, then
// the first by namespace and name; the others are Accepted=False, Conflicted. That
// two policies meet is certain, whichever of them the input shows to be older.
func checkBackendTLSConflict(p *lint.Pass) {
	for _, policy := range p.Topology.Policies {
		for _, t := range policy.Targets {
			if t.Refusal == nil || t.Refusal.Reason != "Conflicted" {
				continue
			}
			p.Report(policy.Object.Doc, manifest.Path{"spec", "targetRefs", t.Index}, diag.Diagnostic{
				Message: t.Refusal.Message,
				Hint:    fmt.Sprintf("delete one of the policies, or give it a sectionName of Service %q of its own", policy.Object.Value.Spec.TargetRefs[t.Index].Name),
				Related: t.Refusal.Related(),
			})
		}
	}
}
