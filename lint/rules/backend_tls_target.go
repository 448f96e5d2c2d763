package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var backendTlsTarget = &lint.Rule{
	ID:       "backend-tls-target",
	Summary:  "a BackendTLSPolicy targets an object that does not exist or cannot be a target",
	Section:  lint.TLSSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkBackendTLSTarget,
}

// Targets stand in the policy's own namespace (GA
// apis/v1/backendtlspolicy_types.go, TargetRefs).
func checkBackendTLSTarget(p *lint.Pass) {
	for _, policy := range p.Topology.Policies {
		for _, t := range policy.Targets {
			// A port that is not there is backend-tls-section's.
			if t.Refusal == nil || t.Refusal.Certainty == diag.Unknown || t.Refusal.Reason == "Conflicted" || t.Service != nil {
				continue
			}
			path := manifest.Path{"spec", "targetRefs", t.Index, "name"}
			p.Report(policy.Object.Doc, path, missingTarget(p.Set, policy, t))
			ref := policy.Object.Value.Spec.TargetRefs[t.Index]
			if ref.Group != "" || ref.Kind != "Service" {
				p.Refuse("the target is no Service")
				continue
			}
			suggestNear(p, lint.AnyCalls, policy.Object.Doc, path, string(ref.Name), serviceNames(p.Set)[policy.Object.Doc.Ref.Namespace])
		}
	}
}

func missingTarget(set *manifest.Set, policy *topology.Policy, t *topology.PolicyTarget) diag.Diagnostic {
	ref := policy.Object.Value.Spec.TargetRefs[t.Index]
	d := diag.Diagnostic{Certainty: t.Refusal.Certainty, Message: t.Refusal.Message}
	if ref.Group != "" || ref.Kind != "Service" {
		return d
	}
	own := policy.Object.Doc.Ref.Namespace
	var names []string
	for _, s := range set.ServiceRefs() {
		switch {
		case s.Namespace == own:
			names = append(names, s.Name)
		case s.Name == string(ref.Name):
			d.Hint = fmt.Sprintf("a policy reaches Services of its own namespace only: move it to %q", s.Namespace)
		}
	}
	if d.Hint == "" {
		d.Hint = expected(string(ref.Name), names)
	}
	return d
}
